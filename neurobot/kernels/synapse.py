"""Delivery: the weights of the spikes that arrive in a step are added up per postsynaptic neuron.

Dense weights are ``[pre, post]`` inside, so that a spike adds one contiguous row; four rows go in one pass
over the sum. The order of additions is part of the contract (float sums depend on it) and of the twins.
"""

from __future__ import annotations

from neurobot.kernels.jit import kernel, view
from neurobot.kernels.views import cut, place


@kernel
def dense(weights, stride, spikes, s):
    """s += sum of the rows of the neurons that spiked, ((w0 + w1) + (w2 + w3)) four at a time.

    Reads: weights (n_pre stride,), a row every `stride` words; spikes (1 + n_pre,). Writes: s (n_post,).
    Returns: synaptic operations.
    """
    count, n_post = spikes[0], s.size
    m = 0
    while m + 4 <= count:
        w0 = _row(weights, stride, spikes[1 + m])
        w1 = _row(weights, stride, spikes[2 + m])
        w2 = _row(weights, stride, spikes[3 + m])
        w3 = _row(weights, stride, spikes[4 + m])
        for j in range(n_post):
            s[j] += (w0[j] + w1[j]) + (w2[j] + w3[j])
        m += 4
    while m < count:
        w0 = _row(weights, stride, spikes[1 + m])
        for j in range(n_post):
            s[j] += w0[j]
        m += 1
    return count * n_post


@view
def _row(weights, stride, pre):
    return cut(weights, pre * stride, stride)


@kernel
def sparse(weights, indptr, indices, spikes, s):
    """s[post] += weight for every synapse of the neurons that spiked.

    Reads: weights (nnz,), indptr (n_pre + 1,), indices (nnz,), spikes (1 + n_pre,). Writes: s (n_post,).
    Returns: synaptic operations.
    """
    ops = 0
    for m in range(spikes[0]):
        pre = spikes[1 + m]
        first = indptr[pre]
        n = indptr[pre + 1] - first
        posts, w = cut(indices, first, n), cut(weights, first, n)
        for c in range(n):
            s[place(posts[c])] += w[c]
        ops += n
    return ops


@kernel
def scatter(weights, indptr, indices, delays, spikes, ring, slots, n_post, step):
    """ring[(step + delay) mod slots, post] += weight, for synapses with delays of their own.

    Reads: weights, indices, delays (nnz,), indptr (n_pre + 1,), spikes. Writes: ring (slots n_post,).
    Returns: synaptic operations.
    """
    ops = 0
    now = step % slots
    for m in range(spikes[0]):
        pre = spikes[1 + m]
        for c in range(indptr[pre], indptr[pre + 1]):
            slot = now + delays[c]
            slot -= slots if slot >= slots else 0
            ring[slot * n_post + indices[c]] += weights[c]
        ops += indptr[pre + 1] - indptr[pre]
    return ops


@kernel
def gather(ring, s):
    """s += ring; ring = 0.

    Reads and writes: ring (n_post,), the slot of this step. Writes: s (n_post,).
    """
    for j in range(s.size):
        s[j] += ring[j]
        ring[j] = 0


@kernel
def drive(weights, act, gain, out):
    """out = sum over channels of gain act weights: what a held current adds in every step.

    Reads: weights (n_pre n_post,), act (n_pre,), gain (1,). Writes: out (n_post,). Returns: operations.
    """
    n_post = out.size
    for j in range(n_post):
        out[j] = 0
    for pre in range(act.size):
        a = gain[0] * act[pre]
        w = _row(weights, n_post, pre)
        for j in range(n_post):
            out[j] += a * w[j]
    return act.size * n_post


@kernel
def held(now, history, slots, delay, step, s):
    """s += the drive of `delay` steps ago.

    Reads: now (n_post,). Writes: history (slots n_post,), s (n_post,).
    """
    n = now.size
    here = (step % slots) * n
    then = ((step + slots - delay) % slots) * n
    new, old = cut(history, here, n), cut(history, then, n)
    for j in range(n):
        new[j] = now[j]
        s[j] += old[j]
