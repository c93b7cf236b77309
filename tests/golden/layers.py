"""One layer of neurons that spike trains reach through weights: what the torch frameworks and ours both run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.golden.networks import uniform

DT, STEPS = 1e-3, 600


@dataclass(frozen=True)
class Layer:
    """Arrays of a layer.

    Args:
        spikes: (steps, n_in) 0 or 1.
        weights: (n, n_in).
        recurrent: (n, n).
    """

    spikes: np.ndarray
    weights: np.ndarray
    recurrent: np.ndarray


def layer(seed: int = 3, n: int = 24, n_in: int = 40) -> Layer:
    """Inputs at 100 Hz, weights of both signs that grow with the neuron's number."""
    rng = np.random.default_rng(seed)
    spikes = (rng.random((STEPS, n_in)) < 0.1).astype(np.float64)
    size = np.linspace(0.2, 1.0, n)[:, None]
    weights = size * uniform(rng, -0.3, 0.7, n * n_in).reshape(n, n_in)
    return Layer(spikes, weights, 0.3 * uniform(rng, -1.0, 1.0, n * n).reshape(n, n))
