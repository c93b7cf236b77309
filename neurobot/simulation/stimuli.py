"""Stimuli: spikes for Input populations, currents for all others.

A spike at time t belongs to the step that covers it, floor(t / dt).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from neurobot.spec.check import MULTIPLE_TOLERANCE, Problems, Values, as_array, normalise

END = 1 << 40
"""A step that no simulation reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoissonSpikes:
    """Independent spikes, with probability rate x dt in every step.

    Args:
        rate: [Hz], one number or one per neuron.
    """

    rate: Values

    def __post_init__(self) -> None:
        _check_rate(self)

    def rows(self, first: int, last: int, n: int, dt: float, chance: np.random.Generator) -> np.ndarray:
        """Spikes of steps first to last, (last - first, n) bool."""
        return chance.random((last - first, n)) < as_array(self.rate, n) * dt


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularSpikes:
    """Evenly spaced spikes.

    Args:
        rate: [Hz], one number or one per neuron.
        phase: how much of the first interval has passed at the start, in [0, 1); one number or one per neuron.
    """

    rate: Values
    phase: Values = 0.0

    def __post_init__(self) -> None:
        normalise(self, "phase")
        _check_rate(self)
        problems = Problems("RegularSpikes")
        problems.values("phase", self.phase, low=0.0, high=math.nextafter(1.0, 0.0))
        problems.done()

    def rows(self, first: int, last: int, n: int, dt: float, chance: np.random.Generator) -> np.ndarray:
        """Spikes of steps first to last, (last - first, n) bool."""
        ends = np.arange(first, last + 1)[:, None] * (as_array(self.rate, n) * dt) + as_array(self.phase, n)
        done: np.ndarray = np.floor(ends + MULTIPLE_TOLERANCE)
        return done[1:] > done[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulses:
    """Volleys: all neurons of the population spike at each of some times.

    Args:
        times: [s], at least 0.
    """

    times: Values

    def __post_init__(self) -> None:
        normalise(self, "times")
        problems = Problems("Pulses")
        problems.values("times", self.times, low=0.0)
        problems.done()

    def rows(self, first: int, last: int, n: int, dt: float, chance: np.random.Generator) -> np.ndarray:
        """Spikes of steps first to last, (last - first, n) bool."""
        out = np.zeros((last - first, n), bool)
        steps = step_of(np.atleast_1d(np.asarray(self.times)), dt)
        out[steps[(steps >= first) & (steps < last)] - first] = True
        return out


class SpikeTrain:
    """Recorded spikes.

    Args:
        times: (m,) [s], in any order.
        neurons: (m,) which neuron of the population spikes at each.

    Raises:
        SpecError: arrays of different lengths, negative or not finite times, negative neurons.
    """

    __slots__ = ("neurons", "times")

    def __init__(self, times: ArrayLike, neurons: ArrayLike):
        problems = Problems("SpikeTrain")
        try:
            self.times, self.neurons = np.array(times, np.float64), np.array(neurons)
        except (TypeError, ValueError):
            problems.add("times and neurons must be arrays of numbers")
            problems.done()
        if self.times.ndim != 1 or self.times.shape != self.neurons.shape:
            problems.add(
                f"times has shape {self.times.shape} and neurons {self.neurons.shape}; give one of each a spike"
            )
        elif self.times.size:
            if self.neurons.dtype.kind not in "iu" or self.neurons.min() < 0:
                problems.add("neurons must be whole numbers from 0 on")
            if not np.isfinite(self.times).all() or self.times.min() < 0:
                problems.add("times must be finite and at least 0 s")
        problems.done()
        self.neurons = self.neurons.astype(np.int64)

    def problems(self, n: int, dt: float) -> list[str]:
        """What does not fit a population of n neurons and a step of dt [s]."""
        if self.neurons.size and self.neurons.max() >= n:
            return [f"neuron {self.neurons.max()} of the SpikeTrain spikes, the population has 0..{n - 1}"]
        places, times = np.unique(step_of(self.times, dt) * n + self.neurons, return_counts=True)
        if times.max(initial=0) < 2:
            return []
        step, neuron = divmod(int(places[times > 1][0]), n)
        return [
            f"neuron {neuron} of the SpikeTrain spikes {times.max()} times in the step at {step * dt:g} s; a step of "
            f"{dt:g} s holds one spike, give a smaller dt"
        ]

    def rows(self, first: int, last: int, n: int, dt: float, chance: np.random.Generator) -> np.ndarray:
        """Spikes of steps first to last, (last - first, n) bool."""
        steps = step_of(self.times, dt)
        now = (steps >= first) & (steps < last)
        out = np.zeros((last - first, n), bool)
        out[steps[now] - first, self.neurons[now]] = True
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPulse:
    """A current that is added to the bias of a population for a while.

    Args:
        amplitude: in the unit of the bias, one number or one per neuron.
        start: [s].
        stop: [s]; None is the end.
    """

    amplitude: Values
    start: float = 0.0
    stop: float | None = None

    def __post_init__(self) -> None:
        normalise(self, "amplitude", "start", "stop")
        problems = Problems("CurrentPulse")
        problems.values("amplitude", self.amplitude)
        problems.number("start", self.start, low=0.0)
        if self.stop is not None:
            problems.number("stop", self.stop, above=self.start)
        problems.done()

    def steps(self, dt: float) -> tuple[int, int]:
        """The first step with the current, and the first one without it again."""
        first = int(step_of(np.array(self.start), dt))
        return first, END if self.stop is None else int(step_of(np.array(self.stop), dt))


SpikeStimulus: TypeAlias = PoissonSpikes | RegularSpikes | Pulses | SpikeTrain
Stimulus: TypeAlias = SpikeStimulus | CurrentPulse
Given: TypeAlias = Stimulus | np.ndarray | Sequence[Stimulus]
"""What `simulate` takes for a population: a stimulus, several that add up, or an array (steps, n)."""


def step_of(times: np.ndarray, dt: float) -> np.ndarray:
    """The steps that cover some times [s], int64; a time that is a multiple of dt but for rounding counts as one."""
    return np.minimum(np.floor(times / dt + MULTIPLE_TOLERANCE), END).astype(np.int64)


def _check_rate(stimulus: PoissonSpikes | RegularSpikes) -> None:
    normalise(stimulus, "rate")
    problems = Problems(type(stimulus).__name__)
    problems.values("rate", stimulus.rate, low=0.0)
    problems.done()
