"""snnTorch: Leaky with its reset in the step of the spike, which is what the others do."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import snntorch
import torch

from benchmarks.tick import torch_loop

VERSIONS = {"snnTorch": version("snntorch"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    w_in, w_rec, w_out = (torch_loop.linear(data[name]) for name in ("w_in", "w_rec", "w_out"))
    hidden, out = (
        snntorch.Leaky(float(data["alpha"]), float(data["theta"]), reset_mechanism="zero", reset_delay=False)
        for _ in range(2)
    )
    state: dict[str, Any] = {}

    def restart() -> None:
        zeros = torch.zeros(1, len(data["w_rec"]))
        state.update(v=zeros, spikes=zeros, out=torch.zeros(1, data["w_out"].shape[1]))

    def step(row: Any) -> tuple[Any, Any]:
        spikes, v = hidden(w_in(row) + w_rec(state["spikes"]), state["v"])
        outs, v_out = out(w_out(spikes), state["out"])
        state.update(v=v, spikes=spikes, out=v_out)
        return spikes, outs

    return torch_loop.prepare(data, restart, step)
