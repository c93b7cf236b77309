"""Collecting problems while a description is checked, so that all are told at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from neurobot.errors import SpecError, near

Values: TypeAlias = float | tuple[float, ...]
"""One number for all neurons (or dimensions), or one each."""

MULTIPLE_TOLERANCE = 1e-6
"""How far from a whole number of steps a time may be, in steps, for rounding in its decimal form."""


class Problems:
    """Problems of one description; `done` raises them together.

    Args:
        what: the description, as the first words of the message.
    """

    def __init__(self, what: str):
        self.what = what
        self.found: list[str] = []

    def add(self, problem: str) -> None:
        """Note one problem."""
        self.found.append(problem)

    def done(self) -> None:
        """Raise SpecError if anything was noted."""
        if self.found:
            raise SpecError(self.what, self.found)

    def number(
        self, name: str, value: Any, *, above: float | None = None, low: float | None = None, high: float | None = None
    ) -> None:
        """Note a value that is not one finite number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            self.add(f"{name} is {value!r}, it must be a number")
        else:
            self._bounds(name, float(value), above, low, high)

    def values(
        self,
        name: str,
        value: Values,
        *,
        above: float | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Note a value, or an entry of a sequence, that is not a finite number within the bounds."""
        if not isinstance(value, tuple):
            self.number(name, value, above=above, low=low, high=high)
            return
        if not value:
            self.add(f"{name} is empty, give one number or one per neuron")
        for j, entry in enumerate(value):
            before = len(self.found)
            self.number(f"{name}[{j}]", entry, above=above, low=low, high=high)
            if len(self.found) > before:
                return

    def choice(self, name: str, value: Any, allowed: Iterable[str]) -> None:
        """Note a word that is not one of those allowed."""
        allowed = list(allowed)
        if value not in allowed:
            self.add(f"{name} is {value!r}; {near(str(value), allowed)}")

    def count(self, name: str, value: Any, *, low: int = 1) -> None:
        """Note a value that is not a whole number of at least `low`."""
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            self.add(f"{name} is {value!r}, it must be a whole number")
        elif value < low:
            self.add(f"{name} is {value}, it must be at least {low}")

    def seed(self, value: Any) -> None:
        """Note a seed that is not a whole number of 64 bits."""
        self.count("seed", value, low=0)
        if isinstance(value, int) and value >> 64:
            self.add(f"seed is {value}, it must be below 2^64")

    def steps(self, name: str, time: float, dt: float) -> None:
        """Note a time that is not a whole number of steps of dt [s]."""
        if whole_steps(time, dt) is None:
            below, above = math.floor(time / dt) * dt, math.ceil(time / dt) * dt
            self.add(f"{name} is {time:g} s, not a multiple of dt = {dt:g} s; the nearest are {below:g} and {above:g}")

    def _bounds(self, name: str, x: float, above: float | None, low: float | None, high: float | None) -> None:
        if not math.isfinite(x):
            self.add(f"{name} is {x}, it must be finite")
        elif above is not None and not x > above:
            self.add(f"{name} is {x:g}, it must be greater than {above:g}")
        elif low is not None and x < low:
            self.add(f"{name} is {x:g}, it must be at least {low:g}")
        elif high is not None and x > high:
            self.add(f"{name} is {x:g}, it must be at most {high:g}")


def whole_steps(time: float, dt: float) -> int | None:
    """The number of steps of dt [s] in time [s], or None if it is not whole."""
    steps = time / dt
    nearest = round(steps)
    return nearest if abs(steps - nearest) <= MULTIPLE_TOLERANCE * max(1.0, steps) else None


def as_values(value: Any) -> Any:
    """A number as float, a sequence or 1-D array as a tuple of floats; anything else as it is, for `Problems`."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float | np.number):
        return float(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(float(x) if isinstance(x, int | float) and not isinstance(x, bool) else x for x in value)
    return value


def as_array(value: Values, n: int) -> np.ndarray:
    """One number per neuron, (n,) float64."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))


def normalise(spec: Any, *names: str) -> None:
    """Apply `as_values` to fields of a frozen dataclass under construction."""
    for name in names:
        object.__setattr__(spec, name, as_values(getattr(spec, name)))
