"""Weights that change when a neuromodulator comes, as linked ops: the eligibility, and what is made of it.

An eligibility decays in every step, and nothing of it is looked at in most: what is kept is e / c, with one c for the
projection that decays instead. Where postsynaptic spikes are counted against their mean m, every step takes x_i m_j
from every e_ij. Between two spikes of i this is a rank-one sum, since x_i only decays: with x_i = p X_i the sum of
A x_i m_j / c is X_i H_j, where H_j gathers A p m_j / c and is the same for all i. So what is kept is e / c + X H; an
arrival, which raises X_i by d, adds d H_j to its row, and H is taken off when all synapses are visited anyway.
"""

from __future__ import annotations

import math

from neurobot.kernels import ops
from neurobot.kernels.jit import kernel
from neurobot.kernels.ops import (
    A2_PLUS,
    CENTRED,
    DOPAMINE,
    END_PHASIC,
    END_TONIC,
    EVENTS,
    FADE_E,
    FADE_X,
    FADE_Y,
    GAIN,
    HI,
    KEEP,
    KEEP_MEAN,
    LIMITS,
    LO,
    MODULATION,
    NEAREST,
    SOFT,
    TD_ERROR,
    TONIC,
)
from neurobot.kernels.plastic import LEAST, arrive, bump, fade, fire, size_of, softened
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair, set_pair

LEAST_P = 2.0**-6
"""Where p ends: X H is the difference of numbers 1 / p times as large."""


@kernel
def eligibility(o, layout, params, state, ints, obs, act, step, substep):
    """Traces and eligibility of a step; w_at is where the eligibility is.

    State from trace_at: c and p (2,), x (n_pre,), y, mean, hidden (H), kick (n_post,). Writes: all of them, and e.
    """
    n_pre, n_post, at, kind = o[3], o[4], o[17], o[19]
    pre = spike_list(ints, o[12], o[13], n_pre, step - o[14] + o[13])
    factor, x, y = cut(state, at, 2), cut(state, at + 2, n_pre), cut(state, at + 2 + n_pre, n_post)
    at += 2 + n_pre + n_post
    mean, hidden, kick = (cut(state, at, n_post), cut(state, at + n_post, n_post), cut(state, at + 2 * n_post, n_post))
    c, events, e = cut(params, o[18], EVENTS), cut(params, o[18] + EVENTS, 5), cut(state, o[6], size_of(o, layout))
    keep, centred = factor[0] * c[FADE_E], kind & CENTRED
    if keep < LEAST or (centred and factor[1] * c[FADE_X] < LEAST_P):
        settle(o, layout, e, factor, x, hidden, keep, centred)
    else:
        factor[0] = keep
        factor[1] *= c[FADE_X]
    fade(x, c[FADE_X])
    fade(y, c[FADE_Y])
    one, inf = state.dtype.type(1), state.dtype.type(math.inf)
    scale = one / factor[0]
    arrive(o, layout, e, pre, x, y, events, scale, -inf, inf, events, 0)
    if centred:
        for m in range(pre[0]):
            i = pre[1 + m]
            d = (one - x[i] if kind & NEAREST else one) / factor[1]
            add_hidden(o, layout, e, i, hidden, d)
    bump(x, pre, one, kind & NEAREST)
    if o[15] < 0:  # LI, which never spikes
        return 0
    post = spike_list(ints, o[15], o[16], n_post, step)
    fire(o, layout, e, post, x, y, kick, events, scale, -inf, inf, events, 0)
    if centred:
        gain = events[A2_PLUS] * factor[1] * scale
        for j in range(n_post):
            hidden[j] += gain * mean[j]
        fade(mean, c[KEEP_MEAN])
        for m in range(post[0]):
            mean[post[1 + m]] += one - c[KEEP_MEAN]
    bump(y, post, one, kind & NEAREST)
    return 0


@kernel
def add_hidden(o, layout, e, i, hidden, d):
    """Row i of e += d H."""
    if o[7] < 0:
        row = cut(e, i * o[5], o[4])
        for j in range(row.size):
            row[j] += d * hidden[j]
    else:
        for c in range(layout[o[7] + i], layout[o[7] + i + 1]):
            e[c] += d * hidden[layout[o[8] + c]]


@kernel
def settle_row(o, layout, e, i, hidden, x, keep):
    """Row i of e <- keep (e - x H)."""
    if o[7] < 0:
        row = cut(e, i * o[5], o[4])
        for j in range(row.size):
            row[j] = keep * (row[j] - x * hidden[j])
    else:
        for c in range(layout[o[7] + i], layout[o[7] + i + 1]):
            e[c] = keep * (e[c] - x * hidden[layout[o[8] + c]])


@kernel
def settle(o, layout, e, factor, x, hidden, keep, centred):
    """Let what is kept be the eligibility itself, times keep / c: c = p = 1, H = 0."""
    nothing = x.dtype.type(0)
    for i in range(x.size):
        settle_row(o, layout, e, i, hidden, x[i] / factor[1] if centred else nothing, keep)
    factor[0] = 1
    factor[1] = 1
    for j in range(hidden.size):
        hidden[j] = 0


@kernel
def modulate(o, layout, params, state, ints, obs, act, step, substep):
    """The third factor of a step, and where it is due weights += gain e, cut off at the bounds; the first op of a step.

    State from memory_at: sum and weight of the rewards before (2,), level (1,). Reads: what ELIGIBILITY keeps. Writes:
    w, memory; in watch the number of changes; with a mean all that `settle` does.
    """
    n_pre, n_post, kind = o[3], o[4], o[18]
    c, memory, ending = cut(params, o[13], MODULATION), cut(state, o[14], 3), ints[ops.ENDING]
    due, value = step % o[15] == 0 or ending, state.dtype.type(0)
    reward = state[ops.REWARD] if substep == 0 else value
    if kind & 3 == TD_ERROR:
        v = cut(state, o[16], o[17])
        for j in range(v.size):
            value += v[j] / state.dtype.type(v.size)
    gain = third_factor(kind & 3, reward, value, step // o[15], due, ending, memory, c)
    if not ints[ops.LEARN] or not due or gain == 0:
        return 0
    at, size = o[12], size_of(o, layout)
    factor, x, hidden = cut(state, at, 2), cut(state, at + 2, n_pre), cut(state, at + 2 + n_pre + 2 * n_post, n_post)
    w, e, limits = cut(state, o[6], size), cut(state, o[10], size), cut(params, o[9], LIMITS)
    if kind & CENTRED:
        settle(o, layout, e, factor, x, hidden, factor[0], 1)
    gain *= factor[0]
    for i in range(n_pre):
        first, n = row_of(o, layout, i)
        modulate_row(cut(w, first, n), cut(e, first, n), gain, limits, kind & SOFT)
    set_pair(ints, o[11], pair(ints, o[11]) + (size if o[7] >= 0 else n_pre * n_post))
    return 0


@kernel
def third_factor(kind, reward, value, ticks, due, ending, memory, c):
    """rate M, see `neurobot.spec.modulators`; ticks is how many there have been. Writes: memory (3,)."""
    nothing = c.dtype.type(0)
    if kind == DOPAMINE:
        memory[2] += reward
        level = memory[2]
        memory[2] *= c[KEEP]
        if ending:
            return level * c[END_PHASIC] + c[END_TONIC]
        return level * c[GAIN] + c[TONIC] if due else nothing
    if not due:
        return nothing
    if kind == TD_ERROR:  # of the reward before, now that the value of what followed is known
        error = memory[0] + c[KEEP] * value - memory[2] if ticks > 1 else nothing
        memory[0], memory[2] = reward, value
        after = c[KEEP] * value if ending == ops.TRUNCATED else nothing
        return c[GAIN] * (error + (reward + after - value) if ending else error)
    if ticks == 0 and not ending:
        return nothing
    if c[KEEP] == 1:
        return c[GAIN] * reward
    surprise = reward - memory[0] / memory[1] if memory[1] > 0 else nothing
    memory[0] = c[KEEP] * memory[0] + (reward - c[KEEP] * reward)
    memory[1] = c[KEEP] * memory[1] + (c.dtype.type(1) - c[KEEP])
    return c[GAIN] * surprise


@kernel
def row_of(o, layout, i):
    """Where the synapses of a presynaptic neuron begin, and how many it has."""
    if o[7] < 0:
        return i * o[5], o[4]
    first = layout[o[7] + i]
    return first, layout[o[7] + i + 1] - first


@kernel
def modulate_row(w, e, gain, limits, soft):
    """w += gain e, cut off at the bounds."""
    lo, hi = limits[LO], limits[HI]
    if soft:
        for j in range(w.size):
            w[j] = min(max(w[j] + softened(w[j], gain * e[j], limits), lo), hi)
    else:
        for j in range(w.size):
            w[j] = min(max(w[j] + gain * e[j], lo), hi)
