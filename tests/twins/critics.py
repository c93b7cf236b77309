"""Critics and their targets in NumPy, float64."""

from itertools import pairwise

import numpy as np


def critics(values, sizes, count, x, norm=False):
    """What critics say, (C, B), from all of their values: layer by layer the weights (C, n, m), then biases (C, m)."""
    values, at = np.asarray(values, np.float64), 0
    h = np.repeat(np.asarray(x, np.float64)[None], count, axis=0)
    for k, (n, m) in enumerate(pairwise(sizes)):
        w = values[at : at + count * n * m].reshape(count, n, m)
        at += w.size
        h = h @ w
        if norm and k < len(sizes) - 2:
            h = (h - h.mean(-1, keepdims=True)) / np.sqrt(h.var(-1, keepdims=True) + 1e-5)
        h = h + values[at : at + count * m].reshape(count, 1, m)
        at += count * m
        if k < len(sizes) - 2:
            h = np.maximum(h, 0)
    return h[..., 0]


def wanted(reward, ended, later, discount):
    """Bellman's target, with the less hopeful critic's value of what comes later (C, B)."""
    return reward + discount * np.where(ended, 0.0, later.min(axis=0))
