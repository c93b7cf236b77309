"""Linear neuron models, in NIR's names and SI units; the others are in `neurobot.spec.neuron_models`.

A model is only its parameters; `neurobot.program` turns them into the coefficients of the one
update that all linear neurons share,

    v <- alpha v + kappa i + lam s + b;    i <- beta i + mu s;    spike if v > v_threshold,

with s the sum of the weights that arrive in the step. Each parameter is one number, or one per neuron.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from neurobot.spec.check import Problems, Values, normalise
from neurobot.spec.custom import Custom

Jump: TypeAlias = Literal["current", "jump", "jump_then_decay"]
"""What a spike of weight w does to a neuron without synaptic current.

- ``current``: it is a current w held over the step, v += (1 - alpha) r w (NIR; for IF v += r dt w).
- ``jump``: v += w at the end of the step (NEST's iaf_psc_delta).
- ``jump_then_decay``: v += w before the step's decay (Brian2's ``v += w``, with our delay = theirs + dt). t_ref is
  then Brian2's too: it begins with the jumps that follow the spike at once, so that v is held for t_ref - dt,
  and what arrives in t_ref / dt steps is dropped. t_ref = dt holds nothing, and drops what arrives as the neuron
  resets: Brian2's order of resets after synapses.
"""

Synapse: TypeAlias = Literal["start", "end", "unscaled", "held"]
"""When a spike's synaptic current starts.

- ``start``: at the start of the step it arrives in, so that it moves v in this step.
- ``end``: at its end, so that it moves v from the next step on (NEST's iaf_psc_exp).
- ``unscaled``: v <- alpha v + i, i <- beta i + w, the neuron of the spiking-actor papers, which does not
  scale the current by the membrane's propagator; decays of .75 and .5 are taus of -dt / ln(decay).
- ``held``: the spike is no pulse but an input w held over the step, tau_syn dI/dt = -I + w_in w (NIR), so that it
  moves I by (1 - beta) w_in w, and v by w_in w ((1 - alpha) r - P21) in this step.
"""

Onset: TypeAlias = Literal["start", "end"]
"""When a spike's current or conductance starts: as in `Synapse`."""

Scheme: TypeAlias = Literal["euler", "half_steps"]
"""How `Izhikevich` is integrated, see there."""

Reset: TypeAlias = Literal["value", "subtract"]

Receptor: TypeAlias = Literal["excitatory", "inhibitory"]
"""Where a projection ends. ``inhibitory`` is the second one of models with a ``tau_syn_in``; the sign of a current is
that of its weight at either. Weights that are conductances are not negative at either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Neurons without dynamics: they spike when the encoder (or the caller) says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IF:
    """Integrate and fire: dv/dt = r I.

    Args:
        r: resistance, gain of the current.
        v_threshold: a spike is emitted when v is greater than this.
        v_reset: v after a spike, with ``reset="value"``.
        reset: ``value`` sets v to v_reset, ``subtract`` takes v_subtract from v.
        v_subtract: default v_threshold.
        t_ref: refractory time [s]: v is held for this long after a spike.
        input: what a spike does, see `Jump`.
    """

    r: Values = 1.0
    v_threshold: Values = 1.0
    v_reset: Values = 0.0
    reset: Reset = "value"
    v_subtract: Values | None = None
    t_ref: Values = 0.0
    input: Jump = "current"

    def __post_init__(self) -> None:
        check_model(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LIF:
    """Leaky integrate and fire: tau_mem dv/dt = (v_leak - v) + r I.

    Args:
        tau_mem: membrane time constant [s].
        r: resistance, gain of the current.
        v_leak: v without input.
        v_threshold: a spike is emitted when v is greater than this.
        v_reset: v after a spike, with ``reset="value"``.
        reset: ``value`` sets v to v_reset, ``subtract`` takes v_subtract from v.
        v_subtract: default v_threshold.
        t_ref: refractory time [s]: v is held for this long after a spike.
        input: what a spike does, see `Jump`.
    """

    tau_mem: Values
    r: Values = 1.0
    v_leak: Values = 0.0
    v_threshold: Values = 1.0
    v_reset: Values = 0.0
    reset: Reset = "value"
    v_subtract: Values | None = None
    t_ref: Values = 0.0
    input: Jump = "current"

    def __post_init__(self) -> None:
        check_model(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CubaLIF:
    """Current-based LIF: tau_syn dI/dt = -I, I += w_in w per spike; tau_mem dv/dt = (v_leak - v) + r I.

    Integrated exactly over a step. Arguments as for `LIF`, and:

    Args:
        tau_syn: synaptic time constant [s].
        tau_syn_in: time constant of a second current, of the receptor ``inhibitory`` [s]; None: there is none.
        w_in: gain of every input.
        input: when the current starts, see `Synapse`.
    """

    tau_mem: Values
    tau_syn: Values
    tau_syn_in: Values | None = None
    r: Values = 1.0
    w_in: Values = 1.0
    v_leak: Values = 0.0
    v_threshold: Values = 1.0
    v_reset: Values = 0.0
    reset: Reset = "value"
    v_subtract: Values | None = None
    t_ref: Values = 0.0
    input: Synapse = "start"

    def __post_init__(self) -> None:
        check_model(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LI:
    """Leaky integrator, a read-out that never spikes: tau_mem dv/dt = (v_leak - v) + r I.

    Args:
        tau_mem: membrane time constant [s].
        r: resistance, gain of the current.
        v_leak: v without input.
        input: what a spike does, see `Jump`.
    """

    tau_mem: Values
    r: Values = 1.0
    v_leak: Values = 0.0
    input: Jump = "current"

    def __post_init__(self) -> None:
        check_model(self)


WORDS: dict[str, Any] = {"Jump": Jump, "Synapse": Synapse, "Onset": Onset, "Scheme": Scheme, "Reset": Reset}
"""What an argument may say, by the name of its type."""
POSITIVE = frozenset(
    ["tau_mem", "tau_syn", "tau_syn_in", "tau_w", "tau_theta", "v_subtract", "c_m", "g_leak", "delta_t"]
)
ENDS = (("v_reset", "v_threshold"), ("v_reset", "v_peak"), ("c", "v_threshold"))
"""Where v is set to after a spike, and where it spikes."""


def parameters(model: Any) -> dict[str, Values]:
    """The model's numeric parameters by name, without those that may be None and are."""
    if isinstance(model, Custom):
        return model.values()
    given = {f.name: (getattr(model, f.name), str(f.type)) for f in fields(model)}
    return {
        name: value
        for name, (value, kind) in given.items()
        if kind == "Values" or (kind == "Values | None" and value is not None)
    }


def receptors(model: Any) -> tuple[Receptor, ...]:
    """The receptors that projections may end at."""
    return ("excitatory", "inhibitory") if getattr(model, "tau_syn_in", None) is not None else ("excitatory",)


def check_model(model: Any, **bounds: dict[str, float]) -> None:
    """Bring the parameters to their types and raise SpecError for those that make no sense.

    Args:
        model: any neuron model; what is allowed follows from the names and types of its fields.
        bounds: of parameters, as arguments of `Problems.values`, beyond those that their names imply.
    """
    normalise(model, *(f.name for f in fields(model) if str(f.type).startswith("Values")))
    problems = Problems(type(model).__name__)
    for name, value in parameters(model).items():
        implied = {"above": 0.0} if name in POSITIVE else {"low": 0.0} if name == "t_ref" else {}
        problems.values(name, value, **bounds.get(name, implied))
    for f in fields(model):
        if f.type in WORDS:
            problems.choice(f.name, getattr(model, f.name), get_args(WORDS[str(f.type)]))
    by_value = getattr(model, "reset", "value") == "value"
    for name, end in ENDS:
        if hasattr(model, name) and hasattr(model, end) and by_value and not problems.found:
            low_value, high_value = getattr(model, name), getattr(model, end)
            if any_above(low_value, high_value):
                problems.add(f"{name} is {low_value}, above {end} {high_value}: the neuron would spike for ever")
    if by_value and getattr(model, "v_subtract", None) is not None:
        problems.add('v_subtract is given but reset is "value"; it needs reset="subtract"')
    problems.done()


def any_above(a: Values, b: Values) -> bool:
    """Whether a is above b in any neuron; values of different lengths are told elsewhere."""
    left = a if isinstance(a, tuple) else (a,)
    right = b if isinstance(b, tuple) else (b,)
    if len(left) != len(right) and 1 not in (len(left), len(right)):
        return False
    n = max(len(left), len(right))
    return any(x > y for x, y in zip(left * (n // len(left)), right * (n // len(right)), strict=True))
