"""Critics and their targets in NumPy, float64."""

from itertools import pairwise

import numpy as np


def critics(values, sizes, count, x, norm=False):
    """What critics say, (C, B, n_out), from all of their values: of each layer the weights (C, n, m), biases (C, m)."""
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
    return h


def wanted(reward, ended, later, discount, dropped=1):
    """Bellman's targets (B, K): of all that critics say of what comes later (C, B, M), without the highest numbers."""
    pooled = np.sort(np.concatenate(list(later), axis=1), axis=1)
    kept = pooled[:, : pooled.shape[1] - dropped]
    return reward[:, None] + discount * np.where(ended[:, None], 0.0, kept)


def quantile_loss(said, wanted):
    """The quantile Huber loss of critics (C, B, M) against samples (B, K): mean over all but critics."""
    taus = (np.arange(said.shape[2]) + 0.5) / said.shape[2]
    u = wanted[None, :, None, :] - said[..., None]
    huber = np.where(np.abs(u) <= 1, u**2 / 2, np.abs(u) - 0.5)
    return (np.abs(taus[:, None] - (u < 0)) * huber).mean(axis=(1, 2, 3)).sum()
