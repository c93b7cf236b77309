"""What products do not do in a critic: drawing of a batch, biases and rectifiers, and their adjoints."""

from __future__ import annotations

from neurobot.kernels.jit import kernel


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


def spread(dq, w, h, dh):
    """The gradient before the last rectifier: dh = dq w where h > 0. Reads: dq (C, B), w (C, n), h. Writes: dh."""
    for c in range(h.shape[0]):
        for k in range(h.shape[1]):
            row, out, weights, g = h[c, k], dh[c, k], w[c], dq[c, k]
            for j in range(row.size):
                out[j] = g * weights[j] if row[j] > 0 else row.dtype.type(0.0)


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


def follow(slow, fast, tau):
    """slow += tau (fast - slow). Reads: fast (n,), tau. Writes: slow (n,)."""
    for j in range(slow.size):
        slow[j] += tau * (fast[j] - slow[j])


SIGNATURES = {
    "draw": "void(i8[::1], f4[:,::1], f4[::1], f4[::1], f4, f4[:,::1], f4[:,::1], f8[:,::1], f8[:,::1], f4[::1], "
    "f4[::1])",
    "rectify": "void(f4[:,:,::1], f4[:,::1])",
    "spread": "void(f4[:,::1], f4[:,::1], f4[:,:,::1], f4[:,:,::1])",
    "mask": "void(f4[:,:,::1], f4[:,:,::1])",
    "add_up": "void(f4[:,:,::1], f4[:,::1])",
    "follow": "void(f4[::1], f4[::1], f4)",
}
"""Of the functions of this file."""
