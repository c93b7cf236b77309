"""Ours."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.envs.loop import bind, stepping
from neurobot.envs import make_vec

VERSIONS = {name: version(name) for name in ("neurobot", "mujoco")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    threads = int(data["threads"])
    bind(threads)
    env = make_vec(str(data["id"]), data["actions"].shape[2], threads=threads)
    return stepping(data, lambda seed: env.reset(seed=seed), env.step)
