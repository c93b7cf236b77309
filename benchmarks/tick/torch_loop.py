"""What the peers built on torch share: the tick around a step, and layers with our weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.timing import per_call

Step = Callable[[Any], tuple[Any, Any]]


def linear(weights: np.ndarray) -> Any:
    """A layer without bias of weights [pre, post]."""
    layer = torch.nn.Linear(*weights.shape, bias=False)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(weights.T))
    return layer


def prepare(data: dict[str, np.ndarray], restart: Callable[[], None], step: Step) -> Any:
    """The `run` of a peer (see `benchmarks`).

    Args:
        data: of the case.
        restart: begins an episode.
        step: input spikes (1, 64) of a sub-step to the spikes (1, n) of the hidden and of the output neurons.
    """
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    inputs = list(torch.from_numpy(data["spikes"].astype(np.float32)).unsqueeze(2))

    def tick(rows: Any) -> np.ndarray:
        counts = 0
        for row in rows:
            counts = counts + step(row)[1]
        return counts.numpy()  # type: ignore[attr-defined, no-any-return]

    def count() -> dict[str, int]:
        restart()
        both = np.zeros(2)
        for rows in inputs:
            for row in rows:
                both += [float(spikes.sum()) for spikes in step(row)]
        return {"hidden": int(both[0]), "out": int(both[1])}

    spikes = count()
    return lambda: {"seconds": per_call(restart, tick, inputs), "spikes": spikes}
