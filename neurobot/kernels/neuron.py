"""The one update of all linear neurons, in the forms that occur.

    v <- alpha v + kappa i + lam s + b;    i <- beta i + mu s;    spike if v > theta.

The update, the search for spikes and the reset are loops of their own: the first has no branch and
vectorises, the last touches only neurons that spiked. Every kernel leaves s at 0 for the next step.
"""

from __future__ import annotations

from numba import njit


@njit(nogil=True)
def lif(v, s, alpha, lam, b):  # type: ignore[no-untyped-def]
    """v <- (alpha v + lam s) + b, without synaptic current; LIF, IF and LI.

    Reads: alpha, lam, b (n,). Writes: v, s (n,).
    """
    for j in range(v.size):
        v[j] = (alpha[j] * v[j] + lam[j] * s[j]) + b[j]
        s[j] = 0


@njit(nogil=True)
def lif_refractory(v, s, alpha, lam, b, wait):  # type: ignore[no-untyped-def]
    """As `lif`; a neuron that waits keeps v and loses s.

    Reads: alpha, lam, b (n,). Writes: v, s (n,), wait (n,) steps still to wait.
    """
    for j in range(v.size):
        x = (alpha[j] * v[j] + lam[j] * s[j]) + b[j]
        v[j] = x if wait[j] <= 0 else v[j]
        s[j] = 0


@njit(nogil=True)
def cuba(v, i, s, alpha, lam, b, kappa, beta, mu):  # type: ignore[no-untyped-def]
    """v <- ((alpha v + kappa i) + lam s) + b;  i <- beta i + mu s.

    Reads: alpha, lam, b, kappa, beta, mu (n,). Writes: v, i, s (n,).
    """
    for j in range(v.size):
        v[j] = ((alpha[j] * v[j] + kappa[j] * i[j]) + lam[j] * s[j]) + b[j]
        i[j] = beta[j] * i[j] + mu[j] * s[j]
        s[j] = 0


@njit(nogil=True)
def cuba_refractory(v, i, s, alpha, lam, b, kappa, beta, mu, wait):  # type: ignore[no-untyped-def]
    """As `cuba`; a neuron that waits keeps v, and its current goes on.

    Reads: alpha, lam, b, kappa, beta, mu (n,), wait (n,). Writes: v, i, s (n,).
    """
    for j in range(v.size):
        x = ((alpha[j] * v[j] + kappa[j] * i[j]) + lam[j] * s[j]) + b[j]
        v[j] = x if wait[j] <= 0 else v[j]
        i[j] = beta[j] * i[j] + mu[j] * s[j]
        s[j] = 0


@njit(nogil=True)
def find_spikes(v, theta, spikes):  # type: ignore[no-untyped-def]
    """The neurons with v > theta, in order.

    Reads: v, theta (n,). Writes: spikes (1 + n,).
    """
    count = 0
    for j in range(v.size):
        spikes[1 + count] = j
        count += v[j] > theta[j]
    spikes[0] = count


@njit(nogil=True)
def find_spikes_refractory(v, theta, wait, steps, spikes):  # type: ignore[no-untyped-def]
    """As `find_spikes`; a neuron that waits does not spike, one that spikes will wait.

    Reads: v, theta, steps (n,). Writes: wait (n,), spikes (1 + n,).
    """
    count = 0
    for j in range(v.size):
        hit = (wait[j] <= 0) & (v[j] > theta[j])
        wait[j] = steps[j] if hit else max(wait[j] - 1, 0)
        spikes[1 + count] = j
        count += hit
    spikes[0] = count


@njit(nogil=True)
def reset(v, to, subtract, spikes):  # type: ignore[no-untyped-def]
    """v <- to, or v - to with subtract, where a neuron spiked.

    Reads: to (n,), spikes (1 + n,). Writes: v (n,).
    """
    for m in range(spikes[0]):
        j = spikes[1 + m]
        v[j] = v[j] - to[j] if subtract else to[j]
