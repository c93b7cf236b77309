"""Izhikevich's neuron, a linked op."""

from __future__ import annotations

from neurobot.kernels import neuron
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut

MOST = 1e6
"""v above its threshold stays below this [mV], for u to stay finite."""


@kernel
def izhikevich(o, layout, params, state, ints, obs, act, step, substep):
    """v, u and a jump s of v, or a current s, by Euler's method in mV and ms; after a spike v = to and u rises by d.

    State rows v, u, s; coefficient rows h, b, a, b_u, d, v_min, theta, to; a is times h.
    """
    n, at, c = o[3], o[8], o[9]
    v, u, s = cut(state, at, n), cut(state, at + n, n), cut(state, at + 2 * n, n)
    d, theta, to = cut(params, c + 4 * n, n), cut(params, c + 6 * n, n), cut(params, c + 7 * n, n)
    if o[10]:
        half_steps(v, u, s, cut(params, c, 6 * n))
    else:
        euler(v, u, s, cut(params, c, 6 * n))
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    neuron.find_spikes(v, theta, hits, spikes)
    for m in range(spikes[0]):
        j = spikes[1 + m]
        v[j] = to[j]
        u[j] += d[j]
    return 0


@kernel
def euler(v, u, s, coefficients):
    """A step from the v and u of its start, then the jump (Izhikevich 2003, eq. 1 and 2).

    Reads: coefficients (6 n,). Writes: v, u, s (n,).
    """
    n, real = v.size, v.dtype.type
    h, b, a = coefficients[0], cut(coefficients, n, n), cut(coefficients, 2 * n, n)
    b_u, v_min = cut(coefficients, 3 * n, n), cut(coefficients, 5 * n, n)
    c2, c1, c0 = real(0.04), real(5), real(140)
    for j in range(n):
        x = v[j] + (h * (c2 * v[j] * v[j] + c1 * v[j] + c0 - u[j] + b[j]) + s[j])
        u[j] += a[j] * (b_u[j] * v[j] - u[j])
        v[j] = max(x, v_min[j])
        s[j] = 0


@kernel
def half_steps(v, u, s, coefficients):
    """Two half steps of v, with s as a current, then a step of u from the new v (the program of Izhikevich 2003).

    Reads: coefficients (6 n,). Writes: v, u, s (n,).
    """
    n, real = v.size, v.dtype.type
    h, b, a = coefficients[0], cut(coefficients, n, n), cut(coefficients, 2 * n, n)
    b_u, v_min = cut(coefficients, 3 * n, n), cut(coefficients, 5 * n, n)
    c2, c1, c0, half, most = real(0.04), real(5), real(140), real(0.5), real(MOST)
    for j in range(n):
        x = v[j] + half * h * (c2 * v[j] * v[j] + c1 * v[j] + c0 - u[j] + b[j] + s[j])
        x = min(max(x, v_min[j]), most)
        x = x + half * h * (c2 * x * x + c1 * x + c0 - u[j] + b[j] + s[j])
        v[j] = min(max(x, v_min[j]), most)
        u[j] += a[j] * (b_u[j] * v[j] - u[j])
        s[j] = 0
