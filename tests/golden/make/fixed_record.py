"""Vectors for everybody who runs images: ``python -m tests.golden.make.fixed_record`` writes ``firmware/vectors``.

They come from the twin in Python's own integers (`tests.twins.fixed`), never from what is to be tested.

FORMAT. ``NAME.json``: image (base64), and ticks: of each kind, data (base64), the actions and the digest of the state
after it. ``digest`` is that of a cleared state. Of images that learn a tick also has the reward, the flags (1 weights
change, 4 they are the image's again), and the steps, which are 0 where an episode's last reward comes.
"""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path

import numpy as np

from neurobot.core.image import Image
from tests.kernels.fixed_networks import random_input, random_network, random_reward, sweep
from tests.twins.fixed import FixedTwin

FOLDER = Path(__file__).parents[3] / "firmware/vectors"
TICKS = 6
MOST_BYTES = 5000
NETWORKS = 14
LEARNING_TICKS, LEARNING_BYTES, LEARNING_RAM, LEARNING = 12, 3000, 3000, 6
LEARN, FORGET = 1, 4


def vectors(image: Image, seed: int, extreme: bool = False) -> dict:
    """What an image does in some ticks."""
    rng, twin = np.random.default_rng(seed), FixedTwin(image.to_bytes())
    cleared, ticks = twin.digest(), []
    for k in range(LEARNING_TICKS if image.learns() else TICKS):
        kind, data = random_input(rng, image)
        told = {}
        if image.learns():
            reward, learn = random_reward(rng, extreme)
            told = {
                "reward": reward,
                "flags": LEARN * learn | FORGET * (k == 9),
                "steps": 0 if k == 7 else image.substeps,
            }
            if k == 9:
                twin.forget()
        if k == 7 and told:
            kind, data = 0, b""
            twin.end(reward, learn)
            actions = twin.last
        else:
            actions = twin.tick(kind, data, *((reward, learn) if told else ()))
        given = {"kind": kind, "data": base64.b64encode(data).decode()}
        ticks.append(given | told | {"actions": list(actions), "digest": twin.digest()})
    return {"image": base64.b64encode(image.to_bytes()).decode(), "digest": cleared, "ticks": ticks}


def main() -> None:
    """Small networks, plain and extreme ones, with every kind of decoder among them."""
    FOLDER.mkdir(exist_ok=True)
    for extreme in (False, True):
        small = []
        for seed in range(500):
            image = random_network(seed, extreme, learns=False)
            if 4 * image.words.size <= MOST_BYTES and image.header(12) > 200:
                small.append((seed, image))
            if len(small) == NETWORKS:
                break
        for seed, image in small:
            name = f"{'extreme' if extreme else 'plain'}_{seed}"
            write(name, image, seed)
        for seed, image in learning(extreme):
            write(f"learning_{'extreme' if extreme else 'plain'}_{seed}", image, seed, extreme)
    write("tanh", sweep(), 0)


def learning(extreme: bool) -> list[tuple[int, Image]]:
    """Small networks that learn, and their seeds."""
    images = ((seed, random_network(seed, extreme, learns=True)) for seed in itertools.count())
    fits = (
        (seed, x) for seed, x in images
        if x.learns() and 4 * x.words.size <= LEARNING_BYTES and x.ram_bytes <= LEARNING_RAM and x.header(12) > 100
    )  # fmt: skip
    return list(itertools.islice(fits, LEARNING))


def write(name: str, image: Image, seed: int, extreme: bool = False) -> None:
    """One file."""
    (FOLDER / f"{name}.json").write_text(json.dumps(vectors(image, seed, extreme), indent=0) + "\n")


if __name__ == "__main__":
    main()
