"""The one place where a batch of an experiment's environment is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobot.config import EnvConfig


def make_envs(env: EnvConfig, n: int, threads: int = 1) -> Any:
    """A `TaskVectorEnv` that leaves finished episodes alone.

    Args:
        env: which, and how it differs from the task's defaults.
        n: how many instances.
        threads: of the physics.

    Raises:
        EnvError: no batched task has the id.
    """
    from neurobot.envs import make_vec  # environments load MuJoCo, which a robot does not need

    return make_vec(env.id, n, threads=threads, autoreset_mode="Disabled")


def task_of(env: EnvConfig) -> Any:
    """The environment's `Task`: spaces, control period, length of an episode.

    Raises:
        EnvError: no batched task has the id.
    """
    from neurobot.envs import find_task

    return find_task(env.id)
