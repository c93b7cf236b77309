"""An environment for a program whose own is not known: observations drawn from the ranges of its field."""

from __future__ import annotations

from typing import Any, cast, final

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from neurobot.program import Program
from neurobot.spec import ControllerSpec


@final
class DrawnObservations(gymnasium.Env):  # type: ignore[misc]
    """Every tick an observation anew, evenly over the field's range; actions change nothing, and no episode ends.

    Args:
        program: of a `ControllerSpec`.
    """

    def __init__(self, program: Program):
        center, scale = program.param("encoder.center"), program.param("encoder.scale")
        self.observation_space = Box(center - 1 / scale, center + 1 / scale, dtype=np.float64)
        if program.discrete:
            self.action_space = Discrete(cast(ControllerSpec, program.spec).decoder.size or 1)
        else:
            self.action_space = Box(program.param("decoder.low"), program.param("decoder.high"), dtype=np.float64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, Any]:
        """Begin anew; the seed decides on all observations until the next one."""
        super().reset(seed=seed)
        return self._draw(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The next observation; rewards are 0."""
        return self._draw(), 0.0, False, False, {}

    def _draw(self) -> np.ndarray:
        space = self.observation_space
        drawn: np.ndarray = self.np_random.uniform(space.low, space.high)
        return drawn
