"""`python -m tests.golden.compare FOLDER`: ours against peers' spikes in FOLDER/NAME.SEED.npy, a line each."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.golden.networks import varied
from tests.golden.ours import OURS, run, spikes_of


def main(folder: str) -> int:
    """Print how many spikes are equal up to which step; 1 if any network differs."""
    differ = 0
    for path in sorted(Path(folder).glob("*.npy")):
        name, seed = path.stem.split(".")
        network, theirs = varied(name, int(seed)), np.load(path, allow_pickle=False)
        ours = spikes_of(run(network, OURS[name](network)))
        same = len(ours) == len(theirs) and bool((ours == theirs).all())
        differ |= not same
        rate = len(theirs) / network.n
        print(f"{path.stem}: n = {network.n}, {len(theirs)} spikes, {rate:.1f} Hz, {'equal' if same else 'DIFFER'}")
    return differ


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
