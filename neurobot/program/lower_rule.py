"""Lowering of projections that learn: their weights are state, and ops change them.

Two sections of a step are theirs: ops that change all weights at once come ahead of the populations, in the order of
the projections; those that follow the spikes of the step come after all populations.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.ops import (
    CENTRED,
    COEFFICIENTS,
    DOPAMINE,
    EVENTS,
    LIMITS,
    MODULATION,
    NEAREST,
    OWN,
    SLOW,
    SOFT,
    SURPRISE,
    TD_ERROR,
)
from neurobot.program.draw import Synapses
from neurobot.program.layout import Block, spread
from neurobot.program.lower_eprop import eprop_ahead, eprop_behind, eprop_blocks
from neurobot.program.lower_perturbation import perturb, perturbation_blocks
from neurobot.program.lowered import Lowered
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.custom_rule import CustomRule
from neurobot.spec.eprop import EProp
from neurobot.spec.modulators import Dopamine, TDError
from neurobot.spec.network import NetworkSpec, Projection
from neurobot.spec.perturbation_rule import WeightPerturbation
from neurobot.spec.rules import Homeostasis, LearningRule, RewardSTDP, TripletSTDP

KEPT = ("w", "baseline", "lack", "mean", "rate", "watch", "g", "m1", "m2", "updates")
"""Blocks of a projection that a reset leaves as they are: what was learnt, slow estimates of what is usual,
and gradients that are gathered over episodes."""
POST_INDEX = ".post_index"
TRACES = ("x", "x_slow", "y", "y_slow")
"""Of STDP, in the order of their factors: a trace is what its block holds, times its factor."""


def rule_blocks(low: Lowered, q: Projection) -> None:
    """Reserve the blocks of a projection that learns."""
    rule, name, n_pre, n_post = _rule(q), q.name, low.network.population(q.pre).n, low.network.population(q.post).n
    shape = low.shapes[name]
    dense = shape.kind == "dense"
    if dense:
        size: tuple[int, ...] = (n_pre, n_post)
        stride = spread(n_post)
        stride = 0 if stride == n_post else stride
    else:
        size, stride = (shape.nnz,), 0
        low.tables.add(f"{name}.indptr", n_pre + 1)
        low.tables.add(f"{name}.indices", shape.nnz)
        low.tables.add(f"{name}{POST_INDEX}", n_post + 1 + 2 * shape.nnz)
    low.params.add(f"{name}.weights", *size)
    low.params.add(f"{name}.limits", LIMITS)
    low.state.add(f"{name}.w", *size, stride=stride)
    low.state.add(f"{name}.watch", 2, integer=True)
    if rule.row_sum is not None:
        low.params.add(f"{name}.row_sum", 1)
        low.state.add(f"{name}.sums", n_post)
    if isinstance(rule, Homeostasis):
        low.params.add(f"{name}.rule", 3)
        low.state.run({f"{name}.rate": n_post, f"{name}.factors": n_post})
    elif isinstance(rule, EProp):
        eprop_blocks(low, q, rule, size, stride)
    elif isinstance(rule, WeightPerturbation):
        perturbation_blocks(low, name, size, stride)
    elif isinstance(rule, RewardSTDP):
        low.params.add(f"{name}.rule", COEFFICIENTS)
        low.params.add(f"{name}.modulation", MODULATION)
        low.params.add(f"{name}.factor_init", 2)
        low.state.add(f"{name}.e", *size, stride=stride)
        traces = {"x": n_pre, "y": n_post, "mean": n_post, "hidden": n_post, "kick": n_post}
        low.state.run({f"{name}.factor": 2} | {f"{name}.{trace}": n for trace, n in traces.items()})
        low.state.run({f"{name}.baseline": 2, f"{name}.level": 1})
    else:
        _pair_blocks(low, name, rule, n_pre, n_post)


def _pair_blocks(low: Lowered, name: str, rule: LearningRule, n_pre: int, n_post: int) -> None:
    """Of rules that change weights at once, by pairs or triplets of spikes."""
    traces = {"x": n_pre, "x_slow": n_pre, "y": n_post, "y_slow": n_post, "kick": n_post}
    if isinstance(rule, CustomRule):
        low.params.run({f"{name}.rule": OWN} | {f"{name}.rule.{param}": 1 for param in rule.rule.params})
    else:
        low.params.add(f"{name}.rule", COEFFICIENTS)
        low.params.add(f"{name}.factor_init", EVENTS)
        traces = {"factor": EVENTS, "events": COEFFICIENTS - EVENTS} | traces
    low.state.run({f"{name}.{trace}": n for trace, n in traces.items()})


def _rule(q: Projection) -> LearningRule:
    assert q.rule is not None
    return q.rule


def _shared(low: Lowered, q: Projection) -> dict[str, int]:
    """Operands of all ops of a projection that learns."""
    name, n_post = q.name, low.network.population(q.post).n
    indexed, block = f"{name}.indptr" in low.tables.blocks, low.state.blocks[f"{name}.w"]
    at = {"n_pre": low.network.population(q.pre).n, "n_post": n_post, "w_at": block.at}
    at |= {"stride": block.stride or n_post}
    at |= {f"{part}_at": low.tables.at(f"{name}.{part}") if indexed else -1 for part in ("indptr", "indices")}
    return at


def _limited(low: Lowered, q: Projection) -> dict[str, int]:
    watch, limits = low.state.at(f"{q.name}.watch"), low.params.at(f"{q.name}.limits")
    return _shared(low, q) | {"watch_at": watch, "limits_at": limits}


def delivery(low: Lowered, q: Projection, s_at: int) -> list[int]:
    """The row that delivers the spikes of a projection that learns."""
    at = low.spike_operands(low.network.population(q.pre)) | {"delay": low.delay(q), "s_at": s_at}
    if isinstance(q.rule, WeightPerturbation):
        at["w_at"] = low.state.at(f"{q.name}.transmitted")
    return ops.row("PLASTIC", **(_shared(low, q) | at))


def period(spec: ControllerSpec | NetworkSpec, rule: LearningRule) -> int:
    """Steps between updates of all weights at once."""
    tick = spec.substeps if isinstance(spec, ControllerSpec) else 1
    if rule.interval is None or (isinstance(rule, RewardSTDP) and not isinstance(rule.modulator, Dopamine)):
        return tick
    dt = spec.dt if isinstance(spec, NetworkSpec) else spec.network.dt
    return max(1, round(rule.interval / dt))


def ahead(low: Lowered) -> None:
    """The rows ahead of the populations."""
    for q in low.network.projections:
        if isinstance(q.rule, RewardSTDP | WeightPerturbation):
            low.step.append(_modulate(low, q, q.rule))
        if isinstance(q.rule, EProp):
            low.step.append(eprop_ahead(low, q, q.rule, _limited(low, q), period(low.spec, q.rule)))
        if q.rule is not None and q.rule.row_sum is not None:
            own = {"trace_at": low.state.at(f"{q.name}.sums"), "coef_at": low.params.at(f"{q.name}.row_sum")}
            low.step.append(ops.row("NORMALISE", **_limited(low, q), **own, period=period(low.spec, q.rule)))
        if isinstance(q.rule, WeightPerturbation):
            low.step.append(perturb(low, q, _shared(low, q), period(low.spec, q.rule)))


def _modulate(low: Lowered, q: Projection, rule: RewardSTDP | WeightPerturbation) -> list[int]:
    kind, critic = SURPRISE, {"critic_at": 0, "critic_n": 0}
    if isinstance(rule.modulator, TDError):
        name = rule.modulator.critic
        kind, critic = TD_ERROR, {"critic_at": low.state.at(f"{name}.v"), "critic_n": low.network.population(name).n}
    elif isinstance(rule.modulator, Dopamine):
        kind = DOPAMINE
    centred = isinstance(rule, RewardSTDP) and rule.tau_mean is not None
    kind |= (SOFT if rule.bounds == "soft" else 0) | (CENTRED if centred else 0)
    parts = {"e_at": "e", "trace_at": "factor", "memory_at": "baseline"}
    at = {operand: low.state.at(f"{q.name}.{part}") for operand, part in parts.items()}
    at |= {"coef_at": low.params.at(f"{q.name}.modulation"), "period": period(low.spec, rule), "kind": kind}
    return ops.row("MODULATE", **_limited(low, q), **at, **critic)


def behind(low: Lowered) -> None:
    """The rows after all populations."""
    for k, q in enumerate(low.network.projections):
        if isinstance(q.rule, EProp):
            low.step += eprop_behind(low, q, q.rule, _shared(low, q))
        elif q.rule is not None and not isinstance(q.rule, WeightPerturbation):
            low.step.append(_follow(low, q, q.rule, k))


def _follow(low: Lowered, q: Projection, rule: LearningRule, number: int) -> list[int]:
    """The row that follows the spikes of a step."""
    assert not isinstance(rule, EProp)
    pre, post = low.network.population(q.pre), low.network.population(q.post)
    theirs = low.spike_operands(post) if post.spikes else {"spikes_at": -1, "slots": 1}
    at = _limited(low, q) | {"post_at": theirs["spikes_at"], "post_slots": theirs["slots"]}
    at["coef_at"] = low.params.at(f"{q.name}.rule")
    if isinstance(rule, Homeostasis):
        at["trace_at"] = low.state.at(f"{q.name}.rate")
        return ops.row("SCALE", **at, period=period(low.spec, rule))
    ours = low.spike_operands(pre)
    at |= {"pre_at": ours["spikes_at"], "pre_slots": ours["slots"], "delay": low.delay(q)}
    index = f"{q.name}{POST_INDEX}"
    at["post_index_at"] = low.tables.at(index) if index in low.tables.blocks else -1
    at["trace_at"] = low.state.at(f"{q.name}.{'x' if isinstance(rule, CustomRule) else 'factor'}")
    if isinstance(rule, CustomRule):
        return ops.row("RULE", **at, projection=number)
    assert not isinstance(rule, WeightPerturbation)
    kind = NEAREST if rule.pairing == "nearest" else 0
    if isinstance(rule, RewardSTDP):
        at["w_at"] = low.state.at(f"{q.name}.e")
        return ops.row("ELIGIBILITY", **at, kind=kind | (CENTRED if rule.tau_mean is not None else 0))
    kind |= (SLOW if isinstance(rule, TripletSTDP) else 0) | (SOFT if rule.bounds == "soft" else 0)
    return ops.row("STDP", **at, kind=kind)


def trace_factor(blocks: Mapping[str, Block], name: str) -> int:
    """The word of the state by which a block must be multiplied to be what its name says; -1 where there is none."""
    projection, _, part = name.rpartition(".")
    factor = blocks.get(f"{projection}.factor")
    return factor.at + TRACES.index(part) if part in TRACES and factor and factor.shape == (EVENTS,) else -1


def post_index(s: Synapses, n_post: int) -> np.ndarray:
    """Indexed synapses by their postsynaptic neuron: where each neuron's begin (n_post + 1,), their positions (nnz,),
    their presynaptic neurons (nnz,); one array, int32."""
    assert s.indptr is not None and s.indices is not None
    order = np.argsort(s.indices, kind="stable")
    begin = np.concatenate([[0], np.cumsum(np.bincount(s.indices, minlength=n_post))])
    sources = np.repeat(np.arange(s.indptr.size - 1), np.diff(s.indptr))[order]
    return np.concatenate([begin, order, sources]).astype(np.int32)
