"""envpool, whose environments and threads are C++; its own starts, of the same distribution."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import envpool
import numpy as np

from benchmarks.envs.loop import bind, stepping

VERSIONS = {"envpool": version("envpool")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    threads, size = int(data["threads"]), data["actions"].shape[2]
    bind(threads)
    env = envpool.make_gymnasium(str(data["id"]), num_envs=size, num_threads=threads, seed=0)
    given = {**data, "actions": data["actions"].astype(env.action_space.dtype)}
    return stepping(given, lambda seed: env.reset(), env.step)
