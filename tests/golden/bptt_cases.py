"""Small networks whose gradients torch's autograd has recorded: in -> a -> out, a also to itself, one step later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.golden.networks import uniform

DT, STEPS, BATCH, SIZES = 1e-3, 15, 4, (6, 8, 3)
TAU_MEM, TAU_SYN, TAU_THETA, THRESHOLD, RISE = 9e-3, 4e-3, 2e-2, 0.8, 0.15


@dataclass(frozen=True)
class Case:
    """What a network is.

    Args:
        model: ``lif``, ``cuba`` (the spiking-actor papers' neuron) or ``alif`` (an adaptive threshold).
        surrogate: ``fast_sigmoid`` or ``atan``.
        slope: of the surrogate.
        subtract: whether the reset of a subtracts the threshold.
        attached: whether the gradient flows through the resets.
    """

    model: str
    surrogate: str
    slope: float
    subtract: bool
    attached: bool

    @property
    def name(self) -> str:
        """In files and tests."""
        reset = "subtract" if self.subtract else "value"
        return f"{self.model}_{self.surrogate}_{reset}_{'attached' if self.attached else 'detached'}"


CASES = [
    Case(model, surrogate, slope, subtract, attached)
    for model in ("lif", "cuba", "alif")
    for surrogate, slope in (("fast_sigmoid", 5.0), ("atan", 2.0))
    for subtract in (False, True)
    for attached in (False, True)
]


def arrays(seed: int = 5) -> Mapping[str, np.ndarray]:
    """Spikes (T, B, 6), weights [post, pre], and gradients of the loss for spikes and membranes."""
    rng = np.random.default_rng(seed)
    n_in, n, n_out = SIZES

    def normal(*shape: int) -> np.ndarray:
        """From uniform numbers, which every NumPy draws alike."""
        size = math.prod(shape)
        sums: np.ndarray = uniform(rng, -1.0, 1.0, 3 * size).reshape(3, *shape).sum(axis=0)
        return sums

    return {
        "spikes": (uniform(rng, 0.0, 1.0, STEPS * BATCH * n_in) < 0.4).astype(float).reshape(STEPS, BATCH, n_in),
        "w_in": 0.1 + 0.4 * normal(n, n_in),
        "w_rec": 0.2 * normal(n, n),
        "w_out": 0.2 + 0.4 * normal(n_out, n),
        "b": 0.05 * normal(n),
        "seed_a": normal(STEPS, BATCH, n),
        "seed_v": normal(STEPS, BATCH, n),
        "seed_out": normal(STEPS, BATCH, n_out),
    }
