"""From spikes to actions, and the limits every action obeys.

A decoder gives u in [-1, 1] for each dimension: 0 is the rest value, 1 the upper limit, -1 the lower,

    action = rest + u (high - rest) where u >= 0,    rest + u (rest - low) elsewhere,

so a silent network acts at rest. Neurons of the decoded population belong to the dimensions in equal,
consecutive groups; with ``push_pull`` the first half of a group pushes up and the second half down.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default
from typing import Literal, TypeAlias

from neurobot.spec.check import Problems, Values, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an action may be; in force in training, simulation and on the robot.

    Args:
        low: lower limit, in the actuator's unit; None takes the environment's.
        high: upper limit; None takes the environment's.
        rest: the action of a silent network and of a robot at rest; None is 0, or the nearest limit.
        slew: largest change [unit/s]; None is without bound.
        on_hold: what is sent while there is no valid observation: the ``last`` action, the ``rest``
            value, or ``damp``, which halves the distance to rest every tick.
    """

    low: Values | None = None
    high: Values | None = None
    rest: Values | None = None
    slew: Values | None = None
    on_hold: Literal["last", "rest", "damp"] = "last"

    def __post_init__(self) -> None:
        names = ("low", "high", "rest", "slew")
        normalise(self, *names)
        problems = Problems("limits")
        for name in names:
            value = getattr(self, name)
            if value is not None:
                problems.values(name, value, above=0.0 if name == "slew" else None)
        problems.choice("on_hold", self.on_hold, ("last", "rest", "damp"))
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """u from the share of steps of the tick in which the neurons spiked.

    Args:
        population: name of the population.
        size: number of action dimensions; None takes it from the environment.
        push_pull: u = gain (mean of the first half - mean of the second half), else gain x mean.
        gain: factor on u.
        limits: see `Limits`.
    """

    population: str = "output"
    size: int | None = None
    push_pull: bool = True
    gain: float = 1.0
    limits: Limits = default(default_factory=Limits)

    def __post_init__(self) -> None:
        _check_readout(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membrane:
    """u from the membranes at the end of the tick, minus v_leak; the usual population is LI.

    Args:
        population: name of the population.
        size: number of action dimensions; None takes it from the environment.
        push_pull: u = gain (mean of the first half - mean of the second half), else gain x mean.
        gain: factor on u.
        squash: ``clip`` or ``tanh``.
        limits: see `Limits`.
    """

    population: str = "output"
    size: int | None = None
    push_pull: bool = False
    gain: float = 1.0
    squash: Literal["clip", "tanh"] = "clip"
    limits: Limits = default(default_factory=Limits)

    def __post_init__(self) -> None:
        _check_readout(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WinnerTakeAll:
    """A discrete action: the group that spiked most in the tick; the first one of equals.

    Args:
        population: name of the population.
        size: number of actions; None takes it from the environment.
        rest: the action of a silent network.
        on_hold: what is sent while there is no valid observation.
    """

    population: str = "output"
    size: int | None = None
    rest: int = 0
    on_hold: Literal["last", "rest"] = "last"

    def __post_init__(self) -> None:
        problems = Problems("WinnerTakeAll")
        _check_size(problems, self.size)
        problems.count("rest", self.rest, low=0)
        if self.size is not None and not problems.found and self.rest >= self.size:
            problems.add(f"rest is {self.rest}, it must be one of the {self.size} actions, 0..{self.size - 1}")
        problems.choice("on_hold", self.on_hold, ("last", "rest"))
        problems.done()


Decoder: TypeAlias = Rate | Membrane | WinnerTakeAll


def _check_size(problems: Problems, size: int | None) -> None:
    if size is not None:
        problems.count("size", size)


def _check_readout(decoder: Rate | Membrane) -> None:
    problems = Problems(type(decoder).__name__)
    _check_size(problems, decoder.size)
    problems.number("gain", decoder.gain)
    if isinstance(decoder, Membrane):
        problems.choice("squash", decoder.squash, ("clip", "tanh"))
    if not isinstance(decoder.limits, Limits):
        problems.add(f"limits is {decoder.limits!r}, it must be Limits(...)")
    elif decoder.size is not None:
        for name in ("low", "high", "rest", "slew"):
            value = getattr(decoder.limits, name)
            if isinstance(value, tuple) and len(value) != decoder.size:
                problems.add(f"limits: {name} has {len(value)} values, it must have one or {decoder.size}")
    problems.done()
