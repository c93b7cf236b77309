"""What each part of a tick costs in instructions: ``python -m tests.golden.make.costs_record`` prints `COSTS` of
`neurobot.board.cost`, fitted to what QEMU counts for random networks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from neurobot.board.cost import NAMES, operations
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from tests.firmware.bench import BENCH, play, programs
from tests.firmware.matrix import ROOM, SMALL, fits
from tests.kernels.fixed_networks import random_input, random_network

NETWORKS = 300
PROCESSORS = {"m3": "Cortex-M3", "m0": "Cortex-M0"}


def networks() -> list[Image]:
    """Those that do not learn; every third one with as many steps as there is room for."""
    images = (random_network(seed, False, False, None if seed % 3 else ROOM) for seed in range(NETWORKS))
    return [image for image in images if fits(image, SMALL)]


def inputs(image: Image, rng: np.random.Generator) -> list[tuple[int, bytes]]:
    """Of ticks: spikes as bits, or currents that are held."""
    drawn = (random_input(rng, image) for _ in range(8 if image.substeps > 40 else 40))
    return [given for given in drawn if given[0] in (fx.BITMAPS, fx.HELD_CURRENTS)]


def seen(image: Image, given: list[tuple[int, bytes]]) -> list[float]:
    """What a tick does, on average, by `NAMES`."""
    network = FixedNetwork(image, log_spikes=1 << 17)
    edges, spikes, synops = np.cumsum([0, *(int(r[fx.N]) for r in image.neurons())]), 0, 0
    for kind, data in given:
        network.tick(kind, data)
        events = network.events[1 : 1 + 2 * network.spikes].reshape(-1, 2)
        spikes, synops = spikes + np.histogram(events[:, 1], edges)[0], synops + network.synops
    done = operations(image, spikes / len(given), synops / len(given))
    return [done[name] for name in NAMES]


def main() -> None:
    """Fit relative errors, with costs of 0 and more."""
    rng = np.random.default_rng(0)
    cases = [(image, given) for image in networks() if (given := inputs(image, rng))]
    done = np.array([seen(image, given) for image, given in cases])
    with tempfile.TemporaryDirectory() as folder:
        made = programs(Path(folder), *PROCESSORS)
        for name, processor in PROCESSORS.items():
            asked = [(image.to_bytes(), [BENCH.Given(*one) for one in given]) for image, given in cases]
            played = play(name, made[name], asked, count=True)
            counts = np.array([np.mean([t.instructions for t in ticks]) for ticks in played])
            costs, _ = nnls(done / counts[:, None], np.ones(len(counts)))
            errors = np.abs(done @ costs / counts - 1)
            print(processor, {n: round(float(c), 1) for n, c in zip(NAMES, costs, strict=True) if c >= 0.05})
            print(f"errors: mean {errors.mean():.1%}, of 95 % below {np.quantile(errors, 0.95):.1%}")


if __name__ == "__main__":
    main()
