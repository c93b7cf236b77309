"""Lowering of a population: its blocks, what arrives, its update, and what leaves with delays of its own."""

from __future__ import annotations

from neurobot.kernels import ops
from neurobot.program import lower_codec as codec
from neurobot.program.lower_noise import noise, noise_blocks
from neurobot.program.lower_rule import delivery
from neurobot.program.lower_stp import plastic_operands, ring_slots
from neurobot.program.lowered import Lowered
from neurobot.program.models import linked_model
from neurobot.spec.network import Population, Projection
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input


def blocks(low: Lowered, p: Population) -> None:
    """Reserve the blocks of a population."""
    if not isinstance(p.model, Input):
        model = linked_model(low.spec, p)
        if model is None:
            _interpreted_blocks(low, p)
        else:
            low.state.rows([f"{p.name}.{name}" for name in model.state], p.n)
            low.params.rows([f"{p.name}.{name}" for name in model.coefficients], 1 if model.uniform else p.n)
            if model.scratch:
                low.state.add(f"{p.name}.scratch", model.scratch, p.n)
            for name in model.starts:
                low.params.add(f"{p.name}.{name}_init", p.n)
            if model.uniform:
                low.params.add(f"{p.name}.b", p.n)
                low.state.add(f"{p.name}.queue", 2 + 2 * p.n, integer=True)
        low.params.add(f"{p.name}.init", p.n)
        noise_blocks(low, p)
        if low.waits(p):
            low.tables.add(f"{p.name}.refractory", p.n)
            low.state.add(f"{p.name}.wait", p.n, integer=True)
    if p.spikes:
        low.state.add(f"{p.name}.spikes", low.slots(p), 1 + p.n, integer=True)
        low.state.add(f"{p.name}.hits", 2 * -(-p.n // 8), integer=True)


def _interpreted_blocks(low: Lowered, p: Population) -> None:
    names = ["alpha", "lam", "b"] + (["kappa", "beta", "mu"] if isinstance(p.model, CubaLIF) else [])
    for name in names + (["theta", "to"] if p.spikes else []):
        low.params.add(f"{p.name}.{name}", p.n)
    for name in ["v", "s"] + (["i"] if isinstance(p.model, CubaLIF) else []):
        low.state.add(f"{p.name}.{name}", p.n)


def population(low: Lowered, p: Population) -> None:
    """The rows of a population, in the order in which a step runs them."""
    if isinstance(p.model, Input):
        codec.input_spikes(low, p)
    else:
        arrivals = [q for q in low.network.projections if q.post == p.name]
        model = linked_model(low.spec, p)
        late = model is not None and model.uniform and getattr(p.model, "input", "") == "end"
        if late:
            _update(low, p)
        for q in arrivals:
            _arrival(low, q, p)
        if not late:
            _update(low, p)
    for q in low.network.projections:
        if q.pre == p.name and low.kind(q) in ("delayed", "stp"):
            _departure(low, q, p)
    codec.counts(low, p)


def _into(low: Lowered, q: Projection, post: Population) -> int:
    """Where what a projection brings is added up."""
    model = linked_model(low.spec, post)
    row = "i" if model is not None and model.uniform else "s"
    return low.state.at(f"{post.name}.{row}" + ("_in" if q.receptor == "inhibitory" else ""))


def _arrival(low: Lowered, q: Projection, post: Population) -> None:
    pre, kind, delay = low.network.population(q.pre), low.kind(q), low.delay(q)
    sizes, s_at = {"n_pre": pre.n, "n_post": post.n}, _into(low, q, post)
    if kind == "dense":
        weights = low.params.add(f"{q.name}.weights", pre.n, post.n)
        at = low.spike_operands(pre) | {"weights_at": weights, "delay": delay, "s_at": s_at}
        low.step.append(ops.row("DENSE", **sizes, **at))
    elif kind == "sparse":
        at = _indexed(low, q, pre) | low.spike_operands(pre) | {"delay": delay, "s_at": s_at}
        low.step.append(ops.row("SPARSE", **sizes, **at))
    elif kind == "plastic":
        low.step.append(delivery(low, q, s_at))
    elif kind in ("delayed", "stp"):
        slots = ring_slots(low, q)
        ring = _ring(low, q, slots, post.n)
        low.step.append(ops.row("GATHER", n_post=post.n, ring_at=ring, ring_slots=slots, s_at=s_at))
    else:
        weights = low.params.add(f"{q.name}.weights", pre.n, post.n)
        drive = low.state.add(f"{q.name}.drive", post.n)
        history = low.state.add(f"{q.name}.history", 1 + delay, post.n)
        act, gain = low.state.at("encoder.act"), low.params.at("encoder.gain")
        at = {"act_at": act, "gain_at": gain, "weights_at": weights, "drive_at": drive}
        low.prologue.append(ops.row("DRIVE", **sizes, **at))
        at = {"drive_at": drive, "history_at": history, "slots": 1 + delay, "delay": delay, "s_at": s_at}
        low.step.append(ops.row("HELD", n_post=post.n, **at))


def _ring(low: Lowered, q: Projection, slots: int, n_post: int) -> int:
    name = f"{q.name}.ring"
    return low.state.at(name) if name in low.state.blocks else low.state.add(name, slots, n_post)


def _indexed(low: Lowered, q: Projection, pre: Population) -> dict[str, int]:
    nnz = low.shapes[q.name].nnz
    return {
        "indptr_at": low.tables.add(f"{q.name}.indptr", pre.n + 1),
        "indices_at": low.tables.add(f"{q.name}.indices", nnz),
        "weights_at": low.params.add(f"{q.name}.weights", nnz),
    }


def _departure(low: Lowered, q: Projection, pre: Population) -> None:
    shape, post, slots = low.shapes[q.name], low.network.population(q.post), ring_slots(low, q)
    at = _indexed(low, q, pre) | low.spike_operands(pre) | {"n_pre": pre.n, "n_post": post.n}
    at["delays_at"] = low.tables.add(f"{q.name}.delays", shape.nnz) if shape.kind == "delayed" else -1
    at |= {"ring_at": _ring(low, q, slots, post.n), "ring_slots": slots}
    if q.stp is None:
        low.step.append(ops.row("SCATTER", **at))
    else:
        low.step.append(ops.row("SCATTER_STP", **at, **plastic_operands(low, q, pre.n)))


def _update(low: Lowered, p: Population) -> None:
    noise(low, p)
    model = linked_model(low.spec, p)
    if model is None:
        _interpreted(low, p)
        return
    at = {"n": p.n, "neuron": low.first[p.name], "hits_at": low.state.at(f"{p.name}.hits")} | low.spike_operands(p)
    coefficients = [low.params.at(f"{p.name}.{name}") for name in model.coefficients]
    at |= {"state_at": low.state.at(f"{p.name}.{model.state[0]}"), "coef_at": coefficients[0] if coefficients else 0}
    if model.uniform:
        steps = int(low.refractory(p)[0])
        at |= {"b_at": low.params.at(f"{p.name}.b"), "queue_at": low.state.at(f"{p.name}.queue"), "steps": steps}
        at["receptors"] = len(model.state) - 1
    elif model.refractory:
        at["subtract"] = int(getattr(p.model, "reset", "") == "subtract")
        at |= {"steps_at": low.tables.at(f"{p.name}.refractory"), "wait_at": low.state.at(f"{p.name}.wait")}
    if model.scratch:
        at["scratch_at"] = low.state.at(f"{p.name}.scratch")
    low.step.append(ops.row(model.op, **at, **model.also))


def _interpreted(low: Lowered, p: Population) -> None:
    def param(name: str) -> int:
        return low.params.at(f"{p.name}.{name}")

    at = {"n": p.n, "v_at": low.state.at(f"{p.name}.v"), "s_at": low.state.at(f"{p.name}.s")}
    at |= {f"{name}_at": param(name) for name in ("alpha", "lam", "b")}
    if isinstance(p.model, LI):
        low.step.append(ops.row("LI", **at))
        return
    assert isinstance(p.model, IF | LIF | CubaLIF)
    at |= {"theta_at": param("theta"), "to_at": param("to"), "subtract": int(p.model.reset == "subtract")}
    at |= low.spike_operands(p) | {"neuron": low.first[p.name], "hits_at": low.state.at(f"{p.name}.hits")}
    name = "LIF"
    if isinstance(p.model, CubaLIF):
        name = "CUBA"
        at |= {"i_at": low.state.at(f"{p.name}.i")} | {f"{c}_at": param(c) for c in ("kappa", "beta", "mu")}
    if low.waits(p):
        name += "_REFRACTORY"
        at |= {"steps_at": low.tables.at(f"{p.name}.refractory"), "wait_at": low.state.at(f"{p.name}.wait")}
        if name == "LIF_REFRACTORY":  # a jump at a step's start falls into the refractory time one step longer
            at["held"] = 2 if p.model.input == "jump_then_decay" else 1
    low.step.append(ops.row(name, **at))
