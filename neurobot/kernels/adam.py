"""A step of Adam in one pass over memory."""

from __future__ import annotations

import math

from neurobot.kernels.subnormal import flush, restore


def adam(value, gradient, mean, square, settings):
    """Adam (Kingma & Ba, ICLR 2015, arXiv:1412.6980), algorithm 1, with the weight decay of AdamW (arXiv:1711.05101).

        mean += (1 - b1) (g - mean);   square += (1 - b2) (g^2 - square)
        value -= rate (mean / c1 / (sqrt(square / c2) + eps) + decay value),   c = 1 - b^t

    Reads: gradient (n,), settings: rate, 1 - b1, 1 - b2, eps, decay, 1 / c1, 1 / c2. Writes: value, mean, square (n,).
    """
    before = flush()  # where gradients have ended, means would stay subnormal numbers, which are slow, for ever
    rate, take, take_square, eps = settings[0], settings[1], settings[2], settings[3]
    decay, more, more_square = settings[4], settings[5], settings[6]
    for j in range(value.size):
        m = mean[j] + take * (gradient[j] - mean[j])
        q = square[j] + take_square * (gradient[j] * gradient[j] - square[j])
        mean[j], square[j] = m, q
        value[j] -= rate * (more * m / (math.sqrt(more_square * q) + eps) + decay * value[j])
    restore(before)


SIGNATURE = "void({f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1])"
