"""Surrogates: what stands for the derivative of a spike in a gradient, and how steep it is over a training.

With u = v - threshold a spike is H(u), whose derivative is 0 or infinite. Backpropagation takes sigma(u) instead, the
derivative of a smooth step. u is in the unit of v, so a slope fits thresholds near 1; for a network in volts it has to
be as much larger as its voltages are smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from neurobot.kernels import surrogates as kinds
from neurobot.spec.check import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class FastSigmoid:
    """sigma(u) = 1 / (1 + slope |u|)^2, the derivative of u / (1 + slope |u|).

    SuperSpike: Zenke & Ganguli, Neural Computation 30 (2018); snnTorch's ``fast_sigmoid``, Norse's ``superspike``.

    Args:
        slope: how narrow it is [1 / unit of v]; sigma(0) is 1 whatever it is.
    """

    kind: ClassVar[int] = kinds.FAST_SIGMOID
    slope: float = 25.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Atan:
    """sigma(u) = (slope / 2) / (1 + (pi slope u / 2)^2), the derivative of atan(pi slope u / 2) / pi.

    Fang et al., ICCV 2021 (arXiv:2007.05785); ``atan`` of snnTorch and ``ATan`` of SpikingJelly.

    Args:
        slope: how narrow and high it is [1 / unit of v].
    """

    kind: ClassVar[int] = kinds.ATAN
    slope: float = 2.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular:
    """sigma(u) = slope max(0, 1 - slope |u|), whose integral goes from 0 to 1 within |u| < 1 / slope.

    Bellec et al., NeurIPS 2018 (arXiv:1803.09574), there with slope 1 and a factor of 0.3.

    Args:
        slope: how narrow and high it is [1 / unit of v].
    """

    kind: ClassVar[int] = kinds.TRIANGULAR
    slope: float = 1.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangular:
    """sigma(u) = slope where |u| < 1 / (2 slope), else 0; its integral goes from 0 to 1 there.

    Wu et al., Frontiers in Neuroscience 12 (2018); with slope 1 the window of 0.5 of PopSAN (arXiv:2010.09635).

    Args:
        slope: how narrow and high it is [1 / unit of v].
    """

    kind: ClassVar[int] = kinds.RECTANGULAR
    slope: float = 1.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sigmoid:
    """sigma(u) = slope S (1 - S), S = 1 / (1 + exp(-slope u)).

    ``Sigmoid`` of SpikingJelly and ``sigmoid`` of snnTorch. Its exponential makes it the slowest one.

    Args:
        slope: how narrow and high it is [1 / unit of v].
    """

    kind: ClassVar[int] = kinds.SIGMOID
    slope: float = 4.0

    def __post_init__(self) -> None:
        _check(self)


Surrogate: TypeAlias = FastSigmoid | Atan | Triangular | Rectangular | Sigmoid


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A slope that changes over a training: wide at first, when most neurons are far from their thresholds.

    Args:
        first: slope at step 0.
        last: slope from step `steps` on.
        steps: how many steps the change takes.
        curve: ``linear``, or ``exponential``, by the same factor every step.
    """

    first: float
    last: float
    steps: int
    curve: Literal["linear", "exponential"] = "linear"

    def __post_init__(self) -> None:
        problems = Problems("Schedule")
        problems.number("first", self.first, above=0.0)
        problems.number("last", self.last, above=0.0)
        problems.count("steps", self.steps)
        problems.choice("curve", self.curve, ("linear", "exponential"))
        problems.done()

    def at(self, step: int) -> float:
        """The slope of a step."""
        share = min(max(step / self.steps, 0.0), 1.0)
        if self.curve == "linear":
            return self.first + share * (self.last - self.first)
        return float(self.first * (self.last / self.first) ** share)


def _check(surrogate: Surrogate) -> None:
    problems = Problems(type(surrogate).__name__)
    problems.number("slope", surrogate.slope, above=0.0)
    problems.done()
