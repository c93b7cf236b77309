"""Weights and thresholds with which integrate-and-fire neurons do what ReLU neurons did.

A neuron with threshold θ, charge z a step and reset by subtraction that starts at θ/2 spikes round(T z / θ) times in T
steps, at least 0 and at most T times: θ/T a spike, that is ReLU(z) in steps of θ/T, cut off at θ. Rueckauer et al.,
"Conversion of continuous-valued deep networks to efficient event-driven networks", Frontiers in Neuroscience 11 (2017);
the start at θ/2: Bu et al., "Optimal ANN-SNN conversion for high-accuracy and ultra-low-latency spiking neural
networks", ICLR 2022 (arXiv:2303.04347).

- θ of every neuron is a percentile of its own activations on observations that the policy meets, so that rare peaks
  do not cost all others their resolution.
- The first layer's charge is exact, being a constant current. Every later layer sees spikes, which are rounded, and
  come unevenly in time. `correct` makes good what of that is systematic: the weights of layer k + 1 are fitted by
  ridge regression, as a small change of the ANN's, so that what the spikes of layer k bring in a tick comes closest to
  what the ANN's neurons got. Errors shrink as 1/T, and with them the correction, so many steps still give the ANN.

All thresholds are then divided out: they are 1, and so is a spike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurobot.train.ann import ANN, Layer, Squash

MAX_SAMPLES = 6000
"""Observations that are simulated; more change nothing that shows."""
FLATTEST = 1e-3
"""Least importance of an observation whose output is squashed flat."""
RIDGES = 10.0 ** np.arange(-5, 3)
HELD_OUT = 4
"""Every fourth observation judges the ridge."""


def balance(ann: ANN, observations: np.ndarray, substeps: int, percentile: float, correct: bool) -> list[Layer]:
    """Layers for spikes of height 1 and thresholds of 1.

    Args:
        ann: with ReLU.
        observations: (m, n_obs) that the policy meets.
        substeps: steps of a tick, T.
        percentile: of a neuron's activations, which becomes its threshold.
        correct: fit the weights behind every spiking layer.

    Returns:
        A layer for each of the ANN's: W s + b is the charge of a step in thresholds, and of the last one the output.
        The first still takes the observations, normalised as the ANN does.
    """
    x = observations[:: -(-len(observations) // MAX_SAMPLES)]
    wanted = ann.preactivations(x)
    charge = wanted[0]
    weights, bias = ann.layers[0].weights, ann.layers[0].bias
    out = []
    for k, following in enumerate(ann.layers[1:]):
        theta = thresholds(np.maximum(wanted[k], 0.0), percentile)
        out.append(Layer(weights / theta[:, None], bias / theta))
        spikes = fire(charge / theta, substeps)
        weights, bias = following.weights * theta, following.bias
        if correct:
            importance = _importance(wanted[-1], ann.squash) if k + 2 == len(ann.layers) else None
            weights, bias = _fit(spikes.mean(0, np.float64), weights, bias, wanted[k + 1], importance)
        charge = spikes @ weights.T.astype(np.float32) + bias
    return [*out, Layer(weights, bias)]


def thresholds(activations: np.ndarray, percentile: float) -> np.ndarray:
    """A threshold for each neuron, (m, n) -> (n,): the percentile, or the largest one where that is 0, or 1."""
    theta = np.percentile(activations, percentile, axis=0)
    theta = np.where(theta > 0, theta, activations.max(0))
    return np.where(theta > 0, theta, 1.0)


def fire(charge: np.ndarray, substeps: int) -> np.ndarray:
    """Spikes of neurons with threshold 1, (T, m, n) float32 of 0 and 1.

    Args:
        charge: (m, n) of every step, or (T, m, n).
        substeps: T.
    """
    v = np.full(charge.shape[-2:], 0.5)
    spikes = np.zeros((substeps, *v.shape), np.float32)
    for k in range(substeps):
        v += charge if charge.ndim == 2 else charge[k]
        spikes[k] = v > 1.0
        v -= spikes[k]
    return spikes


def _fit(
    rates: np.ndarray, weights: np.ndarray, bias: np.ndarray, wanted: np.ndarray, importance: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias for which rates (m, n_in) give what is wanted (m, n_out), near those given.

    `importance` (m, n_out) is what an error of each counts; None is the same for all.
    """
    error = wanted - (rates @ weights.T + bias)
    if importance is None:
        change, shift = _ridge(rates, error, np.ones(len(rates)))
        return weights + change, bias + shift
    parts = [_ridge(rates, error[:, [j]], importance[:, j]) for j in range(error.shape[1])]
    return weights + np.concatenate([c for c, _ in parts]), bias + np.concatenate([s for _, s in parts])


def _importance(output: np.ndarray, squash: Squash) -> np.ndarray | None:
    """What an error of the output does to the action, squared: the slope of tanh, or of the softmax for a choice."""
    if squash == "none":
        return None
    if squash == "tanh":
        slope = 1 - np.tanh(output) ** 2
    else:
        p = np.exp(output - output.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        slope = 4 * p * (1 - p)
    return np.asarray(slope**2 + FLATTEST)


def _ridge(x: np.ndarray, error: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change of the weights, (n_out, n_in), and of the bias that explain an error; 0 where nothing does.

    The ridge is the one that predicts observations best that were held out; Hastie et al., "The elements of
    statistical learning" (2009), sections 3.4.1 and 7.10.
    """
    held = np.arange(len(x)) % HELD_OUT == 0
    solve = _solver(x[~held], error[~held], weight[~held])
    scores = [float((error[held] ** 2 * weight[held, None]).sum())]
    for ridge in RIDGES:
        change, shift = solve(ridge)
        rest = error[held] - x[held] @ change.T - shift
        scores.append(float((rest**2 * weight[held, None]).sum()))
    best = int(np.argmin(scores))
    if best == 0:
        return np.zeros((error.shape[1], x.shape[1])), np.zeros(error.shape[1])
    return _solver(x, error, weight)(RIDGES[best - 1])


def _solver(x: np.ndarray, error: np.ndarray, weight: np.ndarray) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
    """Weighted ridge regression with an unpenalised constant, as a function of the ridge."""
    share = weight / weight.sum()
    x_mean, error_mean = share @ x, share @ error
    centred = x - x_mean
    gram = centred.T @ (share[:, None] * centred)
    moment = centred.T @ (share[:, None] * (error - error_mean))
    values, vectors = np.linalg.eigh(gram)
    scale = max(float(values.sum()) / len(values), np.finfo(float).tiny)
    turned = vectors.T @ moment

    def solve(ridge: float) -> tuple[np.ndarray, np.ndarray]:
        change = (vectors @ (turned / (np.maximum(values, 0.0) + ridge * scale)[:, None])).T
        return change, error_mean - change @ x_mean

    return solve
