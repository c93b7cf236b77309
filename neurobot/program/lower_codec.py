"""Lowering of what surrounds a network: encoder, input spikes, decoder, and what survives a tick."""

from __future__ import annotations

from neurobot.kernels import ops
from neurobot.program.layout import Block
from neurobot.program.lower_stp import carry_rows
from neurobot.program.lowered import Lowered
from neurobot.spec.codes import Burst, Delta, Latency, Phase, Poisson, Regular
from neurobot.spec.controller import ControllerSpec, group_size
from neurobot.spec.decoders import Choice, FilteredRate, FirstSpike, Highest, Membrane, PopulationVector, Readout
from neurobot.spec.encoders import Direct, Gaussian
from neurobot.spec.network import Population
from neurobot.spec.neurons import Input


def encoder(low: Lowered, spec: ControllerSpec) -> None:
    """Activations, once a tick, and what the code needs."""
    e = spec.encoder
    n, field = e.size or 0, e.field
    channels = field.channels(n)
    common = {
        "n": n,
        "center_at": low.params.add("encoder.center", n),
        "scale_at": low.params.add("encoder.scale", n),
        "act_at": low.state.add("encoder.act", channels),
    }
    if isinstance(field, Direct):
        low.prologue.append(ops.row("FIELD_DIRECT", **common, push_pull=int(field.push_pull)))
    elif isinstance(field, Gaussian):
        means, sharp = low.params.add("encoder.means", field.per_dim), low.params.add("encoder.sharp", 1)
        per = {"per_dim": field.per_dim, "means_at": means, "sharp_at": sharp}
        low.prologue.append(ops.row("FIELD_GAUSSIAN", **common, **per))
    else:
        low.prologue.append(ops.row("FIELD_ONE_HOT", **common, per_dim=field.per_dim))
    if isinstance(e.code, Latency | Burst):
        low.params.add("encoder.threshold", 1)
    elif isinstance(e.code, Delta):
        low.params.add("encoder.fine", 1)
    elif not isinstance(e.code, Phase):
        low.params.add("encoder.gain", 1)
    _code_state(low, spec, channels)


def _code_state(low: Lowered, spec: ControllerSpec, channels: int) -> None:
    code = spec.encoder.code
    if isinstance(code, Regular):
        low.params.add("encoder.phase_init", channels)
        low.state.add("encoder.phase", channels)
    elif isinstance(code, Poisson):
        at = low.state.add("encoder.chance", channels, integer=True)
        act, gain = low.state.at("encoder.act"), low.params.at("encoder.gain")
        low.prologue.append(ops.row("CHANCE", n=channels, act_at=act, gain_at=gain, chance_at=at))
    elif isinstance(code, Latency):
        low.state.add("encoder.due", channels, integer=True)
    elif isinstance(code, Delta):
        low.state.add("encoder.level", channels // 2, integer=True)
    elif isinstance(code, Phase):
        low.state.add("encoder.word", channels, integer=True)
    elif isinstance(code, Burst):
        low.state.add("encoder.plan", 2, channels, integer=True)


def input_spikes(low: Lowered, p: Population) -> None:
    """The spikes of an Input population in every step."""
    at = low.spike_operands(p) | {"n": p.n, "neuron": low.first[p.name]}
    if not isinstance(low.spec, ControllerSpec):
        before = low.network.populations[: low.network.index(p.name)]
        column = sum(q.n for q in before if isinstance(q.model, Input))
        low.step.append(ops.row("EXTERNAL_SPIKES", **at, column=column))
    elif p.name == low.spec.encoder.population:
        _encoded_spikes(low, low.spec, p, at)


def _encoded_spikes(low: Lowered, spec: ControllerSpec, p: Population, at: dict[str, int]) -> None:
    code, state, params = spec.encoder.code, low.state, low.params
    if isinstance(code, Poisson):
        low.step.append(ops.row("POISSON", **at, chance_at=state.at("encoder.chance"), stream=1))
        return
    at["act_at"] = state.at("encoder.act")
    if isinstance(code, Regular):
        own = {"gain_at": params.at("encoder.gain"), "phase_at": state.at("encoder.phase")}
        low.step.append(ops.row("REGULAR", **at, **own, hits_at=state.at(f"{p.name}.hits")))
    elif isinstance(code, Latency):
        own = {"threshold_at": params.at("encoder.threshold"), "due_at": state.at("encoder.due")}
        low.step.append(ops.row("LATENCY", **at, **own, logarithmic=int(code.curve == "logarithmic")))
    elif isinstance(code, Delta):
        own = {"fine_at": params.at("encoder.fine"), "level_at": state.at("encoder.level")}
        low.step.append(ops.row("DELTA", **at, **own))
    elif isinstance(code, Phase):
        low.step.append(ops.row("PHASE", **at, bits=code.bits, word_at=state.at("encoder.word")))
    elif isinstance(code, Burst):
        shortest, longest = code.intervals(low.network.dt, spec.substeps)
        own = {"threshold_at": params.at("encoder.threshold"), "plan_at": state.at("encoder.plan")}
        low.step.append(ops.row("BURST", **at, **own, most=code.max_spikes, shortest=shortest, longest=longest))


def counts(low: Lowered, p: Population) -> None:
    """What the decoder gathers in every step from the spikes of the population that it reads."""
    d = low.spec.decoder if isinstance(low.spec, ControllerSpec) else None
    if d is None or isinstance(d, Membrane | Highest) or d.population != p.name:
        return
    at = {"n": p.n} | low.spike_operands(p)
    if isinstance(d, FilteredRate):
        factors = {f"{name}_at": low.params.add(f"decoder.{name}", 1) for name in ("keep", "take")}
        low.step.append(ops.row("FILTER", **at, **factors, trace_at=low.state.add("decoder.trace", p.n)))
        return
    at["counts_at"] = low.state.add("decoder.counts", p.n, integer=True)
    low.prologue.append(ops.row("ZERO", n=p.n, at=at["counts_at"]))
    if isinstance(d, FirstSpike):
        decided = low.state.add("decoder.decided", 1, integer=True)
        low.prologue.append(ops.row("ZERO", n=1, at=decided))
        low.step.append(ops.row("COUNT_FIRST", **at, decided_at=decided))
    else:
        low.step.append(ops.row("COUNT", **at))


def decoder(low: Lowered, spec: ControllerSpec) -> None:
    """From counts, traces or membranes to the action, after the last step."""
    d = spec.decoder
    if isinstance(d, Choice):
        n = d.size or 0
        at = {"wanted_at": low.state.add("decoder.wanted", 1), "last_at": low.state.add("decoder.last", 1)}
        at |= {"n_act": n, "per": low.network.population(d.population).n // n}
        if isinstance(d, Highest):
            low.epilogue.append(ops.row("HIGHEST", v_at=low.state.at(f"{d.population}.v"), **at))
        else:
            low.epilogue.append(ops.row("WINNER", counts_at=low.state.at("decoder.counts"), rest_at=d.rest, **at))
        return
    n_act = d.size or 0
    wanted = low.state.add("decoder.wanted", n_act)
    _read(low, d, {"n_act": n_act, "gain_at": low.params.add("decoder.gain", 1), "wanted_at": wanted})
    limits = {f"{name}_at": low.params.add(f"decoder.{name}", n_act) for name in ("low", "high", "rest", "slew")}
    last = low.state.add("decoder.last", n_act)
    low.epilogue.append(ops.row("LIMIT", n_act=n_act, wanted_at=wanted, last_at=last, **limits))


def _read(low: Lowered, d: Readout, at: dict[str, int]) -> None:
    """u, before the limits."""
    n_act, n = at["n_act"], low.network.population(d.population).n
    if isinstance(d, PopulationVector):
        own = {"counts_at": low.state.at("decoder.counts"), "per": n // n_act}
        own["preferred_at"] = low.params.add("decoder.preferred", n // n_act)
        low.epilogue.append(ops.row("READ_VECTOR", **at, **own))
        return
    at |= {"per": n // (n_act * group_size(d, 1)), "push_pull": int(d.push_pull)}
    at["offset_at"] = low.params.add("decoder.offset", n_act)
    if isinstance(d, Membrane):
        v_at = low.state.at(f"{d.population}.v")
        low.epilogue.append(ops.row("READ_MEMBRANE", **at, v_at=v_at, tanh=int(d.squash == "tanh")))
    elif isinstance(d, FilteredRate):  # traces are read as membranes are
        low.epilogue.append(ops.row("READ_MEMBRANE", **at, v_at=low.state.at("decoder.trace"), tanh=0))
    else:
        low.epilogue.append(ops.row("READ_RATE", **at, counts_at=low.state.at("decoder.counts")))


def carry(low: Lowered, spec: ControllerSpec) -> None:
    """Ops that bring state back towards its start, ahead of everything else in the tick."""
    factor = -1 if spec.carry == 1.0 else low.params.add("carry", 1)
    rows = []
    for p in low.network.populations:
        if (spec.carry if p.carry is None else p.carry) == 1.0:
            continue
        own = factor if p.carry is None else low.params.add(f"{p.name}.carry", 1)
        for name in low.carried(p):
            block, init = low.state.blocks[f"{p.name}.{name}"], f"{p.name}.{'' if name == 'v' else name + '_'}init"
            at = low.params.at(init) if init in low.params.blocks else low.params.add(init, p.n)
            rows.append(ops.row("CARRY", n=block.size, at=block.at, init_at=at, carry_at=own))
    if spec.carry != 1.0:
        rows += carry_rows(low, factor)
    if spec.carry == 0.0:
        rows += [_clear(low.state.blocks[name]) for name in _in_flight(low) if name in low.state.blocks]
        if "encoder.phase" in low.state.blocks:
            phase, start = low.state.blocks["encoder.phase"], low.params.at("encoder.phase_init")
            rows.append(ops.row("CARRY", n=phase.size, at=phase.at, init_at=start, carry_at=factor))
    low.prologue[:0] = rows


def _clear(block: Block) -> list[int]:
    return ops.row("ZERO" if block.integer else "CLEAR", n=block.size, at=block.at)


def _in_flight(low: Lowered) -> list[str]:
    """Names that blocks of what is under way have, where there are such blocks."""
    names = [f"{p.name}.{part}" for p in low.network.populations for part in ("spikes", "wait")]
    names += [f"{q.name}.{part}" for q in low.network.projections for part in ("ring", "history")]
    return [*names, "encoder.level", "decoder.trace"]
