"""Our side of the networks of NEST's further models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from neurobot.spec import AdEx, AlphaLIF, CobaLIF, Izhikevich, NetworkSpec, Sparse
from tests.golden.networks import DT, Network
from tests.golden.ours import membranes, nest_bias, spec_of


def alpha(network: Network, later: int = 0, **kind: object) -> NetworkSpec:
    """NEST's iaf_psc_alpha."""
    cell = network.cell
    model = AlphaLIF(
        **membranes(network), tau_syn=cell["tau_syn"], tau_syn_in=cell["tau_syn_in"], r=cell["tau_mem"] / cell["c_mem"],
        t_ref=cell["refractory"] * DT, **kind,
    )  # fmt: skip
    return spec_of(network, model, later, receptors=True, bias=nest_bias(network))


def izhikevich(network: Network, **kind: object) -> NetworkSpec:
    """NEST's izhikevich."""
    cell = network.cell
    model = Izhikevich(**{name: cell[name] for name in ("a", "b", "c", "d", "u_init")}, **kind)
    return spec_of(network, model, bias=cell["drive"])


def adex(network: Network, conductance: bool) -> NetworkSpec:
    """NEST's aeif_cond_exp, or aeif_psc_exp."""
    cell = network.cell
    same = ("g_leak", "v_leak", "v_peak", "v_reset", "a", "b", "tau_w", "tau_syn", "tau_syn_in")
    given = {"c_m": cell["c_mem"], "v_t": cell["v_threshold"], "delta_t": cell["delta"]}
    given |= {name: cell[name] for name in same}
    given |= {"e_ex": cell["e_ex"], "e_in": cell["e_in"]} if conductance else {}
    model = AdEx(**given, t_ref=cell["refractory"] * DT, input="end")
    return positive(spec_of(network, model, receptors=True, bias=nest_bias(network)), conductance)


def positive(spec: NetworkSpec, conductance: bool) -> NetworkSpec:
    """Conductances are positive at either receptor."""
    if not conductance:
        return spec
    turned = []
    for q in spec.projections:
        w = q.weights
        turned.append(replace(q, weights=Sparse(w.post, w.pre, np.abs(w.values), w.delays)))
    return replace(spec, projections=tuple(turned))


def coba(network: Network) -> NetworkSpec:
    """NEST's iaf_cond_exp."""
    cell = network.cell
    names = ("g_leak", "v_leak", "v_threshold", "v_reset", "e_ex", "e_in", "tau_syn", "tau_syn_in")
    given = {name: cell[name] for name in names} | {"c_m": cell["c_mem"], "t_ref": cell["refractory"] * DT}
    model = CobaLIF(**given, input="end")
    return positive(spec_of(network, model, receptors=True, bias=nest_bias(network)), True)


OUR_MODELS: dict[str, Callable[[Network], NetworkSpec]] = {
    "nest_psc_alpha": partial(alpha, input="end"),
    "nest_cond_exp": coba,
    "nest_aeif_cond_exp": partial(adex, conductance=True),
    "nest_aeif_psc_exp": partial(adex, conductance=False),
}
"""By recorded file."""
