"""LIF with alpha-shaped synaptic currents, a linked op; exact over a step."""

from __future__ import annotations

from neurobot.kernels import neuron
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut


@kernel
def alpha(o, layout, params, state, ints, obs, act, step, substep):
    """v <- (alpha v + sum over receptors of (eta di + kappa i + lam s)) + b, then each receptor's `current`.

    State rows v, then s, i, di of each receptor; coefficient rows alpha, b, theta, to, then eta, kappa, lam, beta,
    gamma, nu, mu of each receptor.
    """
    n, at, c, two = o[3], o[8], o[9], o[13] == 2
    v, s, s_in = cut(state, at, n), cut(state, at + n, n), cut(state, at + (4 if two else 1) * n, n)
    decay, b, wait = cut(params, c, n), cut(params, c + n, n), cut(ints, o[12], n)
    current(cut(state, at + n, 3 * n), cut(params, c + 4 * n, 7 * n))
    if two:
        current(cut(state, at + 4 * n, 3 * n), cut(params, c + 11 * n, 7 * n))
        for j in range(n):
            s[j] += s_in[j]
            s_in[j] = 0
    for j in range(n):
        x = (decay[j] * v[j] + s[j]) + b[j]
        v[j] = x if wait[j] <= 0 else v[j]
        s[j] = 0
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    neuron.find_spikes_refractory(v, cut(params, c + 2 * n, n), wait, cut(layout, o[11], n), 1, hits, spikes)
    neuron.reset(v, cut(params, c + 3 * n, n), o[10], spikes)
    return 0


@kernel
def current(x, coefficients):
    """i <- (beta i + gamma di) + nu s;  di <- beta di + mu s;  s <- (eta di + kappa i) + lam s, of what was before.

    The exact propagators of an alpha function (Rotter & Diesmann, Biological Cybernetics 81, 1999).
    Reads: coefficients (7 n,) eta, kappa, lam, beta, gamma, nu, mu. Writes: x (3 n,) s, i, di.
    """
    n = x.size // 3
    s, i, di = cut(x, 0, n), cut(x, n, n), cut(x, 2 * n, n)
    eta, kappa, lam = cut(coefficients, 0, n), cut(coefficients, n, n), cut(coefficients, 2 * n, n)
    beta, gamma = cut(coefficients, 3 * n, n), cut(coefficients, 4 * n, n)
    nu, mu = cut(coefficients, 5 * n, n), cut(coefficients, 6 * n, n)
    for j in range(n):
        given = s[j]
        s[j] = (eta[j] * di[j] + kappa[j] * i[j]) + lam[j] * given
        i[j] = (beta[j] * i[j] + gamma[j] * di[j]) + nu[j] * given
        di[j] = beta[j] * di[j] + mu[j] * given
