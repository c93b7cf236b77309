"""Fields and codes: observation -> activations -> input spikes."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.rng import MASK, key, philox
from neurobot.kernels.spikes import list_hits


@kernel
def unit(x, center, scale):
    """An observation in its range: u = (x - center) scale, clipped to [-1, 1]; float64, compiled or not."""
    return np.float64(min(max((x - center) * scale, -1.0), 1.0))


@kernel
def field_direct(obs, center, scale, act, push_pull):
    """u per dimension, or max(u, 0) and max(-u, 0).

    Reads: obs (n,), center (n,), scale (n,). Writes: act (n,), or (2 n,) with push_pull.
    """
    for j in range(obs.size):
        u = unit(obs[j], center[j], scale[j])
        if push_pull:
            act[2 * j] = max(u, 0.0)
            act[2 * j + 1] = max(-u, 0.0)
        else:
            act[j] = u


@kernel
def field_gaussian(obs, center, scale, act, means, sharp):
    """a = exp(-sharp (u - mean)^2), sharp = 1 / (2 sigma^2).

    Reads: obs (n,), center (n,), scale (n,), means (per_dim,), sharp (1,). Writes: act (n per_dim,).
    """
    per_dim = means.size
    for j in range(obs.size):
        u = unit(obs[j], center[j], scale[j])
        for m in range(per_dim):
            d = u - means[m]
            act[j * per_dim + m] = math.exp(-sharp[0] * d * d)


@kernel
def chance(act, gain, out):
    """Spike probability of a step, as the uint32 that a random uint32 must stay below; 2^32 - 1 for 1.

    Reads: act (n,), gain (1,) spikes a step at activation 1. Writes: out (n,), the uint32's bits.
    """
    for j in range(act.size):
        p = min(max(np.float64(act[j]) * np.float64(gain[0]), 0.0), 1.0)
        out[j] = np.int32(np.uint32(p * 4294967295.0))


@kernel
def regular(act, gain, phase, hits, spikes):
    """phase += gain act; a spike, and phase -= 1, where it reaches 1.

    Reads: act (n,), gain (1,). Writes: phase (n,), hits, scratch as for `list_hits`, spikes (1 + n,).
    """
    hit = hits.view(np.uint8)
    one = phase.dtype.type(1.0)
    g = gain[0]
    for j in range(act.size):
        p = phase[j] + g * act[j]
        now = p >= one
        hit[j] = now
        phase[j] = p - one if now else p
    list_hits(hits, spikes)


@kernel
def poisson(threshold, seed, stream, episode, step, instance, spikes):
    """Independent spikes: u32 < threshold, four channels a draw.

    Philox with the key of seed and stream and counter (episode, step, channel / 4, instance).

    Reads: threshold (n,). Writes: spikes (1 + n,).
    """
    n = threshold.size
    k0, k1 = key(seed, stream)
    count = 0
    for block in range((n + 3) // 4):
        draws = philox(
            np.uint64(episode) & MASK, np.uint64(step) & MASK, np.uint64(block), np.uint64(instance) & MASK, k0, k1
        )
        for m in range(4):
            j = 4 * block + m
            if j < n:
                spikes[1 + count] = j
                count += draws[m] < (np.uint64(threshold[j]) & MASK)
    spikes[0] = count


@kernel
def external(row, spikes):
    """Spikes told from outside: channels whose entry is not 0.

    Reads: row (n,). Writes: spikes (1 + n,).
    """
    count = 0
    for j in range(row.size):
        spikes[1 + count] = j
        count += row[j] != 0.0
    spikes[0] = count
