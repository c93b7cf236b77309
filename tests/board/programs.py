"""Programs with an image, and what they observe."""

from functools import cache

import numpy as np

from neurobot.board import quantize
from neurobot.program import build
from neurobot.spec import Current, Limits
from tests.unit.controllers import SIZE, spec


def observations(ticks, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (ticks, SIZE))


@cache
def quantized(currents=False, **limits):
    """A program of three numbers in and two actions out, with its image."""
    code = Current() if currents else None
    program = build(spec(limits=Limits(low=-1.0, high=1.0, **limits), code=code), seed=3)
    return quantize(program, [observations(50)]).program
