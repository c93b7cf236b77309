"""Whether a controller and an environment fit together, and the step from one's action to the other's.

Checked once, when a `Loop` is made. Supported are a flat `Box` of observations, and a flat `Box` or a `Discrete`
space of actions; the sizes must be the controller's, and so must the control period, where the environment has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from neurobot.errors import EnvError
from neurobot.spec import ControllerSpec

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.program import Program

PERIOD_TOLERANCE = 1e-6  # relative; float32 periods and 0.002 · 25 are the same time


def check_fit(controller: Controller, env: Any) -> None:
    """Compare spaces, sizes and periods.

    Raises:
        EnvError: they do not fit, with what both have.
    """
    check_spaces(env)
    _check_observations(controller, env.observation_space)
    _check_actions(controller, env.action_space)
    period = env_period(env)
    if period is not None:
        check_period(controller, period)


def check_spaces(env: Any) -> None:
    """Whether the spaces are of the kinds that are supported; EnvError where one is not."""
    from gymnasium.spaces import Box, Discrete

    space = env.observation_space
    if not isinstance(space, Box) or len(space.shape) != 1:
        raise EnvError(f"the observation space is {space}; a flat Box is supported: wrap it in FlattenObservation")
    space = env.action_space
    if not isinstance(space, Discrete) and (not isinstance(space, Box) or len(space.shape) != 1):
        raise EnvError(f"the action space is {space}; a flat Box and Discrete are supported")


def check_period(ours: Controller | Program, period: float) -> None:
    """Compare a control period with an environment's [s]; EnvError with both where they differ."""
    if abs(period - ours.control_period) > PERIOD_TOLERANCE * period:
        raise EnvError(
            f"the controller acts every {ours.control_period:.9g} s ({ours.substeps} substeps of"
            f" {ours.control_period / ours.substeps:.9g} s), the environment every {period:.9g} s; choose substeps and"
            f" dt so that substeps x dt = {period:.9g} s"
        )


def env_period(env: Any) -> float | None:
    """The control period of a Gymnasium environment [s]: its ``dt`` (MuJoCo, Pendulum), ``tau`` (CartPole) or None."""
    for name in ("dt", "tau"):
        period = _positive(getattr(env.unwrapped, name, None))
        if period is not None:
            return period
    return None


def action_cast(space: Any) -> Callable[[Any], Any]:
    """A function from the controller's action to one of a space, in the space's dtype."""
    dtype = space.dtype
    if space.shape == ():
        return dtype.type  # type: ignore[no-any-return]
    if dtype == np.float64:
        return lambda action: action
    if dtype.kind in "iu":  # rounding, since a cast alone would push every action towards zero
        return lambda action: np.rint(action).astype(dtype)
    return lambda action: action.astype(dtype)


def _check_observations(controller: Controller, space: Any) -> None:
    if space.shape[0] != controller.observation_size:
        raise EnvError(
            f"the environment's observation has {space.shape[0]} values, the controller takes"
            f" {controller.observation_size}; this program was made for another environment"
        )


def _check_actions(controller: Controller, space: Any) -> None:
    from gymnasium.spaces import Discrete

    if isinstance(space, Discrete):
        _check_choices(controller, space)
    elif controller.discrete:
        raise EnvError(f"the controller picks one of several actions, but the action space is {space}")
    elif space.shape[0] != controller.action_size:
        raise EnvError(
            f"the environment's action has {space.shape[0]} values, the controller gives {controller.action_size};"
            " this program was made for another environment"
        )


def _check_choices(controller: Controller, space: Any) -> None:
    if not controller.discrete:
        raise EnvError(f"the controller gives {controller.action_size} real numbers, but the action space is {space}")
    choices = cast(ControllerSpec, controller.program.spec).decoder.size
    if int(space.n) != choices or int(space.start) != 0:
        raise EnvError(f"the action space is {space}, the controller picks one of {choices} actions, counted from 0")


def _positive(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    return float(value) if 0 < value < float("inf") else None
