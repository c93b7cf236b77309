"""torch by hand: two matrix products and the update written out, as small as it gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.tick import torch_loop

VERSIONS = {"torch": torch.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    w_in, w_rec, w_out = (torch.from_numpy(data[name]) for name in ("w_in", "w_rec", "w_out"))
    alpha, theta = float(data["alpha"]), float(data["theta"])
    state: dict[str, Any] = {}

    def restart() -> None:
        state.update(
            v=torch.zeros(1, len(w_rec)), spikes=torch.zeros(1, len(w_rec)), out=torch.zeros(1, w_out.shape[1])
        )

    def step(row: Any) -> tuple[Any, Any]:
        v = alpha * state["v"] + row @ w_in + state["spikes"] @ w_rec
        spikes = (v > theta).float()
        out = alpha * state["out"] + spikes @ w_out
        outs = (out > theta).float()
        state.update(v=v * (1 - spikes), spikes=spikes, out=out * (1 - outs))
        return spikes, outs

    return torch_loop.prepare(data, restart, step)
