"""Norse: LIFBox, whose Euler step v + dt/tau (i - v) is ours with dt/tau = 1 - alpha and inputs divided by it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import norse.torch as norse
import numpy as np
import torch

from benchmarks.tick import torch_loop

VERSIONS = {"Norse": version("norse"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    leak = 1 - float(data["alpha"])
    w_in, w_rec, w_out = (torch_loop.linear(data[name] / np.float32(leak)) for name in ("w_in", "w_rec", "w_out"))
    parameters = norse.LIFBoxParameters(
        tau_mem_inv=torch.as_tensor(leak / float(data["dt"])), v_th=torch.as_tensor(float(data["theta"]))
    )
    hidden, out = (norse.LIFBoxCell(parameters, dt=float(data["dt"])) for _ in range(2))
    state: dict[str, Any] = {}

    def restart() -> None:
        state.update(hidden=None, spikes=torch.zeros(1, len(data["w_rec"])), out=None)

    def step(row: Any) -> tuple[Any, Any]:
        spikes, v = hidden(w_in(row) + w_rec(state["spikes"]), state["hidden"])
        outs, v_out = out(w_out(spikes), state["out"])
        state.update(hidden=v, spikes=spikes, out=v_out)
        return spikes, outs

    return torch_loop.prepare(data, restart, step)
