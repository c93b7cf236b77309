"""Weights that rewards change, in integers: docs/fixed.md, sections 6 and 9. Weights are 2^16 times those of an image.

Products are made in int64; all of them but those with the gain and the leaks would fit into an int32.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.fixed_neuron import HIGH, LOW
from neurobot.kernels.fixed_ops import HEADER_WORDS as HEADER
from neurobot.kernels.jit import kernel
from neurobot.kernels.views import cut, place

MOST_TRACE = np.int64((1 << 31) - 1)


@kernel
def learnt_dense(w, n_post, spikes, factor, s):
    """s += factor times the upper halves of the rows of the neurons that spiked. Returns synaptic operations.

    Reads: w (n_pre n_post,) int32, spikes (1 + n_pre,). Writes: s (n_post,) int32.
    """
    for m in range(spikes[0]):
        row = cut(w, spikes[1 + m] * n_post, n_post)
        for j in range(n_post):
            s[j] += (row[j] >> 16) * factor
    return spikes[0] * n_post


@kernel
def learnt_sparse(w, rows, targets, spikes, factor, s):
    """The same of indexed synapses: w (n_syn,) int32, rows (n_pre + 1,) int32, targets (n_syn,) uint16."""
    work = 0
    for m in range(spikes[0]):
        pre = spikes[1 + m]
        for c in range(rows[pre], rows[pre + 1]):
            s[place(targets[c])] += (w[c] >> 16) * factor
        work += rows[pre + 1] - rows[pre]
    return work


@kernel
def synapses(q):
    """How many a DENSE or SPARSE has."""
    return q[fx.N_PRE] * q[fx.N_POST] if q[0] == fx.DENSE else q[fx.N_SYN]


@kernel
def third_factor(memory, leak, reward):
    """M = r - mean(r), and the mean of the rewards before, weighted by age. Writes: memory (2,): mean, weight."""
    r = min(max(np.int64(reward), np.int64(-fx.REWARD_BOUND)), np.int64(fx.REWARD_BOUND))
    if leak == 0:
        return r
    mean, weight = np.int64(memory[0]), np.int64(memory[1])
    m = r - mean if weight else np.int64(0)
    weight += (leak << 14) - ((weight * leak) >> 16)
    share = (leak << 16) // max(weight >> 14, np.int64(1))
    memory[0] = mean + (((r - mean) * share) >> 16)
    memory[1] = weight
    return m


@kernel
def modulate(o, im32, st32, io, change):
    """LEARN, ahead of the steps: weights += gain e within their bounds, and e decays; with ENDS it does not.

    Writes: the weights, e, memory; io[change], how many weights changed, rounding
    included.
    """
    q, rule = cut(im32, HEADER + o[fx.DELIVERY] * fx.ROW, fx.ROW), cut(im32, o[fx.PARAMS_AT] // 4, fx.RULE)
    n, ends = synapses(q), io[fx.IO_FLAGS] & fx.ENDS
    e = cut(st32, o[fx.TRACES_AT] // 4 + q[fx.N_PRE] + q[fx.N_POST], n)
    gain = np.int64(0)
    if st32[fx.S_STEP] != 0 or ends:
        m = third_factor(cut(st32, o[fx.KEPT_AT] // 4, fx.MEMORY), np.int64(rule[fx.LEAK_REWARD]), io[fx.IO_REWARD])
        gain = (m * np.int64(rule[fx.GAIN])) >> 16
    if gain != 0 and io[fx.IO_FLAGS] & fx.LEARNS:
        w, shift = cut(st32, q[fx.LEARNT_AT] // 4, n), np.int64(rule[fx.GAIN_SHIFT])
        low, high, half = np.int64(rule[fx.LOW]), np.int64(rule[fx.HIGH]), np.int64(1) << (shift - 1)
        for c in range(n):
            w[c] = min(max(np.int64(w[c]) + ((np.int64(e[c]) * gain + half) >> shift), low), high)
        io[change] = n
    if not ends:
        fade(e, np.int64(rule[fx.LEAK_E]))


@kernel
def fade(trace, leak):
    """trace <- trace - floor(trace leak / 2^16)."""
    for j in range(trace.size):
        x = np.int64(trace[j])
        trace[j] = x - ((x * leak) >> 16)


@kernel
def risen(x, rise, nearest):
    """A trace after a spike."""
    up = np.int64(1) << (rise + 15)
    return up if nearest else min(np.int64(x) + up, MOST_TRACE)


@kernel
def shared(a, share):
    """a share / 2^15, to nearest."""
    return (np.int64(a) * share + 16384) >> 15


@kernel
def add_row(q, im32, imu16, e, d, pre, factor, shift):
    """e += floor(factor d / 2^shift) along the synapses of a presynaptic neuron, within the bounds."""
    if q[0] == fx.DENSE:
        row = cut(e, pre * q[fx.N_POST], q[fx.N_POST])
        for j in range(row.size):
            row[j] = min(max(np.int64(row[j]) + ((factor * np.int64(d[j])) >> shift), LOW), HIGH)
    else:
        rows, targets = q[fx.ROWS_AT] // 4, q[fx.TARGETS_AT] // 2
        for c in range(im32[rows + pre], im32[rows + pre + 1]):
            j = place(imu16[targets + c])
            e[c] = min(max(np.int64(e[c]) + ((factor * np.int64(d[j])) >> shift), LOW), HIGH)


@kernel
def learn(o, im32, imu16, st32, sc32, arrivals, fired, substep):
    """LEARN in a step: traces and eligibility.

    Reads: arrivals (1 + n_pre,), neurons whose spikes arrive, their number first; fired, the step's bits of the
    postsynaptic neurons. Writes: x, y, e, mean; s of the postsynaptic neurons, which is 0 before and after.
    """
    q, rule = cut(im32, HEADER + o[fx.DELIVERY] * fx.ROW, fx.ROW), cut(im32, o[fx.PARAMS_AT] // 4, fx.RULE)
    n_pre, n_post, at, flags = q[fx.N_PRE], o[fx.N], o[fx.TRACES_AT] // 4, o[fx.FLAGS]
    x, y = cut(st32, at, n_pre), cut(st32, at + n_pre, n_post)
    e, d = cut(st32, at + n_pre + n_post, synapses(q)), cut(sc32, q[fx.S_AT] // 4, n_post)
    share = np.int64(imu16[o[fx.PARAMS_AT] // 2 + 2 * fx.RULE + substep])
    nearest, shift = flags & fx.NEAREST, np.int64(rule[fx.E_SHIFT])
    fade(x, np.int64(rule[fx.LEAK_X]))
    fade(y, np.int64(rule[fx.LEAK_Y]))
    if arrivals[0]:
        alone, minus = shared(rule[fx.A_PRE], share), shared(rule[fx.A_MINUS], share)
        for j in range(n_post):
            down = (minus * (np.int64(y[j]) >> 15)) >> np.int64(rule[fx.RISE_Y])
            d[j] = min(max(alone - down, np.int64(-32768)), np.int64(32767))
        one = np.int64(1) << np.int64(rule[fx.RISE_X])
        for m in range(arrivals[0]):
            pre = arrivals[1 + m]
            add_row(q, im32, imu16, e, d, pre, one, shift)
            x[pre] = risen(x[pre], np.int64(rule[fx.RISE_X]), nearest)
    plus, any_one = shared(rule[fx.A_PLUS], share), np.int64(flags & fx.CENTRED)
    mean = cut(st32, o[fx.KEPT_AT] // 4 + fx.MEMORY, n_post if flags & fx.CENTRED else 0)
    for j in range(n_post):
        hit = (np.int64(fired[j >> 5]) >> (j & 31)) & 1
        u = hit << 15
        if flags & fx.CENTRED:
            usual, leak = np.int64(mean[j]), np.int64(rule[fx.LEAK_MEAN])
            u -= usual >> 15
            mean[j] = usual - ((usual * leak) >> 16) + hit * (leak << 14)
        d[j] = shared(u, plus)
        any_one |= hit
        if hit:
            y[j] = risen(y[j], np.int64(rule[fx.RISE_Y]), nearest)
    if any_one:
        for pre in range(n_pre):
            factor = np.int64(x[pre]) >> 15
            if factor:
                add_row(q, im32, imu16, e, d, pre, factor, shift)
    for j in range(n_post):
        d[j] = 0
