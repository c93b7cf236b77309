"""Sinabs: LIF layers that are given one step at a time (its LIFRecurrent forgets the last spikes between two calls)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from sinabs import activation, layers

from benchmarks.tick import torch_loop

VERSIONS = {"Sinabs": version("sinabs"), "torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    w_in, w_rec, w_out = (torch_loop.linear(data[name]) for name in ("w_in", "w_rec", "w_out"))
    hidden, out = (
        layers.LIF(
            tau_mem=-1 / float(np.log(data["alpha"])),
            spike_threshold=torch.tensor(float(data["theta"])),
            spike_fn=activation.SingleSpike,
            reset_fn=activation.MembraneReset(),
            norm_input=False,
        )
        for _ in range(2)
    )
    state: dict[str, Any] = {}

    def restart() -> None:
        hidden.reset_states()
        out.reset_states()
        state["spikes"] = torch.zeros(1, 1, len(data["w_rec"]))

    def step(row: Any) -> tuple[Any, Any]:
        spikes = state["spikes"] = hidden(w_in(row[None]) + w_rec(state["spikes"]))
        return spikes, out(w_out(spikes))

    return torch_loop.prepare(data, restart, step)
