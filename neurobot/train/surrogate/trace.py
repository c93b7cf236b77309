"""What a run leaves behind: spikes and membranes of every population, and all that a gradient needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from neurobot.train.surrogate.layer import Layer, Record, Scanned

Arrays = dict[str, np.ndarray]


@dataclass(eq=False)
class Block:
    """A run of T steps of some instances of a batch: as many as a cache has room for.

    Args:
        steps: T.
        first: number of the first instance.
        batch: B, how many there are.
        records: of every population.
        scanned: the scans' arrays, of every population that has dynamics.
        layers: those populations.
        entered: names of the Input populations that something entered; the others are silent.
        ticks: control ticks of a controller.
        acts: (ticks B, channels) activations of an encoder.
        gain: (1,) their factor, where they are held currents.
        observations: (ticks, B, n) what was encoded, float64.
    """

    steps: int
    first: int
    batch: int
    records: dict[str, Record]
    scanned: dict[str, Scanned]
    layers: Mapping[str, Layer]
    entered: set[str] = field(default_factory=set)
    ticks: int = 0
    acts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    gain: np.ndarray = field(default_factory=lambda: np.ones(1))
    observations: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def instances(self) -> slice:
        """Which instances of the batch."""
        return slice(self.first, self.first + self.batch)

    def silent(self, population: str) -> bool:
        """Whether a population is an Input that nothing entered."""
        return population not in self.layers and population not in self.entered

    def spikes(self, population: str) -> np.ndarray:
        """As `Trace.spikes`."""
        record = self.records[population]
        shape = (self.steps, self.batch, record.n)
        return record.z.reshape(shape) if record.z.size else np.zeros(shape, np.uint8)

    def v(self, population: str) -> np.ndarray:
        """As `Trace.v`."""
        return self.layers[population].after_reset(self.records[population], self.scanned[population])


@dataclass(eq=False)
class Trace:
    """A run of T steps of B instances.

    Args:
        steps: T.
        batch: B.
        ticks: control ticks of a controller.
        blocks: the instances, some at a time.
    """

    steps: int
    batch: int
    ticks: int
    blocks: list[Block]

    def spikes(self, population: str) -> np.ndarray:
        """Spikes of a population, (T, B, n) bytes; reals in a smooth network, and where currents were given.

        May be a view, valid until the next run into this trace. An Input that nothing entered, or that sends held
        currents, has no spikes.
        """
        return _joined([block.spikes(population) for block in self.blocks])

    def v(self, population: str) -> np.ndarray:
        """Membranes at the end of each step, after the reset, (T, B, n)."""
        return _joined([block.v(population) for block in self.blocks])

    def rates(self, population: str) -> np.ndarray:
        """Share of steps in which each neuron spiked, over the batch, (n,) float64."""
        sums = [block.spikes(population).sum(axis=(0, 1), dtype=np.float64) for block in self.blocks]
        mean: np.ndarray = sum(sums[1:], sums[0]) / (self.steps * self.batch)
        return mean


@dataclass
class Seeds:
    """Where gradients begin: of spikes and of membranes (as `Trace.v` gives them), by population.

    Args:
        spikes: anything that broadcasts to (T, B, n).
        v: likewise.
    """

    spikes: Arrays = field(default_factory=dict)
    v: Arrays = field(default_factory=dict)

    def of(self, instances: slice, batch: int) -> Seeds:
        """Those of some instances of a batch."""

        def some(array: np.ndarray) -> np.ndarray:
            return array[..., instances, :] if array.ndim > 1 and array.shape[-2] == batch > 1 else array

        return Seeds(
            {name: some(array) for name, array in self.spikes.items()},
            {name: some(array) for name, array in self.v.items()},
        )

    def scaled(self, factor: float) -> Seeds:
        """Those of a loss that counts so much."""
        return Seeds({k: factor * v for k, v in self.spikes.items()}, {k: factor * v for k, v in self.v.items()})

    def __add__(self, other: Seeds) -> Seeds:
        return Seeds(_sum(self.spikes, other.spikes), _sum(self.v, other.v))


@dataclass
class Gradients:
    """Gradients of a loss.

    Args:
        values: of the variables, by name.
        inputs: of what entered Input populations, (T, B, n), or (ticks, B, n) for held currents; where asked for.
    """

    values: Arrays
    inputs: Arrays = field(default_factory=dict)


def _sum(a: Arrays, b: Arrays) -> Arrays:
    return {name: a[name] + b[name] if name in a and name in b else (a | b)[name] for name in a | b}


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
