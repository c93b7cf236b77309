"""gymnasium's environment alone: a few of the batch, one after another, without the checks of `gymnasium.make`."""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np

from benchmarks.envs.loop import bind

VERSIONS = {"gymnasium": version("gymnasium")}
FEW = 4
"""Environments that are stepped; their time is scaled up to the batch's."""


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    bind(1)
    env = gymnasium.make(str(data["id"]), disable_env_checker=True)
    size = data["actions"].shape[2]

    def run() -> dict[str, Any]:
        seconds = 0.0
        for seed, actions in zip(data["seeds"].tolist(), data["actions"], strict=True):
            for i in range(FEW):
                env.reset(seed=seed + i)
                start = time.perf_counter()
                for row in actions[:, i]:
                    env.step(row)
                seconds += time.perf_counter() - start
        return {"seconds": seconds * size / FEW, "spikes": {}}

    run()
    return run
