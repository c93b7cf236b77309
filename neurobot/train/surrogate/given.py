"""What a run begins with, checked before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.errors import SpecError, near
from neurobot.program import Program
from neurobot.spec.check import Problems
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.neurons import Input
from neurobot.train.surrogate.structure import Structure
from neurobot.train.surrogate.trace import Trace


@dataclass(frozen=True, eq=False)
class Given:
    """Inputs of a run.

    Args:
        steps: T.
        batch: B.
        ticks: control ticks of a controller.
        arrays: what enters each Input population, (T, B, n), or what its encoder observes, (ticks, B, n).
        observed: whether those are observations.
    """

    steps: int
    batch: int
    ticks: int
    arrays: Mapping[str, np.ndarray]
    observed: bool

    def fits(self, trace: Trace | None) -> bool:
        """Whether a trace has the size of this run."""
        return trace is not None and (trace.steps, trace.batch) == (self.steps, self.batch)


def given_to(program: Program, structure: Structure, inputs: Any) -> Given:
    """The inputs of `neurobot.train.surrogate.Stack.forward`.

    Raises:
        SpecError: inputs that do not fit the program.
    """
    return _entering(program, structure, inputs) if isinstance(inputs, Mapping) else _observed(program, inputs)


def _observed(program: Program, observations: Any) -> Given:
    if not isinstance(program.spec, ControllerSpec):
        raise SpecError("forward", ["this is a network alone; give what enters its Input populations, by name"])
    given, size = np.asarray(observations, np.float64), program.observation_size
    given = given[None] if given.ndim == 2 else given
    if given.ndim != 3 or given.shape[2] != size or not given.size:
        shape = np.shape(observations)
        raise SpecError("forward", [f"observations have shape {shape}, it must be (B, {size}) or (ticks, B, {size})"])
    if not np.isfinite(given).all():
        raise SpecError("forward", ["observations have entries that are not finite"])
    ticks, batch, _ = given.shape
    _check_ticks(program, ticks)
    return Given(ticks * program.substeps, batch, ticks, {program.spec.encoder.population: given}, True)


def _entering(program: Program, structure: Structure, inputs: Mapping[str, np.ndarray]) -> Given:
    """Spikes or currents by name."""
    problems, network = Problems("forward"), program.network
    known = {p.name: p.n for p in network.populations if isinstance(p.model, Input)}
    arrays = {name: np.asarray(array) for name, array in inputs.items()}
    shapes = {array.shape[:2] for array in arrays.values()}
    for name, array in arrays.items():
        if name not in known:
            problems.add(f"there is no Input population {name!r}; {near(name, known)}")
        elif array.ndim != 3 or array.shape[2] != known[name] or not array.size:
            problems.add(f"{name!r} has shape {array.shape}, it must be (T, B, {known[name]})")
        elif array.dtype.kind == "f" and not np.isfinite(array).all():
            problems.add(f"{name!r} has entries that are not finite")
    if not problems.found and len(shapes) != 1:
        problems.add(f"inputs must have one number of steps and instances, they have {sorted(shapes) or 'none'}")
    if any(link.held and link.pre in arrays for link in structure.links):
        problems.add("this controller's encoder gives currents that are held over a tick; give observations")
    problems.done()
    steps, batch = shapes.pop()
    ticks = -(-steps // program.substeps)
    _check_ticks(program, ticks)
    return Given(steps, batch, ticks, arrays, False)


def _check_ticks(program: Program, ticks: int) -> None:
    if ticks > 1 and isinstance(program.spec, ControllerSpec) and program.spec.carry == 0.0:
        raise SpecError(
            "forward",
            [f"{ticks} ticks are given, but with carry = 0 nothing of one reaches the next; give them as instances "
             "of one tick each"],
        )  # fmt: skip
