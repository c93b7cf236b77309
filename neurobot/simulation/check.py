"""What `simulate` is asked for, checked against the network, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

import numpy as np

from neurobot.core.learning import takes_reward
from neurobot.errors import near
from neurobot.program import Program
from neurobot.simulation.stimuli import CurrentPulse, Given, Pulses, SpikeStimulus, SpikeTrain, Stimulus, step_of
from neurobot.spec.check import MULTIPLE_TOLERANCE, Problems
from neurobot.spec.network import Population
from neurobot.spec.neurons import Input

Record: TypeAlias = Iterable[str] | Mapping[str, Sequence[int] | np.ndarray | None]
"""Variables to trace, or a mapping from those to some neurons: numbers, a mask, or None for all."""
Rewards: TypeAlias = Sequence[float] | np.ndarray | Callable[[int, Mapping[str, np.ndarray]], float]
"""A number for each step, or a function of the step and of the neurons that spiked in the step before."""
Listed: TypeAlias = list[Stimulus | np.ndarray]
LEARNING = ("w", "x", "y", "x_slow", "y_slow", "mean", "rate", "level")
"""What can be traced of a projection that learns."""


def check_record(problems: Problems, program: Program, record: Record) -> dict[str, np.ndarray]:
    """The neurons to trace, by variable; problems are noted."""
    sizes = {name: p.n for p in program.network.populations for name in _variables(program, p)}
    sizes |= {name: program.blocks["state"][name].words().size for name in _learning(program)}
    chosen = {}
    for name in [record] if isinstance(record, str) else record:
        if name not in sizes:
            problems.add(f"record: there is no variable {name!r}; {near(str(name), sizes)}")
            continue
        given = record[name] if isinstance(record, Mapping) else None
        neurons = _neurons(given, sizes[name])
        if neurons is None:
            problems.add(
                f"record: {name!r} is asked of neurons {given!r:.60}; give numbers in 0..{sizes[name] - 1}, or a mask "
                f"of {sizes[name]}"
            )
        else:
            chosen[name] = neurons
    return chosen


def _variables(program: Program, p: Population) -> list[str]:
    blocks = program.blocks["state"].items()
    return [n for n, b in blocks if n.startswith(f"{p.name}.") and b.shape == (p.n,) and not b.integer]


def _learning(program: Program) -> list[str]:
    """Weights, traces and slow estimates of the projections that learn."""
    names = [f"{q.name}.{part}" for q in program.plastic for part in LEARNING]
    return [name for name in names if name in program.blocks["state"]]


def check_reward(problems: Problems, program: Program, reward: Rewards | None, steps: int) -> None:
    """Note a reward that nothing takes, or of another shape."""
    if reward is None:
        return
    if not takes_reward(program):
        problems.add("a reward is given, but no rule takes one: Projection(..., rule=RewardSTDP())")
    if callable(reward):
        return
    try:
        given = np.asarray(reward)
    except ValueError:
        given = np.zeros(0, object)
    if given.shape != (steps,) or given.dtype.kind not in "biuf":
        problems.add(
            f"reward is {given.shape} {given.dtype}, it must be numbers (steps,) = ({steps},), or a function of the "
            "step and of the spikes of the step before"
        )
    elif not np.isfinite(given).all():
        problems.add("reward has entries that are not finite")


def _neurons(given: Any, n: int) -> np.ndarray | None:
    """Numbers of neurons, (m,); None where they make no sense."""
    if given is None:
        return np.arange(n)
    try:
        asked = np.atleast_1d(np.asarray(given))
    except ValueError:
        return None
    if asked.dtype == bool and asked.shape == (n,):
        return np.flatnonzero(asked)
    if asked.ndim != 1 or (asked.size and asked.dtype.kind not in "iu"):
        return None
    return asked.astype(np.int64) if not asked.size or 0 <= asked.min() <= asked.max() < n else None


def check_inputs(problems: Problems, program: Program, inputs: Mapping[str, Given], steps: int) -> dict[str, Listed]:
    """The stimuli of every population that has some, as lists; problems are noted."""
    if not isinstance(inputs, Mapping):
        problems.add(f"inputs is a {type(inputs).__name__}, it must be a mapping from populations to stimuli")
        return {}
    listed = {}
    for name, given in inputs.items():
        if name in program.network.names:
            listed[name] = _Check(problems, program, program.network.population(name), steps).stimuli(given)
        else:
            problems.add(f"inputs: there is no population {name!r}; {near(str(name), program.network.names)}")
    return listed


class _Check:
    """The stimuli of one population."""

    def __init__(self, problems: Problems, program: Program, p: Population, steps: int):
        self.problems, self.p, self.steps, self.dt = problems, p, steps, program.network.dt
        self.spikes = isinstance(p.model, Input)
        if not self.spikes and f"{p.name}.b" not in program.blocks["params"]:
            problems.add(f"inputs: a current is added to a parameter 'b', and the neuron of {p.name!r} has none")

    def stimuli(self, given: Given) -> Listed:
        """Stimuli as a list."""
        listed: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
        kinds, words = (get_args(SpikeStimulus), "spikes") if self.spikes else ((CurrentPulse,), "currents")
        for stimulus in listed:
            if isinstance(stimulus, np.ndarray):
                self._array(stimulus)
            elif not isinstance(stimulus, kinds):
                self.problems.add(
                    f"inputs: {self.p.name!r} is {type(self.p.model).__name__} and takes {words}, given "
                    f"{stimulus!r:.60}; give a NumPy array (steps, n) or {', '.join(kind.__name__ for kind in kinds)}, "
                    "or several of these in a list"
                )
                break
            else:
                self._numbers(stimulus)
                self._times(stimulus)
        return listed

    def _array(self, array: np.ndarray) -> None:
        wanted, name = (self.steps, self.p.n), self.p.name
        if array.shape != wanted or array.dtype.kind not in "biuf":
            given = f"{array.shape} {array.dtype}"
            self.problems.add(f"inputs: the array for {name!r} is {given}, it must be numbers (steps, n) = {wanted}")
        elif not np.isfinite(array).all():
            self.problems.add(f"inputs: the array for {name!r} has entries that are not finite")

    def _numbers(self, stimulus: Stimulus) -> None:
        name, n = self.p.name, self.p.n
        for part in ("rate", "phase", "amplitude"):
            value = getattr(stimulus, part, 0.0)
            if isinstance(value, tuple) and len(value) != n:
                self.problems.add(f"inputs: {part} for {name!r} has {len(value)} values, it must have one or {n}")
            elif part == "rate" and max(np.atleast_1d(value)) * self.dt > 1 + MULTIPLE_TOLERANCE:
                most = f"at most {1 / self.dt:g} Hz with this dt"
                self.problems.add(f"inputs: rate for {name!r} is over one spike a step; {most}")

    def _times(self, stimulus: Stimulus) -> None:
        """What happens at given times happens within the simulation, and can be told apart."""
        name, first = self.p.name, np.zeros(0)
        if isinstance(stimulus, SpikeTrain):
            first = stimulus.times
            for problem in stimulus.problems(self.p.n, self.dt):
                self.problems.add(f"inputs: {name!r}: {problem}")
        elif isinstance(stimulus, Pulses):
            first = np.atleast_1d(np.asarray(stimulus.times))
        elif isinstance(stimulus, CurrentPulse):
            first = np.array([stimulus.start])
            if stimulus.steps(self.dt)[0] == stimulus.steps(self.dt)[1]:
                given = f"from {stimulus.start:g} to {stimulus.stop:g} s"
                self.problems.add(f"inputs: the pulse for {name!r} {given} covers no whole step of {self.dt:g} s")
        if first.size and step_of(first, self.dt).min() >= self.steps:
            end = f"the end at {self.steps * self.dt:g} s; times are in seconds"
            self.problems.add(
                f"inputs: {type(stimulus).__name__} for {name!r} begins at {first.min():g} s, after {end}"
            )
