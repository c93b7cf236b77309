"""Losses of spikes and membranes: a number, and the seeds of its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from neurobot.train.surrogate.trace import Seeds, Trace

Of = Literal["spikes", "v"]


def logits(trace: Trace, population: str, of: Of = "spikes", *, each: bool = False) -> np.ndarray:
    """What a class scores, one neuron a class.

    Args:
        trace: of a run.
        population: whose neurons are the classes.
        of: ``spikes``: their number so far; ``v``: the membrane, or its mean over the steps.
        each: after each step, (T, B, n), instead of after the last, (B, n).
    """
    if of == "spikes":
        z = trace.spikes(population)
        kind = np.float32 if z.dtype == np.uint8 else z.dtype
        counted: np.ndarray = z.cumsum(axis=0, dtype=kind) if each else z.sum(axis=0, dtype=kind)
        return counted
    v = trace.v(population)
    return v if each else v.mean(axis=0)


def logits_back(trace: Trace, population: str, gradient: np.ndarray, of: Of = "spikes") -> Seeds:
    """The seeds of a gradient of `logits`, (T, B, n) or (B, n)."""
    each = gradient.ndim == 3
    if of == "spikes":
        return Seeds({population: gradient[::-1].cumsum(axis=0)[::-1] if each else gradient[None]})
    return Seeds({}, {population: gradient if each else gradient[None] / trace.steps})


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of -ln softmax(scores)[label], and its gradient.

    Args:
        scores: (..., B, n).
        labels: (B,) int.

    Returns:
        The loss, and the gradient, of the shape and kind of scores.
    """
    x = scores.astype(np.float64)
    x = x - x.max(axis=-1, keepdims=True)
    p = np.exp(x)
    p /= p.sum(axis=-1, keepdims=True)
    wanted = np.broadcast_to(np.eye(x.shape[-1])[labels], x.shape)
    loss = -np.log(np.maximum((p * wanted).sum(axis=-1), np.finfo(float).tiny)).mean()
    return float(loss), ((p - wanted) / p[..., 0].size).astype(scores.dtype)


def squared_error(values: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of (values - wanted)^2, and its gradient, of the shape and kind of values."""
    away = values.astype(np.float64) - wanted
    return float((away**2).mean()), (2 * away / away.size).astype(values.dtype)


def rate_penalty(
    trace: Trace, populations: Sequence[str], strength: float, *, low: float = 0.0, high: float = 0.1
) -> tuple[float, Seeds]:
    """strength x mean over neurons of max(0, rate - high)^2 + max(0, low - rate)^2, summed over populations.

    A rate is the share of steps in which a neuron spiked, over the batch: high keeps a network sparse, low keeps its
    neurons from falling silent for ever.

    Args:
        trace: of a run.
        populations: names of those that are kept in bounds.
        strength: factor of all.
        low: lower bound.
        high: upper bound.
    """
    loss, seeds = 0.0, {}
    for name in populations:
        rates = trace.rates(name)
        over = np.maximum(rates - high, 0.0) - np.maximum(low - rates, 0.0)
        loss += strength * float((over**2).mean())
        size = rates.size * trace.steps * trace.batch
        seeds[name] = np.broadcast_to(2 * strength / size * over, (1, 1, rates.size))
    return loss, Seeds(seeds)
