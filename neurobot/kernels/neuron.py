"""The one update of all linear neurons, in the forms that occur.

    v <- alpha v + kappa i + lam s + b;    i <- beta i + mu s;    spike if v > theta.

The update, the search for spikes and the reset are loops of their own: the first has no branch and
vectorises, the last touches only neurons that spiked. Every kernel leaves s at 0 for the next step.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import list_hits


@kernel
def lif(v, s, alpha, lam, b):
    """v <- (alpha v + lam s) + b, without synaptic current; LIF, IF and LI.

    Reads: alpha, lam, b (n,). Writes: v, s (n,).
    """
    for j in range(v.size):
        v[j] = (alpha[j] * v[j] + lam[j] * s[j]) + b[j]
        s[j] = 0


@kernel
def lif_refractory(v, s, alpha, lam, b, wait, held):
    """As `lif`; a neuron that waits loses s, and keeps v down to a count of held, 1, or 2 for `jump_then_decay`.

    Reads: alpha, lam, b (n,), wait (n,) steps still to wait. Writes: v, s (n,).
    """
    for j in range(v.size):
        x = alpha[j] * v[j]
        x = (x + lam[j] * s[j] if wait[j] <= 0 else x) + b[j]
        v[j] = x if wait[j] < held else v[j]
        s[j] = 0


@kernel
def cuba(v, i, s, alpha, lam, b, kappa, beta, mu):
    """v <- ((alpha v + kappa i) + lam s) + b;  i <- beta i + mu s.

    Reads: alpha, lam, b, kappa, beta, mu (n,). Writes: v, i, s (n,).
    """
    for j in range(v.size):
        v[j] = ((alpha[j] * v[j] + kappa[j] * i[j]) + lam[j] * s[j]) + b[j]
        i[j] = beta[j] * i[j] + mu[j] * s[j]
        s[j] = 0


@kernel
def cuba_refractory(v, i, s, alpha, lam, b, kappa, beta, mu, wait):
    """As `cuba`; a neuron that waits keeps v, and its current goes on.

    Reads: alpha, lam, b, kappa, beta, mu (n,), wait (n,). Writes: v, i, s (n,).
    """
    for j in range(v.size):
        x = ((alpha[j] * v[j] + kappa[j] * i[j]) + lam[j] * s[j]) + b[j]
        v[j] = x if wait[j] <= 0 else v[j]
        i[j] = beta[j] * i[j] + mu[j] * s[j]
        s[j] = 0


@kernel
def find_spikes(v, theta, hits, spikes):
    """The neurons with v > theta, in order.

    Reads: v, theta (n,). Writes: hits, scratch as for `list_hits`, spikes (1 + n,).
    """
    hit = hits.view(np.uint8)
    for j in range(v.size):
        hit[j] = v[j] > theta[j]
    list_hits(hits, spikes)


@kernel
def find_spikes_refractory(v, theta, wait, steps, held, hits, spikes):
    """As `find_spikes`; a neuron whose v is held does not spike, one that spikes will wait.

    Reads: v, theta, steps (n,). Writes: wait (n,), hits, spikes (1 + n,).
    """
    hit = hits.view(np.uint8)
    for j in range(v.size):
        now = (wait[j] < held) & (v[j] > theta[j])
        hit[j] = now
        wait[j] = steps[j] if now else max(wait[j] - 1, 0)
    list_hits(hits, spikes)


@kernel
def reset(v, to, subtract, spikes):
    """v <- to, or v - to with subtract, where a neuron spiked.

    Reads: to (n,), spikes (1 + n,). Writes: v (n,).
    """
    for m in range(spikes[0]):
        j = spikes[1 + m]
        v[j] = v[j] - to[j] if subtract else to[j]
