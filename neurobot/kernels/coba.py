"""LIF with conductances, a linked op."""

from __future__ import annotations

from neurobot.kernels import neuron
from neurobot.kernels.exponential import LARGEST, expm1
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut


@kernel
def coba(o, layout, params, state, ints, obs, act, step, substep):
    """v relaxes towards where its conductances, in their mean over the step, would hold it.

    State rows v, s, g, s_in, g_in; coefficient rows leak, b, per_c, e_ex, beta, mean, moment, e_in, beta_in, mean_in,
    moment_in, theta, to. leak is dt g_leak / c_m, per_c is dt / c_m.
    """
    n, at, c = o[3], o[8], o[9]
    v, wait = cut(state, at, n), cut(ints, o[12], n)
    update(cut(state, at, 5 * n), cut(params, c, 11 * n), wait, o[13])
    spikes, hits = spike_list(ints, o[4], o[5], n, step), cut(ints, o[7], 2 * ((n + 7) // 8))
    neuron.find_spikes_refractory(v, cut(params, c + 11 * n, n), wait, cut(layout, o[11], n), 1, hits, spikes)
    neuron.reset(v, cut(params, c + 12 * n, n), 0, spikes)
    return 0


@kernel
def update(x, p, wait, early):
    """v <- v + (1 - exp(-load)) (drive / load - v);  g <- beta g.

    Magnus's method of fourth order for dv/dt = drive(t) - load(t) v (Blanes et al., Physics Reports 470, 2009): load
    and drive are means over the step, and drive gets the commutator, load times drive's first moment less the other way
    round, which fades out above a load of 1; so it is stable for any. Conductances are never negative; s joins them
    before the decay where early, else behind it.
    Reads: p (11 n,), wait (n,). Writes: x (5 n,).
    """
    n, real = x.size // 5, x.dtype.type
    zero, one, most, now, late = real(0), real(1), real(LARGEST), real(early), real(1 - early)
    v, s, g, s_in, g_in = cut(x, 0, n), cut(x, n, n), cut(x, 2 * n, n), cut(x, 3 * n, n), cut(x, 4 * n, n)
    leak, b, per_c = cut(p, 0, n), cut(p, n, n), cut(p, 2 * n, n)
    e_ex, beta, mean, moment = cut(p, 3 * n, n), cut(p, 4 * n, n), cut(p, 5 * n, n), cut(p, 6 * n, n)
    e_in, beta_in, mean_in, moment_in = cut(p, 7 * n, n), cut(p, 8 * n, n), cut(p, 9 * n, n), cut(p, 10 * n, n)
    for j in range(n):
        start, start_in = max(g[j] + now * s[j], zero), max(g_in[j] + now * s_in[j], zero)
        ex, inh = per_c[j] * (mean[j] * start), per_c[j] * (mean_in[j] * start_in)
        load, drive = leak[j] + (ex + inh), b[j] + (ex * e_ex[j] + inh * e_in[j])
        ex, inh = per_c[j] * (moment[j] * start), per_c[j] * (moment_in[j] * start_in)
        bend = load * (ex * e_ex[j] + inh * e_in[j]) - (ex + inh) * drive
        to = (drive + bend / max(load * load, one)) / load
        moved = v[j] + expm1(-min(load, most), real) * (v[j] - to)
        v[j] = moved if wait[j] <= 0 else v[j]
        g[j] = max(beta[j] * start + late * s[j], zero)
        g_in[j] = max(beta_in[j] * start_in + late * s_in[j], zero)
        s[j] = 0
        s_in[j] = 0
