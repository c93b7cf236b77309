"""Cores that run another program than the one they were given: what they get wrong is what differs between the two."""

from dataclasses import replace

import numpy as np

from neurobot.kernels import ops
from neurobot.program import build
from neurobot.spec import IF, LI, LIF, STDP, CubaLIF, Current, Poisson
from neurobot.testing.core import CASES
from neurobot.testing.programs import DT, program_of
from tests.testing.core_mutants import Wrapped

SPECS = {id(program_of(case.spec)): case.spec for case in CASES.values()}


def running(change):
    """A function that makes cores; change: from the spec of a case to that of what runs."""

    def make(program, **options):
        spec = SPECS.get(id(program))
        return Wrapped(program, None if spec is None else build(change(spec), program.seed), **options)

    return make


def populations(change):
    """A change of specs by one of their populations."""
    return lambda spec: replace(
        spec, network=replace(spec.network, populations=tuple(map(change, spec.network.populations)))
    )


def projections(change):
    """A change of specs by one of their projections."""
    return lambda spec: replace(
        spec, network=replace(spec.network, projections=tuple(map(change, spec.network.projections)))
    )


def models(kind, where=lambda model: True, **values):
    """Other parameters of models of one kind."""

    def change(p):
        return replace(p, model=replace(p.model, **values)) if type(p.model) is kind and where(p.model) else p

    return populations(change)


def code(kind, **values):
    """Other parameters of a code."""

    def change(spec):
        if type(spec.encoder.code) is not kind:
            return spec
        return replace(spec, encoder=replace(spec.encoder, code=replace(spec.encoder.code, **values)))

    return change


def limits(**values):
    """Other limits, where there is a slew."""

    def change(spec):
        given = getattr(spec.decoder, "limits", None)
        if given is None or given.slew is None:
            return spec
        return replace(spec, decoder=replace(spec.decoder, limits=replace(given, **values)))

    return change


def carry(before, after):
    return lambda spec: replace(spec, carry=after) if spec.carry == before else spec


def t_ref(steps):
    """Refractory times that are longer by some steps."""

    def change(p):
        given = getattr(p.model, "t_ref", 0.0)
        return replace(p, model=replace(p.model, t_ref=given + steps * DT)) if given else p

    return populations(change)


def leaks(p):
    return replace(p, model=LIF(tau_mem=0.05, r=5.0)) if type(p.model) is IF and p.model.r == 100 else p


CHANGES = {
    "lif": (models(LIF, v_leak=0.0), models(LIF, v_reset=0.0), populations(lambda p: replace(p, bias=0.0))),
    "subtract": (models(LIF, lambda m: m.reset == "subtract", v_subtract=None),),
    "if": (populations(leaks),),
    "cuba": (models(CubaLIF, input="end"), models(CubaLIF, tau_syn=4e-3)),
    "li": (models(LI, tau_mem=9e-3),),
    "threshold": (models(IF, v_threshold=float(np.nextafter(1.0, 0.0))),),
    "order": (projections(lambda q: replace(q, delay=DT) if q.pre == "first" and not q.delay else q),),
    "delay": (projections(lambda q: replace(q, delay=q.delay + DT) if q.delay and q.pre != q.post else q),),
    "recurrent": (projections(lambda q: replace(q, delay=q.delay + DT) if q.pre == q.post else q),),
    "refractory": (t_ref(1), t_ref(-1)),
    "carry 1": (carry(1.0, 0.9),),
    "carry 0.5": (carry(0.5, 0.6), carry(0.5, 1.0)),
    "carry 0": (carry(0.0, 1e-9),),
    "limits": (limits(slew=None), limits(low=-1.0), limits(high=1.0)),
    "current": (code(Current, gain=0.4),),
    "poisson": (code(Poisson, max_rate=590.0),),
}
"""By the name of a case: changes that its sentence forbids."""

IN_FLIGHT = ("in.spikes", "out.wait", "encoder.phase", "decoder.trace")


def keeping(name):
    """A function that makes cores in which a block is not cleared by carry = 0."""

    def make(program, **options):
        spec, block = SPECS.get(id(program)), program.blocks["state"].get(name)
        if spec is None or spec.carry or block is None:
            return Wrapped(program, **options)
        layout, clearing = program.layout.copy(), [ops.OPCODES[op] for op in ("CARRY", "CLEAR", "ZERO")]
        for row in layout[ops.HEADER :][: int(layout[ops.N_PROLOGUE]) * ops.WIDTH].reshape(-1, ops.WIDTH):
            if row[0] in clearing and row[2] == block.at:
                row[1] = 0
        assert (layout != program.layout).any()
        return Wrapped(program, replace(program, layout=layout), **options)

    return make


def learning_by(**values):
    """A function that makes cores whose STDP has other constants."""

    def make(program, **options):
        (q,) = program.plastic or (None,)
        if q is None or not isinstance(q.rule, STDP):
            return Wrapped(program, **options)
        changed = projections(lambda q: replace(q, rule=replace(q.rule, **values)))(program.spec)
        return Wrapped(program, build(changed, program.seed, {q.name: program.weights(q.name)}), **options)

    return make
