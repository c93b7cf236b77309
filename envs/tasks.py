"""Tasks by id."""

from __future__ import annotations

from collections.abc import Sequence

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
from neurobot.envs.perturbation import Perturbation
from neurobot.envs.randomize import Randomize
from neurobot.envs.single import TaskEnv
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
_TASKS: dict[str, Task] = {module.TASK.id: module.TASK for module in MODULES}


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


def make(
    env_id: str,
    *,
    randomize: Randomize | None = None,
    perturb: Sequence[Perturbation] = (),
    render_mode: str | None = None,
) -> TaskEnv:
    """Make one environment that equals gymnasium's.

    Args:
        env_id: one of `vector_ids()`.
        randomize: what differs from episode to episode; None for nothing.
        perturb: what goes wrong in an episode, in the order in which it applies.
        render_mode: "rgb_array" for pictures, where MuJoCo draws the task.

    Raises:
        EnvError: unknown id or render mode, or something to randomise or to perturb that the task does not have.
    """
    return TaskEnv(find_task(env_id), randomize, render_mode, perturb)


def make_vec(
    env_id: str,
    num_envs: int = 1,
    *,
    threads: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    randomize: Randomize | None = None,
    perturb: Sequence[Perturbation] = (),
) -> TaskVectorEnv:
    """Make a batch of environments that equals gymnasium's, instance by instance.

    Args:
        env_id: one of `vector_ids()`.
        num_envs: how many instances.
        threads: threads that step MuJoCo; the numbers do not depend on it.
        autoreset_mode: what happens after an episode's end, see `TaskVectorEnv`; also as gymnasium's word for it
            ("NextStep", "SameStep", "Disabled").
        randomize: what differs from episode to episode; None for nothing.
        perturb: what goes wrong in an episode, in the order in which it applies.

    Raises:
        EnvError: unknown id or mode, a count that is not a whole number of at least 1, or something to randomise or
            to perturb that the task does not have.
    """
    task = find_task(env_id)
    modes = {mode.value: mode for mode in AutoresetMode}
    name = autoreset_mode.value if isinstance(autoreset_mode, AutoresetMode) else autoreset_mode
    if name not in modes:
        raise EnvError(f"no autoreset mode is called {name!r}; {near(str(name), modes)}")
    counts = checked_count("num_envs", num_envs), checked_count("threads", threads)
    return TaskVectorEnv(task, *counts, modes[name], randomize, perturb)
