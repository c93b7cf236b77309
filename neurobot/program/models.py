"""How neuron models lie in the arenas: the op that updates them, its rows of state and its rows of coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurobot.spec.controller import ControllerSpec
from neurobot.spec.custom import Custom
from neurobot.spec.network import NetworkSpec, Population
from neurobot.spec.neuron_models import ALIF, AdEx, AlphaLIF, CobaLIF, Izhikevich
from neurobot.spec.neurons import CubaLIF


@dataclass(frozen=True, slots=True)
class LinkedModel:
    """A model whose update is a linked op.

    Args:
        op: its name.
        state: rows of the state, (n,) each, consecutive in this order.
        coefficients: rows of params, (n,) each or, where the neurons share them, (1,) each; by the names that
            `neurobot.program.coefficients` gives them.
        uniform: whether the neurons share them; `b` is then a block of its own, and what arrives goes into i.
        refractory: whether it has a t_ref, and a reset of two kinds.
        also: operands of its own, behind those of all models.
        scratch: rows of the state, (n,) each, that matter within a step only.
        starts: rows of the state that have a start of their own.
    """

    op: str
    state: tuple[str, ...]
    coefficients: tuple[str, ...]
    uniform: bool = False
    refractory: bool = True
    also: Mapping[str, int] = field(default_factory=dict)
    scratch: int = 0
    starts: tuple[str, ...] = ()


CUBA_TWO = LinkedModel(
    "CUBA_TWO",
    ("v", "i", "i_in", "s", "s_in"),
    ("alpha", "b", "kappa", "beta", "lam", "mu", "kappa_in", "beta_in", "lam_in", "mu_in", "theta", "to"),
)
_UNIFORM = ("alpha", "theta", "to", "kappa", "beta")
CUBA_UNIFORM = LinkedModel("CUBA_UNIFORM", ("v", "i"), _UNIFORM, uniform=True)
CUBA_UNIFORM_TWO = LinkedModel("CUBA_UNIFORM", ("v", "i", "i_in"), (*_UNIFORM, "kappa_in", "beta_in"), uniform=True)
_MEMBRANE = ("alpha", "b", "theta", "to")
_ALPHA = ("eta", "kappa", "lam", "beta", "gamma", "nu", "mu")
ALPHA = LinkedModel("ALPHA", ("v", "s", "i", "di"), (*_MEMBRANE, *_ALPHA), also={"receptors": 1})
ALPHA_TWO = LinkedModel(
    "ALPHA",
    ("v", "s", "i", "di", "s_in", "i_in", "di_in"),
    (*_MEMBRANE, *_ALPHA, *(f"{name}_in" for name in _ALPHA)),
    also={"receptors": 2},
)
IZHIKEVICH = LinkedModel(
    "IZHIKEVICH", ("v", "u", "s"), ("h", "b", "a", "b_u", "d", "v_min", "theta", "to"), refractory=False, starts=("u",)
)
_ADEX = (
    "leak", "b", "push", "per_c", "v_leak", "v_t", "per_delta", "v_clip", "a", "rate_w", "jump", "v_hot",
    "e_ex", "beta", "beta_half", "e_in", "beta_in", "beta_half_in", "theta", "to",
)  # fmt: skip
ADEX = LinkedModel("ADEX", ("v", "w", "s", "i", "s_in", "i_in"), _ADEX, also={"conductance": 0}, scratch=4)
ADEX_CONDUCTANCE = LinkedModel("ADEX", ("v", "w", "s", "g", "s_in", "g_in"), _ADEX, also={"conductance": 1}, scratch=4)
COBA = LinkedModel(
    "COBA",
    ("v", "s", "g", "s_in", "g_in"),
    ("leak", "b", "per_c", "e_ex", "beta", "mean", "moment", "e_in", "beta_in", "mean_in", "moment_in", "theta", "to"),
)
ADAPTIVE = LinkedModel(
    "ALIF",
    ("v", "w", "theta", "s"),
    ("alpha", "b", "lam", "kappa", "decay_w", "decay_theta", "theta", "to", "jump", "rise"),
)


def linked_model(spec: ControllerSpec | NetworkSpec, p: Population) -> LinkedModel | None:
    """The linked op that updates a population, or None where the interpreter does."""
    model = p.model
    if isinstance(model, Custom):
        return _custom(spec, p, model)
    if isinstance(model, ALIF):
        return replace(ADAPTIVE, also={"held": 2 if model.input == "jump_then_decay" else 1})
    if isinstance(model, CobaLIF):
        return replace(COBA, also={"early": int(model.input == "start")})
    if isinstance(model, AdEx):
        synapse = ADEX if model.e_ex is None else ADEX_CONDUCTANCE
        return replace(synapse, also={**synapse.also, "early": int(model.input == "start")})
    if isinstance(model, Izhikevich):
        return replace(IZHIKEVICH, also={"half_steps": int(model.scheme == "half_steps")})
    if isinstance(model, AlphaLIF):
        return ALPHA if model.tau_syn_in is None else ALPHA_TWO
    if not isinstance(model, CubaLIF):
        return None
    if isinstance(spec, NetworkSpec) and _is_uniform(model):
        return CUBA_UNIFORM if model.tau_syn_in is None else CUBA_UNIFORM_TWO
    return None if model.tau_syn_in is None else CUBA_TWO


def _custom(spec: ControllerSpec | NetworkSpec, p: Population, model: Custom) -> LinkedModel:
    known, network = model.neuron, spec if isinstance(spec, NetworkSpec) else spec.network
    also = {"states": len(known.state), "coefficients": len(known.params), "population": network.index(p.name)}
    others = tuple(name for name in known.state if name != "v")
    return LinkedModel("CUSTOM", (*known.state, "s"), known.params, refractory=False, also=also, starts=others)


def _is_uniform(model: CubaLIF) -> bool:
    """Whether `cuba_uniform` can run it. A controller's neurons keep parameters of their own, for its trainers."""
    numbers = (model.tau_mem, model.tau_syn, model.tau_syn_in, model.r, model.v_leak, model.v_threshold, model.v_reset)
    one_each = not any(isinstance(x, tuple) for x in (*numbers, model.t_ref))
    return one_each and model.w_in == 1.0 and model.reset == "value" and model.input in ("start", "end")
