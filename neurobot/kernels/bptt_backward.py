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
    state_rows,
    store,
    width,
)
from neurobot.kernels.jit import view
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.surrogates import derivative


@view
def _earlier(buf, x, z, first_kept, second_kept, subtract, current, adaptive):
    """The state one step earlier, from what was kept of it: v, i, w, and h after its rise."""
    for j in range(x.size):
        share = buf.dtype.type(z[j])
        buf[V0 + j] = x[j] - share * (buf[TO + j] if subtract else x[j] - buf[TO + j])
        if current:
            buf[I0 + j] = first_kept[j]
        if adaptive:
            buf[H0 + j] = first_kept[j] + buf[RISE + j] * share
            buf[W0 + j] = second_kept[j]


@view
def _start(buf, start, at, m):
    """The state before the first step."""
    for r in range(4):
        row = start[r, at : at + m]
        for j in range(m):
            buf[V0 + r * LANES + j] = row[j]


@view
def _sums(buf, j, arriving, share, ahead, gx, gu, sign, current, adaptive):
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


@view
def _adjoint(buf, s, x, z, gate, g, settings, flags):
    """One step of a block, backward."""
    current, adaptive, refractory, full = flags
    subtract, attached = settings[SUBTRACT], settings[ATTACHED]
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
            _sums(buf, j, s[j], share, ahead, gx, gu, sign, current, adaptive)
        if current:
            through = through + buf[MU + j] * buf[I + j]
            buf[I + j] = buf[KAPPA + j] * gx + buf[BETA + j] * buf[I + j]
        if adaptive:
            buf[W + j] = buf[DECAY_W + j] * buf[W + j] - buf[KAPPA + j] * gx
            buf[H + j] = buf[DECAY_H + j] * (buf[H + j] - gu)
        g[j] = through
        buf[V + j] = back


@view
def _slopes(buf, x, h, kind, slope, adaptive):
    """sigma of each lane, into row D."""
    for j in range(x.size):
        threshold = buf[THETA + j]
        if adaptive:
            threshold = threshold + h[j]
        buf[D + j] = x[j] - threshold
    derivative(kind, slope, buf, D, x.size)


def backward(variant: Variant) -> Callable[..., Any]:
    """The backward scan of a variant; see `neurobot.kernels.bptt.signature_backward` for its arguments.

    Reads: x, z, gate, kept as `forward` wrote them; s, only where full; gv (T, lanes) gradients of v, or (0, lanes);
    start (4, lanes), the state before step settings[ORIGIN]. Writes: g (T, lanes), which comes in as the gradient of
    the spikes and leaves as that of s; adjoint (4, lanes), the gradients of the state after the last step, then before
    the first; the rows of coef from `SUM` on, to which the gradients of the coefficients are added.
    """
    current, adaptive, refractory, full, _ = variant
    rows = state_rows(variant)

    def scan(coef, s, x, z, gate, kept, g, gv, start, adjoint, settings, slope):
        before = flush()
        n, lanes, first = settings[N], x.shape[1], settings[ORIGIN]
        at = 0
        while at < lanes:
            m = width(at, lanes, n)
            buf, end = coef[at % n // LANES], at + m
            load(buf, adjoint, at, m, rows)
            for t in range(settings[LAST] - 1, settings[FIRST] - 1, -1):
                xt = x[t, at:end]
                h = kept[0, t, at:end] if adaptive else xt
                _slopes(buf, xt, h, settings[KIND], slope, adaptive)
                if gv.shape[0]:
                    row = gv[t, at:end]
                    for j in range(m):
                        buf[V + j] += row[j]
                if full and t == first:
                    _start(buf, start, at, m)
                elif full:
                    k = t - 1 if current or adaptive else 0
                    one, two = kept[0, k, at:end], kept[1, k, at:end]
                    _earlier(buf, x[t - 1, at:end], z[t - 1, at:end], one, two, settings[SUBTRACT], current, adaptive)
                st = s[t, at:end] if full else xt
                gt = gate[t, at:end] if refractory else gate[0, 0:0]
                flags = current, adaptive, refractory, full
                _adjoint(buf, st, xt, z[t, at:end], gt, g[t, at:end], settings, flags)
            store(buf, adjoint, at, m, rows)
            at = end
        restore(before)

    return scan
