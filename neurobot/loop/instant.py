"""A robot that answers at once, so that what is measured is the loop and no simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, final

import numpy as np
import numpy.typing as npt

from neurobot.errors import RobotError
from neurobot.loop.robot import Feature, Outcome, Reading, Robot
from neurobot.spec import ControllerSpec

if TYPE_CHECKING:
    from neurobot.controller import Controller


@final
class Instant(Robot):
    """Gives observations that were made beforehand, over and over, and forgets what it is told.

    Args:
        controller: whose observations and actions it has.
        observations: (n, observation_size), at least one.
        ticks: of an episode.

    Raises:
        RobotError: observations of another shape, or none.
    """

    simulated = True

    def __init__(self, controller: Controller, observations: npt.NDArray[np.float64], ticks: int):
        size = controller.observation_size
        if observations.ndim != 2 or observations.shape[1] != size or not len(observations):
            raise RobotError(
                f"observations have the shape {observations.shape}; give (n, {size}) for this controller, n at least 1"
            )
        self.observation_features = {str(k): Feature() for k in range(size)}
        self.action_features = {str(k): Feature(low=-1, high=1) for k in range(controller.action_size)}
        self._choices = cast(ControllerSpec, controller.program.spec).decoder.size if controller.discrete else None
        self._observations, self._ticks, self._k = observations, ticks, 0

    @property
    def action_space(self) -> Any:
        """As many choices as the controller has, or a `Box` of its numbers."""
        from gymnasium.spaces import Discrete

        return super().action_space if self._choices is None else Discrete(self._choices)

    def connect(self) -> None:
        """Nothing to open."""

    def reset(self, seed: int) -> None:
        """Begin at the first observation."""
        self._k = 0

    def get_observation(self) -> Reading:
        """The next one."""
        return Reading(self._observations[self._k % len(self._observations)])

    def send_action(self, action: Any) -> Any:
        """Count it."""
        self._k += 1
        return action

    def outcome(self) -> Outcome:
        """Time is up after so many ticks."""
        return Outcome(truncated=self._k >= self._ticks)

    def disconnect(self) -> None:
        """Nothing to close."""
