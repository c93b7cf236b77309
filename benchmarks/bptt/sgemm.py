"""The limit of a dense step: its eight products, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.bptt.check import per_step

VERSIONS = {"numpy": np.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    steps, batch, n_in = data["spikes"].shape
    sizes = [n_in, *(len(data[f"w{k}"]) for k in range(3))]
    rng = np.random.default_rng(0)
    layers = [rng.random((steps * batch, n), np.float32) for n in sizes]
    weights = [np.ascontiguousarray(data[f"w{k}"].T) for k in range(3)]
    out, into = [np.empty_like(layer) for layer in layers], [np.empty_like(w) for w in weights]

    def step() -> None:
        for k, w in enumerate(weights):
            np.dot(layers[k], w, out=out[k + 1])
        for k in (2, 1, 0):
            np.dot(layers[k].T, layers[k + 1], out=into[k])
            if k:
                np.dot(layers[k + 1], weights[k].T, out=out[k])

    return lambda: {"seconds": per_step(lambda: None, step), "spikes": {}}
