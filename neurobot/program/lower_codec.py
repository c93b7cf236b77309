"""Lowering of what surrounds a network: encoder, input spikes, decoder, and what survives a tick."""

from __future__ import annotations

from neurobot.kernels import ops
from neurobot.program.layout import Block
from neurobot.program.lowered import Lowered
from neurobot.spec.controller import ControllerSpec, group_size
from neurobot.spec.decoders import Membrane, Rate, WinnerTakeAll
from neurobot.spec.encoders import Direct, Poisson, Regular
from neurobot.spec.network import Population
from neurobot.spec.neurons import Input


def encoder(low: Lowered, spec: ControllerSpec) -> None:
    """Activations, once a tick."""
    e = spec.encoder
    n, field = e.size or 0, e.field
    common = {
        "n": n,
        "center_at": low.params.add("encoder.center", n),
        "scale_at": low.params.add("encoder.scale", n),
        "act_at": low.state.add("encoder.act", field.channels(n)),
    }
    if isinstance(field, Direct):
        low.prologue.append(ops.row("FIELD_DIRECT", **common, push_pull=int(field.push_pull)))
    else:
        means, sharp = low.params.add("encoder.means", field.per_dim), low.params.add("encoder.sharp", 1)
        per = {"per_dim": field.per_dim, "means_at": means, "sharp_at": sharp}
        low.prologue.append(ops.row("FIELD_GAUSSIAN", **common, **per))
    low.params.add("encoder.gain", 1)
    channels = field.channels(n)
    if isinstance(e.code, Regular):
        low.params.add("encoder.phase_init", channels)
        low.state.add("encoder.phase", channels)
    elif isinstance(e.code, Poisson):
        at = low.state.add("encoder.chance", channels, integer=True)
        gain = low.params.at("encoder.gain")
        low.prologue.append(ops.row("CHANCE", n=channels, act_at=common["act_at"], gain_at=gain, chance_at=at))


def input_spikes(low: Lowered, p: Population) -> None:
    """The spikes of an Input population in every step."""
    at = low.spike_operands(p) | {"n": p.n, "neuron": low.first[p.name]}
    if not isinstance(low.spec, ControllerSpec):
        before = low.network.populations[: low.network.index(p.name)]
        column = sum(q.n for q in before if isinstance(q.model, Input))
        low.step.append(ops.row("EXTERNAL_SPIKES", **at, column=column))
    elif p.name == low.spec.encoder.population:
        code = low.spec.encoder.code
        if isinstance(code, Regular):
            act, gain = low.state.at("encoder.act"), low.params.at("encoder.gain")
            phase, hits = low.state.at("encoder.phase"), low.state.at(f"{p.name}.hits")
            low.step.append(ops.row("REGULAR", **at, act_at=act, gain_at=gain, phase_at=phase, hits_at=hits))
        elif isinstance(code, Poisson):
            low.step.append(ops.row("POISSON", **at, chance_at=low.state.at("encoder.chance"), stream=1))


def counts(low: Lowered, p: Population) -> None:
    """Count the spikes of the population that the decoder reads."""
    decoder = low.spec.decoder if isinstance(low.spec, ControllerSpec) else None
    if isinstance(decoder, Rate | WinnerTakeAll) and decoder.population == p.name:
        at = low.state.add("decoder.counts", p.n, integer=True)
        low.prologue.append(ops.row("ZERO", n=p.n, at=at))
        low.step.append(ops.row("COUNT", n=p.n, counts_at=at, **low.spike_operands(p)))


def decoder(low: Lowered, spec: ControllerSpec) -> None:
    """From counts or membranes to the action, after the last step."""
    d = spec.decoder
    n_act, p = d.size or 0, low.network.population(d.population)
    per = p.n // (n_act * group_size(d, 1))
    wanted = low.state.add("decoder.wanted", 1 if isinstance(d, WinnerTakeAll) else n_act)
    if isinstance(d, WinnerTakeAll):
        last, count = low.state.add("decoder.last", 1), low.state.at("decoder.counts")
        at = {"counts_at": count, "rest_at": d.rest, "wanted_at": wanted, "last_at": last}
        low.epilogue.append(ops.row("WINNER", n_act=n_act, per=per, **at))
        return
    at = {"n_act": n_act, "per": per, "push_pull": int(d.push_pull), "gain_at": low.params.add("decoder.gain", 1)}
    at["offset_at"] = low.params.add("decoder.offset", n_act)
    if isinstance(d, Membrane):
        v_at = low.state.at(f"{p.name}.v")
        row = ops.row("READ_MEMBRANE", **at, v_at=v_at, tanh=int(d.squash == "tanh"), wanted_at=wanted)
    else:
        row = ops.row("READ_RATE", **at, counts_at=low.state.at("decoder.counts"), wanted_at=wanted)
    low.epilogue.append(row)
    limits = {f"{name}_at": low.params.add(f"decoder.{name}", n_act) for name in ("low", "high", "rest", "slew")}
    last = low.state.add("decoder.last", n_act)
    low.epilogue.append(ops.row("LIMIT", n_act=n_act, wanted_at=wanted, last_at=last, **limits))


def carry(low: Lowered, spec: ControllerSpec) -> None:
    """Ops that bring state back towards its start, ahead of everything else in the tick."""
    if spec.carry == 1.0:
        return
    factor = low.params.add("carry", 1)
    rows = []
    for p in low.network.populations:
        for name in low.carried(p):
            block, init = low.state.blocks[f"{p.name}.{name}"], f"{p.name}.{'' if name == 'v' else name + '_'}init"
            at = low.params.at(init) if init in low.params.blocks else low.params.add(init, p.n)
            rows.append(ops.row("CARRY", n=block.size, at=block.at, init_at=at, carry_at=factor))
    if spec.carry == 0.0:
        rows += [_clear(block) for name, block in low.state.blocks.items() if _in_flight(name)]
        if "encoder.phase" in low.state.blocks:
            phase, start = low.state.blocks["encoder.phase"], low.params.at("encoder.phase_init")
            rows.append(ops.row("CARRY", n=phase.size, at=phase.at, init_at=start, carry_at=factor))
    low.prologue[:0] = rows


def _clear(block: Block) -> list[int]:
    return ops.row("ZERO" if block.integer else "CLEAR", n=block.size, at=block.at)


def _in_flight(name: str) -> bool:
    return name.endswith((".spikes", ".wait", ".ring", ".history"))
