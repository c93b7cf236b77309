"""Specs as plain data: strict both ways, for program headers and launch files.

A class of a union is named by ``type``. Unknown keys are errors with near matches, and so are values of
another kind: 1.5 is no int, and true is no number. Arrays of weights are not data here: they go by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, get_args

import cattrs
from cattrs.errors import ForbiddenExtraKeysError, StructureHandlerNotFoundError

from neurobot.errors import near
from neurobot.spec.check import Values
from neurobot.spec.codes import Code
from neurobot.spec.decoders import Decoder, OnHold
from neurobot.spec.encoders import Field, Range
from neurobot.spec.models import Model
from neurobot.spec.modulators import Modulator
from neurobot.spec.rules import LearningRule
from neurobot.spec.weights import (
    AllToAll,
    Dense,
    FanIn,
    FixedProbability,
    Normal,
    OneToOne,
    Sparse,
    Uniform,
    Weight,
    Weights,
)

T = TypeVar("T")
Rule: Any = AllToAll | OneToOne | FixedProbability
Distribution: Any = Normal | Uniform | FanIn


class Invalid(ValueError):
    """Data that no spec can be made of.

    Attributes:
        problems: one sentence per problem, each with the path of its key.
    """

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems))
        self.problems = problems


def to_data(spec: Any) -> Any:
    """A spec as dicts, lists, numbers and texts, ready for JSON or TOML."""
    return converter().unstructure(spec)


def from_data(data: Any, cls: type[T]) -> T:
    """The spec that `to_data` gave this data for.

    Raises:
        Invalid: unknown keys, missing ones, values of the wrong kind or out of range; all of them.
    """
    if not isinstance(data, dict):
        raise Invalid([f"is {data!r}, it must be a table"])
    try:
        return converter().structure(data, cls)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError, StructureHandlerNotFoundError) as error:
        raise Invalid([_place(p) for p in cattrs.transform_error(error, format_exception=_say)]) from error


@cache
def converter() -> cattrs.Converter:
    """The one converter; `neurobot.config` adds the launch file's classes to it by using it."""
    c = cattrs.Converter(forbid_extra_keys=True)
    for kind, words in ((int, "a whole number"), (bool, "true or false"), (str, "a text")):
        c.register_structure_hook(kind, _strict(kind, words))
    c.register_structure_hook(float, _number)
    c.register_structure_hook_func(lambda t: t in (Values, Values | None), lambda x, t: _values(x, t is not Values))
    c.register_structure_hook_func(lambda t: getattr(t, "__origin__", None) is Literal, _word)
    c.register_structure_hook_func(
        lambda t: t == OnHold | tuple[OnHold, ...],
        lambda x, _: tuple(_word(y, OnHold) for y in x) if isinstance(x, list | tuple) else _word(x, OnHold),
    )
    for union in (Model, Field, Code, Range, Decoder, Rule, Distribution, LearningRule, Modulator):
        register_union(c, union)
    c.register_structure_hook_func(
        lambda t: t == Weights, lambda x, _: x if isinstance(x, str) else c.structure(x, Rule)
    )
    c.register_structure_hook_func(
        lambda t: t == Weight, lambda x, _: c.structure(x, Distribution) if isinstance(x, dict) else _number(x)
    )
    for given in (Dense, Sparse):
        c.register_unstructure_hook(given, _refuse_array)
    return c


def register_union(c: cattrs.Converter, union: Any) -> None:
    """Read a union of dataclasses by the name in ``type``, and write that name."""
    classes = {cls.__name__: cls for cls in get_args(union)}

    def structure(data: Any, _: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"is {data!r}, it must be a table with a type: {', '.join(classes)}")
        name = data.get("type")
        if name not in classes:
            given = "has no type" if name is None else f"has the unknown type {name!r}"
            raise ValueError(f"{given}; {near(str(name), classes)}")
        return c.structure({k: v for k, v in data.items() if k != "type"}, classes[name])

    c.register_structure_hook_func(lambda t: t == union, structure)
    c.register_structure_hook_func(
        lambda t: isinstance(t, UnionType) and t == union | None, lambda x, t: None if x is None else structure(x, t)
    )
    for name, cls in classes.items():
        _write_type(c, name, cls)


def _write_type(c: cattrs.Converter, name: str, cls: Any) -> None:
    def unstructure(spec: Any) -> dict[str, Any]:
        return {"type": name} | {f.name: c.unstructure(getattr(spec, f.name)) for f in dataclasses.fields(cls)}

    c.register_unstructure_hook(cls, unstructure)


def _strict(kind: type, words: str) -> Callable[[Any, Any], Any]:
    def structure(x: Any, _: Any) -> Any:
        if type(x) is not kind:
            raise ValueError(f"is {x!r}, it must be {words}")
        return x

    return structure


def _number(x: Any, _: Any = None) -> float:
    if type(x) not in (int, float):
        raise ValueError(f"is {x!r}, it must be a number")
    return float(x)


def _values(x: Any, optional: bool) -> Values | None:
    if x is None and optional:
        return None
    return tuple(_number(y) for y in x) if isinstance(x, list | tuple) else _number(x)


def _word(x: Any, kind: Any) -> Any:
    if x not in get_args(kind):
        raise ValueError(f"is {x!r}; {near(str(x), map(str, get_args(kind)))}")
    return x


def _refuse_array(array: Dense | Sparse) -> Any:
    raise TypeError(f"{array!r} is an array, not data; name it and give the array to build")


def _say(error: BaseException, kind: Any) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        known = [f.name for f in dataclasses.fields(error.cl)]
        return "; ".join(f"unknown key {key!r}, {near(key, known)}" for key in sorted(map(str, error.extra_fields)))
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is missing"
    if isinstance(error, AttributeError | TypeError):
        return "is no table, or no list, of what belongs here"
    return str(error)


def _place(problem: str) -> str:
    """'message @ $.path' of cattrs as 'path: message'."""
    message, _, path = problem.rpartition(" @ ")
    place = path.removeprefix("$").removeprefix(".")
    return f"{place}: {message}" if place else message
