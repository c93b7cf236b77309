"""What a link brings forward, and what it brings back: by BLAS, or event by event where few neurons spike.

All arrays are of rows (step, instance). Which way is quicker was measured on 6400 rows of 256 x 256 with one thread:
forward they cross at a density of 0.3, for the gradient of the weights, which reads and writes a row for every spike,
at 0.17. Event by event the sums are those of the run-time core, in its order; those of BLAS differ in the last digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobot.kernels.bptt_compiled import event_kernel
from neurobot.train.surrogate.layer import Record

EVENTS_BELOW = 0.25
"""Density of spikes below which what arrives is added up event by event."""
OUTER_BELOW = 0.15
"""Density below which gradients of weights are."""


class Products:
    """Products of one kind of number.

    Args:
        real: float32 or float64.
    """

    def __init__(self, real: np.dtype[Any]) -> None:
        self.real = real
        self._deliver, self._outer, self._drive = (
            event_kernel(name, real.name) for name in ("deliver", "outer", "drive")
        )
        self._room = np.empty(0, real)

    def forward(self, weights: np.ndarray, pre: Record, rows: slice, out: np.ndarray, add: bool, events: bool) -> None:
        """out, or out +, the rows of z times weights (n_pre, n_post)."""
        if events:
            self._deliver(weights.reshape(-1), weights.shape[1], pre.lists()[rows], out, add)
        else:
            self.dense(pre.reals()[rows], weights, out, add)

    def dense(self, a: np.ndarray, b: np.ndarray, out: np.ndarray, add: bool) -> None:
        """out = a b, or out += a b."""
        if not add:
            np.dot(a, b, out=out)
            return
        if self._room.size < out.size:
            self._room = np.empty(out.size, self.real)
        room = self._room[: out.size].reshape(out.shape)
        np.dot(a, b, out=room)
        out += room

    def one_by_one(self, weights: np.ndarray, act: np.ndarray, gain: np.ndarray, out: np.ndarray) -> None:
        """out = gain act times weights, added up in the order of the run-time core."""
        self._drive(weights.reshape(-1), act, gain, out)

    def outer(self, pre: Record, rows: slice, g: np.ndarray, out: np.ndarray) -> None:
        """out += z^T g, (n_pre, n_post): the gradient of weights."""
        if pre.binary and pre.density < OUTER_BELOW:
            self._outer(pre.lists()[rows], g, out.reshape(-1))
        else:
            self.dense(pre.reals()[rows].T, g, out, True)
