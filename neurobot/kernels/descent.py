"""What gradients that were gathered make of weights: a linked op ahead of the populations."""

from __future__ import annotations

import math

from neurobot.kernels import ops
from neurobot.kernels.eligibility import row_of
from neurobot.kernels.jit import kernel
from neurobot.kernels.ops import (
    DESCENT,
    EPISODES,
    EPSILON,
    HI,
    LIMITS,
    LO,
    RATE,
    TAKE_MEAN,
    TAKE_SQUARE,
)
from neurobot.kernels.plastic import size_of
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair, set_pair


@kernel
def apply(o, layout, params, state, ints, obs, act, step, substep):
    """w -= rate g, or a step of Adam, cut off at the bounds; then g is 0.

    State from memory_at: episodes since the last change, 1 - beta_1^t, 1 - beta_2^t. Due every `period` steps but the
    first and at the end of an episode; with EPISODES at the end of so many only, by their mean. Writes: w, g, memory,
    with Adam (kind 1) its means; in watch the number of changes.
    """
    ending, c, memory = ints[ops.ENDING], cut(params, o[13], DESCENT), cut(state, o[12], 3)
    if not ints[ops.LEARN]:
        return 0
    one, episodes = state.dtype.type(1), c[EPISODES]
    if episodes > 0:
        memory[0] += one if ending else one - one
        if memory[0] < episodes:
            return 0
        memory[0] = 0
    elif not ending and (step == 0 or step % o[14]):
        return 0
    size, limits, share = size_of(o, layout), cut(params, o[9], LIMITS), one / max(episodes, one)
    w, g, count = cut(state, o[6], size), cut(state, o[11], size), 0
    for k in range(1, 3):
        memory[k] += c[TAKE_MEAN + k - 1] * (one - memory[k])
    for i in range(o[3]):
        first, n = row_of(o, layout, i)
        if o[17]:
            mean, square = cut(state, o[15] + first, n), cut(state, o[16] + first, n)
            adam_row(cut(w, first, n), cut(g, first, n), mean, square, share, memory, c, limits)
        else:
            plain_row(cut(w, first, n), cut(g, first, n), share * c[RATE], limits)
        count += n
    set_pair(ints, o[10], pair(ints, o[10]) + count)
    return 0


@kernel
def plain_row(w, g, gain, limits):
    """w -= gain g, cut off at the bounds; g <- 0. Writes: w, g (n,)."""
    lo, hi = limits[LO], limits[HI]
    for j in range(w.size):
        w[j] = min(max(w[j] - gain * g[j], lo), hi)
        g[j] = 0


@kernel
def adam_row(w, g, mean, square, share, memory, c, limits):
    """Adam (Kingma & Ba, ICLR 2015, algorithm 1) by share g, cut off at the bounds; g <- 0.

    Reads: memory (3,). Writes: w, g, mean, square (n,).
    """
    lo, hi = limits[LO], limits[HI]
    for j in range(w.size):
        now = share * g[j]
        mean[j] += c[TAKE_MEAN] * (now - mean[j])
        square[j] += c[TAKE_SQUARE] * (now * now - square[j])
        move = c[RATE] * (mean[j] / memory[1]) / (math.sqrt(square[j] / memory[2]) + c[EPSILON])
        w[j] = min(max(w[j] - move, lo), hi)
        g[j] = 0
