"""Codes: channel activations in [0, 1], constant over a control tick, become spikes in its steps.

What they say of a tick, and what each of them costs and carries, is measured in ``docs/codes.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neurobot.spec.check import Problems

MAX_BITS = 24
"""As many as float32 has."""
FINEST = 1e-6
"""The smallest change of u that float32 can tell from its rounding."""
MAX_SPIKES = 100_000
"""As many as a tick has steps, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regular:
    """Evenly spaced spikes: a phase grows by activation x max_rate x dt a step and spikes at 1.

    The phase starts at 1/2, so a constant activation is rounded to the nearest number of spikes, and
    goes on across ticks, so that what one tick leaves out the next one makes up for.

    Args:
        max_rate: rate at activation 1 [Hz]; None is one spike a step.
    """

    max_rate: float | None = None

    def __post_init__(self) -> None:
        _check_rate(self.max_rate, "Regular")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisson:
    """Independent spikes, with probability activation x max_rate x dt a step.

    Args:
        max_rate: rate at activation 1 [Hz]; None is one spike a step.
    """

    max_rate: float | None = None

    def __post_init__(self) -> None:
        _check_rate(self.max_rate, "Poisson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """No spikes: the activation itself, times gain, takes the place of a spike in every step of the tick.

    Args:
        gain: factor on every activation.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("Current")
        problems.number("gain", self.gain)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time to first spike: one spike a tick, the earlier the stronger the activation; none at or below threshold.

    With T steps a tick the spike of activation a comes in step floor(T x), counted from 0, where

        linear       x = (1 - a) / (1 - threshold)
        logarithmic  x = ln(a) / ln(threshold)

    So a step tells a to (1 - threshold) / T, or by the factor threshold^(1 / T); every tick begins anew.
    Linear: Thorpe, Delorme & Van Rullen, "Spike-based strategies for rapid processing", Neural Networks 14 (2001).
    Logarithmic, an exponentially falling threshold: Park et al., "T2FSNN", DAC 2020.

    Args:
        threshold: activation that is too weak for a spike, in [0, 1); above 0 where it is logarithmic.
        curve: ``linear`` or ``logarithmic``.
    """

    threshold: float = 0.01
    curve: Literal["linear", "logarithmic"] = "linear"

    def __post_init__(self) -> None:
        problems = Problems("Latency")
        problems.choice("curve", self.curve, ("linear", "logarithmic"))
        _check_threshold(problems, self.threshold)
        if not problems.found and self.curve == "logarithmic" and not self.threshold:
            problems.add("threshold is 0, whose logarithm is not finite; give one above 0, or curve = 'linear'")
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Send on delta: a spike for every change of the observation by delta, in an ON or an OFF channel.

    A reference starts at u = 0. In every step in which u is at least delta above it the dimension's ON channel spikes
    and the reference rises by delta; OFF, and down, where u is at least delta below. So a large change takes
    several steps, or ticks, delta x (ON spikes - OFF spikes since the episode began) follows u to less than delta, and
    an observation that rests sends nothing. The reference goes on across ticks; carry = 0 puts it back to 0.

    The two channels of a dimension are those of ``Direct(push_pull=True)``, the one field that it goes with.
    Miskowicz, "Send-on-delta concept: an event-based data reporting strategy", Sensors 6 (2006); the pixels of the
    camera of Lichtsteiner, Posch & Delbruck, IEEE J. Solid-State Circuits 43 (2008), but of u, not of its logarithm.

    Args:
        delta: change of u for a spike, 1e-6 to 1; the whole range is from u = -1 to 1.
    """

    delta: float = 0.1

    def __post_init__(self) -> None:
        problems = Problems("Delta")
        problems.number("delta", self.delta, low=FINEST, high=1.0)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The activation as a binary fraction: a spike in the step k of a period stands for 2^-(k + 1).

    The first `bits` bits of a, the most significant one first, all of them 1 for a = 1, are sent again and again. A
    tick begins with a period, and one of fewer steps sends the first bits only. Synapses do not weigh a spike by its
    phase: whoever reads it has to know the step.
    Kim et al., "Deep neural networks with weighted spikes", Neurocomputing 311 (2018).

    Args:
        bits: steps of a period, 1 to 24.
    """

    bits: int = 8

    def __post_init__(self) -> None:
        problems = Problems("Phase")
        problems.count("bits", self.bits)
        if not problems.found and self.bits > MAX_BITS:
            problems.add(f"bits is {self.bits}, it must be at most {MAX_BITS}")
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A burst at the start of every tick: the stronger the activation, the more spikes in the shorter intervals.

    Activation a above threshold gives ceil(max_spikes a) spikes, the first one in the first step, at intervals of
    t_max - (t_max - t_min) a, rounded up to whole steps. Those that the tick has no room for are not sent.
    Guo et al., "Neural coding in spiking neural networks: a comparative study for robust neuromorphic systems",
    Frontiers in Neuroscience 15 (2021); bursts as a signal: Eyherabide et al., "Bursts generate a non-reducible
    spike-pattern code", Frontiers in Neuroscience 3 (2009).

    Args:
        max_spikes: spikes at activation 1.
        t_min: interval at activation 1 [s], a multiple of dt; None is one step.
        t_max: interval at activation 0 [s], likewise; None is the longest with which max_spikes fit into the tick, or
            t_min where that is longer.
        threshold: activation that is too weak for a spike, in [0, 1).
    """

    max_spikes: int = 5
    t_min: float | None = None
    t_max: float | None = None
    threshold: float = 0.01

    def __post_init__(self) -> None:
        problems = Problems("Burst")
        problems.count("max_spikes", self.max_spikes)
        if not problems.found and self.max_spikes > MAX_SPIKES:
            problems.add(f"max_spikes is {self.max_spikes}, it must be at most {MAX_SPIKES}")
        for name in ("t_min", "t_max"):
            if getattr(self, name) is not None:
                problems.number(name, getattr(self, name), above=0.0)
        if not problems.found and self.t_min is not None and self.t_max is not None and self.t_max < self.t_min:
            problems.add(f"t_max is {self.t_max:g} s, it must be at least t_min, {self.t_min:g} s")
        _check_threshold(problems, self.threshold)
        problems.done()

    def intervals(self, dt: float, substeps: int) -> tuple[int, int]:
        """Steps between spikes at activation 1 and 0, for steps of dt [s] and ticks of `substeps` steps."""
        shortest = 1 if self.t_min is None else max(1, round(self.t_min / dt))
        if self.t_max is not None:
            return shortest, max(shortest, round(self.t_max / dt))
        return shortest, max(shortest, (substeps - 1) // max(1, self.max_spikes - 1))


Code: TypeAlias = Regular | Poisson | Current | Latency | Delta | Phase | Burst


def _check_rate(max_rate: float | None, what: str) -> None:
    problems = Problems(what)
    if max_rate is not None:
        problems.number("max_rate", max_rate, above=0.0)
    problems.done()


def _check_threshold(problems: Problems, threshold: float) -> None:
    before = len(problems.found)
    problems.number("threshold", threshold, low=0.0)
    if len(problems.found) == before and not threshold < 1:
        problems.add(f"threshold is {threshold:g}, it must be below 1, the strongest activation")
