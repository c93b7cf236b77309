"""A running mean and variance of observations, which ends up in the Program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.encoders import Normalizer

MIN_STD = 1e-6


@dataclass(slots=True)
class RunningNormalizer:
    """Counts, means and squared deviations, merged batch by batch (Chan, Golub & LeVeque, 1979).

    Args:
        count: observations so far.
        mean: (n,).
        m2: (n,) sum of squared deviations from the mean.
    """

    count: float
    mean: np.ndarray
    m2: np.ndarray

    @classmethod
    def empty(cls, size: int) -> RunningNormalizer:
        """Nothing seen yet."""
        return cls(0.0, np.zeros(size), np.zeros(size))

    def merge(self, count: float, shifted_sum: np.ndarray, shifted_squares: np.ndarray) -> None:
        """Take in a batch, given as the sums of x - mean and of its squares, with this object's own mean."""
        if count == 0:
            return
        delta = shifted_sum / count
        total = self.count + count
        self.m2 = self.m2 + shifted_squares - count * delta**2 + delta**2 * self.count * count / total
        self.mean = self.mean + delta * count / total
        self.count = total

    def write(self, program: Program, params: np.ndarray) -> None:
        """Set range parameters in params, (..., words), where the program leaves them to the trainer."""
        clip = running_clip(program)
        if clip is None or self.count < 2:
            return
        std = np.maximum(np.sqrt(self.m2 / self.count), MIN_STD)
        program.blocks["params"]["encoder.center"].of(params)[...] = self.mean
        program.blocks["params"]["encoder.scale"].of(params)[...] = 1 / (std * clip)


def running_clip(program: Program) -> float | None:
    """The clip of a Normalizer without mean and std of its own, else None."""
    assert isinstance(program.spec, ControllerSpec)
    given = program.spec.encoder.field.range
    if isinstance(given, Normalizer) and given.mean is None and given.std is None:
        return given.clip
    return None
