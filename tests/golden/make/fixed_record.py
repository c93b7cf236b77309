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
from neurobot.kernels import fixed_ops as fx
from tests.kernels.fixed_networks import random_input, random_network, random_reward, sweep
from tests.twins.fixed import FixedTwin

FOLDER = Path(__file__).parents[3] / "firmware/vectors"
TICKS = 6
MOST_BYTES, MOST_RAM = 5000, 1 << 20
NETWORKS = 14
LEARNING_TICKS, LEARNING_BYTES, LEARNING_RAM, LEARNING = 12, 3000, 3000, 6
LEARN, FORGET = 1, 4
SMALL_BYTES, SMALL, SMALL_LEARNING = 1000, 6, 3
"""Of a few that are as small as can be, for whoever runs very many."""


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


def chosen(
    extreme: bool, count: int, most: int, scratch: int, learns: bool = False, ram: int = MOST_RAM
) -> list[tuple[int, Image]]:
    """The first networks, and their seeds, of so many bytes at most, and with more than so many of scratch."""
    images = ((seed, random_network(seed, extreme, learns=learns)) for seed in itertools.count())
    fits = (
        (seed, x) for seed, x in images
        if bool(x.learns()) == learns and 4 * x.words.size <= most and x.ram_bytes <= ram
        and x.header(fx.W_SCRATCH) > scratch
    )  # fmt: skip
    return list(itertools.islice(fits, count))


def main() -> None:
    """Small networks, plain and extreme ones, with every kind of decoder among them, and some that learn."""
    FOLDER.mkdir(exist_ok=True)
    for extreme in (False, True):
        kind = "extreme" if extreme else "plain"
        for seed, image in chosen(extreme, NETWORKS, MOST_BYTES, 200):
            write(f"{kind}_{seed}", image, seed)
        for seed, image in chosen(extreme, LEARNING, LEARNING_BYTES, 100, learns=True, ram=LEARNING_RAM):
            write(f"learning_{kind}_{seed}", image, seed, extreme)
    for seed, image in chosen(False, SMALL, SMALL_BYTES, 20):
        write(f"small_{seed}", image, seed)
    for seed, image in chosen(False, SMALL_LEARNING, SMALL_BYTES, 20, learns=True):
        write(f"small_learning_{seed}", image, seed)
    write("tanh", sweep(), 0)


def write(name: str, image: Image, seed: int, extreme: bool = False) -> None:
    """One file."""
    (FOLDER / f"{name}.json").write_text(json.dumps(vectors(image, seed, extreme), indent=0) + "\n")


if __name__ == "__main__":
    main()
