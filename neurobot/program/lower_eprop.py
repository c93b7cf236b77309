"""Lowering of projections that learn by `EProp`."""

from __future__ import annotations

from typing import get_args

from neurobot.errors import SpecError
from neurobot.kernels import ops
from neurobot.kernels.ops import DESCENT, EPROP_COEFFICIENTS, IN_STATE, OWN_ERROR, SOFTMAX
from neurobot.program.lowered import Lowered
from neurobot.spec.eprop import EProp, PseudoDerivative
from neurobot.spec.network import Projection
from neurobot.spec.neuron_models import ALIF


def eprop_blocks(low: Lowered, q: Projection, rule: EProp, size: tuple[int, ...], stride: int) -> None:
    """Reserve what the rule keeps beside weights; arrays of synapses are laid out as those are, by size and stride."""
    name, n_pre, post = q.name, low.network.population(q.pre).n, low.network.population(q.post)
    n_out = low.network.population(rule.readout).n
    arrays = ["g"] + (["m1", "m2"] if rule.descent == "adam" else [])
    low.params.add(f"{name}.eprop", EPROP_COEFFICIENTS)
    low.params.add(f"{name}.descent", DESCENT)
    runs = {"signal": post.n, "error": n_out}
    if q.post != rule.readout:
        arrays += ["e"] + (["adapt"] if isinstance(post.model, ALIF) else [])
        low.state.run({f"{name}.{part}": post.n for part in ("psi", "push", "rate", "hold")})
        if rule.feedback == "random":
            low.params.add(f"{name}.feedback", post.n, n_out)
    for part in arrays:
        low.state.add(f"{name}.{part}", *size, stride=stride)
    low.state.run({f"{name}.{part}": n for part, n in ({"x": n_pre} | runs).items()})
    low.state.add(f"{name}.updates", 3)


def eprop_ahead(low: Lowered, q: Projection, rule: EProp, limited: dict[str, int], period: int) -> list[int]:
    """The row ahead of the populations; `limited` are the operands of weights and bounds."""
    adam = rule.descent == "adam"
    at = {operand: low.state.at(f"{q.name}.{part}") for operand, part in (("g_at", "g"), ("memory_at", "updates"))}
    at |= {"mean_at": low.state.at(f"{q.name}.m1") if adam else -1}
    at |= {"square_at": low.state.at(f"{q.name}.m2") if adam else -1, "coef_at": low.params.at(f"{q.name}.descent")}
    return ops.row("EPROP_APPLY", **limited, **at, period=period, kind=int(adam))


def eprop_behind(low: Lowered, q: Projection, rule: EProp, shared: dict[str, int]) -> list[list[int]]:
    """The rows after the populations; `shared` are the operands of weights."""
    hidden, post = q.post != rule.readout, low.network.population(q.post)
    adaptive = hidden and isinstance(post.model, ALIF)
    at = {name: value for name, value in shared.items() if name != "w_at"}
    at |= low.spike_operands(low.network.population(q.pre))
    at["pre_at"], at["pre_slots"] = at.pop("spikes_at"), at.pop("slots")
    at |= {"delay": low.delay(q), "x_at": low.state.at(f"{q.name}.x"), "g_at": low.state.at(f"{q.name}.g")}
    at |= {"trace_at": low.state.at(f"{q.name}.psi") if hidden else -1, "coef_at": low.params.at(f"{q.name}.eprop")}
    at |= {"e_at": low.state.at(f"{q.name}.e") if hidden else -1, "signal_at": low.state.at(f"{q.name}.signal")}
    at["adapt_at"] = low.state.at(f"{q.name}.adapt") if adaptive else -1
    for operand, part in (("decay_at", "decay_theta"), ("rise_at", "rise")):
        at[operand] = low.params.at(f"{q.post}.{part}") if adaptive else -1
    rows = [_signal(low, q, rule)] + ([_slope(low, q, rule)] if hidden else [])
    return [*rows, ops.row("EPROP", **at)]


def _signal(low: Lowered, q: Projection, rule: EProp) -> list[int]:
    network, kind = low.network, SOFTMAX if rule.loss == "cross_entropy" else 0
    at = {"n_post": network.population(q.post).n, "n_out": network.population(rule.readout).n}
    at |= {f"{part}_at": low.state.at(f"{getattr(rule, part)}.v") for part in ("readout", "target")}
    at["gate_at"] = -1 if rule.gate is None else low.state.at(f"{rule.gate}.v")
    at |= {f"{part}_at": low.state.at(f"{q.name}.{part}") for part in ("signal", "error")}
    feedback = {"feedback_at": -1, "stride": at["n_out"]}
    if q.post == rule.readout:
        kind |= OWN_ERROR
    elif rule.feedback == "random":
        feedback["feedback_at"] = low.params.at(f"{q.name}.feedback")
    else:
        feedback, in_state = _readout_weights(low, f"{q.post}->{rule.readout}", at["n_out"])
        kind |= IN_STATE if in_state else 0
    return ops.row("EPROP_SIGNAL", **at, **feedback, kind=kind)


def _readout_weights(low: Lowered, name: str, n_out: int) -> tuple[dict[str, int], bool]:
    """Where the weights of a projection are, and whether that is in state."""
    if low.shapes[name].kind != "dense":
        raise SpecError(
            f"projection {name!r}", ['EProp takes its weights as feedback, so all pairs need one; or feedback="random"']
        )
    if f"{name}.w" in low.state.blocks:
        block = low.state.blocks[f"{name}.w"]
        return {"feedback_at": block.at, "stride": block.stride or n_out}, True
    return {"feedback_at": low.params.at(f"{name}.weights"), "stride": n_out}, False


def _slope(low: Lowered, q: Projection, rule: EProp) -> list[int]:
    post = low.network.population(q.post)
    adaptive, waits = isinstance(post.model, ALIF), low.waits(post)
    theirs = low.spike_operands(post)
    at = {"n_post": post.n, "v_at": low.state.at(f"{q.post}.v"), "theta_at": low.params.at(f"{q.post}.theta")}
    at |= {"to_at": low.params.at(f"{q.post}.to"), "post_at": theirs["spikes_at"], "post_slots": theirs["slots"]}
    at["adapt_at"] = low.state.at(f"{q.post}.theta") if adaptive else -1
    at["rise_at"] = low.params.at(f"{q.post}.rise") if adaptive else -1
    at["steps_at"] = low.tables.at(f"{q.post}.refractory") if waits else -1
    at |= {"trace_at": low.state.at(f"{q.name}.psi"), "coef_at": low.params.at(f"{q.name}.eprop")}
    return ops.row("EPROP_SLOPE", **at, kind=get_args(PseudoDerivative).index(rule.surrogate))
