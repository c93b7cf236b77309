"""Many robots at once: the time of a control step of one environment, everything of it, from actions to infos.

Every peer is given the same model (gymnasium's, of the v5 task), the same actions and starts of the same distribution:
ours, gymnasium and the bare rollout the very same ones, envpool its own. The actions are small enough, and the
stretches between resets short enough, that no episode ends: a robot that lies down, or one that is reset, costs
something else. Resets are not timed. A process is bound to as many processors as it may have threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Peer, compare
from benchmarks.table import Table

PEERS = (
    Peer("ours, make_vec", "benchmarks.envs.ours"),
    Peer("mujoco.rollout, bare physics", "benchmarks.envs.rollout"),
    Peer("envpool", "benchmarks.envs.envpool", "envpool"),
    Peer("gymnasium, one environment", "benchmarks.envs.single"),
    Peer("gymnasium, SyncVectorEnv", "benchmarks.envs.sync"),
    Peer("gymnasium, AsyncVectorEnv", "benchmarks.envs.async_"),
)
# size of the uniform actions, and control steps between resets: no episode ends so early (every peer looks)
TASKS = {"HalfCheetah-v5": (1.0, 50), "Hopper-v5": (0.1, 25), "Ant-v5": (0.3, 50)}
STEPS = 12_800
"""At least so many control steps of one environment make a round."""


def tables(
    peers: Sequence[Peer], tasks: Sequence[str], sizes: Sequence[int], threads: Sequence[int], rounds: int, folder: Path
) -> list[Table]:
    """Measure, one table for each task, number of environments and number of threads."""
    found = []
    for task in tasks:
        for size in sizes:
            for count in threads:
                given = data(task, size, count)
                steps = given["actions"].shape[0] * given["actions"].shape[1] * size
                title = f"{task}, {size} environments, {count} thread{'s' * (count > 1)}"
                found.append(Table(title, compare(peers, given, rounds, folder), "us per step", 1e6 / steps, {}))
    return found


def data(task: str, size: int, threads: int, seed: int = 0) -> dict[str, Any]:
    """What every peer is given.

    Returns:
        ``id`` of the task; ``threads``; ``actions`` (stretches, steps, size, action) float32; ``seeds`` (stretches,)
        with which each stretch starts, environment i with seed + i.
    """
    from neurobot.envs import find_task

    scale, steps = TASKS[task]
    stretches = -(-STEPS // (size * steps))
    shape = (stretches, steps, size, *(find_task(task).action_space.shape or ()))
    actions = np.random.default_rng(seed).uniform(-scale, scale, shape).astype(np.float32)
    return {"id": task, "threads": threads, "actions": actions, "seeds": 10_000 * np.arange(stretches)}
