"""A robot, or what stands for one: the four verbs that a control loop needs, and the names and units behind them.

    connect() ─▶ reset(seed) ─▶ [ get_observation() ─▶ send_action(action) ─▶ outcome() ] ... ─▶ disconnect()

Names and verbs are those of LeRobot (`lerobot.robots.Robot`); numbers come as one array in the order of the features,
since a dictionary of names costs more than the tick itself. Subclass `Robot` for your own; a Gymnasium environment is
one by `neurobot.loop.env_robot.EnvRobot`, which `Loop` does for you.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from neurobot.errors import RobotError, SuspendError


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number of an observation or an action.

    Args:
        unit: in SI, e.g. "rad"; empty for a number without one.
        low: smallest value.
        high: largest value.
    """

    unit: str = ""
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise RobotError(f"a feature goes from {self.low} to {self.high}; low must be less than high")


class Reading(NamedTuple):
    """What the sensors say.

    Attributes:
        values: (n,) in the order of `Robot.observation_features`.
        time: when they were measured, by `time.monotonic` [s]: one for all, or (n,) one each; None is now. A sensor
            that has nothing new gives its last value with the time of that one, and so is known to be stale.
    """

    values: Any
    time: Any = None

    def age(self, now: float) -> float:
        """How old the oldest entry is at a time [s]."""
        return 0.0 if self.time is None else float(now - np.min(self.time))


class Outcome(NamedTuple):
    """What an action came to.

    Attributes:
        reward: finite.
        terminated: the task ended the episode.
        truncated: a time limit ended it.
        fault: why the simulation broke down; empty if it did not.
    """

    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False
    fault: str = ""


GOES_ON = Outcome()


class Robot(ABC):
    """Sensors and actuators with names.

    Attributes:
        observation_features: what an observation holds, by name and in order.
        action_features: what an action holds.
        control_period: time between actions that it was made for [s]; None takes any.
        simulated: whether an episode may end without bringing the actuators to rest.
    """

    observation_features: Mapping[str, Feature]
    action_features: Mapping[str, Feature]
    control_period: float | None = None
    simulated: bool = False

    @abstractmethod
    def connect(self) -> None:
        """Open what has to be opened. RobotError says what is missing and what to do."""

    @abstractmethod
    def get_observation(self) -> Reading:
        """The latest from the sensors, without waiting for the next. RobotError when they are gone."""

    @abstractmethod
    def send_action(self, action: Any) -> Any:
        """Give the actuators their commands.

        Args:
            action: (m,) float64 within the limits, or the number of a choice.

        Returns:
            What was really sent; the same object where nothing was changed.

        Raises:
            RobotError: they are gone.
        """

    @abstractmethod
    def disconnect(self) -> None:
        """Close everything; a second call does nothing."""

    def reset(self, seed: int) -> None:  # noqa: B027 - a robot in the world begins an episode where it is
        """Begin an episode; a simulation goes to an initial state drawn from the seed."""

    def outcome(self) -> Outcome:
        """What the last action came to; by default nothing is earned and nothing ends."""
        return GOES_ON

    @property
    def why_not_suspended(self) -> str:
        """Why its state cannot be taken out; empty if it can: a simulation that has `get_state` and `set_state`."""
        name = type(self).__name__
        if not self.simulated:
            return f"{name} is no simulation, and its world does not stop"
        return "" if type(self).get_state is not Robot.get_state else f"{name} has no get_state and set_state"

    def get_state(self) -> Any:
        """What changes in a simulation, as `neurobot.loop.changes.collect` takes it: numbers, arrays, lists, dicts.

        Raises:
            SuspendError: this robot has none.
        """
        raise SuspendError(f"it cannot be suspended: {self.why_not_suspended}")

    def set_state(self, state: Any) -> None:
        """Go on from a state; called after a reset with the seed of the episode.

        Raises:
            SuspendError: this robot has none.
        """
        raise SuspendError(f"it cannot be suspended: {self.why_not_suspended}")

    @property
    def observation_space(self) -> Any:
        """A flat Gymnasium `Box` of the observation's features."""
        return _box(self.observation_features)

    @property
    def action_space(self) -> Any:
        """A flat Gymnasium `Box` of the action's features."""
        return _box(self.action_features)


def _box(features: Mapping[str, Feature]) -> Any:
    from gymnasium.spaces import Box

    low = np.array([f.low for f in features.values()])
    return Box(low, np.array([f.high for f in features.values()]), dtype=np.float64)
