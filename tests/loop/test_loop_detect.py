"""Detectors: what they flag, when, and when they stop to."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.errors import SpecError
from neurobot.loop.detect import Detectors, Frozen, Lasting
from neurobot.loop.guard import Flag
from neurobot.spec import GuardSpec


def controller(**measures):
    return SimpleNamespace(
        **{"observation_size": 3, "control_period": 0.01, "spikes_last": 10, "spikes_most": 100, "silent": False}
        | measures
    )


def detectors(watched=None, **settings):
    return Detectors(GuardSpec(**settings), watched or controller())


def before(d, now, values=(0.0, 0.0, 0.0), age=0.0, alive=True):
    return d.before(now, np.array(values), age, alive)


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 5))
def test_something_lasts_when_it_was_so_without_a_break(so, after):
    lasting = Lasting(float(after))
    run = 0
    for k, it in enumerate(so):
        run = run + 1 if it else 0
        assert lasting.look(float(k), it) is (run > after)


def test_by_default_an_observation_is_stale_after_three_periods_and_nothing_else_is_looked_at():
    d = detectors()
    assert before(d, 0.0, age=0.03) == 0
    assert before(d, 0.0, age=0.031) == Flag.STALE
    assert before(d, 1e6, alive=False) == 0


def test_the_age_of_an_observation_has_a_limit_of_its_own():
    assert before(detectors(stale_after=0.2), 0.0, age=0.19) == 0
    assert before(detectors(stale_after=0.2), 0.0, age=0.21) == Flag.STALE


def test_an_observation_is_frozen_until_one_bit_changes():
    frozen = Frozen(0.1, None)
    x = np.zeros(3)
    seen = [frozen.look(0.05 * k, x) for k in range(4)]
    assert seen == [False, False, True, True]
    x[2] = 5e-324
    assert not frozen.look(0.2, x)
    assert frozen.look(0.31, x)


def test_a_frozen_entry_is_found_among_those_that_change_and_others_may_stand_still():
    frozen = Frozen(0.1, (0, 2))
    seen = [frozen.look(0.05 * k, np.array([k, 7.0, 0.0])) for k in range(3)]
    assert seen == [False, False, True]
    still = Frozen(0.1, (0, 2))
    assert not any(still.look(0.05 * k, np.array([k, 7.0, -k])) for k in range(9))


def test_a_frozen_observation_is_flagged_and_its_entries_must_exist():
    d = detectors(frozen=0.1)
    assert [before(d, t) for t in (0.0, 0.05, 0.1)] == [0, 0, Flag.FROZEN]
    with pytest.raises(SpecError, match=r"guard: frozen_index has 3, the observation has the entries 0..2"):
        detectors(frozen=0.1, frozen_index=(0, 3))


@pytest.mark.parametrize("index", [None, (0, 2)])
def test_an_observation_of_another_shape_is_left_to_the_controller(index):
    d = detectors(frozen=0.1, frozen_index=index)
    assert [before(d, t, values=(1.0,)) for t in (0.0, 0.2)] == [0, 0]


def test_silence_is_flagged_in_the_tick_after_it_has_lasted():
    watched = controller(silent=True)
    d = detectors(watched, silence=0.1)
    for now, expected in ((0.0, 0), (0.05, 0), (0.1, 0), (0.15, Flag.SILENT)):
        assert before(d, now) == expected
        d.after(now)
    watched.silent = False
    d.after(0.2)
    assert before(d, 0.25) == 0


def test_a_runaway_is_flagged_when_it_has_lasted_beside_silence_that_is_watched_too():
    watched = controller(spikes_last=81)
    d = detectors(watched, runaway=0.8, runaway_for=0.05, silence=1.0)
    for now, expected in ((0.0, 0), (0.05, 0), (0.1, Flag.RUNAWAY)):
        assert before(d, now) == expected
        d.after(now)
    watched.spikes_last = 80
    d.after(0.15)
    assert before(d, 0.2) == 0


def test_a_dead_man_switch_has_a_time_out():
    d = detectors(dead_man=0.1)
    assert [before(d, t, alive=False) for t in (0.0, 0.05, 0.1)] == [0, 0, Flag.DEAD_MAN]
    assert before(d, 0.15) == 0


@pytest.mark.parametrize(("overrun", "flag"), [("skip", 0), ("hold", Flag.LATE), ("safe", Flag.OVERRUNS)])
def test_a_missed_deadline_is_answered_as_was_asked_for_and_one_that_is_kept_clears_it(overrun, flag):
    d = detectors(overrun=overrun)
    d.done(-1)
    assert before(d, 0.0) == flag
    d.done(0)
    assert before(d, 0.1) == 0


def test_misses_in_a_row_are_counted_and_one_kept_deadline_begins_anew():
    d = detectors(max_misses=3)
    for slack, flag in ((-1, 0), (-1, 0), (5, 0), (-1, 0), (-1, 0), (-1, Flag.OVERRUNS)):
        d.done(slack)
        assert before(d, 0.0) == flag


def test_misses_may_be_without_end():
    d = detectors(max_misses=None)
    for _ in range(1000):
        d.done(-1)
    assert before(d, 0.0) == 0
