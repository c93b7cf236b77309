"""Neuron models beyond the linear ones of `neurobot.spec.neurons`, by the names that their papers and NEST use.

All spike where v is strictly above its threshold, as all of ours; NEST's fire at it, which the next number below the
threshold reproduces where that matters. Each parameter is one number, or one per neuron.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurobot.spec.check import Values
from neurobot.spec.neurons import Onset, Reset, check_model


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
