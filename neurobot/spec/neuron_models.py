"""Neuron models beyond the linear ones of `neurobot.spec.neurons`, by the names that their papers and NEST use.

All spike where v is strictly above its threshold, as all of ours; NEST's fire at it, which the next number below the
threshold reproduces where that matters. Each parameter is one number, or one per neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurobot.spec.check import Values
from neurobot.spec.neurons import Onset, Reset, Scheme, check_model


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphaLIF:
    """LIF with alpha-shaped synaptic currents: tau_mem dv/dt = (v_leak - v) + r I.

    A spike of weight w adds the current w_in w (t / tau_syn) exp(1 - t / tau_syn), whose peak is w_in w, after
    tau_syn. Integrated exactly over a step (Rotter & Diesmann, Biological Cybernetics 81, 1999): NEST's
    iaf_psc_alpha with ``input="end"`` and r = tau_m / C_m. State: v, the current i and its slope di, and i_in, di_in.

    Args:
        tau_mem: membrane time constant [s].
        tau_syn: time from a spike to the peak of its current [s].
        tau_syn_in: the same of a second current, of the receptor ``inhibitory`` [s]; None: there is none.
        r: resistance, gain of the current.
        w_in: gain of every input.
        v_leak: v without input.
        v_threshold: a spike is emitted when v is greater than this.
        v_reset: v after a spike, with ``reset="value"``.
        reset: ``value`` sets v to v_reset, ``subtract`` takes v_subtract from v.
        v_subtract: default v_threshold.
        t_ref: refractory time [s]: v is held for this long after a spike.
        input: whether a current starts at the start of the step in which its spike arrives, or at its end.
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
    input: Onset = "start"

    def __post_init__(self) -> None:
        check_model(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Izhikevich:
    """Izhikevich's neuron (IEEE Transactions on Neural Networks 14, 2003), in its own units: mV, and ms for a.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I;  du/dt = a (b v - u), with t in ms; after a spike v = c and u rises by d.
    The network's dt and delays are in seconds as everywhere; dt is at most 1 ms. A bias and an added current are I, a
    weight is the jump of v [mV] at the end of the step. State: v, u.

    Integrated by Euler's method, since the values of a, b, c, d in use were found with it: results depend on dt.
    They are NEST's izhikevich, spike for spike.

    Args:
        a: rate of u [1/ms], 0 to 1.
        b: how much u follows v.
        c: v after a spike [mV].
        d: what is added to u at a spike.
        v_threshold: a spike is emitted when v is greater than this [mV].
        v_min: v is never less than this [mV]; NEST's V_min.
        u_init: u at the start of an episode; default b times v_init.
        scheme: ``euler`` takes a whole step from the v and u of its start (NEST's consistent_integration).
            ``half_steps`` takes two half steps of v, then one of u with the new v, as the paper's program; a spike is
            then a current of its weight that is held over the step.
    """

    a: Values = 0.02
    b: Values = 0.2
    c: Values = -65.0
    d: Values = 8.0
    v_threshold: Values = 30.0
    v_min: Values = -1000.0
    u_init: Values | None = None
    scheme: Scheme = "euler"

    def __post_init__(self) -> None:
        check_model(self, a={"low": 0.0, "high": 1.0})


def longest_step(model: Any) -> float:
    """The longest dt [s] with which a model is integrated; infinite where it is exact or cannot go wrong."""
    return 1e-3 if isinstance(model, Izhikevich) else float("inf")
