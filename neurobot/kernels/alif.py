"""LIF with an adaptive threshold and an adaptation current, a linked op; exact over a step."""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import list_hits, spike_list
from neurobot.kernels.views import cut


@kernel
def alif(o, layout, params, state, ints, obs, act, step, substep):
    """`update`, then at a spike v <- to or v - to, w rises by its jump and theta by its own.

    State rows v, w, theta, s; coefficient rows alpha, b, lam, kappa, decay_w, decay_theta, theta, to, jump, rise.
    """
    n, at, c = o[3], o[8], o[9]
    v, w, theta = cut(state, at, n), cut(state, at + n, n), cut(state, at + 2 * n, n)
    to, jump, rise = cut(params, c + 7 * n, n), cut(params, c + 8 * n, n), cut(params, c + 9 * n, n)
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    wait, steps = cut(ints, o[12], n), cut(layout, o[11], n)
    update(cut(state, at, 4 * n), cut(params, c, 7 * n), wait, steps, o[13], hits.view(np.uint8))
    list_hits(hits, spikes)
    for m in range(spikes[0]):
        j = spikes[1 + m]
        v[j] = v[j] - to[j] if o[10] else to[j]
        w[j] += jump[j]
        theta[j] += rise[j]
    return 0


@kernel
def update(x, p, wait, steps, held, hit):
    """v <- ((alpha v - kappa w) + lam s) + b;  w and theta decay;  hit where v > threshold + theta.

    A neuron that waits loses s, and keeps v down to a count of held, as in `neurobot.kernels.neuron.lif_refractory`.
    Reads: p (7 n,), steps (n,). Writes: x (4 n,), wait (n,), hit (n,) bytes.
    """
    n = x.size // 4
    v, w, theta, s = cut(x, 0, n), cut(x, n, n), cut(x, 2 * n, n), cut(x, 3 * n, n)
    alpha, b, lam, kappa = cut(p, 0, n), cut(p, n, n), cut(p, 2 * n, n), cut(p, 3 * n, n)
    decay_w, decay_theta, threshold = cut(p, 4 * n, n), cut(p, 5 * n, n), cut(p, 6 * n, n)
    for j in range(n):
        y = alpha[j] * v[j] - kappa[j] * w[j]
        y = (y + lam[j] * s[j] if wait[j] <= 0 else y) + b[j]
        v[j] = y if wait[j] < held else v[j]
        w[j] = decay_w[j] * w[j]
        theta[j] = decay_theta[j] * theta[j]
        s[j] = 0
    for j in range(n):
        now = (wait[j] < held) & (v[j] > threshold[j] + theta[j])
        hit[j] = now
        wait[j] = steps[j] if now else max(wait[j] - 1, 0)
