"""Vectors for everybody who runs images: ``python -m tests.golden.make.fixed_record`` writes ``firmware/vectors``.

They come from the twin in Python's own integers (`tests.twins.fixed`), never from what is to be tested.

FORMAT. ``NAME.json``: image (base64), and ticks: of each kind, data (base64), the actions and the digest of the state
after it. ``digest`` is that of a cleared state.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from neurobot.core.image import Image
from tests.kernels.fixed_networks import random_input, random_network, sweep
from tests.twins.fixed import FixedTwin

FOLDER = Path(__file__).parents[3] / "firmware/vectors"
TICKS = 6
MOST_BYTES = 5000
NETWORKS = 14


def vectors(image: Image, seed: int) -> dict:
    """What an image does in some ticks."""
    rng, twin = np.random.default_rng(seed), FixedTwin(image.to_bytes())
    cleared, ticks = twin.digest(), []
    for _ in range(TICKS):
        kind, data = random_input(rng, image)
        actions = twin.tick(kind, data)
        ticks.append(
            {"kind": kind, "data": base64.b64encode(data).decode(), "actions": actions, "digest": twin.digest()}
        )
    return {"image": base64.b64encode(image.to_bytes()).decode(), "digest": cleared, "ticks": ticks}


def main() -> None:
    """Small networks, plain and extreme ones, with every kind of decoder among them."""
    FOLDER.mkdir(exist_ok=True)
    for extreme in (False, True):
        small = []
        for seed in range(500):
            image = random_network(seed, extreme)
            if 4 * image.words.size <= MOST_BYTES and image.header(12) > 200:
                small.append((seed, image))
            if len(small) == NETWORKS:
                break
        for seed, image in small:
            name = f"{'extreme' if extreme else 'plain'}_{seed}"
            write(name, image, seed)
    write("tanh", sweep(), 0)


def write(name: str, image: Image, seed: int) -> None:
    """One file."""
    (FOLDER / f"{name}.json").write_text(json.dumps(vectors(image, seed), indent=0) + "\n")


if __name__ == "__main__":
    main()
