"""Weights and thresholds with which integrate-and-fire neurons do what an ANN's neurons did.

A neuron with threshold 1, charge x a step and reset by subtraction that starts at 1/2 spikes round(T x) times in T
steps, at least 0 and at most T times: a staircase along x, cut off at 0 and 1. Rueckauer et al., "Conversion of
continuous-valued deep networks to efficient event-driven networks", Frontiers in Neuroscience 11 (2017); the start at
1/2: Bu et al., "Optimal ANN-SNN conversion", ICLR 2022 (arXiv:2303.04347).

So one neuron can stand for a piece of an activation function f, between activations a0 and a1, where f rises from
f(z0) = a0 to f(z1) = a1:  x = (z - z0) / (z1 - z0), and a spike is worth (a1 - a0) / T.

- The pieces of a unit lie end to end between two percentiles of its activations on observations that the policy meets,
  so that rare peaks do not cost all others their resolution. A ReLU needs one piece, which is exact between its ends;
  tanh is interpolated between those of several.
- More pieces are more neurons, and as many steps each: a policy that has to be exact with few steps a tick gets its
  resolution from `split`. Where activations are dense the pieces are short, their density being that of the activations
  to the power 1/3, which has the least mean squared error (Panter & Dite, Proc. IRE 39, 1951).
"""

from __future__ import annotations

import numpy as np

from neurobot.interop.ann import ANN, Layer

BINS = 200
"""Of the histogram of a unit's activations."""
FLOOR = 1e-4
"""Density of activations where none were met, in shares of all for a bin: pieces there are long, but not endless."""
NARROW = 1e-6
"""Units whose activations differ by less are taken for constant."""
STEEPEST = 1 - 1e-6
"""Largest activation of tanh, whose inverse is finite."""


def balance(ann: ANN, observations: np.ndarray, percentile: float, split: int) -> list[Layer]:
    """Layers for spikes of height 1 and thresholds of 1.

    Args:
        ann: what to convert.
        observations: (m, n_obs) that the policy meets.
        percentile: of a unit's activations, where its last piece ends; the first one begins at 100 - percentile.
        split: neurons a unit.

    Returns:
        A layer for each of the ANN's, the hidden ones with `split` neurons for each unit, side by side: W s + b, of the
        spikes s of the layer before, is the charge x of a step, and of the last layer the output. The first one still
        takes observations, normalised as the ANN does.
    """
    outputs = ann.preactivations(observations)
    out = []
    weights, bias = ann.layers[0].weights, ann.layers[0].bias
    for z, following in zip(outputs[:-1], ann.layers[1:], strict=True):
        ends = pieces(ann.activate(z), percentile, split, tanh=ann.activation == "tanh")
        at = np.arctanh(ends) if ann.activation == "tanh" else ends
        first, length = at[:-1].T.ravel(), np.diff(at, axis=0).T.ravel()
        out.append(Layer(np.repeat(weights, split, 0) / length[:, None], (np.repeat(bias, split) - first) / length))
        worth = np.diff(ends, axis=0).T.ravel()
        weights, bias = np.repeat(following.weights, split, 1) * worth, following.bias + following.weights @ ends[0]
    return [*out, Layer(weights, bias)]


def pieces(activations: np.ndarray, percentile: float, split: int, *, tanh: bool = False) -> np.ndarray:
    """Where the pieces of every unit begin and end, (split + 1, n), rising.

    Args:
        activations: (m, n) of n units.
        percentile: see `balance`.
        split: pieces a unit.
        tanh: whether activations end at -1 and 1, instead of beginning at 0.
    """
    least, most = (-STEEPEST, STEEPEST) if tanh else (0.0, np.inf)
    low, high = np.percentile(activations, [100 - percentile, percentile], axis=0)
    constant = high - low < NARROW * np.maximum(1.0, np.abs(high))
    low = np.clip(np.where(constant, low - 0.5, low), least, most)
    high = np.clip(np.where(constant, high + 0.5, high), least, most)
    share = np.linspace(0, 1, split + 1)
    ends = low + share[:, None] * (high - low)
    if split > 1:
        for j in range(ends.shape[1]):
            count, edges = np.histogram(activations[:, j], BINS, (low[j], high[j]))
            mass = np.cumsum((count / len(activations) + FLOOR) ** (1 / 3))
            ends[:, j] = np.interp(share, np.concatenate([[0.0], mass / mass[-1]]), edges)
    return np.asarray(ends)
