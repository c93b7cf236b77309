"""Whether `EProp` fits the network around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurobot.errors import near
from neurobot.spec.check import Problems
from neurobot.spec.eprop import EProp
from neurobot.spec.neuron_models import ALIF
from neurobot.spec.neurons import LI, LIF

if TYPE_CHECKING:
    from neurobot.spec.network import NetworkSpec, Projection

INPUTS = ("current", "jump")


def check_eprop(problems: Problems, network: NetworkSpec, q: Projection, rule: EProp) -> None:
    """Note what does not fit a projection whose populations exist."""
    where = f"projection {q.name!r}"
    named = {"readout": rule.readout, "target": rule.target} | ({} if rule.gate is None else {"gate": rule.gate})
    for role, name in named.items():
        if name not in network.names:
            problems.add(f"{where}: {role}: there is no population {name!r}; {near(name, network.names)}")
            return
        if not isinstance(network.population(name).model, LI):
            kind = type(network.population(name).model).__name__
            problems.add(f"{where}: {role} {name!r} is {kind}, it must be LI")
            return
    sizes = {role: network.population(name).n for role, name in named.items()}
    if sizes["readout"] != sizes["target"]:
        problems.add(
            f"{where}: readout {rule.readout!r} has {sizes['readout']} neurons and target {rule.target!r} "
            f"{sizes['target']}; they must have as many"
        )
    if sizes.get("gate", 1) != 1:
        problems.add(f"{where}: gate {rule.gate!r} has {sizes['gate']} neurons, it must have 1")
    _shared(problems, f"{where}: readout {rule.readout!r}", network.population(rule.readout).model)
    if q.post != rule.readout:
        _neuron(problems, where, q.post, network.population(q.post).model, rule)
        if rule.feedback == "symmetric":
            _symmetric(problems, where, network, q.post, rule)


def _shared(problems: Problems, where: str, model: Any) -> None:
    for name in ("tau_mem", "r"):
        if isinstance(getattr(model, name), tuple):
            problems.add(f"{where}: EProp needs one {name} for all neurons, given one each")
    if model.input not in INPUTS:
        problems.add(f"{where}: EProp needs an input of {' or '.join(INPUTS)}, it is {model.input!r}")


def _neuron(problems: Problems, where: str, post: str, model: Any, rule: EProp) -> None:
    if not isinstance(model, LIF | ALIF):
        kind = type(model).__name__
        problems.add(f"{where}: EProp needs LIF or ALIF, or the readout {rule.readout!r}; {post!r} is {kind}")
        return
    name = f"{where}: {post!r}"
    _shared(problems, name, model)
    if model.reset != "subtract":
        problems.add(f'{name}: EProp needs reset="subtract", it is {model.reset!r}')
    if isinstance(model, ALIF) and model.b != 0.0:
        problems.add(f"{name}: EProp has no trace of an adaptation current; b is {model.b}, it must be 0")
    if rule.slope is None and (isinstance(model.v_threshold, tuple) or model.v_threshold <= 0):
        problems.add(f"{name}: v_threshold is {model.v_threshold}, so 1 / v_threshold is no slope: give EProp one")


def _symmetric(problems: Problems, where: str, network: NetworkSpec, post: str, rule: EProp) -> None:
    found = [q for q in network.projections if (q.pre, q.post) == (post, rule.readout)]
    if not found:
        problems.add(
            f"{where}: feedback is symmetric, but there is no projection '{post}->{rule.readout}' whose weights it "
            'could be; add one, or use feedback="random"'
        )
