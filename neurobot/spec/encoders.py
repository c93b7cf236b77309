"""From observation to spikes: a field maps an observation to channel activations, a code maps those to spikes.

A field first maps every dimension to u in [-1, 1] by its range, and clips there.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default
from typing import Any, TypeAlias, get_args

from neurobot.spec.check import Problems, Values, normalise
from neurobot.spec.codes import Code, Current, Delta, Regular


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """u = -1 at low and 1 at high.

    Args:
        low: lower end, in the observation's units; one number or one per dimension.
        high: upper end.
    """

    low: Values
    high: Values

    def __post_init__(self) -> None:
        normalise(self, "low", "high")
        problems = Problems("Bounds")
        problems.values("low", self.low)
        problems.values("high", self.high)
        if not problems.found:
            _check_order(problems, self.low, self.high)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalizer:
    """u = (x - mean) / (std clip), for observations without finite bounds.

    Args:
        clip: how many standard deviations are mapped to u = 1.
        mean: one number or one per dimension; None leaves mean and std to the trainer, which keeps running ones
            and freezes them into the program (0 and 1 until then).
        std: likewise; given together with mean, or not at all.
    """

    clip: float = 3.0
    mean: Values | None = None
    std: Values | None = None

    def __post_init__(self) -> None:
        normalise(self, "clip", "mean", "std")
        problems = Problems("Normalizer")
        problems.number("clip", self.clip, above=0.0)
        if (self.mean is None) != (self.std is None):
            problems.add("mean and std belong together: give both, or neither to leave them to the trainer")
        if self.mean is not None:
            problems.values("mean", self.mean)
        if self.std is not None:
            problems.values("std", self.std, above=0.0)
        problems.done()


Range: TypeAlias = Bounds | Normalizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The observation itself.

    Args:
        range: `Bounds` or `Normalizer`; None takes the bounds of the environment's space.
        push_pull: two channels a dimension, max(u, 0) and max(-u, 0). Without it one channel, u, which
            is signed: for the `Current` code only.
    """

    range: Range | None = None
    push_pull: bool = True

    def channels(self, size: int) -> int:
        """Number of channels for `size` dimensions."""
        return 2 * size if self.push_pull else size


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """Overlapping receptive fields: a = exp(-(u - c)^2 / (2 sigma^2)), the population code of PopSAN.

    Centres c are evenly spaced over [-1, 1], ends included.

    Args:
        range: `Bounds` or `Normalizer`; None takes the bounds of the environment's space.
        per_dim: channels a dimension, at least 2.
        width: sigma, in spacings of the centres.
    """

    range: Range | None = None
    per_dim: int = 8
    width: float = 0.75

    def __post_init__(self) -> None:
        problems = Problems("Gaussian")
        problems.count("per_dim", self.per_dim, low=2)
        problems.number("width", self.width, above=0.0)
        problems.done()

    def channels(self, size: int) -> int:
        """Number of channels for `size` dimensions."""
        return size * self.per_dim


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot:
    """Bins: of the channels of a dimension exactly one is active, a = 1, that of the bin that u lies in.

    Bins are equally wide over [-1, 1]; each holds its lower end, and the last one its upper end too.

    Args:
        range: `Bounds` or `Normalizer`; None takes the bounds of the environment's space.
        per_dim: bins, and channels, a dimension, at least 2.
    """

    range: Range | None = None
    per_dim: int = 8

    def __post_init__(self) -> None:
        problems = Problems("OneHot")
        problems.count("per_dim", self.per_dim, low=2)
        problems.done()

    def channels(self, size: int) -> int:
        """Number of channels for `size` dimensions."""
        return size * self.per_dim


Field: TypeAlias = Direct | Gaussian | OneHot


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Observation -> field -> code -> the spikes of an Input population.

    Args:
        population: name of the Input population, whose neurons are the channels.
        field: `Direct`, `Gaussian` or `OneHot`.
        code: one of those in `neurobot.spec.codes`.
        size: length of the observation; None takes it from the environment's space.
    """

    population: str = "input"
    field: Field = default(default_factory=Direct)
    code: Code = default(default_factory=Regular)
    size: int | None = None

    def __post_init__(self) -> None:
        problems = Problems("encoder")
        if self.size is not None:
            problems.count("size", self.size)
        if not isinstance(self.field, Field):
            problems.add(f"field is {self.field!r}, it must be {_names(Field)}")
        elif not isinstance(self.field.range, Bounds | Normalizer | None):
            problems.add(f"range is {self.field.range!r}, it must be Bounds or Normalizer, or None")
        if not isinstance(self.code, Code):
            problems.add(f"code is {self.code!r}, it must be {_names(Code)}")
        self._check_pair(problems)
        if self.size is not None and not problems.found:
            _check_sizes(problems, self.field.range, self.size)
        problems.done()

    def _check_pair(self, problems: Problems) -> None:
        """Whether the code can carry what the field gives."""
        push_pull = isinstance(self.field, Direct) and self.field.push_pull
        if isinstance(self.code, Delta) and not push_pull:
            problems.add(
                "Delta sends the changes of a dimension through its two channels, which only Direct(push_pull=True) "
                "has; use it, or another code"
            )
        elif isinstance(self.field, Direct) and not push_pull and not isinstance(self.code, Current):
            problems.add(
                "Direct(push_pull=False) gives signed activations, which only the Current code can carry; "
                "use push_pull=True or Current"
            )


def _names(union: Any) -> str:
    *others, last = (cls.__name__ for cls in get_args(union))
    return f"{', '.join(others)} or {last}"


def _check_order(problems: Problems, low: Values, high: Values) -> None:
    lows = low if isinstance(low, tuple) else (low,)
    highs = high if isinstance(high, tuple) else (high,)
    if len(lows) != len(highs) and 1 not in (len(lows), len(highs)):
        problems.add(f"low has {len(lows)} values and high {len(highs)}")
        return
    n = max(len(lows), len(highs))
    pairs = zip(lows * (n // len(lows)), highs * (n // len(highs)), strict=True)
    for j, (a, b) in enumerate(pairs):
        if not a < b:
            problems.add(f"dimension {j}: low is {a:g} and high is {b:g}, low must be below high")


def _check_sizes(problems: Problems, given: Range | None, size: int) -> None:
    for name in ("low", "high", "mean", "std"):
        value = getattr(given, name, None)
        if isinstance(value, tuple) and len(value) != size:
            problems.add(f"range: {name} has {len(value)} values, it must have one or {size}, the observation's size")
