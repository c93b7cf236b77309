"""Noise currents, a linked op that runs ahead of its population's update."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.jit import kernel
from neurobot.kernels.rng import MASK, key, philox
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair

UNIT = 1.0 / 4294967296.0


@kernel
def noise(o, layout, params, state, ints, obs, act, step, substep):
    """I <- rho I + scale xi, or std xi in the first step of an episode; v += gain I, unless v is held.

    State row I; coefficient rows rho, scale, std, gain.
    """
    n, c, wait_at = o[3], o[6], o[7]
    v, current = cut(state, o[4], n), cut(state, o[5], n)
    rho, scale, std, gain = (
        cut(params, c, n),
        cut(params, c + n, n),
        cut(params, c + 2 * n, n),
        cut(params, c + 3 * n, n),
    )
    seed, episode, instance = pair(ints, ops.SEED_LO), np.int64(ints[ops.EPISODE]), np.int64(ints[ops.INSTANCE])
    for block in range((n + 3) // 4):
        draws = four_normals(seed, o[9], episode, step, block, instance)
        for m in range(4):
            j = 4 * block + m
            if j < n:
                if step == 0:
                    current[j] = std[j] * draws[m]
                else:
                    current[j] = rho[j] * current[j] + scale[j] * draws[m]
                if wait_at < 0 or ints[wait_at + j] < o[8]:
                    v[j] += gain[j] * current[j]
    return 0


@kernel
def four_normals(seed, stream, episode, step, block, instance):
    """Four independent standard normal numbers, float64, by Box and Muller's method from one draw of Philox.

    Philox with the key of seed and stream and counter (episode, step, block, instance).
    """
    k0, k1 = key(seed, stream)
    a, b, c, d = philox(
        np.uint64(episode) & MASK, np.uint64(step) & MASK, np.uint64(block), np.uint64(instance) & MASK, k0, k1
    )
    first, second = math.sqrt(-2.0 * math.log((a + 1.0) * UNIT)), 2.0 * math.pi * (b * UNIT)
    third, fourth = math.sqrt(-2.0 * math.log((c + 1.0) * UNIT)), 2.0 * math.pi * (d * UNIT)
    return first * math.cos(second), first * math.sin(second), third * math.cos(fourth), third * math.sin(fourth)
