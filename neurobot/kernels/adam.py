"""A step of Adam in one pass over memory."""

from __future__ import annotations

import math


def adam(value, gradient, mean, square, settings):
    """Adam (Kingma & Ba, ICLR 2015, arXiv:1412.6980), algorithm 1, with the weight decay of AdamW (arXiv:1711.05101).

        mean += (1 - b1) (g - mean);   square += (1 - b2) (g^2 - square)
        value -= rate (mean / c1 / (sqrt(square / c2) + eps) + decay value),   c = 1 - b^t

    Reads: gradient (n,), settings: rate, b1, b2, eps, decay, c1, c2. Writes: value, mean, square (n,).
    """
    rate, b1, b2, eps = settings[0], settings[1], settings[2], settings[3]
    decay, c1, c2 = settings[4], settings[5], settings[6]
    one = settings.dtype.type(1.0)
    for j in range(value.size):
        g = gradient[j]
        m = mean[j] + (one - b1) * (g - mean[j])
        q = square[j] + (one - b2) * (g * g - square[j])
        mean[j] = m
        square[j] = q
        value[j] -= rate * (m / c1 / (math.sqrt(q / c2) + eps) + decay * value[j])


SIGNATURE = "void({f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1])"
