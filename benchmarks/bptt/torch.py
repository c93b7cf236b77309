"""torch by hand: the products of a layer over all steps at once, then its neurons in a loop over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.bptt import torch_loop

VERSIONS = {"torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    alpha, slope = float(data["alpha"]), float(data["slope"])

    def layer(currents: Any) -> Any:
        v, spikes = torch.zeros_like(currents[0]), []
        for current in currents.unbind(0):
            v = alpha * v + current
            z = torch_loop.FastSigmoid.apply(v - 1.0, slope)
            v = v * (1 - z.detach())
            spikes.append(z)
        return torch.stack(spikes)

    def make(linears: list[Any]) -> Any:
        def network(x: Any) -> list[Any]:
            found = []
            for linear in linears:
                x = layer(linear(x))
                found.append(x.sum(0))
            return found

        return network

    return torch_loop.prepare(data, make)
