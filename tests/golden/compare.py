"""`python -m tests.golden.compare FOLDER`: ours against peers' spikes in FOLDER/NAME.SEED.npy, a line each."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.golden.networks import varied
from tests.golden.our_models import OUR_MODELS
from tests.golden.ours import OURS, run, spikes_of


def main(folder: str) -> int:
    """Print how many spikes are equal up to which step; 1 if any network differs."""
    differ = 0
    for path in sorted(Path(folder).glob("*.npy")):
        name, seed = path.stem.split(".")
        network, theirs = varied(name, int(seed)), np.load(path, allow_pickle=False)
        ours = spikes_of(run(network, (OURS | OUR_MODELS)[name](network)))
        same = len(ours) == len(theirs) and bool((ours == theirs).all())
        parted = "equal" if same else f"DIFFER from step {parts(ours, theirs)} on, {len(ours)} spikes of ours"
        differ |= not same
        rate = len(theirs) / network.n
        print(f"{path.stem}: n = {network.n}, {len(theirs)} spikes, {rate:.1f} Hz, {parted}")
    return differ


def parts(ours: np.ndarray, theirs: np.ndarray) -> int:
    """The first step in which the spikes differ."""
    m = min(len(ours), len(theirs))
    different = np.flatnonzero((ours[:m] != theirs[:m]).any(axis=1))
    return int(theirs[different[0], 0]) if different.size else int(max(ours[-1, 0], theirs[-1, 0]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
