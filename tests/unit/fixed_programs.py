"""Controllers that fixed point has, and a short calibration run of them."""

import numpy as np

from neurobot.board.quantize import Quantized, quantize
from neurobot.program import Program, build
from neurobot.testing.programs import SIZE, cases, observations

CASES = {case.name: case for case in cases() if type(case.spec.decoder).__name__ != "FilteredRate"}
"""What every core is asked to run, without the filter that integers do not have."""


def seen(program: Program, ticks: int = 60) -> list[np.ndarray]:
    """Observations for scales, two episodes."""
    size = program.observation_size
    if size == SIZE:
        return [observations(ticks, seed) for seed in (1, 2)]
    return [np.random.default_rng(seed).uniform(-1, 1, (ticks, size)) for seed in (1, 2)]


def quantized(spec, seed: int = 11, **weights) -> Quantized:
    """A controller in integers."""
    program = build(spec, seed=seed, **weights)
    return quantize(program, seen(program))
