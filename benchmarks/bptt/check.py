"""How a peer is timed, and how its gradients are compared with ours; numpy and the standard library only."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np

STEPS = 3
"""Training steps of a round."""
LEAST = 0.5
"""A round goes on for so long [s], on the processor."""


def note(found: Sequence[np.ndarray], data: dict[str, np.ndarray]) -> str:
    """By how much gradients differ from ours, relative to the largest entry of each; RuntimeError above 1e-4."""
    worst = max(
        float(np.abs(g - data[f"g{k}"]).max() / np.abs(data[f"g{k}"]).max()) for k, g in enumerate(found)
    )  # fmt: skip
    if not worst < 1e-4:
        raise RuntimeError(f"gradients differ by {worst:.1e}: it is another network, or another surrogate")
    return f"gradients differ from ours by {worst:.1e} of the largest at most"


def per_step(restart: Callable[[], Any], step: Callable[[], Any]) -> float:
    """Median CPU time of a training step [s], of steps after `restart`."""
    times: list[float] = []
    gc.disable()
    while not times or sum(times) < LEAST:
        restart()
        for _ in range(STEPS):
            start = process_time()
            step()
            times.append(process_time() - start)
    gc.enable()
    return statistics.median(times)
