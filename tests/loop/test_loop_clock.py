"""Clocks: when a tick begins, and what counts as late."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.loop import Deadlines, ManualClock, RealClock, SimClock

PERIOD = 0.01


@pytest.fixture
def clock():
    clock = ManualClock()
    clock.advance(123.456)  # the grid begins where the episode does, not at 0
    clock.start(PERIOD)
    return clock


def test_simulated_time_advances_by_a_period_a_tick_and_is_never_late():
    clock = SimClock()
    clock.start(0.02)
    assert [clock.wait() for _ in range(3)] == [0, 0, 0]
    assert clock.now() == pytest.approx(0.06)
    assert clock.deadlines() == Deadlines(ticks=3)


def test_a_new_episode_starts_the_counts_again(clock):
    for c in (clock, SimClock()):
        c.start(PERIOD)
        c.wait()
        c.start(PERIOD)
        assert c.now() == 0
        assert c.deadlines() == Deadlines()


def test_work_in_time_leaves_slack_and_the_next_tick_begins_on_the_grid(clock):
    clock.advance(0.004)
    assert clock.wait() == 6_000_000
    assert clock.now() == PERIOD
    assert clock.deadlines() == Deadlines(ticks=1)


def test_work_that_ends_exactly_at_the_deadline_is_in_time(clock):
    clock.advance(PERIOD)
    assert clock.wait() == 0
    assert clock.now() == PERIOD
    assert clock.deadlines().misses == 0


@pytest.mark.parametrize(
    ("work", "begins", "skipped"), [(0.0101, 0.02, 1), (0.02, 0.02, 1), (0.034, 0.04, 3), (1.0, 1.0, 99)]
)
def test_an_overrun_skips_the_ticks_that_it_covers_and_keeps_the_phase(clock, work, begins, skipped):
    clock.advance(work)
    assert clock.wait() == pytest.approx((PERIOD - work) * 1e9, abs=1)
    assert clock.now() == pytest.approx(begins)
    assert clock.deadlines() == Deadlines(
        ticks=1, misses=1, skipped=skipped, worst_lateness=pytest.approx(work - PERIOD, abs=1e-9)
    )


def test_the_worst_lateness_is_kept(clock):
    for work in (0.011, 0.017, 0.012, 0.001):
        clock.advance(work)
        clock.wait()
    assert clock.deadlines().worst_lateness == pytest.approx(0.007)
    assert clock.deadlines().misses == 3


def test_a_period_of_no_whole_number_of_nanoseconds_does_not_drift():
    clock = ManualClock()
    clock.start(1 / 60)
    for _ in range(60_000):
        clock.wait()
    assert clock.now() == 1000.0


@given(st.lists(st.floats(0.0, 0.2), max_size=40), st.floats(1e-4, 0.1))
def test_every_tick_begins_on_the_first_point_of_the_grid_after_the_work(works, period):
    clock = ManualClock()
    clock.start(period)
    for work in works:
        clock.advance(work)
        done = clock.now()
        clock.wait()
        slots = clock.now() / period
        assert slots == pytest.approx(round(slots), abs=1e-4)
        assert done - 1e-9 <= clock.now() <= max(done, 0.0) + period + 1e-8
    counts = clock.deadlines()
    assert counts.ticks == len(works)
    assert counts.ticks + counts.skipped == round(clock.now() / period)
    assert (counts.skipped > 0) == (counts.misses > 0) == (counts.worst_lateness > 0)


@pytest.mark.parametrize("spin", [0.0, 2e-4, 1.0])
def test_a_real_tick_never_begins_before_its_point(spin):
    clock = RealClock(spin=spin)
    clock.start(0.002)
    for _ in range(5):
        clock.wait()
        counts = clock.deadlines()
        assert clock.now() >= 0.002 * (counts.ticks + counts.skipped)


def test_a_real_overrun_is_counted_with_its_lateness_and_the_ticks_it_covers():
    clock = RealClock()
    clock.start(0.002)
    time.sleep(0.007)
    assert clock.wait() <= -5_000_000
    counts = clock.deadlines()
    assert counts.misses == 1
    assert counts.skipped >= 3
    assert counts.worst_lateness >= 0.005


def test_counts_of_episodes_add_up():
    one = Deadlines(ticks=10, misses=2, skipped=3, worst_lateness=0.1)
    two = Deadlines(ticks=5, misses=1, skipped=1, worst_lateness=0.4)
    assert one + two == Deadlines(ticks=15, misses=3, skipped=4, worst_lateness=0.4)
