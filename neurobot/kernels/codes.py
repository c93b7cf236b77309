"""Fields and codes that few Programs need, as linked ops: OneHot, Latency, Delta, Phase, Burst.

Each op is the function after which it is named here; what it does to arrays is a kernel of its own. Activations do not
change within a tick, so what follows from them is worked out in its first step and kept in the state.
"""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.encode import unit
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut


@kernel
def one_hot(obs, center, scale, act, per_dim):
    """act = 1 for the bin of u, 0 for the others; bin m holds -1 + 2 m / per_dim <= u, the last one also u = 1.

    Reads: obs (n,), center (n,), scale (n,). Writes: act (n per_dim,).
    """
    for j in range(obs.size):
        share = (unit(obs[j], center[j], scale[j]) + 1.0) * 0.5
        active = min(int(share * per_dim), per_dim - 1)
        for m in range(per_dim):
            act[j * per_dim + m] = m == active


@kernel
def field_one_hot(o, layout, params, state, ints, obs, act, step, substep):
    """The activations of a OneHot field, in the prologue."""
    n = o[3]
    one_hot(cut(obs, 0, n), cut(params, o[4], n), cut(params, o[5], n), cut(state, o[6], n * o[7]), o[7])
    return 0


@kernel
def latency_steps(act, threshold, logarithmic, substeps, due):
    """Step of each channel's one spike: floor(substeps x), x = (1 - a) / (1 - threshold) or ln a / ln threshold.

    Reads: act (n,), threshold (1,). Writes: due (n,), substeps where there is no spike.
    """
    weakest = np.float64(threshold[0])
    for j in range(act.size):
        a = min(np.float64(act[j]), 1.0)  # so that nothing is divided by 0, whatever the params are
        x = 1.0
        if a > weakest:
            x = math.log(a) / math.log(weakest) if logarithmic else (1.0 - a) / (1.0 - weakest)
        due[j] = int(min(x, 1.0) * substeps)


@kernel
def spike_where(steps, substep, spikes):
    """A spike of every channel whose step it is.

    Reads: steps (n,). Writes: spikes (1 + n,).
    """
    count = 0
    for j in range(steps.size):
        spikes[1 + count] = j
        count += steps[j] == substep
    spikes[0] = count


@kernel
def latency(o, layout, params, state, ints, obs, act, step, substep):
    """The spikes of a Latency code."""
    n = o[3]
    due = cut(ints, o[10], n)
    if substep == 0:
        latency_steps(cut(state, o[7], n), cut(params, o[8], 1), o[9], layout[ops.SUBSTEPS], due)
    spike_where(due, substep, spike_list(ints, o[4], o[5], n, step))
    return 0


@kernel
def send_changes(act, fine, level, spikes):
    """ON and OFF spikes: level, the reference in deltas, goes one towards u = on - off where that is >= 1 away.

    A whole number of deltas does not drift, however long it goes up and down.

    Reads: act (2 n,), u's positive and negative part; fine (1,), 1 / delta. Writes: level (n,), spikes (1 + 2 n,).
    """
    count = 0
    for j in range(level.size):
        away = (np.float64(act[2 * j]) - np.float64(act[2 * j + 1])) * np.float64(fine[0]) - level[j]
        up, down = away >= 1.0, away <= -1.0
        spikes[1 + count] = 2 * j if up else 2 * j + 1
        count += up or down
        level[j] += int(up) - int(down)
    spikes[0] = count


@kernel
def delta(o, layout, params, state, ints, obs, act, step, substep):
    """The spikes of a Delta code."""
    n = o[3]
    spikes = spike_list(ints, o[4], o[5], n, step)
    send_changes(cut(state, o[7], n), cut(params, o[8], 1), cut(ints, o[9], n // 2), spikes)
    return 0


@kernel
def binary(act, bits, word):
    """The first bits of each activation's binary fraction, as a whole number; all of them 1 for a = 1.

    Reads: act (n,). Writes: word (n,).
    """
    top = 1 << bits
    for j in range(act.size):
        word[j] = min(int(np.float64(act[j]) * top), top - 1)


@kernel
def spike_bits(word, bit, spikes):
    """A spike of every channel whose bit is 1.

    Reads: word (n,). Writes: spikes (1 + n,).
    """
    count = 0
    for j in range(word.size):
        spikes[1 + count] = j
        count += (word[j] >> bit) & 1
    spikes[0] = count


@kernel
def phase(o, layout, params, state, ints, obs, act, step, substep):
    """The spikes of a Phase code."""
    n, bits = o[3], o[8]
    word = cut(ints, o[9], n)
    if substep == 0:
        binary(cut(state, o[7], n), bits, word)
    spike_bits(word, bits - 1 - substep % bits, spike_list(ints, o[4], o[5], n, step))
    return 0


@kernel
def burst_plan(act, threshold, most, shortest, longest, number, interval):
    """How many spikes, ceil(most a), and how many steps apart, ceil(longest - (longest - shortest) a) >= 1.

    Reads: act (n,), threshold (1,). Writes: number (n,), 0 at or below threshold, and interval (n,).
    """
    weakest = np.float64(threshold[0])
    for j in range(act.size):
        a = min(np.float64(act[j]), 1.0)
        number[j] = math.ceil(most * a) if a > weakest else 0
        interval[j] = math.ceil(longest - (longest - shortest) * a) if a > weakest else 1


@kernel
def spike_bursts(number, interval, substep, spikes):
    """A spike of every channel that is a whole number of intervals into its burst, and not at its end.

    Reads: number (n,), interval (n,). Writes: spikes (1 + n,).
    """
    count = 0
    for j in range(number.size):
        sent = substep // interval[j]
        spikes[1 + count] = j
        count += sent < number[j] and sent * interval[j] == substep
    spikes[0] = count


@kernel
def burst(o, layout, params, state, ints, obs, act, step, substep):
    """The spikes of a Burst code."""
    n = o[3]
    number, interval = cut(ints, o[12], n), cut(ints, o[12] + n, n)
    if substep == 0:
        burst_plan(cut(state, o[7], n), cut(params, o[8], 1), o[9], o[10], o[11], number, interval)
    spike_bursts(number, interval, substep, spike_list(ints, o[4], o[5], n, step))
    return 0
