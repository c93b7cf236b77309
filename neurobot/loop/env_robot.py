"""Every Gymnasium environment is a robot: flat `Box`, `Discrete`, and `Dict` by way of a named flattener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np

from neurobot.errors import EnvError
from neurobot.loop import env_state
from neurobot.loop.fit import action_cast, env_period
from neurobot.loop.robot import Feature, Outcome, Reading, Robot


@final
class EnvRobot(Robot):
    """A `gymnasium.Env` behind the verbs of a robot; `send_action` is its step.

    Observations are flat boxes, or dictionaries of boxes, which become one vector in the order of the space's keys;
    their entries are called ``arm/position[1]``. Actions are flat boxes or `Discrete`. What is used is the
    environment's own; closing it is left to whoever made it.

    Args:
        env: the environment.

    Raises:
        EnvError: a space of another kind.
    """

    simulated = True

    def __init__(self, env: Any):
        self.env = env
        names, self._flat, self._space = _flattener(env.observation_space)
        self.observation_features = dict(zip(names, _features(self._space), strict=True))
        self.action_features = _action_features(env.action_space)
        self.control_period = env_period(env)
        self._cast = action_cast(env.action_space)
        self._observation: Any = None
        self._outcome = Outcome()

    @property
    def observation_space(self) -> Any:
        """The flat space."""
        return self._space

    @property
    def action_space(self) -> Any:
        """The environment's."""
        return self.env.action_space

    def connect(self) -> None:
        """Nothing to open."""

    def reset(self, seed: int) -> None:
        """Begin an episode of this seed."""
        self._observation, _ = self.env.reset(seed=seed)
        self._outcome = Outcome()

    def get_observation(self) -> Reading:
        """What the last step gave; it is as old as the step."""
        return Reading(self._flat(self._observation))

    def send_action(self, action: Any) -> Any:
        """Step the environment."""
        self._observation, reward, terminated, truncated, info = self.env.step(self._cast(action))
        fault = info.get("physics_error")
        words = "" if not fault else fault if isinstance(fault, str) else "the simulation broke down"
        self._outcome = Outcome(float(reward), bool(terminated), bool(truncated), words)
        return action

    def outcome(self) -> Outcome:
        """What the last step gave."""
        return self._outcome

    @property
    def why_not_suspended(self) -> str:
        """Why the environment's state cannot be taken out; see `neurobot.loop.env_state`."""
        return env_state.why_not(self.env)

    def get_state(self) -> dict[str, Any]:
        """The environment's, and what it gave last; EnvError where it is not known."""
        return {"observation": self._observation, "env": env_state.get_state(self.env)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state; errors as `neurobot.loop.env_state.set_state`."""
        env_state.set_state(self.env, state["env"])
        self._observation = state["observation"]

    def disconnect(self) -> None:
        """Nothing to close: the environment belongs to the caller."""


def as_robot(it: Any) -> Robot:
    """A robot as it is, and an environment as a robot."""
    return it if isinstance(it, Robot) else EnvRobot(it)


def _flattener(space: Any) -> tuple[tuple[str, ...], Callable[[Any], Any], Any]:
    """Names of the entries, a function that flattens an observation, and the flat space."""
    from gymnasium.spaces import Box, Dict

    if isinstance(space, Box) and len(space.shape) == 1:
        return tuple(str(k) for k in range(space.shape[0])), lambda observation: observation, space
    if not isinstance(space, Dict):
        raise EnvError(
            f"the observation space is {space}; a flat Box is supported, and a Dict of boxes: wrap it in"
            " FlattenObservation"
        )
    parts = list(_parts(space, ()))
    low = np.concatenate([box.low.reshape(-1) for _, box in parts]).astype(np.float64)
    high = np.concatenate([box.high.reshape(-1) for _, box in parts]).astype(np.float64)
    names = tuple(f"{'/'.join(path)}[{k}]" for path, box in parts for k in range(int(np.prod(box.shape))))
    paths = [path for path, _ in parts]

    def flatten(observation: Any) -> np.ndarray:
        return np.concatenate([np.asarray(_at(observation, path), np.float64).reshape(-1) for path in paths])

    return names, flatten, Box(low, high, dtype=np.float64)


def _parts(space: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The boxes of a Dict with the keys on the way to them, in the space's order."""
    from gymnasium.spaces import Box, Dict

    for key, inner in space.spaces.items():
        here = (*path, str(key))
        if isinstance(inner, Dict):
            yield from _parts(inner, here)
        elif isinstance(inner, Box):
            yield here, inner
        else:
            raise EnvError(f"the observation's {'/'.join(here)} is {inner}; boxes and Dicts of them can be flattened")


def _at(observation: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        observation = observation[key]
    return observation


def _features(space: Any) -> list[Feature]:
    return [_feature(low, high) for low, high in zip(space.low, space.high, strict=True)]


def _action_features(space: Any) -> dict[str, Feature]:
    from gymnasium.spaces import Box, Discrete

    if isinstance(space, Discrete):
        return {"choice": Feature(low=float(space.start), high=float(space.start + max(space.n - 1, 1)))}
    if not isinstance(space, Box) or len(space.shape) != 1:
        raise EnvError(f"the action space is {space}; a flat Box and Discrete are supported")
    return {str(k): feature for k, feature in enumerate(_features(space))}


def _feature(low: Any, high: Any) -> Feature:
    """A feature; a box whose ends are equal has none."""
    return Feature(low=float(low), high=float(high)) if low < high else Feature()
