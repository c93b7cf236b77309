"""snnTorch: Leaky in a loop over time, as in its tutorials; its delayed reset to zero gives the same spikes."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import snntorch
import torch

from benchmarks.bptt import torch_loop

VERSIONS = {"snnTorch": version("snntorch"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    surrogate = snntorch.surrogate.fast_sigmoid(slope=float(data["slope"]))

    def make(linears: list[Any]) -> Any:
        cells = [snntorch.Leaky(float(data["alpha"]), 1.0, surrogate, reset_mechanism="zero") for _ in linears]

        def network(x: Any) -> list[Any]:
            membranes = [cell.init_leaky() for cell in cells]
            spikes: list[list[Any]] = [[] for _ in cells]
            for row in x.unbind(0):
                for k, (linear, cell) in enumerate(zip(linears, cells, strict=True)):
                    row, membranes[k] = cell(linear(row), membranes[k])
                    spikes[k].append(row)
            return [torch.stack(layer).sum(0) for layer in spikes]

        return network

    return torch_loop.prepare(data, make)
