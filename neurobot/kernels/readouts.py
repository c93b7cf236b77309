"""Read-outs that few Programs need, as linked ops: FilteredRate, PopulationVector, FirstSpike, Highest."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.decode import side
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.status import BAD_ACTION, OK
from neurobot.kernels.views import cut


@kernel
def low_pass(spikes, keep, take, trace):
    """trace <- keep trace + take s, s = 1 where there is a spike.

    Reads: spikes (1 + n,), keep (1,), take (1,). Writes: trace (n,).
    """
    for j in range(trace.size):
        trace[j] *= keep[0]
    for m in range(spikes[0]):
        trace[spikes[1 + m]] += take[0]


@kernel
def filter_spikes(o, layout, params, state, ints, obs, act, step, substep):
    """The traces of a FilteredRate read-out, in every step."""
    n = o[3]
    spikes = spike_list(ints, o[4], o[5], n, step)
    low_pass(spikes, cut(params, o[6], 1), cut(params, o[7], 1), cut(state, o[8], n))
    return 0


@kernel
def vector(counts, preferred, gain, u):
    """u = gain sum(counts preferred) / sum(counts) of each group, in float64; 0 where there is no spike.

    Reads: counts (n_act per,), preferred (per,), gain (1,). Writes: u (n_act,).
    """
    per = preferred.size
    for a in range(u.size):
        total, weighted = np.int64(0), np.float64(0.0)
        for m in range(per):
            total += counts[a * per + m]
            weighted += np.float64(counts[a * per + m]) * np.float64(preferred[m])
        u[a] = np.float64(gain[0]) * (weighted / total) if total else 0.0


@kernel
def read_vector(o, layout, params, state, ints, obs, act, step, substep):
    """u of a PopulationVector read-out, in the epilogue; LIMIT follows and looks whether it is finite."""
    n_act, per = o[3], o[4]
    vector(cut(ints, o[5], n_act * per), cut(params, o[6], per), cut(params, o[7], 1), cut(state, o[8], n_act))
    return 0


@kernel
def count_first(spikes, substep, decided, counts):
    """Count the spikes of the first step that has any; WINNER then takes the group with most of them.

    Reads: spikes (1 + n,). Writes: counts (n,), decided (1,): how many steps that took, 0 until there is a spike.
    """
    if decided[0] or not spikes[0]:
        return
    decided[0] = substep + 1
    for m in range(spikes[0]):
        counts[spikes[1 + m]] += 1


@kernel
def first_spikes(o, layout, params, state, ints, obs, act, step, substep):
    """What a FirstSpike read-out needs to know, in every step."""
    n = o[3]
    count_first(spike_list(ints, o[4], o[5], n, step), substep, cut(ints, o[6], 1), cut(ints, o[7], n))
    return 0


@kernel
def highest(v, n_act, per):
    """The group with the highest mean of v, the first of equals; -1 where a mean is not finite.

    Reads: v (n_act per,). Returns: the group.
    """
    best, most = 0, side(v, 0, per)
    for a in range(n_act):
        mean = side(v, a * per, per)
        if not math.isfinite(mean):
            return -1
        if mean > most:
            best, most = a, mean
    return best


@kernel
def read_highest(o, layout, params, state, ints, obs, act, step, substep):
    """The action of a Highest read-out, in the epilogue; a status."""
    best = highest(cut(state, o[5], o[3] * o[4]), o[3], o[4])
    if best < 0:
        return BAD_ACTION
    state[o[6]] = best
    state[o[7]] = best
    act[0] = best
    return OK
