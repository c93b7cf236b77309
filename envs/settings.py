"""What can be set about a task: frozen data with a default for everything, and one way to check and to change it.

A field says its default and its bounds, `gain: float = setting(1.0, low=0.0)`. Its kind is that of the default: a
number, a whole number, true or false, a word of a few, a range, or settings of their own, such as a `Sensor`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from neurobot.envs.values import is_number, is_whole
from neurobot.errors import EnvError, near

if TYPE_CHECKING:
    from neurobot.envs.task import Task

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ABC):
    """Of a task. Each task that can be set has a class of its own, whose docstring says what the fields mean."""

    def __post_init__(self) -> None:
        check_fields(self)

    @abstractmethod
    def task(self) -> Task:
        """The task with these settings."""


def setting(default: T, *, low: float = -math.inf, high: float = math.inf, words: Sequence[str] = ()) -> T:
    """A field of settings.

    Args:
        default: its default; decides what kind of value it takes.
        low: least number that is allowed.
        high: largest number that is allowed.
        words: what a text may be.
    """
    value: T = field(default=default, metadata={"low": low, "high": high, "words": tuple(words)})
    return value


def check_fields(data: Any) -> None:
    """Check a dataclass whose fields were made by `setting`, and bring numbers into the type of their default.

    Raises:
        EnvError: a value of the wrong kind or out of bounds.
    """
    for f in fields(data):
        name = f"{type(data).__name__}.{f.name}"
        object.__setattr__(data, f.name, _checked(name, getattr(data, f.name), f.default, f.metadata))


def changed(data: T, changes: Mapping[str, Any], owner: str) -> T:
    """A copy of settings with other values; those of settings inside settings can be given as a table.

    Args:
        data: the settings.
        changes: new values by the fields' names.
        owner: whose settings they are, for messages.

    Raises:
        EnvError: a name that is not known, or a value that is not allowed.
    """
    known = [f.name for f in fields(data)]  # type: ignore[arg-type]
    values = {}
    for name, value in changes.items():
        if name not in known:
            raise EnvError(f"{owner} has no setting {name!r}; {near(str(name), known)}")
        now = getattr(data, name)
        values[name] = changed(now, value, f"{owner}.{name}") if _is_table(now, value) else value
    return replace(data, **values)  # type: ignore[type-var]


def differences(data: Any) -> dict[str, Any]:
    """The settings that are not as their defaults, by name."""
    return {f.name: getattr(data, f.name) for f in fields(data) if getattr(data, f.name) != f.default}


def _is_table(now: object, value: object) -> bool:
    return is_dataclass(now) and isinstance(value, Mapping)


def _checked(name: str, value: Any, default: Any, bounds: Mapping[str, Any]) -> Any:
    if is_dataclass(default):
        if type(value) is not type(default):
            raise EnvError(f"{name} is {value!r}; it must be a {type(default).__name__} or a table of its fields")
        return value
    if isinstance(default, tuple):
        return _checked_tuple(name, value, default, bounds)
    if isinstance(default, str):
        if value not in bounds["words"]:
            raise EnvError(f"{name} is {value!r}; {near(str(value), bounds['words'])}")
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise EnvError(f"{name} is {value!r}; it must be true or false")
        return value
    return _checked_number(name, value, type(default), bounds["low"], bounds["high"])


def _checked_tuple(name: str, value: Any, default: tuple[Any, ...], bounds: Mapping[str, Any]) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != len(default):
        raise EnvError(f"{name} is {value!r}; it must have {len(default)} values, such as {default}")
    each = zip(value, default, strict=True)
    checked = tuple(_checked(f"{name}[{k}]", v, d, bounds) for k, (v, d) in enumerate(each))
    if checked[0] > checked[-1]:
        raise EnvError(f"{name} is {value!r}; it is a range, so the first must not be larger than the second")
    return checked


def _checked_number(name: str, value: Any, kind: type[Any], low: float, high: float) -> Any:
    good, what = (is_whole, "a whole number") if kind is int else (is_number, "a finite number")
    span = "" if low == -math.inf and high == math.inf else f" in [{low:g}, {high:g}]"
    if not good(value) or not low <= value <= high:
        raise EnvError(f"{name} is {value!r}; it must be {what}{span}")
    return kind(value)
