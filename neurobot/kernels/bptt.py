"""Backpropagation through time: the one update of `neurobot.kernels.neuron` and its adjoint, over many steps.

A scan runs a layer of a batch through its steps. A lane is a neuron of an instance; instances times neurons are cut
into blocks of up to `LANES` lanes, and the steps of a block are run before the next block, so that its membranes and
coefficients stay in the fastest cache and the big arrays are read once, in order. Those membranes and coefficients are
rows of one buffer with distances known when it is compiled, without which no compiler could tell that they do not
overlap, and nothing would vectorise.

A scan is made for what its neurons have (`Variant`): what they lack costs nothing. Forward, with x the membrane
before the reset, in the order of additions of the run-time kernels, so that spikes are theirs, bit for bit:

    x = ((alpha v + kappa i) + lam s) + b,  or  ((alpha v - kappa w) + lam s) + b
    z = x > theta + h                           h the adaptation of the threshold, after its decay
    v = x, or where z  to  or  x - to           i = beta i + mu s;  w = decay_w w + jump z;  h = decay_h h + rise z

Backward, with sigma(x - theta - h) for dz/du and G the gradient of v, all from the last step to the first:

    gz' = gz + jump gw + rise gh - attached G (x - to  or  to)
    gu  = gz' sigma;    gx = gu + G (1 - z  or  1)
    gs  = lam gx + mu gi;   G = alpha gx;   gi = kappa gx + beta gi
    gw  = decay_w gw - kappa gx;   gh = decay_h (gh - gu)

Bellec et al., NeurIPS 2018 (arXiv:1803.09574); Neftci, Mostafa & Zenke, IEEE Signal Processing Magazine 36 (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.surrogates import derivative, integral

LANES = 1024
"""Lanes of a block: coefficients and membranes of one are about 40 kB in float32."""

COEFFICIENTS = (
    "alpha", "lam", "b", "theta", "to", "kappa", "beta", "mu", "decay_w", "decay_theta", "jump", "rise",
)  # fmt: skip
"""Rows of a buffer that hold coefficients, and rows of gradients; kappa is that of i or, with adaptation, that of w."""
(ALPHA, LAM, B, THETA, TO, KAPPA, BETA, MU, DECAY_W, DECAY_H, JUMP, RISE) = (k * LANES for k in range(12))
V, I, W, H = (k * LANES for k in range(12, 16))  # noqa: E741
"""State in a forward scan, its gradient in a backward scan."""
D = 16 * LANES
V0, I0, W0, H0 = (k * LANES for k in range(17, 21))
"""What the state was one step earlier."""
SUM = 21 * LANES
"""The first of the rows of gradients, which come in the order of the coefficients."""
ROWS = 21 + len(COEFFICIENTS)

FIRST, LAST, ORIGIN, N, SUBTRACT, HELD, KIND, ATTACHED = range(8)
"""Places in the settings of a scan: steps from and to, the step before which the state was `start`, neurons, whether
the reset subtracts, held as in `neurobot.kernels.neuron`, the surrogate, whether the reset is attached."""


class Variant(NamedTuple):
    """What the neurons of a scan have.

    Args:
        current: a synaptic current, CubaLIF.
        adaptive: an adaptation current and threshold, ALIF.
        refractory: a t_ref.
        full: gradients of all coefficients are wanted, not only of b, so that all of the state is kept.
        smooth: spikes are not 0 or 1 but the surrogate's integral, for checks of gradients.
    """

    current: bool = False
    adaptive: bool = False
    refractory: bool = False
    full: bool = False
    smooth: bool = False


@kernel
def _width(at, lanes, n):
    """Lanes of the block that starts at a lane: whole instances, or a part of one that has more than `LANES`."""
    if n <= LANES:
        return min(LANES // n * n, lanes - at)
    return min(LANES, n - at % n)


@kernel
def _load(buf, state, at, m):
    for r in range(4):
        for j in range(m):
            buf[V + r * LANES + j] = state[r, at + j]


@kernel
def _store(buf, state, at, m):
    for r in range(4):
        for j in range(m):
            state[r, at + j] = buf[V + r * LANES + j]


def forward(variant: Variant) -> Callable[..., Any]:
    """The forward scan of a variant; see `signature_forward` for its arguments.

    Reads: coef (panels, ROWS LANES), a panel for every LANES neurons; s (T, lanes); steps (panels LANES,) of t_ref;
    settings; slope (1,). Writes: x (T, lanes), which takes the place of s unless full; z (T, lanes) bytes, or reals
    where smooth; gate (T, lanes), 1 where what arrives is lost, 2 where v is held as well; kept (2, T, lanes), i, or h
    and w; state (4, lanes) v, i, w, h; wait (lanes,).
    """
    current, adaptive, refractory, full, smooth = variant

    @kernel
    def step(buf, s, x, z, gate, wait, steps, subtract, held, kind, slope):
        for j in range(s.size):
            arriving, v = s[j], buf[V + j]
            y = buf[ALPHA + j] * v
            if current:
                y = y + buf[KAPPA + j] * buf[I + j]
            if adaptive:
                y = y - buf[KAPPA + j] * buf[W + j]
            driven = y + buf[LAM + j] * arriving
            if refractory:
                driven = driven if wait[j] <= 0 else y
            y = driven + buf[B + j]
            threshold = buf[THETA + j]
            if refractory:
                y = y if wait[j] < held else v
            if adaptive:
                buf[H + j] = buf[DECAY_H + j] * buf[H + j]
                threshold = threshold + buf[H + j]
            hit = y > threshold
            if refractory:
                hit = hit & (wait[j] < held)
                gate[j] = np.uint8(wait[j] > 0) + np.uint8(wait[j] >= held)
                wait[j] = steps[j] if hit else max(wait[j] - 1, 0)
            if current:
                buf[I + j] = buf[BETA + j] * buf[I + j] + buf[MU + j] * arriving
            if full:
                x[j] = y
            else:
                s[j] = y  # two names of the same memory could not be vectorised
            if smooth:
                share = buf.dtype.type(0.0)
                if threshold < np.inf and not (refractory and gate[j] == 2):
                    share = buf.dtype.type(integral(kind, slope[0], y - threshold))
                z[j] = share
                buf[V + j] = y - share * (buf[TO + j] if subtract else y - buf[TO + j])
            else:
                z[j] = hit
                after = y - buf[TO + j] if subtract else buf[TO + j]
                buf[V + j] = after if hit else y

    @kernel
    def adapt(buf, z, h, w):
        for j in range(z.size):
            share = buf.dtype.type(z[j])
            h[j] = buf[H + j]
            fallen = buf[DECAY_W + j] * buf[W + j]
            buf[W + j] = fallen + buf[JUMP + j] * share
            buf[H + j] = buf[H + j] + buf[RISE + j] * share
            w[j] = buf[W + j]

    def scan(coef, s, x, z, gate, kept, state, wait, steps, settings, slope):
        before = flush()
        n, lanes = settings[N], s.shape[1]
        at = 0
        while at < lanes:
            m, panel = _width(at, lanes, n), at % n // LANES
            buf, end = coef[panel], at + m
            _load(buf, state, at, m)
            for t in range(settings[FIRST], settings[LAST]):
                zt = z[t, at:end]
                if refractory:
                    g, wt, until = gate[t, at:end], wait[at:end], steps[panel * LANES : panel * LANES + m]
                else:
                    g, wt, until = gate[0, 0:0], wait[0:0], steps[0:0]
                step(buf, s[t, at:end], x[t, at:end], zt, g, wt, until, settings[SUBTRACT], settings[HELD],
                     settings[KIND], slope)  # fmt: skip
                if adaptive:
                    adapt(buf, zt, kept[0, t, at:end], kept[1, t, at:end])
                elif current and full:
                    i = kept[0, t, at:end]
                    for j in range(m):
                        i[j] = buf[I + j]
            _store(buf, state, at, m)
            at = end
        restore(before)

    return scan


def backward(variant: Variant) -> Callable[..., Any]:
    """The backward scan of a variant; see `signature_backward` for its arguments.

    Reads: x, z, gate, kept as `forward` wrote them; s, only where full; gv (T, lanes) gradients of v, or (0, lanes);
    start (4, lanes), the state before step settings[ORIGIN]. Writes: g (T, lanes), which comes in as the gradient of
    the spikes and leaves as that of s; adjoint (4, lanes), the gradients of the state after the last step, then before
    the first; the rows of coef from `SUM` on, to which the gradients of the coefficients are added.
    """
    current, adaptive, refractory, full, _ = variant

    @kernel
    def earlier(buf, x, z, kept, start, t, first, at, m, subtract):
        """The state one step before t: v, i, w, and h after its rise."""
        if t == first:
            for r in range(4):
                for j in range(m):
                    buf[V0 + r * LANES + j] = start[r, at + j]
            return
        for j in range(m):
            y, share = x[t - 1, at + j], buf.dtype.type(z[t - 1, at + j])
            buf[V0 + j] = y - share * (buf[TO + j] if subtract else y - buf[TO + j])
            if current:
                buf[I0 + j] = kept[0, t - 1, at + j]
            if adaptive:
                buf[H0 + j] = kept[0, t - 1, at + j] + buf[RISE + j] * share
                buf[W0 + j] = kept[1, t - 1, at + j]

    @kernel
    def sums(buf, j, arriving, share, ahead, gx, gu, sign):
        """Gradients of all coefficients but b."""
        buf[SUM + ALPHA + j] += gx * buf[V0 + j]
        buf[SUM + THETA + j] -= gu
        buf[SUM + TO + j] += sign * ahead * share
        if current:
            buf[SUM + KAPPA + j] += gx * buf[I0 + j]
            buf[SUM + BETA + j] += buf[I + j] * buf[I0 + j]
            buf[SUM + MU + j] += buf[I + j] * arriving
        if adaptive:
            buf[SUM + KAPPA + j] -= gx * buf[W0 + j]
            buf[SUM + DECAY_W + j] += buf[W + j] * buf[W0 + j]
            buf[SUM + DECAY_H + j] += (buf[H + j] - gu) * buf[H0 + j]
            buf[SUM + JUMP + j] += buf[W + j] * share
            buf[SUM + RISE + j] += buf[H + j] * share

    @kernel
    def step(buf, s, x, z, gate, g, subtract, attached):
        one, zero = buf.dtype.type(1.0), buf.dtype.type(0.0)
        sign, pull = -one if subtract else one, one if attached else zero
        for j in range(x.size):
            ahead, to = buf[V + j], buf[TO + j]
            share = buf.dtype.type(z[j])
            gz = g[j]
            if adaptive:
                gz = gz + buf[JUMP + j] * buf[W + j] + buf[RISE + j] * buf[H + j]
            gz = gz - pull * ahead * (to if subtract else x[j] - to)
            gu = gz * buf[D + j]
            gx = gu + (ahead if subtract else ahead * (one - share))
            back = buf[ALPHA + j] * gx
            if refractory:
                gu = gu if gate[j] < 2 else zero
                gx = gx if gate[j] < 2 else zero
                back = back if gate[j] < 2 else ahead
            through = buf[LAM + j] * gx
            reached = gx
            if refractory:
                through = through if gate[j] == 0 else zero
                reached = gx if gate[j] == 0 else zero
            buf[SUM + B + j] += gx
            if full:
                buf[SUM + LAM + j] += reached * s[j]
                sums(buf, j, s[j], share, ahead, gx, gu, sign)
            if current:
                through = through + buf[MU + j] * buf[I + j]
                buf[I + j] = buf[KAPPA + j] * gx + buf[BETA + j] * buf[I + j]
            if adaptive:
                buf[W + j] = buf[DECAY_W + j] * buf[W + j] - buf[KAPPA + j] * gx
                buf[H + j] = buf[DECAY_H + j] * (buf[H + j] - gu)
            g[j] = through
            buf[V + j] = back

    @kernel
    def slopes(buf, x, h, kind, slope):
        """sigma of each lane, into row D."""
        for j in range(x.size):
            threshold = buf[THETA + j]
            if adaptive:
                threshold = threshold + h[j]
            buf[D + j] = x[j] - threshold
        derivative(kind, slope, buf, D, x.size)

    def scan(coef, s, x, z, gate, kept, g, gv, start, adjoint, settings, slope):
        before = flush()
        n, lanes, first = settings[N], x.shape[1], settings[ORIGIN]
        at = 0
        while at < lanes:
            m = _width(at, lanes, n)
            buf, end = coef[at % n // LANES], at + m
            _load(buf, adjoint, at, m)
            for t in range(settings[LAST] - 1, settings[FIRST] - 1, -1):
                xt = x[t, at:end]
                if adaptive:
                    slopes(buf, xt, kept[0, t, at:end], settings[KIND], slope)
                else:
                    slopes(buf, xt, xt, settings[KIND], slope)
                if gv.shape[0]:
                    row = gv[t, at:end]
                    for j in range(m):
                        buf[V + j] += row[j]
                if full:
                    earlier(buf, x, z, kept, start, t, first, at, m, settings[SUBTRACT])
                st = s[t, at:end] if full else xt
                gt = gate[t, at:end] if refractory else gate[0, 0:0]
                step(buf, st, xt, z[t, at:end], gt, g[t, at:end], settings[SUBTRACT], settings[ATTACHED])
            _store(buf, adjoint, at, m)
            at = end
        restore(before)

    return scan


def signature_forward(real: str, smooth: bool) -> str:
    """coef, s, x, z, gate, kept, state, wait, steps, settings, slope; real is ``f4`` or ``f8``."""
    z = real if smooth else "u1"
    return (
        f"void({real}[:,::1], {real}[:,::1], {real}[:,::1], {z}[:,::1], u1[:,::1], {real}[:,:,::1], {real}[:,::1], "
        f"i4[::1], i4[::1], i8[::1], {real}[::1])"
    )


def signature_backward(real: str, smooth: bool) -> str:
    """coef, s, x, z, gate, kept, g, gv, start, adjoint, settings, slope."""
    z = real if smooth else "u1"
    return (
        f"void({real}[:,::1], {real}[:,::1], {real}[:,::1], {z}[:,::1], u1[:,::1], {real}[:,:,::1], {real}[:,::1], "
        f"{real}[:,::1], {real}[:,::1], {real}[:,::1], i8[::1], {real}[::1])"
    )
