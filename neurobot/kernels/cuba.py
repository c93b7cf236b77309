"""CubaLIF with two receptors, and CubaLIF whose neurons share their parameters, which is most large networks.

Linked ops; the equations are those of `neurobot.kernels.neuron`, with a synaptic current for each receptor,

    v <- alpha v + sum over receptors of (kappa i + lam s) + b;    i <- beta i + mu s.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels import neuron
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import list_hits, spike_list
from neurobot.kernels.views import cut, place
from neurobot.kernels.words import STEP


@kernel
def cuba_two(o, layout, params, state, ints, obs, act, step, substep):
    """Two synaptic currents with time constants of their own; state rows v, i, i_in, s, s_in.

    Coefficient rows alpha, b, kappa, beta, lam, mu, kappa_in, beta_in, lam_in, mu_in, theta, to.
    """
    n, at, c = o[3], o[8], o[9]
    v, i, i_in = cut(state, at, n), cut(state, at + n, n), cut(state, at + 2 * n, n)
    s, s_in = cut(state, at + 3 * n, n), cut(state, at + 4 * n, n)
    alpha, b = cut(params, c, n), cut(params, c + n, n)
    kappa, beta = cut(params, c + 2 * n, n), cut(params, c + 3 * n, n)
    lam, mu = cut(params, c + 4 * n, n), cut(params, c + 5 * n, n)
    kappa_in, beta_in = cut(params, c + 6 * n, n), cut(params, c + 7 * n, n)
    lam_in, mu_in = cut(params, c + 8 * n, n), cut(params, c + 9 * n, n)
    wait = cut(ints, o[12], n)
    for j in range(n):
        x = (alpha[j] * v[j] + kappa[j] * i[j]) + lam[j] * s[j]
        x = ((x + kappa_in[j] * i_in[j]) + lam_in[j] * s_in[j]) + b[j]
        v[j] = x if wait[j] <= 0 else v[j]
        i[j] = beta[j] * i[j] + mu[j] * s[j]
        i_in[j] = beta_in[j] * i_in[j] + mu_in[j] * s_in[j]
        s[j] = 0
        s_in[j] = 0
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    neuron.find_spikes_refractory(v, cut(params, c + 10 * n, n), wait, cut(layout, o[11], n), 1, hits, spikes)
    neuron.reset(v, cut(params, c + 11 * n, n), o[10], spikes)
    return 0


@kernel
def cuba_uniform(o, layout, params, state, ints, obs, act, step, substep):
    """Neurons that share all parameters but b; what arrives is added to i itself, so that there is no s.

    State rows v, i and with two receptors i_in; coefficients alpha, theta, to, kappa, beta, kappa_in, beta_in, one
    number each. Refractory neurons stand in a queue of (neuron, step of release), first out first; after an update that
    does not ask they are put back to their reset value.
    """
    n, at, c = o[3], o[8], o[10]
    v, i, b = cut(state, at, n), cut(state, at + n, n), cut(params, o[9], n)
    alpha, theta, to, kappa, beta = params[c], params[c + 1], params[c + 2], params[c + 3], params[c + 4]
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    hit = hits.view(np.uint8)
    if o[11] == 1:
        for j in range(n):
            x = (alpha * v[j] + kappa * i[j]) + b[j]
            v[j] = x
            i[j] = beta * i[j]
            hit[j] = x > theta
    else:
        i_in, kappa_in, beta_in = cut(state, at + 2 * n, n), params[c + 5], params[c + 6]
        for j in range(n):
            x = ((alpha * v[j] + kappa * i[j]) + kappa_in * i_in[j]) + b[j]
            v[j] = x
            i[j] = beta * i[j]
            i_in[j] = beta_in * i_in[j]
            hit[j] = x > theta
    queue = cut(ints, o[13], 2 + 2 * n)
    _hold(v, hit, to, queue, step)
    list_hits(hits, spikes)
    for m in range(spikes[0]):
        v[spikes[1 + m]] = to
    _wait(queue, spikes, step + 1 + o[12])
    return 0


@kernel
def _hold(v, hit, to, queue, step):
    """Release those whose time has come, and hold the others.

    queue is (2 + 2 n,): the first of those that wait, their number, n neurons, n steps of release, both in a ring.
    The queue is looked at in every step, so that none is missed though only the bits of `STEP` are kept.
    """
    n = (queue.size - 2) // 2
    first, waiting = queue[0], queue[1]
    now = step & STEP
    while waiting > 0 and queue[2 + n + first] == now:
        first = first + 1 if first + 1 < n else 0
        waiting -= 1
    queue[0], queue[1] = first, waiting
    before = min(waiting, n - first)
    _put_back(v, hit, to, cut(queue, 2 + first, before))
    _put_back(v, hit, to, cut(queue, 2, waiting - before))


@kernel
def _put_back(v, hit, to, neurons):
    """Neurons that wait are at their reset value, and do not spike; nearly none would have."""
    for m in range(neurons.size):
        j = place(neurons[m])
        v[j] = to
        if hit[j]:
            hit[j] = 0


@kernel
def _wait(queue, spikes, release):
    """Queue the neurons that spiked."""
    n = (queue.size - 2) // 2
    for m in range(spikes[0]):
        k = queue[0] + queue[1]
        k -= n if k >= n else 0
        queue[2 + k] = spikes[1 + m]
        queue[2 + n + k] = release & STEP
        queue[1] += 1
