"""Tasks by id."""

from __future__ import annotations

from gymnasium.vector import AutoresetMode

from neurobot.envs import (
    ant,
    cartpole,
    half_cheetah,
    hopper,
    humanoid,
    inverted_double_pendulum,
    inverted_pendulum,
    pendulum,
    reacher,
    swimmer,
    walker2d,
)
from neurobot.envs.checks import checked_count
from neurobot.envs.task import Task
from neurobot.envs.vector import TaskVectorEnv
from neurobot.errors import EnvError, near

MODULES = (  # a task is one module, whose docstring describes it
    ant,
    cartpole,
    half_cheetah,
    hopper,
    humanoid,
    inverted_double_pendulum,
    inverted_pendulum,
    pendulum,
    reacher,
    swimmer,
    walker2d,
)
_TASKS = {module.TASK.id: module.TASK for module in MODULES}


def vector_ids() -> tuple[str, ...]:
    """The ids `make_vec` knows, sorted."""
    return tuple(sorted(_TASKS))


def find_task(env_id: str) -> Task:
    """The task of an id, without making anything.

    Raises:
        EnvError: unknown id; the message lists near matches.
    """
    if env_id not in _TASKS:
        raise EnvError(f"no batched task has the id {env_id!r}; {near(str(env_id), _TASKS)}")
    return _TASKS[env_id]


def make_vec(
    env_id: str,
    num_envs: int = 1,
    *,
    threads: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
) -> TaskVectorEnv:
    """Make a batch of environments that equals gymnasium's, instance by instance.

    Args:
        env_id: one of `vector_ids()`.
        num_envs: how many instances.
        threads: threads that step MuJoCo; the numbers do not depend on it.
        autoreset_mode: what happens after an episode's end, see `TaskVectorEnv`; also as gymnasium's word for it
            ("NextStep", "SameStep", "Disabled").

    Raises:
        EnvError: unknown id or mode, or a count that is not a whole number of at least 1.
    """
    task = find_task(env_id)
    modes = {mode.value: mode for mode in AutoresetMode}
    name = autoreset_mode.value if isinstance(autoreset_mode, AutoresetMode) else autoreset_mode
    if name not in modes:
        raise EnvError(f"no autoreset mode is called {name!r}; {near(str(name), modes)}")
    return TaskVectorEnv(task, checked_count("num_envs", num_envs), checked_count("threads", threads), modes[name])
