"""What a Program is to a gradient: layers in an order in which they can be run, and the links between them.

A layer whose spikes never come back to it runs through all steps at once, after those that it hears from. Layers that
hear from each other, or from themselves, run together step by step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.program import Program
from neurobot.program.coefficients import refractory_steps
from neurobot.program.models import linked_model
from neurobot.spec.check import Problems
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.network import Population, Projection
from neurobot.spec.neuron_models import ALIF
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input
from neurobot.spec.weights import AllToAll, FixedProbability

TRAINABLE = (IF, LIF, CubaLIF, ALIF, LI)
"""The models that have an adjoint; Input has nothing to differentiate."""


@dataclass(frozen=True, slots=True)
class Link:
    """A projection.

    Args:
        name: of the projection.
        pre: name of the population whose spikes travel.
        post: name of the population where they arrive.
        delay: [steps].
        held: whether what travels are currents held over a tick, one product a tick.
        gaps: whether weights of 0 are synapses that do not exist, and stay out.
    """

    name: str
    pre: str
    post: str
    delay: int
    held: bool
    gaps: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """Layers and links of a Program.

    Args:
        groups: populations that run together, each group after those that it hears from; Inputs are among them.
        links: in the order in which they are declared.
    """

    groups: tuple[tuple[Population, ...], ...]
    links: tuple[Link, ...]

    def into(self, name: str) -> list[Link]:
        """Links that end at a population, in the order in which what they bring is added up."""
        return [link for link in self.links if link.post == name]

    def out_of(self, name: str) -> list[Link]:
        """Links that start at a population."""
        return [link for link in self.links if link.pre == name]

    def looped(self, group: tuple[Population, ...]) -> bool:
        """Whether a group has to run step by step."""
        names = {p.name for p in group}
        return any(link.pre in names and link.post in names for link in self.links)


def structure(program: Program) -> Structure:
    """Look at a Program; SpecError, with all that has no gradient here, where it cannot be trained."""
    problems = Problems("surrogate gradients")
    for p in program.network.populations:
        _check_population(problems, p)
    for q in program.network.projections:
        _check_projection(problems, program, q)
    problems.done()
    links = tuple(_link(program, q) for q in program.network.projections)
    return Structure(_groups(program.network.populations, links), links)


def uniform(program: Program, p: Population) -> bool:
    """Whether the neurons of a population share one number for each coefficient but b."""
    model = linked_model(program.spec, p)
    return model is not None and model.uniform


def waits(program: Program, p: Population) -> np.ndarray:
    """t_ref in steps, (n,) int32."""
    return refractory_steps(p, program.network.dt)


def _check_population(problems: Problems, p: Population) -> None:
    kind = type(p.model).__name__
    if not isinstance(p.model, (*TRAINABLE, Input)):
        known = ", ".join(m.__name__ for m in TRAINABLE)
        problems.add(f"population {p.name!r} is {kind}, which has no adjoint here; {known} have one")
    if isinstance(p.model, CubaLIF) and p.model.tau_syn_in is not None:
        problems.add(f"population {p.name!r} has two receptors; use one, with weights of both signs")
    if p.noise is not None:
        problems.add(f"population {p.name!r} has a noise current; train without it")


def _check_projection(problems: Problems, program: Program, q: Projection) -> None:
    if q.stp is not None:
        problems.add(f"projection {q.name!r} has short-term plasticity, which has no adjoint here")
    elif f"{q.name}.indptr" in program.blocks["layout"]:
        problems.add(
            f"projection {q.name!r} is indexed; give it an array, AllToAll, or FixedProbability with p of at least 0.1"
        )


def _link(program: Program, q: Projection) -> Link:
    spec = program.spec
    encoded = isinstance(spec, ControllerSpec) and q.pre == spec.encoder.population
    held = encoded and isinstance(spec, ControllerSpec) and isinstance(spec.encoder.code, Current)
    gaps = isinstance(q.weights, FixedProbability) or (isinstance(q.weights, AllToAll) and not q.weights.self)
    return Link(q.name, q.pre, q.post, round(q.delay / program.network.dt), held, gaps)


def _groups(populations: tuple[Population, ...], links: tuple[Link, ...]) -> tuple[tuple[Population, ...], ...]:
    """Strongly connected components, each after those from which it can be reached, else as declared."""
    names = [p.name for p in populations]
    reach = np.eye(len(names), dtype=bool)
    for link in links:
        reach[names.index(link.pre), names.index(link.post)] = True
    for k in range(len(names)):
        reach |= reach[:, k : k + 1] & reach[k : k + 1]
    left, groups = list(range(len(names))), []
    while left:
        first = next(j for j in left if all(reach[j, i] for i in left if reach[i, j]))
        group = [j for j in left if reach[first, j] and reach[j, first]]
        groups.append(tuple(populations[j] for j in group))
        left = [j for j in left if j not in group]
    return tuple(groups)
