"""The forward scan of `neurobot.kernels.bptt`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurobot.kernels.bptt import (
    ALPHA,
    BETA,
    DECAY_H,
    DECAY_W,
    FIRST,
    HELD,
    JUMP,
    KAPPA,
    KIND,
    LAM,
    LANES,
    LAST,
    MU,
    RISE,
    SUBTRACT,
    THETA,
    TO,
    B,
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
from neurobot.kernels.jit import kernel, view
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.surrogates import integral


@view
def _update(buf, s, x, z, gate, wait, steps, settings, slope, flags):
    """One step of a block."""
    current, adaptive, refractory, full, smooth = flags
    subtract, held, kind = settings[SUBTRACT], settings[HELD], settings[KIND]
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
def _adapt(buf, z, h, w):
    """Raise the adaptation where there are spikes, and keep it."""
    for j in range(z.size):
        share = buf.dtype.type(z[j])
        h[j] = buf[H + j]
        fallen = buf[DECAY_W + j] * buf[W + j]
        buf[W + j] = fallen + buf[JUMP + j] * share
        buf[H + j] = buf[H + j] + buf[RISE + j] * share
        w[j] = buf[W + j]


@kernel
def _keep(buf, i):
    """Keep the current."""
    for j in range(i.size):
        i[j] = buf[I + j]


def forward(variant: Variant) -> Callable[..., Any]:
    """The forward scan of a variant; see `neurobot.kernels.bptt.signature_forward` for its arguments.

    Reads: coef (panels, ROWS LANES), a panel for every LANES neurons; s (T, lanes); steps (panels LANES,) of t_ref;
    settings; slope (1,). Writes: x (T, lanes), which takes the place of s unless full; z (T, lanes) bytes, or reals
    where smooth; gate (T, lanes), 1 where what arrives is lost, 2 where v is held as well; kept (2, T, lanes), i, or h
    and w; state (4, lanes) v, i, w, h; wait (lanes,).
    """
    current, adaptive, refractory, full, smooth = variant
    rows = state_rows(variant)

    def scan(coef, s, x, z, gate, kept, state, wait, steps, settings, slope):
        before = flush()
        n, lanes = settings[N], s.shape[1]
        at = 0
        while at < lanes:
            m, panel = width(at, lanes, n), at % n // LANES
            buf, end = coef[panel], at + m
            load(buf, state, at, m, rows)
            for t in range(settings[FIRST], settings[LAST]):
                zt = z[t, at:end]
                if refractory:
                    g, wt, until = gate[t, at:end], wait[at:end], steps[panel * LANES : panel * LANES + m]
                else:
                    g, wt, until = gate[0, 0:0], wait[0:0], steps[0:0]
                flags = current, adaptive, refractory, full, smooth
                _update(buf, s[t, at:end], x[t, at:end], zt, g, wt, until, settings, slope, flags)
                if adaptive:
                    _adapt(buf, zt, kept[0, t, at:end], kept[1, t, at:end])
                elif current and full:
                    _keep(buf, kept[0, t, at:end])
            store(buf, state, at, m, rows)
            at = end
        restore(before)

    return scan
