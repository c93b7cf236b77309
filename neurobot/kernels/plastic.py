"""Weights that change with spikes, as linked ops: the equations are those of `neurobot.spec.rules`.

What both kinds of rules do, those that change weights at once and those that gather an eligibility, is here once: an
arrival changes a row of the target by c - y k, a postsynaptic spike a column by x k; neither is looked at otherwise.
Dense targets have a row a presynaptic neuron, `stride` words apart; indexed ones are in order of the presynaptic
neuron and have an index by the postsynaptic one beside them (`post_index`: where each neuron's synapses begin, their
positions, and their presynaptic neurons).

Operands shared by all ops: n_pre n_post stride w_at indptr_at indices_at limits_at; indptr_at is -1 where dense.
"""

from __future__ import annotations

from neurobot.kernels import ops, synapse
from neurobot.kernels.jit import kernel
from neurobot.kernels.ops import (
    A2_MINUS,
    A2_PLUS,
    A3_MINUS,
    A3_PLUS,
    BASE,
    COEFFICIENTS,
    EVENTS,
    FADE_X,
    FADE_X_SLOW,
    FADE_Y,
    FADE_Y_SLOW,
    HI,
    LIMITS,
    LINE,
    LO,
    MU_MINUS,
    MU_PLUS,
    NEAREST,
    PRE,
    SLOW,
    SOFT,
    SPAN,
)
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import ask, cut, place
from neurobot.kernels.words import pair, set_pair

LEAST = 2.0**-20
"""Where a common factor ends, and what it is the factor of is brought to 1 again."""
MANY = 8
"""Where a share of 1 / MANY or more of the neurons spike, whole rows are changed: that is vectors."""


@kernel
def plastic(o, layout, params, state, ints, obs, act, step, substep):
    """Delivery by weights that are state, as `neurobot.kernels.synapse.dense` or `sparse`; returns operations."""
    n_pre, n_post, stride = o[3], o[4], o[5]
    spikes = spike_list(ints, o[9], o[10], n_pre, step - o[11] + o[10])
    s = cut(state, o[12], n_post)
    if o[7] < 0:
        return synapse.dense(cut(state, o[6], n_pre * stride), stride, spikes, s)
    indptr = cut(layout, o[7], n_pre + 1)
    n = indptr[n_pre]
    return synapse.sparse(cut(state, o[6], n), indptr, cut(layout, o[8], n), spikes, s)


@kernel
def fade(trace, factor):
    """trace <- factor trace."""
    for j in range(trace.size):
        trace[j] *= factor


@kernel
def bump(trace, spikes, rise, nearest):
    """trace += rise where there is a spike, or = rise with `nearest`."""
    for m in range(spikes[0]):
        j = spikes[1 + m]
        trace[j] = rise if nearest else trace[j] + rise


@kernel
def softened(w, dw, limits):
    """dw under soft bounds; nothing where w has reached the bound, whatever rounding made of it."""
    u, one = (w - limits[BASE]) / limits[SPAN], limits.dtype.type(1)
    if (dw > 0) == (limits[SPAN] > 0):
        share, mu = max(one - u, one - one), limits[MU_PLUS]
    else:
        share, mu = max(u, one - one), limits[MU_MINUS]
    if mu == 1:
        return dw * share
    return dw * share**mu


@kernel
def hard_row(w, y, c, k, lo, hi):
    """w += c - k y, cut off at the bounds."""
    for j in range(w.size):
        w[j] = min(max(w[j] + (c - k * y[j]), lo), hi)


@kernel
def soft_row(w, y, c, k, limits):
    """`hard_row` with soft bounds, which are cut off too."""
    for j in range(w.size):
        w[j] = min(max(w[j] + softened(w[j], c - k * y[j], limits), limits[LO]), limits[HI])


@kernel
def indexed_row(w, posts, y, c, k, lo, hi, limits, soft):
    """A row of indexed synapses."""
    if soft:
        for m in range(w.size):
            w[m] = min(max(w[m] + softened(w[m], c - k * y[place(posts[m])], limits), lo), hi)
    else:
        for m in range(w.size):
            w[m] = min(max(w[m] + (c - k * y[place(posts[m])]), lo), hi)


@kernel
def arrive(o, layout, target, spikes, x_slow, y, events, scale, lo, hi, limits, soft):
    """Arrivals: rows of the target change by scale (c - y (a2 + a3 x_slow)). Returns: how many synapses."""
    n_post, count = o[4], 0
    for m in range(spikes[0]):
        i = spikes[1 + m]
        c, k = scale * events[PRE], scale * (events[A2_MINUS] + events[A3_MINUS] * x_slow[i])
        if o[7] < 0:
            row = cut(target, i * o[5], n_post)
            count += n_post
            if soft:
                soft_row(row, y, c, k, limits)
            else:
                hard_row(row, y, c, k, lo, hi)
        else:
            first = layout[o[7] + i]
            n = layout[o[7] + i + 1] - first
            count += n
            indexed_row(cut(target, first, n), cut(layout, o[8] + first, n), y, c, k, lo, hi, limits, soft)
    return count


@kernel
def fire(o, layout, target, spikes, x, y_slow, kick, events, scale, lo, hi, limits, soft):
    """Postsynaptic spikes: columns of the target change by scale x (a2 + a3 y_slow). Returns: how many synapses.

    Writes: kick (n_post,), which is 0 before and after.
    """
    n_pre, n_post, many = o[3], o[4], spikes[0]
    for m in range(many):
        j = spikes[1 + m]
        kick[j] = scale * (events[A2_PLUS] + events[A3_PLUS] * y_slow[j])
    if o[7] >= 0:
        count = columns_indexed(o, layout, target, spikes, x, kick, lo, hi, limits, soft)
    else:
        count = many * n_pre
        if many * MANY >= n_post and not soft:
            for i in range(n_pre if many else 0):
                if x[i] != 0:
                    whole_row(cut(target, i * o[5], n_post), x[i], kick, lo, hi)
        else:
            for m in range(many):
                j = spikes[1 + m]
                column = cut(target, j, (n_pre - 1) * o[5] + 1)
                if soft:
                    soft_column(column, o[5], x, kick[j], limits)
                else:
                    hard_column(column, o[5], x, kick[j], lo, hi)
    for m in range(many):
        kick[spikes[1 + m]] = 0
    return count


@kernel
def whole_row(w, x, kick, lo, hi):
    """w += x kick, cut off at the bounds."""
    for j in range(w.size):
        w[j] = min(max(w[j] + x * kick[j], lo), hi)


@kernel
def hard_column(w, stride, x, kick, lo, hi):
    """w += x kick at every `stride`-th number of w, cut off at the bounds."""
    for i in range(x.size):
        w[i * stride] = min(max(w[i * stride] + x[i] * kick, lo), hi)


@kernel
def soft_column(w, stride, x, kick, limits):
    """`hard_column` with soft bounds, which are cut off too."""
    for i in range(x.size):
        c = i * stride
        w[c] = min(max(w[c] + softened(w[c], x[i] * kick, limits), limits[LO]), limits[HI])


@kernel
def columns_indexed(o, layout, target, spikes, x, kick, lo, hi, limits, soft):
    """Columns of indexed synapses, by the index of the postsynaptic neurons."""
    n_post, nnz, count = o[4], layout[o[7] + o[3]], 0
    begin = cut(layout, o[10], n_post + 1)
    positions, sources = cut(layout, o[10] + n_post + 1, nnz), cut(layout, o[10] + n_post + 1 + nnz, nnz)
    for m in range(spikes[0]):
        ask_column(positions, sources, begin[spikes[1 + m]], begin[spikes[1 + m] + 1])
    for m in range(spikes[0]):
        j = spikes[1 + m]
        first = begin[j]
        n = begin[j + 1] - first
        indexed_column(target, cut(positions, first, n), cut(sources, first, n), x, kick[j], lo, hi, limits, soft)
        count += n
    return count


@kernel
def ask_column(positions, sources, first, last):
    """Have what a column's synapses are read from the memory while others are changed."""
    for at in range(first, last, LINE):
        ask(positions, at)
        ask(sources, at)


@kernel
def indexed_column(w, positions, sources, x, kick, lo, hi, limits, soft):
    """A column of indexed synapses."""
    if soft:
        for q in range(positions.size):
            c = place(positions[q])
            w[c] = min(max(w[c] + softened(w[c], x[place(sources[q])] * kick, limits), lo), hi)
    else:
        for q in range(positions.size):
            c = place(positions[q])
            w[c] = min(max(w[c] + x[place(sources[q])] * kick, lo), hi)


@kernel
def stdp(o, layout, params, state, ints, obs, act, step, substep):
    """Pair, triplet and inhibitory STDP: traces, and where `learn` is on weights.

    State from trace_at: factor (4,), events (5,), x, x_slow (n_pre,), y, y_slow, kick (n_post,). Writes: w, all of
    these; in watch the number of changes.
    """
    n_pre, n_post, at, kind = o[3], o[4], o[17], o[19]
    pre = spike_list(ints, o[12], o[13], n_pre, step - o[14] + o[13])
    post = spike_list(ints, o[15], o[16], n_post, step)
    factor, events = cut(state, at, EVENTS), cut(state, at + EVENTS, 5)
    at += EVENTS + 5
    x, x_slow = cut(state, at, n_pre), cut(state, at + n_pre, n_pre)
    at += 2 * n_pre
    y, y_slow, kick = cut(state, at, n_post), cut(state, at + n_post, n_post), cut(state, at + 2 * n_post, n_post)
    c, limits, one = cut(params, o[18], COEFFICIENTS), cut(params, o[9], LIMITS), state.dtype.type(1)
    decay(x, factor, c, FADE_X)
    decay(y, factor, c, FADE_Y)
    if kind & SLOW:
        decay(x_slow, factor, c, FADE_X_SLOW)
        decay(y_slow, factor, c, FADE_Y_SLOW)
    in_units(factor, cut(params, o[18] + EVENTS, 5), events)
    target = cut(state, o[6], size_of(o, layout))
    lo, hi, soft, nearest, count = limits[LO], limits[HI], kind & SOFT, kind & NEAREST, 0
    if ints[ops.LEARN]:
        count += arrive(o, layout, target, pre, x_slow, y, events, one, lo, hi, limits, soft)
    bump(x, pre, one / factor[FADE_X], nearest)
    if ints[ops.LEARN]:
        count += fire(o, layout, target, post, x, y_slow, kick, events, one, lo, hi, limits, soft)
    bump(y, post, one / factor[FADE_Y], nearest)
    if kind & SLOW:
        bump(x_slow, pre, one / factor[FADE_X_SLOW], nearest)
        bump(y_slow, post, one / factor[FADE_Y_SLOW], nearest)
    if count:
        set_pair(ints, o[11], pair(ints, o[11]) + count)
    return 0


@kernel
def decay(trace, factor, fades, k):
    """What is kept of a trace is its share of a common factor, so that only the factor decays in most steps."""
    factor[k] *= fades[k]
    if factor[k] < LEAST:
        fade(trace, factor[k])
        factor[k] = 1


@kernel
def in_units(factor, events, out):
    """What events do to weights, for traces as they are kept. Reads: factor (4,), events (5,). Writes: out (5,)."""
    out[PRE] = events[PRE]
    out[A2_MINUS] = events[A2_MINUS] * factor[FADE_Y]
    out[A3_MINUS] = events[A3_MINUS] * factor[FADE_Y] * factor[FADE_X_SLOW]
    out[A2_PLUS] = events[A2_PLUS] * factor[FADE_X]
    out[A3_PLUS] = events[A3_PLUS] * factor[FADE_X] * factor[FADE_Y_SLOW]


@kernel
def size_of(o, layout):
    """Words of a projection's weights."""
    return o[3] * o[5] if o[7] < 0 else layout[o[7] + o[3]]
