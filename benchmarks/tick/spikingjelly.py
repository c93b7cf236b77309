"""SpikingJelly: LIFNode in its single-step mode, tau = 1 / (1 - alpha)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from spikingjelly.activation_based import functional, neuron

from benchmarks.tick import torch_loop

VERSIONS = {"SpikingJelly": version("spikingjelly"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    w_in, w_rec, w_out = (torch_loop.linear(data[name]) for name in ("w_in", "w_rec", "w_out"))
    tau, theta = 1 / (1 - float(data["alpha"])), float(data["theta"])
    hidden, out = (neuron.LIFNode(tau, decay_input=False, v_threshold=theta, v_reset=0.0).eval() for _ in range(2))
    state: dict[str, Any] = {}

    def restart() -> None:
        functional.reset_net(hidden)
        functional.reset_net(out)
        state["spikes"] = torch.zeros(1, len(data["w_rec"]))

    def step(row: Any) -> tuple[Any, Any]:
        spikes = state["spikes"] = hidden(w_in(row) + w_rec(state["spikes"]))
        return spikes, out(w_out(spikes))

    return torch_loop.prepare(data, restart, step)
