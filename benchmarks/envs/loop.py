"""The loop in which every peer is timed, and the processors it may use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def bind(threads: int) -> None:
    """Let this process, and those it starts, use so many processors only, where the system can say so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def stepping(
    data: dict[str, np.ndarray], reset: Callable[[int], Any], step: Callable[[np.ndarray], Any]
) -> Callable[[], dict[str, Any]]:
    """A round: every stretch of actions after an untimed reset.

    Args:
        data: see `case.data`.
        reset: starts every environment, from a seed.
        step: gymnasium's step of all environments.
    """

    def run() -> dict[str, Any]:
        seconds = 0.0
        for seed, actions in zip(data["seeds"].tolist(), data["actions"], strict=True):
            reset(seed)
            start = time.perf_counter()
            ends = [step(row)[2:4] for row in actions]
            seconds += time.perf_counter() - start
            if np.any(ends):
                raise RuntimeError("an episode ended: the robots were not to fall")
        return {"seconds": seconds, "spikes": {}}

    run()
    return run
