"""Windows of rules: what is measured is what the equations say, whatever else the rule does."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurobot as nb
from neurobot.errors import SpecError
from neurobot.simulation import measure_window
from neurobot.spec import STDP, CustomRule, Dopamine, Homeostasis, InhibitorySTDP, RewardSTDP, TripletSTDP


@nb.rule("measured_pairs")
def pairs(w, x, y, spike, A_plus, A_minus):
    return w + A_plus * x if spike else w - A_minus * y


def exponentials(apart, plus, minus, tau_plus, tau_minus):
    """The later spike acts by the trace of the other; one in the same step is the later."""
    later = apart >= 0
    return np.where(later, plus * np.exp(-np.abs(apart) / tau_plus), -minus * np.exp(-np.abs(apart) / tau_minus))


number = st.floats(1e-3, 0.4)
tau = st.floats(2e-3, 0.1)


@settings(max_examples=10, deadline=None)
@given(plus=number, minus=number, tau_plus=tau, tau_minus=tau, dt=st.sampled_from([1e-4, 1e-3, 2e-3]))
def test_pairs_have_two_exponentials_whatever_the_constants_and_the_step(plus, minus, tau_plus, tau_minus, dt):
    constants = {"A_plus": plus, "A_minus": minus}
    taus = {"tau_plus": tau_plus, "tau_minus": tau_minus}
    found = measure_window(STDP(**constants, **taus), span=20 * dt, dt=dt)
    np.testing.assert_allclose(found.apart, np.arange(-20, 21) * dt, atol=1e-15)
    np.testing.assert_allclose(found.change, exponentials(found.apart, plus, minus, **taus), atol=1e-15)
    mine = measure_window(CustomRule(id="measured_pairs", params=constants, **taus), span=20 * dt, dt=dt)
    np.testing.assert_allclose(mine.change, found.change, atol=1e-15)


def test_the_window_of_a_rewarded_rule_is_that_of_its_eligibility():
    rule = RewardSTDP(A_plus=0.7, A_minus=0.3, tau_e=1.0, rate=1e-9, modulator=Dopamine(), interval=0.01, w_max=1e-3)
    found = measure_window(rule, span=0.03)
    np.testing.assert_allclose(found.change, exponentials(found.apart, 0.7, 0.3, 20e-3, 20e-3), rtol=1e-9)


def test_inhibition_is_strengthened_by_pairs_in_either_order():
    found = measure_window(InhibitorySTDP(target=5.0, rate=0.1))
    np.testing.assert_allclose(found.change, 0.1 * (np.exp(-np.abs(found.apart) / 20e-3) - 2 * 5 * 20e-3), rtol=1e-9)


def test_triplets_need_more_than_one_pair():
    rule = TripletSTDP(A2_plus=0.0, A3_plus=6.5e-3, A2_minus=0.0, A3_minus=0.0)
    assert measure_window(rule, span=0.01).change.tolist() == [0.0] * 21
    found = measure_window(rule, span=0.01, pairs=2, every=0.05)
    at = np.flatnonzero(np.isclose(found.apart, 0.01))[0]
    x = math.exp(-10 / 16.8) + math.exp(-60 / 16.8)
    assert found.change[at] == pytest.approx(6.5e-3 * x * math.exp(-50 / 125), rel=1e-11)


def test_weights_that_end_at_a_bound_are_marked():
    found = measure_window(STDP(A_plus=0.9), span=0.01)
    assert found.cut.tolist() == (found.change >= 0.5 - 1e-12).tolist()
    assert found.cut.sum() == 11
    assert not measure_window(STDP(A_plus=0.9), span=0.01, weight=0.05).cut.any()


def test_a_sum_that_is_kept_does_not_hide_the_window():
    plain, kept = (measure_window(STDP(row_sum=s), span=0.005).change for s in (None, 0.3))
    np.testing.assert_array_equal(plain, kept)


@pytest.mark.parametrize(
    ("rule", "more", "problem"),
    [
        (Homeostasis(target=5.0), {}, "has no window; give one of STDP, TripletSTDP"),
        (STDP(), {"span": 0.0005}, "span is 0.0005 s, not a multiple of dt"),
        (STDP(), {"every": 0.0015}, "every is 0.0015 s, not a multiple of dt"),
        (STDP(), {"pairs": 0}, "pairs is 0, it must be"),
        (STDP(), {"weight": 2.0}, "weight is 2"),
        (STDP(), {"pairs": 10**6}, "synapses and 999999102 steps are over 200,000,000 in all; give a shorter span"),
    ],
)
def test_what_cannot_be_measured_is_said(rule, more, problem):
    with pytest.raises(SpecError, match=problem):
        measure_window(rule, **more)
