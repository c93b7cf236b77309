"""What a simulation leaves: spikes, traces, rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurobot.errors import near
from neurobot.program import Program
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes of a population, in order of time.

    Args:
        steps: (m,) int64; step k takes the network from k dt to (k + 1) dt.
        neurons: (m,) int64, within the population.
        n: size of the population.
        dt: length of a step [s].
    """

    steps: np.ndarray
    neurons: np.ndarray
    n: int
    dt: float

    @property
    def times(self) -> np.ndarray:
        """(m,) steps x dt [s]."""
        return np.asarray(self.steps * self.dt)

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What `neurobot.simulate` returns.

    Args:
        dt: length of a step [s].
        steps: number of steps.
        every: traces hold every so many steps.
        spikes: by population.
        traces: by variable, ``population.v``: (rows, neurons), in the unit of the variable, after the reset; of a
            projection that learns ``pre->post.w``: (rows, synapses), in order of the presynaptic neuron.
        synops: synaptic operations of the whole run.
        program: the program with the weights that were learnt.
    """

    dt: float
    steps: int
    every: int
    spikes: Mapping[str, Spikes]
    traces: Mapping[str, np.ndarray]
    synops: int
    program: Program

    @property
    def duration(self) -> float:
        """[s]."""
        return self.steps * self.dt

    @property
    def times(self) -> np.ndarray:
        """Times of the rows of the traces, (rows,) [s]: the start of each step that was recorded."""
        return np.arange(0, self.steps, self.every) * self.dt

    def counts(self, population: str) -> np.ndarray:
        """Spikes of every neuron, (n,) int64.

        Raises:
            KeyError: there is no such population; with near matches.
        """
        spikes = self._of(population)
        return np.bincount(spikes.neurons, minlength=spikes.n)

    def rates(self, population: str) -> np.ndarray:
        """Mean rate of every neuron, (n,) [Hz], 0 in no time; KeyError as for `counts`."""
        return np.asarray(self.counts(population) / (self.duration or 1.0))

    def rate_over_time(self, population: str, window: float) -> np.ndarray:
        """Rate of a population in consecutive windows, (windows,) [Hz], a last one that is cut short left out.

        Args:
            population: its name.
            window: [s], brought to whole steps, at least one.

        Raises:
            KeyError: as for `counts`.
            SpecError: a window that is not above 0.
        """
        problems = Problems("rate_over_time")
        problems.number("window", window, above=0.0)
        problems.done()
        spikes, width = self._of(population), max(1, round(window / self.dt))
        counts = np.bincount(spikes.steps // width, minlength=-(-self.steps // width))[: self.steps // width]
        return np.asarray(counts / (spikes.n * width * self.dt))

    def plot(self, path: str | Path | None = None) -> Figure:
        """Raster, traces and rates as one picture, written to a file if one is given.

        Raises:
            NeurobotError: matplotlib is not installed.
            ConfigError: a format of pictures that is not known.
        """
        from neurobot.view.network import figure_of_network
        from neurobot.view.plot import save

        figure = figure_of_network(self)
        if path is not None:
            save(figure, Path(path))
        return figure

    def _of(self, population: str) -> Spikes:
        if population not in self.spikes:
            raise KeyError(f"there are no spikes of {population!r}; {near(population, self.spikes)}")
        return self.spikes[population]
