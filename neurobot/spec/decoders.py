"""From spikes to actions, and the limits every action obeys.

A decoder gives u in [-1, 1] for each dimension: 0 is the rest value, 1 the upper limit, -1 the lower,

    action = rest + u (high - rest) where u >= 0,    rest + u (rest - low) elsewhere,

so a silent network acts at rest. Neurons of the decoded population belong to the dimensions in equal,
consecutive groups; with ``push_pull`` the first half of a group pushes up and the second half down.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default
from typing import Literal, TypeAlias, get_args

import numpy as np

from neurobot.spec.check import Problems, Values, normalise

OnHold: TypeAlias = Literal["last", "rest", "damp"]
"""What is sent while there is no valid observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an action may be; in force in training, simulation and on the robot.

    Args:
        low: lower limit, in the actuator's unit; None takes the environment's.
        high: upper limit; None takes the environment's.
        rest: the action of a silent network and of a robot at rest; None is 0, or the nearest limit.
        slew: largest change [unit/s]; None is without bound.
        on_hold: what is sent while there is no valid observation: the ``last`` action, the ``rest``
            value, or ``damp``, which halves the distance to rest every tick; one for all dimensions or one each.
    """

    low: Values | None = None
    high: Values | None = None
    rest: Values | None = None
    slew: Values | None = None
    on_hold: OnHold | tuple[OnHold, ...] = "last"

    def __post_init__(self) -> None:
        names = ("low", "high", "rest", "slew")
        normalise(self, *names)
        if isinstance(self.on_hold, list):
            object.__setattr__(self, "on_hold", tuple(self.on_hold))
        problems = Problems("limits")
        for name in names:
            value = getattr(self, name)
            if value is not None:
                problems.values(name, value, above=0.0 if name == "slew" else None)
        if self.on_hold == ():
            problems.add("on_hold is empty, give one word or one per dimension")
        for how in self.on_hold if isinstance(self.on_hold, tuple) else (self.on_hold,):
            problems.choice("on_hold", how, get_args(OnHold))
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
class FilteredRate:
    """u from the spikes of this tick and of those before, filtered exponentially: a smooth action, late by about tau.

    A trace of every neuron goes on across ticks, x <- a x + (1 - a) s in every step, a = exp(-dt / tau), s = 1 where
    the neuron spikes. That is a first-order low pass, exact for a spike held over its step, with gain 1 for a steady
    rate: then u is that of `Rate`. carry = 0 clears the traces.
    Dayan & Abbott, "Theoretical neuroscience" (2001), section 1.2: causal kernels for rates.

    Args:
        population: name of the population.
        tau: time constant of the filter [s].
        size: number of action dimensions; None takes it from the environment.
        push_pull: u = gain (mean of the first half - mean of the second half), else gain x mean.
        gain: factor on u.
        limits: see `Limits`.
    """

    population: str = "output"
    tau: float = 0.05
    size: int | None = None
    push_pull: bool = True
    gain: float = 1.0
    limits: Limits = default(default_factory=Limits)

    def __post_init__(self) -> None:
        _check_readout(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationVector:
    """u = gain x the mean of preferred values, each counted once per spike of the tick; 0 where all are silent.

    Every neuron of a dimension's group prefers a value: u = gain sum(counts x preferred) / sum(counts). With a
    hidden or output layer as wide as a `Gaussian` field the action is read in the code of the observation.
    Georgopoulos, Schwartz & Kettner, "Neuronal population coding of movement direction", Science 233 (1986), in one
    dimension. (The class `Population` is a population of neurons.)

    Args:
        population: name of the population.
        size: number of action dimensions; None takes it from the environment.
        preferred: value in [-1, 1] of each neuron of a group, the same in all groups; None is evenly spaced from -1 to
            1, ends included.
        gain: factor on u.
        limits: see `Limits`.
    """

    population: str = "output"
    size: int | None = None
    preferred: tuple[float, ...] | None = None
    gain: float = 1.0
    limits: Limits = default(default_factory=Limits)

    def __post_init__(self) -> None:
        normalise(self, "preferred")
        _check_readout(self)

    def values(self, n: int) -> np.ndarray:
        """Preferred values of a group of n neurons, (n,)."""
        return np.linspace(-1, 1, n) if self.preferred is None else np.asarray(self.preferred)

    def problem(self, n: int) -> str:
        """Why n neurons cannot be read, or an empty text."""
        size = self.size or 1
        if self.preferred is not None:
            wanted = size * len(self.preferred)
            return "" if n == wanted else f"it must have {wanted}: {len(self.preferred)} preferred values x {size}"
        if n % size:
            return f"which cannot be split into {size} equal groups"
        return "" if n >= 2 * size else "it must have two or more for each dimension, or preferred values"


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
        _check_choice(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSpike:
    """A discrete action: the group that spikes first in the tick.

    Of groups whose first spikes come in the same step the one with more spikes in that step wins, then the first one.
    Later spikes change nothing, so the action is known within the tick: the state block ``decoder.decided``, (1,),
    holds how many steps of the last tick that took, 0 where the population was silent.
    Thorpe, Delorme & Van Rullen, "Spike-based strategies for rapid processing", Neural Networks 14 (2001).

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
        _check_choice(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highest:
    """A discrete action: the group with the highest membranes at the end of the tick, on average; the first of equals.

    The usual population is LI: each of its neurons adds up what speaks for one action, as an output of a classifier.

    Args:
        population: name of the population.
        size: number of actions; None takes it from the environment.
        rest: the action before the first tick.
        on_hold: what is sent while there is no valid observation.
    """

    population: str = "output"
    size: int | None = None
    rest: int = 0
    on_hold: Literal["last", "rest"] = "last"

    def __post_init__(self) -> None:
        _check_choice(self)


Choice: TypeAlias = WinnerTakeAll | FirstSpike | Highest
"""Decoders whose action is the number of a choice."""
Readout: TypeAlias = Rate | FilteredRate | PopulationVector | Membrane
"""Decoders whose action is a number for each dimension, under `Limits`."""
Decoder: TypeAlias = Readout | Choice


def _check_size(problems: Problems, size: int | None) -> None:
    if size is not None:
        problems.count("size", size)


def _check_choice(decoder: Choice) -> None:
    problems = Problems(type(decoder).__name__)
    _check_size(problems, decoder.size)
    problems.count("rest", decoder.rest, low=0)
    if decoder.size is not None and not problems.found and decoder.rest >= decoder.size:
        problems.add(f"rest is {decoder.rest}, it must be one of the {decoder.size} actions, 0..{decoder.size - 1}")
    problems.choice("on_hold", decoder.on_hold, ("last", "rest"))
    problems.done()


def _check_readout(decoder: Readout) -> None:
    problems = Problems(type(decoder).__name__)
    _check_size(problems, decoder.size)
    problems.number("gain", decoder.gain)
    if isinstance(decoder, Membrane):
        problems.choice("squash", decoder.squash, ("clip", "tanh"))
    if isinstance(decoder, FilteredRate):
        problems.number("tau", decoder.tau, above=0.0)
    if isinstance(decoder, PopulationVector):
        _check_preferred(problems, decoder.preferred)
    if not isinstance(decoder.limits, Limits):
        problems.add(f"limits is {decoder.limits!r}, it must be Limits(...)")
    elif decoder.size is not None:
        for name in ("low", "high", "rest", "slew", "on_hold"):
            value = getattr(decoder.limits, name)
            if isinstance(value, tuple) and len(value) != decoder.size:
                problems.add(f"limits: {name} has {len(value)} values, it must have one or {decoder.size}")
    problems.done()


def _check_preferred(problems: Problems, preferred: tuple[float, ...] | None) -> None:
    if preferred is None:
        return
    if not isinstance(preferred, tuple):
        problems.add(f"preferred is {preferred!r}, it must be a list of numbers, one for each neuron of a group")
    else:
        problems.values("preferred", preferred, low=-1.0, high=1.0)
