"""A calibration run: what a program observes in its environment, in floating point."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurobot.config import MAX_SEED
from neurobot.controller import Controller
from neurobot.loop.env_robot import as_robot
from neurobot.program import Program

EPISODES = 2
MOST_TICKS = 1000
"""Of an episode."""
FIRST_SEED = 1_000_000
"""Episodes of calibration begin this many seeds after those that are run: none is judged on what it was fitted to."""


class Calibration(NamedTuple):
    """What was seen.

    Attributes:
        episodes: observations, (ticks, n_obs) each.
        reward: the largest size of one; 0 where there was none.
    """

    episodes: list[np.ndarray]
    reward: float


def calibrate(
    program: Program, env: Any, *, episodes: int = EPISODES, seed: int = 0, most_ticks: int = MOST_TICKS
) -> Calibration:
    """Run some episodes, without learning.

    Args:
        program: of a controller; it runs in float32.
        env: a Gymnasium environment, or a robot in simulation; the caller closes it.
        episodes: how many; those of `FIRST_SEED` + seed, and on.
        seed: see above.
        most_ticks: of an episode.

    Raises:
        EnvError: they do not fit each other.
        ObservationError, ActionError: as `Controller.step`.
    """
    from neurobot.loop.fit import check_fit

    robot, controller = as_robot(env), Controller(program)
    check_fit(controller, robot)
    out, reward = [], 0.0
    for k in range(episodes):
        episode = (FIRST_SEED + seed + k) & MAX_SEED
        robot.reset(episode)
        controller.reset(episode)
        seen: list[np.ndarray] = []
        while len(seen) < most_ticks:
            seen.append(np.array(robot.get_observation().values, np.float64))
            robot.send_action(controller.step(seen[-1]))
            outcome = robot.outcome()
            reward = max(reward, abs(outcome.reward))
            if outcome.terminated or outcome.truncated or outcome.fault:
                break
        out.append(np.array(seen))
    return Calibration(out, reward)
