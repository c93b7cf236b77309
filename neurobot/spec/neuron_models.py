"""Neuron models beyond the linear ones of `neurobot.spec.neurons`, by the names that their papers and NEST use.

All spike where v is strictly above its threshold, as all of ours; NEST's fire at it, which the next number below the
threshold reproduces where that matters. Each parameter is one number, or one per neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.spec.check import Problems, Values
from neurobot.spec.neurons import Jump, Onset, Reset, Scheme, any_above, check_model


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
class ALIF:
    """LIF with an adaptive threshold and an adaptation current: tau_mem dv/dt = (v_leak - v) + r (I - w).

    tau_w dw/dt = -w;  tau_theta dtheta/dt = -theta;  a spike is where v > v_threshold + theta, and raises w by b and
    theta by beta. Both go on in the refractory time. Integrated exactly over a step. State: v, w, theta.

    Args:
        tau_mem: membrane time constant [s].
        beta: what the threshold rises by at a spike; 0: it is fixed.
        tau_theta: time constant of its return [s].
        b: what the adaptation current rises by at a spike; 0: there is none.
        tau_w: time constant of its decay [s].
        r: resistance, gain of the currents.
        v_leak: v without input.
        v_threshold: a spike is emitted when v is greater than this and theta together.
        v_reset: v after a spike, with ``reset="value"``.
        reset: ``value`` sets v to v_reset, ``subtract`` takes v_subtract from v.
        v_subtract: default v_threshold.
        t_ref: refractory time [s]: v is held for this long after a spike.
        input: what a spike does, see `neurobot.spec.neurons.Jump`.
    """

    tau_mem: Values
    beta: Values = 0.0
    tau_theta: Values = 0.1
    b: Values = 0.0
    tau_w: Values = 0.1
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
class Izhikevich:
    """Izhikevich's neuron (IEEE Transactions on Neural Networks 14, 2003), in its own units: mV, and ms for a.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I;  du/dt = a (b v - u), with t in ms; after a spike v = c and u rises by d.
    The network's dt and delays are in seconds as everywhere; dt is at most 1 ms. A bias and an added current are I, a
    weight is the jump of v [mV] at the end of the step. State: v, u.

    Integrated by Euler's method, since the values of a, b, c, d in use were found with it: results depend on dt.
    Spikes are those of NEST's izhikevich, as long as weights that are added up in another order do not tell: of two
    coupled networks of 450 neurons, compared over a second, one with ``euler`` departed after 0.7 s.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AdEx:
    """Adaptive exponential integrate and fire (Brette & Gerstner, Journal of Neurophysiology 94, 2005).

    c_m dv/dt = g_leak (v_leak - v) + g_leak delta_t exp((v - v_t) / delta_t) - w + I;
    tau_w dw/dt = a (v - v_leak) - w; where v passes v_peak a spike, v = v_reset and w rises by b. SI units, or any that
    fit each other; the defaults are the paper's, and v_peak and v_reset those of NEST.

    With e_ex a spike of weight w adds w to a conductance, I = g (e_ex - v) + g_in (e_in - v), and weights are not
    negative (NEST's aeif_cond_exp, where a negative one means the inhibitory). Training may make them negative: they
    take from a conductance, which never falls below 0. Without, it adds w to a current (NEST's aeif_psc_exp). Both
    decay exponentially; NEST is ``input="end"``. State: v, w, and g, g_in or i, i_in.

    Integrated by Runge and Kutta's method of fourth order, through the upswing in exp(-(v - v_t) / delta_t). Against
    NEST at 0.1 ms with a tolerance of 1e-12, two neurons over 100 ms: v within 2e-6 mV (conductances 2e-3 mV), w within
    2e-6 pA (2e-4 pA); a recurrent network of 450 gave the same 7,000 spikes over a second, others part from NEST
    after some tenths of a second, as NEST does from itself with another tolerance. What differs: a spike is where v
    is above v_peak; conductances together count as 2 c_m / dt at most, for v to stay finite whatever arrives. dt is
    at most a quarter of tau_w and of c_m / (g_leak + |a|). With ``t_ref=0`` v goes on from v_reset within the step.

    Args:
        c_m: capacitance [F].
        g_leak: leak conductance [S].
        v_leak: v without input, but for the exponential [V].
        v_t: threshold of the exponential [V].
        delta_t: slope of the exponential [V].
        v_peak: a spike is emitted when v is greater than this [V].
        v_reset: v after a spike [V].
        a: how much w follows v [S], above -g_leak.
        b: what w rises by at a spike [A].
        tau_w: time constant of w [s].
        t_ref: refractory time [s]: v is held for this long after a spike, and w goes on.
        tau_syn: synaptic time constant [s].
        tau_syn_in: the same of the receptor ``inhibitory`` [s]; None: there is none.
        e_ex: reversal potential of the conductance [V]; None: weights are currents.
        e_in: reversal potential of the receptor ``inhibitory`` [V].
        input: whether a conductance starts at the start of the step in which its spike arrives, or at its end.
    """

    tau_syn: Values
    c_m: Values = 281e-12
    g_leak: Values = 30e-9
    v_leak: Values = -70.6e-3
    v_t: Values = -50.4e-3
    delta_t: Values = 2e-3
    v_peak: Values = 0.0
    v_reset: Values = -60e-3
    a: Values = 4e-9
    b: Values = 80.5e-12
    tau_w: Values = 144e-3
    t_ref: Values = 0.0
    tau_syn_in: Values | None = None
    e_ex: Values | None = None
    e_in: Values | None = None
    input: Onset = "start"

    def __post_init__(self) -> None:
        check_model(self)
        problems = Problems("AdEx")
        if any_above(self.v_t, self.v_peak):
            problems.add(f"v_t is {self.v_t}, above v_peak {self.v_peak}: there is no upswing to v_peak")
        leak = np.asarray(self.g_leak)
        if (np.size(self.a) in (1, leak.size) or leak.size == 1) and (np.asarray(self.a) <= -leak).any():
            problems.add(f"a is {self.a}, it must be above -g_leak, {-leak}: v and w would run away without input")
        if (self.e_in is not None) != (self.e_ex is not None and self.tau_syn_in is not None):
            problems.add("e_in is needed where there are e_ex and tau_syn_in, and only there")
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class CobaLIF:
    """LIF with conductances: c_m dv/dt = g_leak (v_leak - v) + g (e_ex - v) + g_in (e_in - v) + I.

    A spike of weight w, which is not negative, adds w to the conductance of its receptor, and both decay exponentially.
    Training may make weights negative: they take from a conductance, which never falls below 0. SI units, or any that
    fit each other. State: v, g, g_in. NEST's iaf_cond_exp is ``input="end"``, where a weight that inhibits is negative.

    Integrated by Magnus's method of fourth order, stable for any conductance. Against NEST at 0.1 ms: v within 2e-8 mV
    (two neurons over 100 ms), and the same 11,193 spikes of a recurrent network of 450 over a second.

    Args:
        c_m: capacitance [F].
        g_leak: leak conductance [S].
        v_leak: v without input [V].
        v_threshold: a spike is emitted when v is greater than this [V].
        v_reset: v after a spike [V].
        e_ex: reversal potential of the receptor ``excitatory`` [V].
        e_in: reversal potential of the receptor ``inhibitory`` [V].
        tau_syn: time constant of the first conductance [s].
        tau_syn_in: time constant of the second [s].
        t_ref: refractory time [s]: v is held for this long after a spike, and the conductances go on.
        input: whether a conductance starts at the start of the step in which its spike arrives, or at its end.
    """

    c_m: Values
    g_leak: Values
    v_leak: Values
    v_threshold: Values
    v_reset: Values
    e_ex: Values
    e_in: Values
    tau_syn: Values
    tau_syn_in: Values
    t_ref: Values = 0.0
    input: Onset = "start"

    def __post_init__(self) -> None:
        check_model(self)


def conductances(model: Any) -> bool:
    """Whether weights into a model are conductances, which are not negative."""
    return isinstance(model, CobaLIF) or (isinstance(model, AdEx) and model.e_ex is not None)


def longest_step(model: Any) -> float:
    """The longest dt [s] with which a model is integrated; infinite where it is exact or cannot go wrong."""
    if isinstance(model, Izhikevich):
        return 1e-3
    if isinstance(model, AdEx):
        c_m, g_leak, a = (np.asarray(x) for x in (model.c_m, model.g_leak, model.a))
        fastest = min((np.min(c_m) / (np.max(g_leak) + np.max(np.abs(a)))), np.min(model.tau_w))
        return float(fastest) / 4
    return float("inf")
