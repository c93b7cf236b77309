"""Tasks by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode

from neurobot.envs import (
    ant,
    balancer,
    cartpole,
    digits,
    half_cheetah,
    hopper,
    humanoid,
    inverted_double_pendulum,
    inverted_pendulum,
    pendulum,
    pursuit,
    quadrotor,
    reach,
    reacher,
    rover,
    shapes,
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

OWN = "neurobot/"
"""How the ids of this project's own tasks begin."""
MODULE = "neurobot.envs"
"""Where they are made: what stands before a colon in an id that names its module."""
MODULES = (  # a task is one module, whose docstring describes it
    ant,
    balancer,
    cartpole,
    digits,
    half_cheetah,
    hopper,
    humanoid,
    inverted_double_pendulum,
    inverted_pendulum,
    pendulum,
    pursuit,
    quadrotor,
    reach,
    reacher,
    rover,
    shapes,
    swimmer,
    walker2d,
)
_TASKS: dict[str, Task] = {module.TASK.id: module.TASK for module in MODULES}


def vector_ids() -> tuple[str, ...]:
    """The ids `make_vec` knows, sorted."""
    return tuple(sorted(_TASKS))


def register() -> None:
    """Make this project's own tasks known to `gymnasium.make` and `gymnasium.make_vec`."""
    for env_id in _TASKS:
        if env_id.startswith(OWN) and env_id not in gymnasium.registry:
            gymnasium.register(
                id=env_id,
                entry_point=f"{MODULE}:make",
                vector_entry_point=f"{MODULE}:make_vec",
                kwargs={"env_id": env_id},
                # no max_episode_steps: the environment keeps its limit itself, which settings may change
            )


def find_task(env_id: str, settings: Mapping[str, Any] | None = None) -> Task:
    """The task of an id, without making anything.

    Args:
        env_id: one of `vector_ids()`; as everywhere in Gymnasium its module may stand before it, "neurobot.envs:".
        settings: what differs from the task's defaults, by name.

    Raises:
        EnvError: unknown id or setting; the message lists near matches.
    """
    name = str(env_id).removeprefix(f"{MODULE}:")
    if name not in _TASKS:
        raise EnvError(f"no batched task has the id {env_id!r}; {near(name, _TASKS)}")
    return _TASKS[name].configured(settings or {})


def make(
    env_id: str,
    *,
    randomize: Randomize | None = None,
    perturb: Sequence[Perturbation] = (),
    render_mode: str | None = None,
    **settings: Any,
) -> TaskEnv:
    """Make one environment; of a task of gymnasium's one that equals gymnasium's.

    Args:
        env_id: one of `vector_ids()`.
        randomize: what differs from episode to episode; None for nothing.
        perturb: what goes wrong in an episode, in the order in which it applies.
        render_mode: "rgb_array" for pictures, where MuJoCo draws the task.
        settings: of the task, where it has some; `find_task(env_id).settings` shows them.

    Raises:
        EnvError: unknown id, render mode or setting, or something to randomise or to perturb that the task does not
            have.
    """
    return TaskEnv(find_task(env_id, settings), randomize, render_mode, perturb)


def make_vec(
    env_id: str,
    num_envs: int = 1,
    *,
    threads: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    randomize: Randomize | None = None,
    perturb: Sequence[Perturbation] = (),
    **settings: Any,
) -> TaskVectorEnv:
    """Make a batch of environments; of a task of gymnasium's one that equals gymnasium's, instance by instance.

    Args:
        env_id: one of `vector_ids()`.
        num_envs: how many instances.
        threads: threads that step MuJoCo; the numbers do not depend on it.
        autoreset_mode: what happens after an episode's end, see `TaskVectorEnv`; also as gymnasium's word for it
            ("NextStep", "SameStep", "Disabled").
        randomize: what differs from episode to episode; None for nothing.
        perturb: what goes wrong in an episode, in the order in which it applies.
        settings: of the task, where it has some; `find_task(env_id).settings` shows them.

    Raises:
        EnvError: unknown id, mode or setting, a count that is not a whole number of at least 1, or something to
            randomise or to perturb that the task does not have.
    """
    task = find_task(env_id, settings)
    modes = {mode.value: mode for mode in AutoresetMode}
    name = autoreset_mode.value if isinstance(autoreset_mode, AutoresetMode) else autoreset_mode
    if name not in modes:
        raise EnvError(f"no autoreset mode is called {name!r}; {near(str(name), modes)}")
    counts = checked_count("num_envs", num_envs), checked_count("threads", threads)
    return TaskVectorEnv(task, *counts, modes[name], randomize, perturb)
