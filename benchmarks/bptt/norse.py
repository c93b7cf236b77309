"""Norse: LIFBox in a loop over time; its Euler step v + dt/tau (i - v) is ours with inputs divided by dt/tau.

Its SuperSpike has no slope (1.1.0 leaves alpha out of the derivative), so its threshold function is replaced.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import norse.torch as norse
import numpy as np
import torch
from norse.torch.functional import lif_box

from benchmarks.bptt import torch_loop

VERSIONS = {"Norse": version("norse"), "torch": torch.__version__}


def reset(z: Any, v: Any, value: Any, threshold: Any) -> Any:
    """Norse's own reset, but that no gradient flows through it."""
    down = z.detach()
    return (1 - down) * v + down * value


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    leak, dt = 1 - float(data["alpha"]), 1e-3
    lif_box.threshold = lambda u, method, alpha: torch_loop.FastSigmoid.apply(u, float(data["slope"]))
    parameters = norse.LIFBoxParameters(
        tau_mem_inv=torch.as_tensor(leak / dt), v_th=torch.as_tensor(1.0), reset_method=reset
    )

    def make(linears: list[Any]) -> Any:
        cells = [norse.LIFBoxCell(parameters, dt=dt) for _ in linears]

        def network(x: Any) -> list[Any]:
            states: list[Any] = [None for _ in cells]
            spikes: list[list[Any]] = [[] for _ in cells]
            for row in x.unbind(0):
                for k, (linear, cell) in enumerate(zip(linears, cells, strict=True)):
                    row, states[k] = cell(linear(row) / leak, states[k])
                    spikes[k].append(row)
            return [torch.stack(layer).sum(0) for layer in spikes]

        return network

    return torch_loop.prepare(data, make)
