"""A robot of LeRobot's, as a `Robot` of ours: its dictionaries of names become arrays in the order of its features.

LeRobot itself is not imported: whatever has its methods will do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from neurobot.errors import RobotError, near
from neurobot.loop.robot import Feature, Reading, Robot


@final
class LeRobot(Robot):
    """A `lerobot.robots.Robot`.

    Args:
        robot: it, configured and not connected.
        observations: names of the numbers that the controller is given, in order; None gives all of them, and leaves
            out what is no number, such as pictures.
        limits: by name of an action, its low and high end in LeRobot's own unit (degrees, or -100 to 100, as the
            robot's configuration says); without, an action has none but the controller's.
        control_period: time between actions [s]; None takes any.

    Raises:
        RobotError: a name that the robot does not have, or an action that is no number.
    """

    def __init__(
        self,
        robot: Any,
        *,
        observations: Sequence[str] | None = None,
        limits: Mapping[str, tuple[float, float]] | None = None,
        control_period: float | None = None,
    ):
        self._robot = robot
        self.control_period = control_period
        numbers = [name for name, kind in robot.observation_features.items() if _is_number(kind)]
        actions = dict(robot.action_features)
        limits = dict(limits or {})
        _check(observations or (), numbers, "observation")
        _check(limits, actions, "action")
        arrays = [name for name, kind in actions.items() if not _is_number(kind)]
        if arrays:
            raise RobotError(f"the action {arrays[0]!r} is {actions[arrays[0]]}; actions must be numbers")
        self.observation_features = {name: Feature() for name in (numbers if observations is None else observations)}
        ends = {name: limits.get(name, (-math.inf, math.inf)) for name in actions}
        self.action_features = {name: Feature(low=low, high=high) for name, (low, high) in ends.items()}

    def connect(self) -> None:
        """Connect without moving: a robot that is not calibrated is refused, since calibrating asks questions."""
        self._try(self._robot.connect, calibrate=False)
        if not self._robot.is_calibrated:
            self.disconnect()
            raise RobotError(f"{self._robot} is not calibrated; run lerobot-calibrate first")

    def get_observation(self) -> Reading:
        """Read the sensors: LeRobot asks the bus, which takes a few milliseconds."""
        seen = self._try(self._robot.get_observation)
        return Reading(np.array([seen[name] for name in self.observation_features], np.float64))

    def send_action(self, action: Any) -> Any:
        """Send goals; what LeRobot sent instead, by its own limits, is returned."""
        given = dict(zip(self.action_features, np.asarray(action, np.float64).tolist(), strict=True))
        sent = self._try(self._robot.send_action, given)
        made = np.array([sent[name] for name in self.action_features], np.float64)
        return action if np.array_equal(made, action) else made

    def disconnect(self) -> None:
        """Let go of the bus."""
        if self._robot.is_connected:  # a second time LeRobot raises
            self._try(self._robot.disconnect)

    def _try(self, call: Any, *args: Any, **options: Any) -> Any:
        try:
            return call(*args, **options)
        except (OSError, RuntimeError) as error:  # ConnectionError is an OSError
            raise RobotError(f"{self._robot}: {call.__name__} failed: {type(error).__name__}: {error}") from error


def _is_number(kind: Any) -> bool:
    return kind in (float, int, bool)


def _check(given: Sequence[str] | Mapping[str, Any], known: Sequence[str] | Mapping[str, Any], what: str) -> None:
    for name in given:
        if name not in known:
            raise RobotError(f"there is no {what} {name!r} that is a number; {near(name, known)}")
