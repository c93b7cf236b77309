"""What the weights of a projection are: an array, a name, or a rule that draws them.

Weights are ``[post, pre]``. Rules are drawn by `neurobot.program.build` from its seed, each projection
from a stream of its own by its position, so that adding one at the end leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from neurobot.errors import SpecError
from neurobot.spec.check import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """Normally distributed weights."""

    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("Normal")
        problems.number("mean", self.mean)
        problems.number("std", self.std, low=0.0)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """Weights uniform in [low, high)."""

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("Uniform")
        problems.number("low", self.low)
        problems.number("high", self.high)
        if not problems.found and self.low > self.high:
            problems.add(f"low is {self.low:g}, above high = {self.high:g}")
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class FanIn:
    """Normal weights with std = gain / sqrt(number of presynaptic neurons)."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("FanIn")
        problems.number("gain", self.gain, low=0.0)
        problems.done()


Weight: TypeAlias = float | Normal | Uniform | FanIn


@dataclass(frozen=True, slots=True, kw_only=True)
class AllToAll:
    """Every presynaptic neuron to every postsynaptic one.

    Args:
        weight: a number or a distribution.
        self: whether a neuron of a population that projects to itself also reaches itself.
    """

    weight: Weight = 1.0
    self: bool = True

    def __post_init__(self) -> None:
        problems = Problems("AllToAll")
        _check_weight(problems, self.weight)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneToOne:
    """Neuron j to neuron j; both populations have the same size."""

    weight: Weight = 1.0

    def __post_init__(self) -> None:
        problems = Problems("OneToOne")
        _check_weight(problems, self.weight)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedProbability:
    """Each synapse exists with probability p, independently.

    Args:
        p: probability in [0, 1].
        weight: a number or a distribution.
        self: whether a neuron of a population that projects to itself may reach itself.
    """

    p: float
    weight: Weight = 1.0
    self: bool = True

    def __post_init__(self) -> None:
        problems = Problems("FixedProbability")
        problems.number("p", self.p, low=0.0, high=1.0)
        _check_weight(problems, self.weight)
        problems.done()


class Dense:
    """Weights given as an array.

    Args:
        values: (n_post, n_pre), finite.
        delays: (n_post, n_pre) delays [s], or None where the projection's delay holds for all.
    """

    __slots__ = ("delays", "values")

    def __init__(self, values: ArrayLike, delays: ArrayLike | None = None):
        self.values = _frozen("Dense", values, np.float64)
        self.delays = None if delays is None else _frozen("Dense", delays, np.float64)
        problems = Problems("Dense")
        if self.values.ndim != 2:
            problems.add(f"the weights have {self.values.ndim} dimensions, they must be (n_post, n_pre)")
        elif not np.isfinite(self.values).all():
            post, pre = np.argwhere(~np.isfinite(self.values))[0]
            problems.add(f"the weight [post {post}, pre {pre}] is {self.values[post, pre]}, it must be finite")
        if self.delays is not None and self.delays.shape != self.values.shape:
            problems.add(f"delays has shape {self.delays.shape}, it must be that of the weights, {self.values.shape}")
        problems.done()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dense) and _same(self, other, "values", "delays")

    def __hash__(self) -> int:
        return hash(self.values.shape)

    def __repr__(self) -> str:
        return f"Dense({self.values.shape[0]} x {self.values.shape[1]})"


class Sparse:
    """Weights given as a list of synapses; one pair may have several.

    Args:
        post: (n,) postsynaptic indices.
        pre: (n,) presynaptic indices.
        values: (n,) weights, finite.
        delays: (n,) delays [s], or None where the projection's delay holds for all.
    """

    __slots__ = ("delays", "post", "pre", "values")

    def __init__(self, post: ArrayLike, pre: ArrayLike, values: ArrayLike, delays: ArrayLike | None = None):
        self.post, self.pre = _frozen("Sparse", post, np.int64), _frozen("Sparse", pre, np.int64)
        self.values = _frozen("Sparse", values, np.float64)
        self.delays = None if delays is None else _frozen("Sparse", delays, np.float64)
        problems = Problems("Sparse")
        arrays = {"post": self.post, "pre": self.pre, "values": self.values}
        if self.delays is not None:
            arrays["delays"] = self.delays
        shapes = {name: a.shape for name, a in arrays.items()}
        if len(set(shapes.values())) != 1 or self.post.ndim != 1:
            problems.add(f"the arrays must have one length, they have shapes {shapes}")
        elif not np.isfinite(self.values).all():
            bad = int(np.flatnonzero(~np.isfinite(self.values))[0])
            problems.add(f"values[{bad}] is {self.values[bad]}, it must be finite")
        problems.done()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sparse) and _same(self, other, "post", "pre", "values", "delays")

    def __hash__(self) -> int:
        return hash(self.values.shape)

    def __repr__(self) -> str:
        return f"Sparse({self.values.size} synapses)"


Weights: TypeAlias = str | Dense | Sparse | AllToAll | OneToOne | FixedProbability
"""A string names an array that is given to `build`, or that a program file holds."""


def _check_weight(problems: Problems, weight: Weight) -> None:
    if not isinstance(weight, Normal | Uniform | FanIn):
        problems.number("weight", weight)


def _frozen(what: str, values: ArrayLike, dtype: type) -> np.ndarray:
    """A copy that cannot be written; SpecError for what is no array of numbers of this kind."""
    try:
        array = np.array(values)
    except ValueError:
        raise SpecError(what, ["rows of different lengths make no array"]) from None
    if array.size and array.dtype.kind not in ("iu" if dtype is np.int64 else "fiub"):
        words = "whole numbers" if dtype is np.int64 else "real numbers"
        raise SpecError(what, [f"an array of dtype {array.dtype} is given, it must hold {words}"])
    array = np.array(array, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


def _same(a: Dense | Sparse, b: Dense | Sparse, *names: str) -> bool:
    pairs = [(getattr(a, name), getattr(b, name)) for name in names]
    return all((x is None) == (y is None) and (x is None or np.array_equal(x, y)) for x, y in pairs)
