"""What products do not do in a critic: drawing of a batch, biases, norms and rectifiers, their adjoints, a loss."""

from __future__ import annotations

import math

from neurobot.kernels.jit import kernel, reducing

NORM_EPS = 1e-5
"""Added to a layer's variance, as is usual."""


@kernel
def _normalise(row, at, mean, share, clip, scaled, raw):
    for j in range(mean.size):
        value = row[at + j]
        raw[j] = value
        scaled[j] = min(max((value - mean[j]) * share[j], -clip), clip)


def draw(rows, table, mean, share, clip, now, later, raw_now, raw_later, reward, alive):
    """Transitions of a replay, with observations as they are and as a critic sees them.

    Reads: rows (B,) of table (capacity, 2 n + n_act + 2): observation, next observation, action, reward, whether the
    episode went on; mean, share (n,), clip: a critic sees (x - mean) share within +-clip. Writes: now (B, n + n_act),
    later (B, n + n_act) without its actions, raw_now, raw_later (B, n) float64, reward, alive (B,).
    """
    n = mean.size
    n_act = now.shape[1] - n
    for b in range(rows.size):
        row = table[rows[b]]
        _normalise(row, 0, mean, share, clip, now[b], raw_now[b])
        _normalise(row, n, mean, share, clip, later[b], raw_later[b])
        for a in range(n_act):
            now[b, n + a] = row[2 * n + a]
        reward[b] = row[2 * n + n_act]
        alive[b] = row[2 * n + n_act + 1]


def rectify(h, b):
    """h = max(h + b, 0). Reads: b (C, n). Writes: h (C, B, n)."""
    for c in range(h.shape[0]):
        for k in range(h.shape[1]):
            row, bias = h[c, k], b[c]
            for j in range(row.size):
                row[j] = max(row[j] + bias[j], row.dtype.type(0.0))


@reducing
def _sum(row):
    total = row.dtype.type(0.0)
    for j in range(row.size):
        total += row[j]
    return total


@reducing
def _dot(a, b):
    total = a.dtype.type(0.0)
    for j in range(a.size):
        total += a[j] * b[j]
    return total


def normalise(h, b, unit, share):
    """unit = (h - its mean) share over the neurons of a layer, share = 1 / its deviation, h = max(unit + b, 0).

    Ba, Kiros & Hinton, "Layer normalization", 2016 (arXiv:1607.06450); its gain is left to the weights that follow.
    Reads: b (C, n). Writes: h, unit (C, B, n), share (C, B).
    """
    real = h.dtype.type
    for c in range(h.shape[0]):
        for k in range(h.shape[1]):
            row, out, bias = h[c, k], unit[c, k], b[c]
            mean = _sum(row) / real(row.size)
            for j in range(row.size):
                out[j] = row[j] - mean
            scale = real(1.0) / real(math.sqrt(_dot(out, out) / real(row.size) + real(NORM_EPS)))
            share[c, k] = scale
            for j in range(row.size):
                out[j] *= scale
                row[j] = max(out[j] + bias[j], real(0.0))


def unnormalise(unit, share, dh):
    """From the gradient of unit to that of what was normalised: dh = share (dh - mean(dh) - unit mean(dh unit)).

    Reads: unit (C, B, n), share (C, B). Writes: dh (C, B, n).
    """
    real = dh.dtype.type
    for c in range(dh.shape[0]):
        for k in range(dh.shape[1]):
            row, u, scale = dh[c, k], unit[c, k], share[c, k]
            mean, slope = _sum(row) / real(row.size), _dot(row, u) / real(row.size)
            for j in range(row.size):
                row[j] = scale * (row[j] - mean - u[j] * slope)


def mask(h, dh):
    """dh = 0 where h is not above 0. Reads: h (C, B, n). Writes: dh (C, B, n)."""
    for c in range(h.shape[0]):
        for k in range(h.shape[1]):
            row, out = h[c, k], dh[c, k]
            for j in range(row.size):
                out[j] = out[j] if row[j] > 0 else row.dtype.type(0.0)


def add_up(dh, b):
    """b = the sum of dh over the batch. Reads: dh (C, B, n). Writes: b (C, n)."""
    for c in range(dh.shape[0]):
        out = b[c]
        for j in range(out.size):
            out[j] = 0
        for k in range(dh.shape[1]):
            row = dh[c, k]
            for j in range(out.size):
                out[j] += row[j]


@reducing
def _pull(wanted, said, tau):
    slope = loss = wanted.dtype.type(0.0)
    one = wanted.dtype.type(1.0)
    for k in range(wanted.size):
        away = wanted[k] - said
        share = tau if away > 0 else one - tau
        bounded = min(max(away, -one), one)
        slope += share * bounded
        loss += share * bounded * (away - bounded / 2)
    return slope, loss


def quantile_miss(said, wanted, dq):
    """How far quantiles are from those of samples: the mean quantile Huber loss, added up over critics.

    Quantile m of M is that of (m + 1/2) / M; each pair costs |tau - 1(u < 0)| H(u), u = wanted - said, H(u) = u u / 2
    within +-1 and |u| - 1/2 beyond: Dabney, Rowland, Bellemare & Munos, AAAI 2018 (arXiv:1710.10044), equation 10.
    Reads: said (C, B, M), wanted (B, K). Writes: dq (C, B, M), its gradient. Returns the loss.
    """
    real, total = said.dtype.type, 0.0
    quantiles = said.shape[2]
    share = real(1.0) / real(said.shape[1] * quantiles * wanted.shape[1])
    for c in range(said.shape[0]):
        for b in range(said.shape[1]):
            for m in range(quantiles):
                tau = real((m + 0.5) / quantiles)
                slope, loss = _pull(wanted[b], said[c, b, m], tau)
                dq[c, b, m] = -slope * share
                total += loss * share
    return total


def follow(slow, fast, tau):
    """slow += tau (fast - slow). Reads: fast (n,), tau. Writes: slow (n,)."""
    for j in range(slow.size):
        slow[j] += tau * (fast[j] - slow[j])


SIGNATURES = {
    "draw": "void(i8[::1], f4[:,::1], f4[::1], f4[::1], f4, f4[:,::1], f4[:,::1], f8[:,::1], f8[:,::1], f4[::1], "
    "f4[::1])",
    "rectify": "void(f4[:,:,::1], f4[:,::1])",
    "normalise": "void(f4[:,:,::1], f4[:,::1], f4[:,:,::1], f4[:,::1])",
    "unnormalise": "void(f4[:,:,::1], f4[:,::1], f4[:,:,::1])",
    "mask": "void(f4[:,:,::1], f4[:,:,::1])",
    "add_up": "void(f4[:,:,::1], f4[:,::1])",
    "quantile_miss": "f8(f4[:,:,::1], f4[:,::1], f4[:,:,::1])",
    "follow": "void(f4[::1], f4[::1], f4)",
}
"""Of the functions of this file."""
