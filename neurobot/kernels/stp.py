"""Delivery with short-term plasticity, a linked op; the equations are those of `neurobot.spec.plasticity`."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut
from neurobot.kernels.words import STEP


@kernel
def scatter_stp(o, layout, params, state, ints, obs, act, step, substep):
    """As `neurobot.kernels.synapse.scatter`, with weights times what a spike releases; returns synaptic operations.

    State rows used and spent (n_pre,), and last (n_pre,), integers; params: U, dt / tau_rec, dt / tau_facil.
    delays_at is -1 where all synapses have the same delay.
    """
    n_pre, n_post, delays_at, slots = o[3], o[4], o[7], o[13]
    indptr = cut(layout, o[5], n_pre + 1)
    n = indptr[n_pre]
    indices, weights, spikes = cut(layout, o[6], n), cut(params, o[9], n), spike_list(ints, o[10], o[11], n_pre, step)
    ring, real = cut(state, o[12], slots * n_post), state.dtype.type
    used, spent, last = cut(state, o[14], n_pre), cut(state, o[14] + n_pre, n_pre), cut(ints, o[15], n_pre)
    ops, now = 0, step % slots
    for m in range(spikes[0]):
        pre = spikes[1 + m]
        share = real(release(pre, used, spent, last, step, cut(params, o[16], 3)))
        for c in range(indptr[pre], indptr[pre + 1]):
            slot = now + (o[8] if delays_at < 0 else layout[delays_at + c])
            slot -= slots if slot >= slots else 0
            ring[slot * n_post + indices[c]] += weights[c] * share
        ops += indptr[pre + 1] - indptr[pre]
    return ops


@kernel
def release(pre, used, spent, last, step, coefficients):
    """u x of a spike, float64; exponentials of the steps since the neuron's spike before.

    Kept are u and the share 1 - x + u x that is missing right after a spike, so that a neuron that has not spiked yet
    has 0 and 0. Reads: coefficients (3,) U, dt / tau_rec, dt / tau_facil. Writes: used, spent, last (n_pre,) at pre.
    """
    now = step & STEP
    passed = np.float64((now - last[pre]) & STEP)
    rest = np.float64(coefficients[0])
    u = rest + used[pre] * (1.0 - rest) * math.exp(-coefficients[2] * passed)
    missing = spent[pre] * math.exp(-coefficients[1] * passed)
    x = 1.0 - missing
    used[pre], spent[pre], last[pre] = u, missing + u * x, now
    return u * x
