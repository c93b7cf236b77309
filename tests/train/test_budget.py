"""How much of a budget is used; what is none is refused by the settings of every method, and tested there."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from neurobot.train.budget import CpuClock, share_used

COUNTS, MINUTES = st.integers(1, 10**9), st.floats(1e-6, 1e6)


@given(st.integers(0, 10**9), COUNTS, st.floats(0, 1e8), MINUTES)
def test_of_two_budgets_the_one_that_is_used_up_first_counts(done, most, seconds, minutes):
    both = share_used(done, most, seconds, minutes)
    assert both == max(share_used(done, most, seconds, None), share_used(done, None, seconds, minutes))
    assert (both == 1) == (done >= most or seconds >= 60 * minutes)


@given(COUNTS, MINUTES)
def test_half_of_a_budget_is_half(most, minutes):
    assert share_used(most, 2 * most, 0.0, None) == 0.5
    assert abs(share_used(0, None, 30 * minutes, minutes) - 0.5) < 1e-12
    assert share_used(most, None, 1.0, None) == 0


def test_the_clock_counts_what_this_process_and_others_have_used():
    clock = CpuClock()
    clock.restart(100.0)
    clock.add(20.0)
    began = time.process_time()
    while time.process_time() < began + 0.01:
        pass
    assert 120.01 <= clock.seconds < 130
