"""A recording laid beside the program that made it: what every check needs to know of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neurobot.errors import RecordingError, SpecError
from neurobot.loop.recording import ALTERED, OWN, Recording
from neurobot.program import Program
from neurobot.spec import ControllerSpec
from neurobot.spec.codes import Current
from neurobot.spec.network import Population, Projection
from neurobot.spec.neurons import Input

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A recording, its program, and what follows from both.

    Attributes:
        recording: what happened.
        program: what ran.
        spec: of the program.
        ran: (T,) bool, ticks whose action is the network's own; it did not run in the others.
        whole: (T,) bool, those of them whose spikes were all kept.
        spikes: (neurons,) int64, spikes of each neuron in the whole ticks.
    """

    recording: Recording
    program: Program
    spec: ControllerSpec
    ran: Array
    whole: Array
    spikes: Array

    @property
    def steps(self) -> int:
        """Network steps that `spikes` are of."""
        return int(np.count_nonzero(self.whole)) * self.program.substeps

    @property
    def moves(self) -> bool:
        """Whether any action was another than the first."""
        sent = self.recording.sent
        return bool((sent != sent[0]).any())

    def part(self, population: str) -> slice:
        """Where the neurons of a population are among all."""
        first, n = next((first, n) for name, first, n in self.recording.header.populations if name == population)
        return slice(first, first + n)

    @property
    def spiking(self) -> tuple[Population, ...]:
        """The populations that are meant to spike: neither LI, nor inputs that carry currents or get nothing."""
        encoder = self.spec.encoder
        return tuple(
            p
            for p in self.spec.network.populations
            if p.spikes
            and (not isinstance(p.model, Input) or (p.name == encoder.population and not self.carries_current))
        )

    @property
    def carries_current(self) -> bool:
        """Whether the encoder sends currents instead of spikes."""
        return isinstance(self.spec.encoder.code, Current)

    def senders(self, q: Projection) -> Array:
        """(n_pre,) bool: neurons that a projection leads on from, by a weight that is not 0 or that learns."""
        synapses = self.program.synapses_of(q.name)
        used: Array = np.full(synapses.weights.shape, True) if q.rule is not None else synapses.weights.astype(bool)
        if synapses.indptr is None:
            dense: Array = np.any(used, axis=1)
            return dense
        pre = np.repeat(np.arange(synapses.indptr.size - 1), np.diff(synapses.indptr))
        found: Array = np.bincount(pre[used], minlength=synapses.indptr.size - 1).astype(bool)
        return found

    @property
    def heard(self) -> Array:
        """(n_obs,) bool: entries of the observation with a channel that leads on to anything."""
        name, network = self.spec.encoder.population, self.spec.network
        channels = np.full(network.population(name).n, self.spec.decoder.population == name)
        for q in network.projections:
            if q.pre == name:
                channels |= self.senders(q)
        entries: Array = np.any(channels.reshape(self.program.observation_size, -1), axis=1)
        return entries


def look(recording: Recording, program: Program) -> Seen:
    """Lay a recording beside its program.

    Raises:
        SpecError: a network without encoder and decoder.
        RecordingError: no ticks, or those of another program.
    """
    if not isinstance(program.spec, ControllerSpec):
        raise SpecError("diagnose", ["the program has no encoder and decoder; build it from a ControllerSpec"])
    if not len(recording.tick):
        raise RecordingError("the recording has no ticks, so there is nothing to look at; record a longer run")
    _check_same(recording, program)
    ran = np.isin(recording.held, (OWN, OWN | ALTERED))
    rows = np.searchsorted(recording.tick, recording.spikes[:, 0])
    kept = np.bincount(rows, minlength=len(recording.tick))
    whole = ran & (kept == recording.spike_count)
    neurons = recording.spikes[whole[rows], 2]
    spikes = np.bincount(neurons, minlength=recording.header.neurons)
    return Seen(recording=recording, program=program, spec=program.spec, ran=ran, whole=whole, spikes=spikes)


def _check_same(recording: Recording, program: Program) -> None:
    header = recording.header
    populations = tuple((p.name, p.n) for p in program.network.populations)
    pairs = {
        "populations": (tuple((name, n) for name, _, n in header.populations), populations),
        "network steps a tick": (header.substeps, program.substeps),
        "a network step [s]": (header.dt, program.network.dt),
        "numbers in an observation": (header.observations, program.observation_size),
        "numbers in an action": (header.actions, program.action_size),
    }
    for what, (recorded, ours) in pairs.items():
        if recorded != ours:
            raise RecordingError(
                f"the recording is of another program: {what}: {recorded} recorded, {ours} in the program; give the "
                "program that was recorded"
            )
