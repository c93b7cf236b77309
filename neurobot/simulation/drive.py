"""The currents into a population over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neurobot.core import HostCore
from neurobot.program import Program
from neurobot.program.coefficients import coefficients
from neurobot.simulation.stimuli import CurrentPulse, Stimulus

LARGE = 2.0**60
"""A bias against which the rest of b is lost, so that what is left is its gain."""


class Drive:
    """What is added to the bias of a population, and when it changes.

    A current I adds gain I to the coefficient ``b`` that the program has, where gain is what a bias of 1 adds.

    Args:
        program: of the network.
        population: name.
        stimuli: `CurrentPulse` and arrays (steps, n); they add up.
        steps: of the simulation.
    """

    def __init__(self, program: Program, population: str, stimuli: Sequence[Stimulus | np.ndarray], steps: int):
        p, dt = program.network.population(population), program.network.dt
        with_bias, without = (coefficients(replace(p, bias=bias), dt)["b"] for bias in (LARGE, 0.0))
        self.name, self.dt = f"{population}.b", dt
        self.stimuli = [s for s in stimuli if isinstance(s, CurrentPulse | np.ndarray)]
        self.gain = (with_bias - without) / LARGE
        self.base = program.param(self.name).astype(np.float64)
        changes = [self._changes(stimulus) for stimulus in self.stimuli]
        edges = np.unique(np.concatenate([np.zeros(1, np.int64), *changes]))
        self.edges = edges[edges < steps]

    def set(self, core: HostCore, step: int) -> None:
        """Write the currents from a step on into a core."""
        total = self.base
        for stimulus in self.stimuli:
            total = total + self.gain * self._current(stimulus, step)
        core.param(self.name)[...] = total

    def _changes(self, stimulus: CurrentPulse | np.ndarray) -> np.ndarray:
        if isinstance(stimulus, CurrentPulse):
            return np.array(stimulus.steps(self.dt))
        return 1 + np.flatnonzero((stimulus[1:] != stimulus[:-1]).any(axis=1))

    def _current(self, stimulus: CurrentPulse | np.ndarray, step: int) -> np.ndarray:
        if isinstance(stimulus, np.ndarray):
            return np.asarray(stimulus[step], np.float64)
        first, last = stimulus.steps(self.dt)
        return np.asarray(stimulus.amplitude if first <= step < last else 0.0)
