"""A simulation, checked: when which stimulus acts, what is recorded, and how it is cut into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from neurobot.core import HostCore
from neurobot.errors import near
from neurobot.program import Program
from neurobot.program.coefficients import coefficients
from neurobot.simulation.result import Simulation, Spikes
from neurobot.simulation.stimuli import CurrentPulse, Given, SpikeStimulus, Stimulus
from neurobot.spec.check import MULTIPLE_TOLERANCE, Problems, as_array, whole_steps
from neurobot.spec.network import NetworkSpec, Population
from neurobot.spec.neurons import Input

MOST_SPIKES = 4_000_000
"""Room for spikes a call; there is enough for every neuron to spike in every step of it."""
MOST_INPUTS = 8_000_000
MOST_STEPS = 10_000

Record = Iterable[str] | Mapping[str, Sequence[int]]


class Plan:
    """What `simulate` is asked for, checked.

    Raises:
        SpecError: what is asked for does not fit the network; all problems at once.
    """

    def __init__(
        self, program: Program, inputs: Mapping[str, Given], duration: float, record: Record, every: int
    ) -> None:
        self.program, self.network, self.every = program, program.network, every
        problems = Problems("simulate")
        if not isinstance(program.spec, NetworkSpec):
            problems.add(
                "the program is a controller; give the program of a network, or run it with Controller or Loop"
            )
        problems.number("duration", duration, low=0.0)
        problems.count("every", every)
        problems.done()
        problems.steps("duration", duration, self.network.dt)
        self.steps = whole_steps(duration, self.network.dt) or 0
        self.chosen = self._check_record(problems, record)
        self.given = {name: self._check_input(problems, name, given) for name, given in inputs.items()}
        problems.done()
        words = [b.at + np.asarray(j) for name, j in self.chosen.items() for b in [program.blocks["state"][name]]]
        self.probe = np.concatenate([np.zeros(0, np.int32), *words]).astype(np.int32)
        self.currents = {n: self._changes(n) for n in inputs if n in self.network.names and not self._is_input(n)}
        room = min(MOST_SPIKES // program.neurons, MOST_INPUTS // max(program.observation_size, self.probe.size, 1))
        self.chunk = max(1, min(MOST_STEPS, room, max(self.steps, 1)))

    def calls(self) -> Iterable[tuple[int, int]]:
        """The steps of each call: no more than there is room for, and none across a change of a current."""
        changes = {k for changes in self.currents.values() for k in changes if 0 < k < self.steps}
        first = 0
        for edge in [*sorted(changes), self.steps]:
            while first < edge:
                last = min(first + self.chunk, edge)
                yield first, last
                first = last

    def set_currents(self, core: HostCore, step: int) -> None:
        """Add the currents from a step on to the bias."""
        for name, changes in self.currents.items():
            if step in changes:
                p = self.network.population(name)
                bias = as_array(p.bias, p.n) + changes[step]
                core.param(f"{name}.b")[...] = coefficients(replace(p, bias=tuple(bias)), self.network.dt)["b"]

    def fill(self, row: np.ndarray, first: int, last: int, streams: Mapping[str, np.random.Generator]) -> None:
        """Write the input spikes of some steps, (steps, inputs) flat."""
        width = self.program.observation_size
        rows = row[: (last - first) * width].reshape(last - first, width)
        column = 0
        for p in self.network.populations:
            if isinstance(p.model, Input):
                out = np.zeros((last - first, p.n), bool)
                for stimulus in self.given.get(p.name, ()):
                    if isinstance(stimulus, np.ndarray):
                        out |= stimulus[first:last] != 0
                    else:
                        assert not isinstance(stimulus, CurrentPulse)
                        out |= stimulus.rows(first, last, p.n, self.network.dt, streams[p.name])
                rows[:, column : column + p.n] = out
                column += p.n

    def result(self, spikes: list[np.ndarray], traces: list[np.ndarray], synops: int) -> Simulation:
        """Spikes by population and traces by variable."""
        listed = np.concatenate([np.zeros((0, 2), np.int64), *spikes])
        found, first = {}, 0
        for p in self.network.populations:
            mine = listed[(listed[:, 1] >= first) & (listed[:, 1] < first + p.n)]
            if p.spikes:
                found[p.name] = Spikes(mine[:, 0].copy(), mine[:, 1] - first, p.n, self.network.dt)
            first += p.n
        rows = np.concatenate([np.zeros((0, self.probe.size)), *traces])
        ends = np.cumsum([len(neurons) for neurons in self.chosen.values()])
        parts = dict(zip(self.chosen, np.split(rows, ends[:-1], axis=1), strict=True)) if self.chosen else {}
        return Simulation(self.network.dt, self.steps, self.every, found, parts, synops)

    def _is_input(self, name: str) -> bool:
        return isinstance(self.network.population(name).model, Input)

    def _check_record(self, problems: Problems, record: Record) -> dict[str, np.ndarray]:
        """The neurons to trace, by variable."""
        sizes = {name: p.n for p in self.network.populations for name in self._variables(p)}
        chosen = {}
        for name in [record] if isinstance(record, str) else record:
            if name not in sizes:
                problems.add(f"record: there is no variable {name!r}; {near(str(name), sizes)}")
                continue
            asked = np.asarray(record[name]) if isinstance(record, Mapping) else np.arange(sizes[name])
            chosen[name] = np.atleast_1d(asked)
            whole = asked.dtype.kind in "iu" and asked.ndim <= 1
            if not whole or (asked.size and not 0 <= asked.min() <= asked.max() < sizes[name]):
                problems.add(
                    f"record: {name!r} is asked of neurons {asked.tolist()}; give numbers in 0..{sizes[name] - 1}"
                )
        return chosen

    def _variables(self, p: Population) -> list[str]:
        blocks = self.program.blocks["state"].items()
        return [n for n, b in blocks if n.startswith(f"{p.name}.") and b.shape == (p.n,) and not b.integer]

    def _check_input(self, problems: Problems, name: str, given: Given) -> list[Stimulus | np.ndarray]:
        """The stimuli of a population, as a list."""
        if name not in self.network.names:
            problems.add(f"inputs: there is no population {name!r}; {near(name, self.network.names)}")
            return []
        listed: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
        p = self.network.population(name)
        spikes = isinstance(p.model, Input)
        if not spikes and f"{name}.b" not in self.program.blocks["params"]:
            problems.add(f"inputs: a current is added to a parameter 'b', and the neuron of {name!r} has none")
        allowed, words = (get_args(SpikeStimulus), "spikes") if spikes else ((CurrentPulse,), "currents")
        for stimulus in listed:
            if isinstance(stimulus, np.ndarray):
                self._check_array(problems, p, stimulus)
            elif not isinstance(stimulus, allowed):
                problems.add(
                    f"inputs: {name!r} is {type(p.model).__name__} and takes {words}, given "
                    f"{stimulus!r:.60}; give an array (steps, n) or {', '.join(kind.__name__ for kind in allowed)}"
                )
            else:
                self._check_sizes(problems, p, stimulus)
        return listed

    def _check_array(self, problems: Problems, p: Population, array: np.ndarray) -> None:
        wanted = (self.steps, p.n)
        if array.shape != wanted or array.dtype.kind not in "biuf":
            problems.add(
                f"inputs: the array for {p.name!r} is {array.shape} {array.dtype}, it must be numbers (steps, n) = "
                f"{wanted}"
            )
        elif not np.isfinite(array).all():
            problems.add(f"inputs: the array for {p.name!r} has entries that are not finite")

    def _check_sizes(self, problems: Problems, p: Population, stimulus: Stimulus) -> None:
        for name in ("rate", "phase", "amplitude"):
            value = getattr(stimulus, name, 0.0)
            if isinstance(value, tuple) and len(value) != p.n:
                problems.add(f"inputs: {name} for {p.name!r} has {len(value)} values, it must have one or {p.n}")
            elif name == "rate" and max(np.atleast_1d(value)) * self.network.dt > 1 + MULTIPLE_TOLERANCE:
                most = 1 / self.network.dt
                problems.add(f"inputs: rate for {p.name!r} is over one spike a step; at most {most:g} Hz with this dt")

    def _changes(self, name: str) -> dict[int, np.ndarray]:
        """The current of a population, (n,), from each step at which it changes on."""
        n = self.network.population(name).n
        parts = [self._one(stimulus, n) for stimulus in self.given[name]]
        edges = sorted({k for part in parts for k in part})
        return {k: sum((part[max(e for e in part if e <= k)] for part in parts), np.zeros(n)) for k in edges}

    def _one(self, stimulus: Stimulus | np.ndarray, n: int) -> dict[int, np.ndarray]:
        if isinstance(stimulus, CurrentPulse):
            return dict(stimulus.currents(n, self.network.dt))
        assert isinstance(stimulus, np.ndarray)
        edges = [0, *(1 + np.flatnonzero((stimulus[1:] != stimulus[:-1]).any(axis=1))).tolist()]
        return {k: stimulus[k].astype(np.float64) for k in edges if k < self.steps}
