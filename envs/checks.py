"""Checks of what a caller passes to a vector environment: actions, seeds, reset masks.

Done once at the boundary, before anything changes; what passes is trusted inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete, Space

from neurobot.envs.task import Array
from neurobot.envs.values import is_whole
from neurobot.errors import EnvError, near

MAX_ACTION = 1e10  # mjMAXVAL: MuJoCo takes a larger control as a bad one and sets all controls to zero


def checked_count(name: str, value: object) -> int:
    """A whole number of at least 1, or EnvError."""
    if not is_whole(value) or value < 1:
        raise EnvError(f"{name} is {value!r}; it must be a whole number of at least 1")
    return int(value)


def checked_actions(actions: object, space: Space[Any], num_envs: int) -> Array:
    """Actions as an array of num_envs rows.

    float32 and float64 keep their type, because gymnasium computes the action's cost in it; integers become float64.
    Numbers come back C-contiguous, so that a sum over a row adds in the same order as over a single action.

    Raises:
        EnvError: wrong shape or type, or (naming the environment) an action that is not finite or not in the space.
    """
    try:
        given = np.asarray(actions)
    except ValueError as error:
        raise EnvError(f"actions cannot be made into one array: {error}") from None
    shape = (num_envs, *(space.shape or ()))
    if given.shape != shape:
        raise EnvError(f"actions have shape {given.shape}; {num_envs} environments need shape {shape}")
    return _checked_choices(given, space) if isinstance(space, Discrete) else _checked_numbers(given)


def checked_action(action: object, space: Space[Any]) -> Array:
    """The action of a single environment as one row; otherwise as `checked_actions`."""
    try:
        given = np.asarray(action)
    except ValueError as error:
        raise EnvError(f"the action cannot be made into an array: {error}") from None
    if given.shape != (space.shape or ()):
        raise EnvError(f"the action has shape {given.shape}; it must have shape {space.shape or ()}")
    return checked_actions(given[None], space, 1)


def _checked_numbers(given: Array) -> Array:
    if given.dtype != np.float32 and given.dtype != np.float64:
        if given.dtype.kind not in "iuf":
            raise EnvError(f"actions have dtype {given.dtype}; give float32 or float64")
        given = given.astype(np.float64)
    if not np.abs(given).max() <= MAX_ACTION:  # also false for NaN
        bad = np.flatnonzero(~(np.abs(given) <= MAX_ACTION).all(axis=1))
        raise EnvError(
            f"the action of environment {bad[0]} is {given[bad[0]].tolist()}; every number must be finite and at most"
            f" {MAX_ACTION:g} in size. Nothing was stepped"
        )
    return np.ascontiguousarray(given)


def _checked_choices(given: Array, space: Discrete) -> Array:
    if given.dtype.kind not in "iu":
        raise EnvError(f"actions have dtype {given.dtype}; give integers")
    low, high = int(space.start), int(space.start + space.n - 1)
    bad = np.flatnonzero((given < low) | (given > high))
    if bad.size:
        raise EnvError(
            f"the action of environment {bad[0]} is {given[bad[0]]}; it must be from {low} to {high}."
            " Nothing was stepped"
        )
    return given


def checked_seeds(seed: Any, num_envs: int) -> list[int | None]:
    """One seed for each environment: seed + i of an int, each of a sequence, or None for no new seed."""
    if seed is None:
        return [None] * num_envs
    if is_whole(seed):
        return _not_negative([int(seed) + i for i in range(num_envs)])
    if not isinstance(seed, Sequence | np.ndarray) or isinstance(seed, str):
        raise EnvError(f"seed is {seed!r}; give an int, a list of {num_envs} ints or None, or None")
    if len(seed) != num_envs:
        raise EnvError(f"seed has {len(seed)} entries; {num_envs} environments need {num_envs}")
    wrong = [s for s in seed if s is not None and not is_whole(s)]
    if wrong:
        raise EnvError(f"seed has the entry {wrong[0]!r}; each must be an int or None")
    return _not_negative([None if s is None else int(s) for s in seed])


def _not_negative(seeds: list[int | None]) -> list[int | None]:
    wrong = [s for s in seeds if s is not None and s < 0]
    if wrong:
        raise EnvError(f"seed {wrong[0]} is negative; seeds start at 0")
    return seeds


def checked_reset_mask(options: object, num_envs: int) -> Array | None:
    """The boolean mask in the options of a reset, or None for all environments."""
    if options is None:
        return None
    if not isinstance(options, dict):
        raise EnvError(f"options is {options!r}; give None or a dict such as {{'reset_mask': mask}}")
    for name in options:
        if name != "reset_mask":
            raise EnvError(f"unknown reset option {name!r}; {near(str(name), ['reset_mask'])}")
    mask = options.get("reset_mask")
    if mask is None:
        return None
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (num_envs,):
        what = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else repr(mask)
        raise EnvError(f"reset_mask is {what}; it must be a NumPy array of bool of shape ({num_envs},)")
    if not mask.any():
        raise EnvError("reset_mask selects no environment; at least one entry must be True")
    return mask.copy()
