"""What a task is: a frozen description, and the simulation it makes.

A `Task` is data: names, spaces, periods and limits, known without loading any physics. `Task.simulate`
makes a `Simulation`, the only thing that changes: n instances in step with each other. Everything that is
the same for all tasks (seeds, time limits, autoreset, info masks) is not here but in vector.py, so that a
new task is one small file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import gymnasium
import numpy as np
import numpy.typing as npt

from neurobot.envs.settings import Settings, changed
from neurobot.errors import EnvError

if TYPE_CHECKING:  # both import mujoco
    from neurobot.envs.model_scaling import ModelScaling
    from neurobot.envs.pictures import Pictures

Array = npt.NDArray[Any]
Info = dict[str, Array]  # each value has shape (num_envs,) or (num_envs, ...)


class StepResult(NamedTuple):
    """What one control step of all instances gave. Rows of instances that were not stepped mean nothing.

    Attributes:
        reward: (num_envs,) float64.
        terminated: (num_envs,) bool, the task's own end of an episode; time limits are not the task's concern.
        info: arrays of leading size num_envs, by the key gymnasium uses.
        errors: message of each instance whose physics broke down, by its index. Its simulation has been put
            back into a state of finite numbers, and must be reset before it is stepped again.
    """

    reward: Array
    terminated: Array
    info: Info
    errors: dict[int, str]


class Simulation(ABC):
    """n instances of one task's physics. The caller has checked ids and actions.

    Attributes:
        CHANGES: names of the attributes that change; a run can be suspended, and go on in another process, from these.
        scaling: gives each instance a model of its own; None where there is no MuJoCo model.
        pictures: takes pictures of the instances; None where nothing draws them.
    """

    CHANGES: ClassVar[tuple[str, ...]]
    scaling: ModelScaling | None = None
    pictures: Pictures | None = None

    @abstractmethod
    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Put instances into fresh initial states.

        Args:
            ids: (k,) sorted int32 indices.
            generators: k generators; instance ids[j] draws from generators[j] what gymnasium's environment
                would draw, in its order, so that consecutive episodes are the same too.
        """

    @abstractmethod
    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one control period.

        Args:
            actions: (num_envs, ...) finite actions, one row for every instance, also for those not stepped.
            ids: (k,) sorted int32 indices of the instances to step; None for all. The others do not change.
        """

    @abstractmethod
    def observe(self) -> Array:
        """Observations of all instances as a new array (num_envs, ...) of the observation space's dtype."""

    @abstractmethod
    def reset_info(self) -> Info:
        """The info gymnasium's `reset` returns, for the present state of all instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task by its id.

    Attributes:
        id: as in gymnasium's registry.
        control_period: time between two actions [s].
        max_episode_steps: the episode is truncated after so many actions.
        observation_space: of one instance.
        action_space: of one instance.
        simulate: `simulate(num_envs, threads)` makes the instances.
        doc: one line for a list of tasks.
        settings: what can be set about the task, as it is set; None where there is nothing.
    """

    id: str
    control_period: float
    max_episode_steps: int
    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    simulate: Callable[[int, int], Simulation]
    doc: str
    settings: Settings | None = None

    def configured(self, changes: Mapping[str, Any]) -> Task:
        """The same task with other settings.

        Raises:
            EnvError: a setting that the task does not have, or a value that it does not take.
        """
        if not changes:
            return self
        if self.settings is None:
            raise EnvError(f"{self.id} has no setting {next(iter(changes))!r}; it has none, so leave it out")
        return changed(self.settings, changes, self.id).task()


def registered_limit(env_id: str) -> int:
    """The time limit that gymnasium's registry gives a task [control steps]."""
    return int(gymnasium.spec(env_id).max_episode_steps)


def rest_of(space: gymnasium.spaces.Box) -> Array:
    """Values of actuators at rest, in a space of actions: 0, or the end of the range that is nearest to it."""
    rest: Array = np.clip(0.0, space.low, space.high)
    return rest
