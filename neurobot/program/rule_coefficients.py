"""From a learning rule to the numbers that its ops take."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.ops import EVENTS
from neurobot.program.lower_perturbation import perturbation_coefficients
from neurobot.spec.custom_rule import CustomRule
from neurobot.spec.eprop import EProp
from neurobot.spec.modulators import Dopamine, Reward, TDError
from neurobot.spec.perturbation_rule import WeightPerturbation
from neurobot.spec.rules import (
    STDP,
    Homeostasis,
    InhibitorySTDP,
    LearningRule,
    RewardSTDP,
    TripletSTDP,
    direction,
)


def rule_coefficients(rule: LearningRule, dt: float, steps: int) -> dict[str, np.ndarray]:
    """Numbers of a rule by the names of their blocks.

    Args:
        rule: of a projection.
        dt: length of a step [s].
        steps: between updates of all weights at once.
    """
    sign = direction(rule)
    base, span = (rule.w_min, rule.w_max - rule.w_min) if sign > 0 else (rule.w_max, rule.w_min - rule.w_max)
    out = {"limits": np.array([rule.w_min, rule.w_max, base, span, rule.mu_plus, rule.mu_minus])}
    if rule.row_sum is not None:
        out["row_sum"] = np.array([sign * rule.row_sum])
    if isinstance(rule, RewardSTDP | WeightPerturbation):
        out |= {"modulation": _modulation(rule, dt, steps), "factor_init": np.ones(2)}
    if isinstance(rule, STDP | TripletSTDP | InhibitorySTDP):
        out["factor_init"] = np.ones(EVENTS)
    if isinstance(rule, WeightPerturbation):
        return out | {"rule": perturbation_coefficients(rule, steps * dt)}
    if isinstance(rule, CustomRule):
        out |= {f"rule.{name}": np.array([value]) for name, value in rule.params.items()}
    if isinstance(rule, EProp):  # more in `neurobot.program.eprop_coefficients`
        return out
    return out | {"rule": _of_events(rule, dt, steps)}


def _of_events(rule: LearningRule, dt: float, steps: int) -> np.ndarray:
    """What follows the spikes of a step: decays of the traces, then what events do to the strength of a synapse."""
    if isinstance(rule, Homeostasis):
        decay = math.exp(-dt / rule.tau)
        return np.array([decay, rule.rate * steps * dt, (1 - decay) / dt / rule.target])
    if isinstance(rule, CustomRule):
        return np.array([*_decays(dt, rule.tau_plus, rule.tau_minus), float(rule.pairing == "nearest")])
    gain = direction(rule) * rule.rate
    if isinstance(rule, STDP):
        taus, events = (rule.tau_plus, 1.0, rule.tau_minus, 1.0), (0.0, rule.A_minus, 0.0, rule.A_plus, 0.0)
    elif isinstance(rule, TripletSTDP):
        taus = (rule.tau_plus, rule.tau_x, rule.tau_minus, rule.tau_y)
        events = (0.0, rule.A2_minus, rule.A3_minus, rule.A2_plus, rule.A3_plus)
    elif isinstance(rule, InhibitorySTDP):
        taus, events = (rule.tau, 1.0, rule.tau, 1.0), (-2 * rule.target * rule.tau, -1.0, 0.0, 1.0, 0.0)
    else:
        assert isinstance(rule, RewardSTDP)
        memory = [math.exp(-dt / tau) if tau else 0.0 for tau in (rule.tau_e, rule.tau_mean or 0.0)]
        x, y = _decays(dt, rule.tau_plus, rule.tau_minus)
        return np.array([x, memory[0], y, memory[1], rule.A_pre, rule.A_minus, 0.0, rule.A_plus, 0.0])
    return np.array([*_decays(dt, *taus), *(gain * number for number in events)])


def _decays(dt: float, *taus: float) -> list[float]:
    return [math.exp(-dt / tau) for tau in taus]


def _modulation(rule: RewardSTDP | WeightPerturbation, dt: float, steps: int) -> np.ndarray:
    gain, m = direction(rule) * rule.rate, rule.modulator
    if isinstance(m, Reward):
        keep = 1.0 if m.baseline_tau is None else math.exp(-steps * dt / m.baseline_tau)
        return np.array([gain, keep, 0.0, 0.0, 0.0])
    if isinstance(m, TDError):
        return np.array([gain, m.discount, 0.0, 0.0, 0.0])
    assert isinstance(m, Dopamine) and isinstance(rule, RewardSTDP)
    both, span = rule.tau_e * m.tau_d / (rule.tau_e + m.tau_d), steps * dt
    phasic, tonic = -gain * both * math.expm1(-span / both), -gain * rule.tau_e * math.expm1(-span / rule.tau_e)
    end = gain * both, gain * rule.tau_e * m.baseline
    return np.array([phasic, math.exp(-dt / m.tau_d), tonic * m.baseline, *end])
