"""Surrogate derivatives of the spike, and their integrals, on one row of a scan's buffer.

A spike is H(u), u = v - threshold; in a gradient H' is replaced by sigma(u), which is wide enough to learn from.
Sources are with the classes of `neurobot.train.surrogate`; the numbers of the kinds are in `KINDS`.
"""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.jit import kernel

KINDS = ("fast_sigmoid", "atan", "triangular", "rectangular", "sigmoid")
FAST_SIGMOID, ATAN, TRIANGULAR, RECTANGULAR, SIGMOID = range(len(KINDS))


@kernel
def derivative(kind, slope, buf, at, m):
    """u -> sigma(u), in place; a loop of its own for each kind, so that all but the exponential vectorise.

    Reads: slope, of the kind of buf. Writes: buf[at : at + m].
    """
    one, zero, half = slope.dtype.type(1.0), slope.dtype.type(0.0), slope.dtype.type(0.5)
    k = slope[0]
    if kind == FAST_SIGMOID:
        for j in range(m):
            q = one + k * abs(buf[at + j])
            buf[at + j] = one / (q * q)
    elif kind == ATAN:
        scale, top = slope.dtype.type(math.pi / 2.0) * k, half * k
        for j in range(m):
            q = scale * buf[at + j]
            buf[at + j] = top / (one + q * q)
    elif kind == TRIANGULAR:
        for j in range(m):
            q = one - k * abs(buf[at + j])
            buf[at + j] = k * q if q > zero else zero
    elif kind == RECTANGULAR:
        for j in range(m):
            buf[at + j] = k if k * abs(buf[at + j]) < half else zero
    else:
        for j in range(m):
            e = math.exp(-k * abs(buf[at + j]))
            buf[at + j] = k * e / ((one + e) * (one + e))


@kernel
def integral(kind, k, u):
    """The smooth step S(u) with S' = sigma and S(0) = 1/2; float64, for checks of gradients."""
    if kind == FAST_SIGMOID:
        return 0.5 + u / (1.0 + k * abs(u))
    if kind == ATAN:
        return 0.5 + math.atan(math.pi / 2.0 * k * u) / math.pi
    if kind == TRIANGULAR:
        x = min(max(k * u, -1.0), 1.0)
        return 0.5 + x - 0.5 * x * abs(x)
    if kind == RECTANGULAR:
        return min(max(0.5 + k * u, 0.0), 1.0)
    e = math.exp(-k * abs(u))
    return np.float64((1.0 if u >= 0 else e) / (1.0 + e))
