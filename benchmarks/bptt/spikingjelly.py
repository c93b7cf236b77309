"""SpikingJelly: layers in multi-step mode, its fast way without a GPU, tau = 1 / (1 - alpha)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from spikingjelly.activation_based import functional, neuron

from benchmarks.bptt import torch_loop

VERSIONS = {"SpikingJelly": version("spikingjelly"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    tau, slope = 1 / (1 - float(data["alpha"])), float(data["slope"])

    def surrogate(u: Any) -> Any:
        return torch_loop.FastSigmoid.apply(u, slope)

    def make(linears: list[Any]) -> Any:
        cells = [
            neuron.LIFNode(
                tau, decay_input=False, v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate, detach_reset=True,
                step_mode="m",
            )
            for _ in linears
        ]  # fmt: skip

        def network(x: Any) -> list[Any]:
            found = []
            for linear, cell in zip(linears, cells, strict=True):
                functional.reset_net(cell)
                x = cell(linear(x))
                found.append(x.sum(0))
            return found

        return network

    return torch_loop.prepare(data, make)
