"""A step of Adam in one pass over memory."""

from __future__ import annotations

import math

from neurobot.kernels.subnormal import flush, restore

BLOCK = 256
"""Numbers that are read before any of them is written, so that four arrays need not be told apart to vectorise."""


def adam(value, gradient, mean, square, room, settings):
    """Adam (Kingma & Ba, ICLR 2015, arXiv:1412.6980), algorithm 1, with the weight decay of AdamW (arXiv:1711.05101).

        mean += (1 - b1) (g - mean);   square += (1 - b2) (g^2 - square)
        value -= rate (mean / c1 / (sqrt(square / c2) + eps) + decay value),   c = 1 - b^t

    Reads: gradient (n,), settings: rate, 1 - b1, 1 - b2, eps, decay, 1 / c1, 1 / c2. Writes: value, mean, square (n,),
    room (3 BLOCK,).
    """
    before = flush()  # where gradients have ended, means would stay subnormal numbers, which are slow, for ever
    rate, take, take_square, eps = settings[0], settings[1], settings[2], settings[3]
    decay, more, more_square = settings[4], settings[5], settings[6]
    for first in range(0, value.size, BLOCK):
        n = min(BLOCK, value.size - first)
        v, g = value[first : first + n], gradient[first : first + n]
        m, q = mean[first : first + n], square[first : first + n]
        for j in range(n):
            room[j] = m[j] + take * (g[j] - m[j])
        for j in range(n):
            room[BLOCK + j] = q[j] + take_square * (g[j] * g[j] - q[j])
        for j in range(n):
            room[2 * BLOCK + j] = more * room[j] / (math.sqrt(more_square * room[BLOCK + j]) + eps)
        for j in range(n):
            v[j] -= rate * (room[2 * BLOCK + j] + decay * v[j])
        for j in range(n):
            m[j] = room[j]
        for j in range(n):
            q[j] = room[BLOCK + j]
    restore(before)


SIGNATURE = "void({f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1])"
