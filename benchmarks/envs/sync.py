"""gymnasium's SyncVectorEnv: one environment after another, in one process."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import SyncVectorEnv

from benchmarks.envs.loop import bind, stepping

VERSIONS = {"gymnasium": version("gymnasium")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    bind(1)
    one = partial(gymnasium.make, str(data["id"]), disable_env_checker=True)
    env = SyncVectorEnv([one] * data["actions"].shape[2])
    return stepping(data, lambda seed: env.reset(seed=seed), env.step)
