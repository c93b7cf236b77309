"""The backward scan of `neurobot.kernels.bptt`: its adjoint, derived by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurobot.kernels.bptt import (
    ALPHA,
    ATTACHED,
    BETA,
    DECAY_H,
    DECAY_W,
    FIRST,
    H0,
    I0,
    JUMP,
    KAPPA,
    KIND,
    LAM,
    LANES,
    LAST,
    MU,
    ORIGIN,
    RISE,
    SUBTRACT,
    SUM,
    THETA,
    TO,
    V0,
    W0,
    B,
    D,
    H,
    I,
    N,
    V,
    Variant,
    W,
    load,
    store,
    width,
)
from neurobot.kernels.jit import kernel
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.surrogates import derivative


def _earlier(variant: Variant) -> Callable[..., Any]:
    """What the state of a block was one step earlier."""
    current, adaptive, _, _, _ = variant

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

    return earlier


def _sums(variant: Variant) -> Callable[..., Any]:
    """Gradients of the coefficients, a lane at a time."""
    current, adaptive, _, _, _ = variant

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

    return sums


def _adjoint(variant: Variant) -> Callable[..., Any]:
    """One step of a block, backward."""
    current, adaptive, refractory, full, _ = variant
    sums = _sums(variant)

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

    return step


def _slopes(variant: Variant) -> Callable[..., Any]:
    """The surrogate's derivative in one step of a block."""
    adaptive = variant.adaptive

    @kernel
    def slopes(buf, x, h, kind, slope):
        """sigma of each lane, into row D."""
        for j in range(x.size):
            threshold = buf[THETA + j]
            if adaptive:
                threshold = threshold + h[j]
            buf[D + j] = x[j] - threshold
        derivative(kind, slope, buf, D, x.size)

    return slopes


def backward(variant: Variant) -> Callable[..., Any]:
    """The backward scan of a variant; see `neurobot.kernels.bptt.signature_backward` for its arguments.

    Reads: x, z, gate, kept as `forward` wrote them; s, only where full; gv (T, lanes) gradients of v, or (0, lanes);
    start (4, lanes), the state before step settings[ORIGIN]. Writes: g (T, lanes), which comes in as the gradient of
    the spikes and leaves as that of s; adjoint (4, lanes), the gradients of the state after the last step, then before
    the first; the rows of coef from `SUM` on, to which the gradients of the coefficients are added.
    """
    step, slopes, earlier = _adjoint(variant), _slopes(variant), _earlier(variant)
    _, adaptive, refractory, full, _ = variant

    def scan(coef, s, x, z, gate, kept, g, gv, start, adjoint, settings, slope):
        before = flush()
        n, lanes, first = settings[N], x.shape[1], settings[ORIGIN]
        at = 0
        while at < lanes:
            m = width(at, lanes, n)
            buf, end = coef[at % n // LANES], at + m
            load(buf, adjoint, at, m)
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
            store(buf, adjoint, at, m)
            at = end
        restore(before)

    return scan
