"""How a simulation is cut into calls, what goes into each and what comes out of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from neurobot.core import HostCore
from neurobot.program import Program
from neurobot.program.lower_rule import trace_factor
from neurobot.simulation.check import Record, Rewards, check_inputs, check_record, check_reward
from neurobot.simulation.drive import Drive
from neurobot.simulation.result import Simulation, Spikes
from neurobot.simulation.stimuli import CurrentPulse, Given
from neurobot.spec.check import Problems, whole_steps
from neurobot.spec.network import NetworkSpec
from neurobot.spec.neurons import Input

MOST_SPIKES = 4_000_000
"""Room for spikes a call; there is enough for every neuron to spike in every step of it."""
MOST_INPUTS = 1 << 18
"""Room for numbers given to, or traced in, a call: what fits a processor's cache; more was slower."""
MOST_STEPS = 10_000
STIMULI = 1 << 62
"""Second word of the keys of stimuli: far from those of drawn weights, which count from 0."""


class Plan:
    """A simulation.

    Raises:
        SpecError: what is asked for does not fit the network; all problems at once.
    """

    def __init__(
        self, program: Program, inputs: Mapping[str, Given], duration: float, record: Record, every: int, seed: int,
        reward: Rewards | None = None,
    ):  # fmt: skip
        problems = Problems("simulate")
        if not isinstance(program, Program):
            problems.add(f"program is a {type(program).__name__}; give neurobot.build(network)")
        elif not isinstance(program.spec, NetworkSpec):
            problems.add("the program is a controller; give that of a network, or run it with Controller or Loop")
        problems.number("duration", duration, low=0.0)
        problems.count("every", every)
        problems.seed(seed)
        problems.done()
        self.program, self.network, self.every, self.seed = program, program.network, every, seed
        problems.steps("duration", duration, self.network.dt)
        self.steps = whole_steps(duration, self.network.dt) or 0
        self.chosen = check_record(problems, program, record)
        given = check_inputs(problems, program, inputs, self.steps)
        check_reward(problems, program, reward, self.steps)
        problems.done()
        self.reward = np.asarray(reward, np.float64) if reward is not None and not callable(reward) else np.zeros(0)
        words = [program.blocks["state"][name].words()[neurons] for name, neurons in self.chosen.items()]
        blocks = program.blocks["state"]
        self.factors = {name: word for name in self.chosen for word in [trace_factor(blocks, name)] if word >= 0}
        self.probe = np.concatenate([np.zeros(0, np.int32), *words, [*self.factors.values()]]).astype(np.int32)
        spiking = {p.name for p in self.network.populations if isinstance(p.model, Input)}
        self.drives = [Drive(program, name, some, self.steps) for name, some in given.items() if name not in spiking]
        self.spikes = {name: some for name, some in given.items() if name in spiking}
        places = [(name, m) for name, some in self.spikes.items() for m in range(len(some))]
        self.chance = {(name, m): self._generator(self.network.index(name), m) for name, m in places}
        room = min(MOST_SPIKES // program.neurons, MOST_INPUTS // max(program.observation_size, self.probe.size, 1))
        self.chunk = 1 if callable(reward) else max(1, min(MOST_STEPS, room, max(self.steps, 1)))

    def _generator(self, population: int, stimulus: int) -> np.random.Generator:
        """Chance of one stimulus, so that none depends on another."""
        key = np.array([self.seed, STIMULI + (population << 32) + stimulus], np.uint64)
        return np.random.Generator(np.random.Philox(key=key))

    def calls(self) -> Iterable[tuple[int, int]]:
        """The steps of each call: no more than there is room for, none across a change of a current, and a reward only
        at the beginning."""
        rewarded = np.flatnonzero(self.reward)
        edges = np.unique(np.concatenate([np.zeros(1, np.int64), rewarded, *(drive.edges for drive in self.drives)]))
        for first, last in zip(edges.tolist(), [*edges[1:].tolist(), self.steps], strict=True):
            for begin in range(first, last, self.chunk):
                yield begin, min(begin + self.chunk, last)

    def fill(self, core: HostCore, first: int, last: int) -> None:
        """Write currents, and the input spikes of some steps, into a core."""
        for drive in self.drives:
            drive.set(core, first)
        width = self.program.observation_size
        if not width:
            return
        rows = core.observation[: (last - first) * width].reshape(last - first, width)
        column = 0
        for p in self.network.populations:
            if isinstance(p.model, Input):
                rows[:, column : column + p.n] = self._rows(p.name, p.n, first, last)
                column += p.n

    def _rows(self, name: str, n: int, first: int, last: int) -> np.ndarray:
        out = np.zeros((last - first, n), bool)
        for m, stimulus in enumerate(self.spikes.get(name, ())):
            if isinstance(stimulus, np.ndarray):
                out |= stimulus[first:last] != 0
            else:
                assert not isinstance(stimulus, CurrentPulse)
                out |= stimulus.rows(first, last, n, self.network.dt, self.chance[name, m])
        return out

    def by_population(self, steps: np.ndarray, neurons: np.ndarray) -> dict[str, Spikes]:
        """Spikes by population; ``neurons`` (m,) count over the network."""
        found, first = {}, 0
        for p in self.network.populations:
            if p.spikes:
                mine = (neurons >= first) & (neurons < first + p.n)
                found[p.name] = Spikes(
                    steps[mine].astype(np.int64), neurons[mine].astype(np.int64) - first, p.n, self.network.dt
                )
            first += p.n
        return found

    def result(self, spikes: list[np.ndarray], traces: list[np.ndarray], synops: int, program: Program) -> Simulation:
        """Spikes, (2, m) each, by population, and traces by variable."""
        found = self.by_population(*np.concatenate([np.zeros((2, 0), np.int64), *spikes], axis=1))
        rows = np.concatenate([np.zeros((0, self.probe.size)), *traces])
        ends = np.cumsum([len(neurons) for neurons in self.chosen.values()])
        parts = dict(zip(self.chosen, np.split(rows, ends, axis=1), strict=False))
        for name, factor in zip(self.factors, rows.T[self.probe.size - len(self.factors) :], strict=True):
            parts[name] = parts[name] * factor[:, None]
        return Simulation(self.network.dt, self.steps, self.every, found, parts, synops, program)
