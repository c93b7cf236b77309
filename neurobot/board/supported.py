"""What of a Program fixed point has: everything else is refused here, with all reasons at once."""

from __future__ import annotations

import numpy as np

from neurobot.core.image_check import MOST_N
from neurobot.errors import SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program
from neurobot.program.coefficients import refractory_steps
from neurobot.spec.check import Problems, as_array
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import FilteredRate, PopulationVector
from neurobot.spec.modulators import Reward
from neurobot.spec.network import Population, Projection
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input
from neurobot.spec.rules import RewardSTDP

MODELS = (Input, IF, LIF, CubaLIF, LI)


def require_supported(program: Program) -> ControllerSpec:
    """The spec of a program that fixed point has.

    Raises:
        SpecError: a network without encoder and decoder; neurons, noise, plasticity or a decoder that integers do not
            have; sizes that do not fit. All of it.
    """
    problems = Problems("fixed point")
    spec = program.spec
    if not isinstance(spec, ControllerSpec):
        raise SpecError("fixed point", ["the program has no encoder and decoder; build it from a ControllerSpec"])
    for p in spec.network.populations:
        _population(problems, program, p)
    for q in spec.network.projections:
        if q.rule is not None:
            _rule(problems, spec, q)
        if q.stp is not None:
            problems.add(f"projection {q.name!r} has short-term plasticity, which integers do not have")
        if isinstance(spec.encoder.code, Current) and q.pre == spec.encoder.population and q.delay:
            problems.add(
                f"projection {q.name!r}: currents have a delay of {q.delay:g} s; in fixed point they have none"
            )
    if isinstance(spec.decoder, FilteredRate | PopulationVector):
        kind = type(spec.decoder).__name__
        problems.add(f"decoder: {kind} is not there; known: Rate, Membrane, WinnerTakeAll, FirstSpike, Highest")
    if spec.substeps > MOST_N:
        problems.add(f"substeps is {spec.substeps}, at most {MOST_N}")
    problems.done()
    return spec


def _rule(problems: Problems, spec: ControllerSpec, q: Projection) -> None:
    """Note what integers do not have of how a projection learns."""
    rule, where = q.rule, f"projection {q.name!r}"
    if not isinstance(rule, RewardSTDP):
        problems.add(f"{where} learns by {type(rule).__name__}: in fixed point weights change by RewardSTDP alone")
        return
    if not isinstance(rule.modulator, Reward):
        problems.add(f"{where}: its modulator is {type(rule.modulator).__name__}, in fixed point it must be Reward")
    if rule.bounds != "hard":
        problems.add(f"{where} has soft bounds; in fixed point they are hard")
    if rule.row_sum is not None:
        problems.add(f"{where} has a row_sum, which integers do not have")
    if isinstance(spec.network.population(q.post).model, LI):
        problems.add(f"{where} learns, and ends at LI neurons; in fixed point they must spike")


def _population(problems: Problems, program: Program, p: Population) -> None:
    model = p.model
    if not isinstance(model, MODELS):
        known = ", ".join(m.__name__ for m in MODELS)
        problems.add(f"population {p.name!r} is {type(model).__name__}, which integers do not have; known: {known}")
        return
    if p.n > MOST_N:
        problems.add(f"population {p.name!r} has {p.n} neurons, at most {MOST_N}")
    if isinstance(model, Input):
        return
    if p.noise is not None:
        problems.add(f"population {p.name!r} has noise, which integers do not have")
    if getattr(model, "tau_syn_in", None) is not None:
        problems.add(f"population {p.name!r} has a second synaptic current (tau_syn_in); in fixed point there is one")
    waits = refractory_steps(p, program.network.dt)
    if waits.any() and getattr(model, "input", "") == "jump_then_decay":
        problems.add(f"population {p.name!r}: t_ref with input='jump_then_decay'; use input='jump'")
    if waits.max(initial=0) > MOST_N:
        problems.add(f"population {p.name!r}: t_ref is {waits.max()} steps, at most {MOST_N}")
    if not isinstance(model, LI):
        theta, leak = program.param(f"{p.name}.theta"), as_array(getattr(model, "v_leak", 0.0), p.n)
        j = int(np.argmin(theta - leak))
        if theta[j] <= leak[j]:
            problems.add(
                f"population {p.name!r}: the threshold of neuron {j} is {theta[j]:g}, not above v_leak = {leak[j]:g}; "
                "to let it fire by itself give it a bias"
            )


def require_fan_in(name: str, fan_in: int, drives: int) -> int:
    """How many times 2 the weights into a population can be raised with at most 32767 inputs.

    Args:
        name: of the population.
        fan_in: the largest number of synapses of a neuron.
        drives: how many projections bring currents.

    Raises:
        SpecError: there are too many inputs.
    """
    room = fx.FAN_IN - fx.DRIVE_FAN_IN * drives
    if fan_in > room or room < 0:
        raise SpecError(
            "fixed point",
            [
                f"population {name!r}: a neuron has {fan_in} synapses and {drives} currents (which count "
                f"{fx.DRIVE_FAN_IN} each), at most {fx.FAN_IN} in all"
            ],
        )
    return min(14, (room // max(fan_in, 1)).bit_length() - 1)
