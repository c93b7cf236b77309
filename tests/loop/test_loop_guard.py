"""The guard as a machine: every state with every set of flags, and time as an argument."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.errors import GuardError
from neurobot.loop import Flag, Guard, Mode
from neurobot.loop.guard import COMMANDS, FAULTS, HOLDS, STOPS, WORDS, State, advance, words
from neurobot.spec import GuardSpec

SPEC = GuardSpec(hold_for=1.0)
FLAGS = [Flag(k) for k in range(1 << len(Flag))]
STEP = 0.1  # [s]
GAP = 1.0  # [s]
RUNS = (Mode.RUNNING, Mode.HOLD)


def moves(mode, since, now, time):
    """Every set of flags with what the machine does with it."""
    state = State(mode, since, time, Flag.STALE if mode in (Mode.HOLD, Mode.SAFE) else Flag(0))
    for flags in FLAGS:
        yield flags, state, advance(SPEC, state, now, flags, GAP)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("held", [0.3, 2.0])
def test_every_state_with_every_set_of_flags_goes_where_the_table_says(mode, held):
    now = 10.0
    for flags, _, after in moves(mode, now - held, now, now - STEP):
        faults = flags & HOLDS
        if mode is Mode.SAFE:
            gone = not flags & (FAULTS | Flag.STOP)
            expected = Mode.DISARMED if flags & Flag.DISARM and gone else Mode.SAFE
        elif flags & STOPS:
            expected = Mode.SAFE
        elif flags & Flag.DISARM:
            expected = Mode.DISARMED
        elif mode is Mode.DISARMED:
            expected = Mode.READY if flags & Flag.ARM and not faults else Mode.DISARMED
        elif mode is Mode.READY:
            expected = Mode.DISARMED if faults else Mode.RUNNING if flags & Flag.RUN else Mode.READY
        elif not faults:
            expected = Mode.RUNNING
        else:
            expected = Mode.SAFE if mode is Mode.HOLD and held >= SPEC.hold_for else Mode.HOLD
        assert after.mode is expected, (mode, flags)


@pytest.mark.parametrize("mode", Mode)
def test_nothing_but_running_without_a_fault_sends_the_networks_own_action(mode):
    for flags, _, after in moves(mode, 9.9, 10.0, 9.9):
        if after.mode is Mode.RUNNING:
            assert not flags & (FAULTS | Flag.STOP | Flag.DISARM)
            assert mode in RUNS or (mode is Mode.READY and flags & Flag.RUN)


@pytest.mark.parametrize(("mode", "flags"), list(itertools.product(Mode, [Flag(0), COMMANDS, *Flag])))
def test_a_state_remembers_when_it_began_and_why(mode, flags):
    state = State(mode, 9.5, 9.9, Flag.STALE if mode in (Mode.HOLD, Mode.SAFE) else Flag(0))
    after = advance(SPEC, state, 10.0, flags, GAP)
    assert after.time == 10.0
    assert after.since == (9.5 if after.mode is mode else 10.0)
    if after.mode is mode:
        assert after.cause == state.cause
    else:
        assert bool(after.cause) is (after.mode in (Mode.HOLD, Mode.SAFE))


@pytest.mark.parametrize("mode", RUNS)
@pytest.mark.parametrize("now", [9.8, 11.5, math.nan, math.inf, -math.inf])
def test_a_time_that_jumps_or_goes_back_is_a_gap_and_safe(mode, now):
    after = advance(SPEC, State(mode, 9.5, 10.0), now, Flag(0), GAP)
    assert after.mode is Mode.SAFE
    assert after.cause == Flag.GAP


def test_an_older_time_means_nothing_to_a_guard_that_does_not_run():
    assert advance(SPEC, State(Mode.READY, 0.0, 0.0), 100.0, Flag.RUN, GAP).mode is Mode.RUNNING


@given(st.lists(st.tuples(st.integers(0, (1 << len(Flag)) - 1), st.floats(0.0, 0.4)), max_size=60))
def test_a_hold_ends_in_time_whatever_comes(ticks):
    state, now, held_since = State(Mode.RUNNING, 0.0, 0.0), 0.0, None
    for flags, step in ticks:
        now += step
        state = advance(SPEC, state, now, Flag(flags), GAP)
        if state.mode is not Mode.HOLD:
            held_since = None
            continue
        held_since = now if held_since is None else held_since
        assert now - held_since < SPEC.hold_for + 0.4  # one tick may begin just before the end


def test_the_first_cause_of_a_hold_is_that_of_the_stop():
    state = advance(SPEC, State(Mode.RUNNING, 0.0, 0.0), 0.1, Flag.OBSERVATION, GAP)
    for k in range(2, 12):
        state = advance(SPEC, state, k * STEP, Flag.STALE, GAP)
    assert (state.mode, state.cause) == (Mode.SAFE, Flag.OBSERVATION)


def test_every_fault_has_words():
    assert set(WORDS) == set(FAULTS | Flag.STOP)
    assert words(Flag.STALE | Flag.LATE) == "the observation is too old and the last deadline was missed"


def armed(now=0.0):
    guard = Guard(SPEC, 0.0)
    guard.arm(now)
    return guard


def test_a_guard_is_armed_by_a_decision_and_then_runs():
    assert Guard(SPEC, 0.0).mode is Mode.DISARMED
    assert Guard(SPEC, 0.0).update(1.0) is Mode.DISARMED
    assert armed().mode is Mode.RUNNING


def test_the_quick_way_of_a_guard_is_that_of_the_machine():
    guard, state = armed(), State(Mode.RUNNING, 0.0, 0.0)
    for now, flags in ((0.1, 0), (0.2, Flag.STALE), (0.3, 0), (0.4, 0), (2.0, 0), (2.1, Flag.DISARM), (2.2, 0)):
        state = advance(SPEC, state, now, Flag(flags), GAP)
        assert guard.update(now, flags) is state.mode


def test_an_emergency_stop_is_seen_in_the_next_tick_and_latched():
    guard = armed()
    guard.stop()
    assert guard.runs
    assert guard.update(0.1, guard.pending(0.1)) is Mode.SAFE
    assert guard.cause == "an operator stopped it"
    assert guard.update(0.2, guard.pending(0.2)) is Mode.SAFE
    with pytest.raises(GuardError, match=r"SAFE: an operator stopped it; see to the cause, then call guard.disarm\(\)"):
        guard.arm(0.3)
    guard.disarm()
    guard.arm(0.4)
    assert guard.mode is Mode.RUNNING


def test_a_gap_is_known_before_the_tick():
    guard = armed()
    assert guard.pending(1.0) == 0
    assert guard.pending(1.01) == Flag.GAP
    assert Guard(SPEC, 0.0).pending(5.0) == 0


def test_a_guard_that_never_holds_takes_ticks_of_a_period():
    guard = Guard(GuardSpec(hold_for=0.0), 0.01)
    guard.arm(0.0)
    assert guard.update(0.019) is Mode.RUNNING
    assert guard.update(0.029, Flag.STALE) is Mode.HOLD
    assert guard.update(0.039, Flag.STALE) is Mode.SAFE


def test_a_guard_that_holds_is_not_armed_again():
    guard = armed()
    guard.update(0.1, Flag.FROZEN)
    with pytest.raises(GuardError, match=r"holds: the observation has not changed for too long; call guard.disarm"):
        guard.arm(0.2)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"hold_for": -1.0}, "hold_for is -1, it must be at least 0"),
        ({"stale_after": 0.0}, "stale_after is 0, it must be greater than 0"),
        ({"frozen": True}, "frozen is True, it must be a number"),
        ({"runaway": 1.5}, "runaway is 1.5, it must be at most 1"),
        ({"max_misses": 0}, "max_misses is 0, it must be at least 1"),
        ({"overrun": "safer"}, "overrun is 'safer'; did you mean 'safe'?"),
        ({"frozen": 1.0, "frozen_index": ()}, r"frozen_index is \(\), it must be a list of entries"),
        ({"frozen": 1.0, "frozen_index": (0, -1)}, r"frozen_index\[1\] is -1, it must be at least 0"),
        ({"frozen_index": (0,)}, "frozen_index is given and frozen is not; give the time"),
    ],
)
def test_a_guard_that_makes_no_sense_is_refused(settings, told):
    with pytest.raises(ValueError, match=told):
        GuardSpec(**settings)
