"""Changes of all weights of a projection at once, as linked ops: synaptic scaling, and sums that are kept."""

from __future__ import annotations

import math

from neurobot.kernels import ops
from neurobot.kernels.eligibility import row_of
from neurobot.kernels.jit import kernel
from neurobot.kernels.ops import HI, LIMITS, LO
from neurobot.kernels.plastic import bump, fade, size_of
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair, set_pair


@kernel
def multiply(o, layout, w, factors, limits):
    """w_ij <- w_ij factor_j, cut off at the bounds. Reads: factors (n_post,). Returns: how many synapses."""
    lo, hi, count = limits[LO], limits[HI], 0
    for i in range(o[3]):
        first, n = row_of(o, layout, i)
        row = cut(w, first, n)
        if o[7] < 0:
            for j in range(n):
                row[j] = min(max(row[j] * factors[j], lo), hi)
        else:
            posts = cut(layout, o[8] + first, n)
            for m in range(n):
                row[m] = min(max(row[m] * factors[posts[m]], lo), hi)
        count += n
    return count


@kernel
def add_up(o, layout, w, sums):
    """sums_j = sum over i of w_ij, in order of i. Writes: sums (n_post,)."""
    for j in range(sums.size):
        sums[j] = 0
    for i in range(o[3]):
        first, n = row_of(o, layout, i)
        row = cut(w, first, n)
        if o[7] < 0:
            for j in range(n):
                sums[j] += row[j]
        else:
            for m in range(n):
                sums[layout[o[8] + first + m]] += row[m]


@kernel
def scale(o, layout, params, state, ints, obs, act, step, substep):
    """Homeostasis: the trace of the rate in every step, weights at the end of every `period` steps.

    State from trace_at: rate, factors (n_post,). Params: decay of the trace, rate x interval, 1 / target in traces.
    """
    n_post = o[4]
    post = spike_list(ints, o[11], o[12], n_post, step)
    rate, factors, c = cut(state, o[13], n_post), cut(state, o[13] + n_post, n_post), cut(params, o[14], 3)
    one = state.dtype.type(1)
    fade(rate, c[0])
    bump(rate, post, one, 0)
    if (step + 1) % o[15] or not ints[ops.LEARN]:
        return 0
    for j in range(n_post):
        factors[j] = math.exp(c[1] * (one - c[2] * rate[j]))
    count = multiply(o, layout, cut(state, o[6], size_of(o, layout)), factors, cut(params, o[9], LIMITS))
    set_pair(ints, o[10], pair(ints, o[10]) + count)
    return 0


@kernel
def normalise(o, layout, params, state, ints, obs, act, step, substep):
    """Let the weights that end at each neuron add up to a number, every `period` steps, ahead of the populations.

    State at trace_at: sums (n_post,). Params: the sum. Where the weights add up to 0 nothing can be multiplied.
    """
    if step % o[13] or not ints[ops.LEARN]:
        return 0
    w, sums, wanted = cut(state, o[6], size_of(o, layout)), cut(state, o[11], o[4]), params[o[12]]
    one = state.dtype.type(1)
    add_up(o, layout, w, sums)
    for j in range(sums.size):
        sums[j] = wanted / sums[j] if sums[j] * wanted > 0 else one
    count = multiply(o, layout, w, sums, cut(params, o[9], LIMITS))
    set_pair(ints, o[10], pair(ints, o[10]) + count)
    return 0
