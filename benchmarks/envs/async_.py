"""gymnasium's AsyncVectorEnv: a process for each environment."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv

from benchmarks.envs.loop import bind, stepping

VERSIONS = {"gymnasium": version("gymnasium")}
MOST = 64
"""Processes that are reasonable."""


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    size = data["actions"].shape[2]
    if size > MOST:
        raise RuntimeError(f"{size} processes on {int(data['threads'])} processors; it is measured with up to {MOST}")
    bind(int(data["threads"]))
    one = partial(gymnasium.make, str(data["id"]), disable_env_checker=True)
    env = AsyncVectorEnv([one] * size)
    return stepping(data, lambda seed: env.reset(seed=seed), env.step)
