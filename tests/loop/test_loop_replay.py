"""Replay: the same controller does it again bit for bit, and whatever was changed is found, in its place."""

import json
from dataclasses import replace as put_in

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay_runs import World, again, fixed, learner, put, run, tell, without

from neurobot.controller import Controller
from neurobot.errors import SpecError
from neurobot.loop import Feature, Loop, Outcome, Reading, Recorder, Robot, SimClock, load_recording
from neurobot.loop.replay import replay
from neurobot.spec import GuardSpec
from tests.kernels.arrays import examples
from tests.unit.learning_networks import NAME

FLOATS = ("membrane", "wanted", "sent")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A run of two episodes of 20 ticks."""
    return run(tmp_path_factory.mktemp("plain") / "r", fixed())[0]


def replayed(recording, program=None, core="host", **learning):
    controller, learning = again(program or fixed(), core, **learning)
    return replay(recording, controller, learning=learning)


def counted(recording):
    return len(recording.tick), len(recording.spikes)


@pytest.mark.parametrize("core", ["host", "host64"])
def test_a_run_is_reproduced_spike_for_spike(tmp_path, core):
    recording, _ = run(tmp_path, fixed(), episodes=3, core=core)
    result = replayed(recording, core=core)
    assert (result.difference, result.rest) == (None, "")
    assert (result.ticks, result.spikes) == counted(recording)
    assert result.spikes > 100


@pytest.mark.parametrize("freeze_at", [None, 0.07, 0.13])
@pytest.mark.parametrize("ends", [None, 15])
def test_a_run_that_learns_is_reproduced_and_ends_with_the_same_weights(tmp_path, freeze_at, ends):
    world = World(blind=(6, 14), ends=ends)
    recording, ran = run(tmp_path, learner(), world, episodes=3, learn=True, freeze_at=freeze_at)
    controller, learning = again(learner(), learn=True, freeze_at=freeze_at)
    result = replay(recording, controller, learning=learning)
    assert result.difference is None
    assert (result.ticks, result.spikes) == counted(recording)
    weights = controller.to_program().weights(NAME)
    np.testing.assert_array_equal(weights, ran.to_program().weights(NAME))
    assert np.abs(weights - learner().weights(NAME)).max() > 1e-3


def test_learning_that_the_run_did_not_have_is_found(tmp_path):
    recording, _ = run(tmp_path, learner(), World(length=60), learn=True)
    assert replayed(recording, learner()).difference is not None
    assert replayed(recording, learner(), learn=True, freeze_at=0.05).difference is not None


def test_ticks_that_were_held_for_want_of_an_observation_or_reward_are_held_again(tmp_path):
    recording, _ = run(tmp_path, learner(), World(blind=(0, 7, 8), unpaid=(11,)))
    np.testing.assert_array_equal(np.flatnonzero(recording.held[:20]), [0, 7, 8, 12])
    result = replayed(recording, learner())
    assert (result.difference, result.ticks) == (None, 40)


def test_a_tick_whose_action_was_bad_has_run_the_network_and_does_so_again(tmp_path):
    wild = fixed(gain=3e37)  # a membrane of 11 is more than float32 can hold after it
    recording, _ = run(tmp_path, wild, World(length=60))
    held = np.flatnonzero(recording.held)
    assert 0 < held.size < 120
    assert held[0] > 0 and (recording.membrane[held[0]] != recording.membrane[held[0] - 1]).any()
    result = replayed(recording, wild)
    assert (result.difference, result.ticks) == (None, 120)


def test_other_weights_are_found(plain):
    difference = replayed(plain, fixed(seed=8)).difference
    assert (difference.what, difference.episode) == ("spike", 0)


def test_another_core_is_found_in_the_membranes_or_before(plain):
    difference = replayed(plain, core="host64").difference
    assert difference.what in ("spike", "membrane")
    assert difference.tick == 0


def test_a_held_tick_that_the_replay_does_not_hold_is_told_as_that(plain):
    difference = replayed(put(plain, "held", 4, 5)).difference
    assert (difference.what, difference.tick, difference.first, difference.second) == ("held", 4, 5, 0)


@given(row=st.integers(0, 39), name=st.sampled_from(FLOATS), data=st.data())
@examples(25)
def test_one_changed_value_is_found_where_it_is(plain, row, name, data):
    array = getattr(plain, name)
    entry = data.draw(st.integers(0, array.shape[1] - 1))
    bit = data.draw(st.integers(0, 8 * array.itemsize - 1))
    bits = np.array([array[row, entry]]).view(f"u{array.itemsize}")
    value = (bits ^ bits.dtype.type(1 << bit)).view(array.dtype)[0]
    result = replayed(put(plain, name, (row, entry), value))
    difference = result.difference
    assert (difference.what, difference.tick, result.ticks) == (name, row, row)
    assert repr(difference.first) == repr(value.item()) and difference.second == array[row, entry]
    assert (difference.episode, difference.time) == (row // 20, pytest.approx(row % 20 * 0.005))
    where = {"in": 0, "h": 8, "out": 17}[difference.population] if name == "membrane" else 0
    assert where + difference.index == entry
    assert result.spikes == (plain.spikes[:, 0] < row).sum()


def lacks(recording, k):
    count = recording.spike_count.copy()
    count[recording.spikes[k, 0]] -= 1
    return put_in(recording, spikes=np.delete(recording.spikes, k, axis=0), spike_count=count)


@given(share=st.floats(0, 1, exclude_max=True), field=st.sampled_from([None, 1, 2]), data=st.data())
@examples(25)
def test_one_changed_spike_is_found_where_it_is(plain, share, field, data):
    k = int(share * len(plain.spikes))
    row, step, neuron = spike = tuple(map(int, plain.spikes[k]))
    if field is None:
        changed, expected = lacks(plain, k), spike
    else:
        value = data.draw(st.integers(0, 4 if field == 1 else 16).filter(lambda x: x != spike[field]))
        other = (row, value, neuron) if field == 1 else (row, step, value)
        changed, expected = put(plain, "spikes", (k, field), value), min(spike, other)
    difference = replayed(changed).difference
    assert (difference.what, difference.tick, difference.step) == ("spike", row, expected[1])
    assert {"in": 0, "h": 8}[difference.population] + difference.index == expected[2]
    assert difference.first == (expected != spike) and difference.second == (expected == spike)
    assert difference.time == pytest.approx((row % 20 * 5 + expected[1]) * 0.001)


def test_the_order_of_spikes_within_a_step_is_no_difference(plain):
    at = np.flatnonzero((np.diff(plain.spikes[:, :2], axis=0) == 0).all(axis=1))[0]
    spikes = plain.spikes.copy()
    spikes[[at, at + 1]] = spikes[[at + 1, at]]
    assert replayed(put_in(plain, spikes=spikes)).difference is None


def test_the_earliest_of_several_differences_is_told_and_causes_come_first(plain):
    changed = put(put(put(plain, "sent", (9, 0), 0.1), "wanted", (9, 1), 0.2), "membrane", (12, 9), 0.25)
    assert replayed(changed).difference.what == "wanted"
    assert replayed(put(changed, "membrane", (9, 18), 0.5)).difference.words() == (
        f"episode 0, 0.045 s into it (tick 9): the membrane of neuron 1 of 'out' is 0.5 in the recording, "
        f"{plain.membrane[9, 18]:.9g} in the replay"
    )


def test_minus_zero_is_found_and_a_nan_is_a_nan(plain):
    assert not plain.membrane[3, 0].any()
    assert (
        replayed(put(plain, "membrane", (3, 0), -0.0))
        .difference.words()
        .endswith("the membrane of neuron 0 of 'in' is -0 in the recording, 0 in the replay")
    )
    data = replayed(put(plain, "wanted", (3, 0), np.nan)).to_dict()
    assert (data["difference"]["what"], data["difference"]["first"]) == ("wanted", None)
    json.dumps(data, allow_nan=False)


def test_spikes_beyond_those_that_were_kept_are_compared_in_number(tmp_path):
    recording, _ = run(tmp_path, fixed(), max_spikes=4)
    cut = np.flatnonzero(recording.spike_count > 4)
    assert cut.size
    result = replayed(recording)
    assert (result.difference, result.ticks, result.spikes) == (None, 40, len(recording.spikes))
    row = int(cut[3])
    difference = replayed(put(recording, "spike_count", row, 99)).difference
    assert (difference.what, difference.tick, difference.first) == ("spike_count", row, 99)
    assert difference.second == recording.spike_count[row]
    k = int(np.flatnonzero(recording.spikes[:, 0] == row)[0])
    assert replayed(put(recording, "spikes", (k, 2), 16)).difference.tick == row


def test_a_replay_in_blocks_is_the_same(plain, monkeypatch):
    monkeypatch.setattr("neurobot.loop.ticks.BLOCK_TICKS", 7)
    assert (replayed(plain).ticks, replayed(plain).spikes) == counted(plain)
    difference = replayed(put(plain, "sent", (23, 1), 0.5)).difference
    assert (difference.what, difference.tick, difference.episode) == ("sent", 23, 1)
    assert difference.time == pytest.approx(3 * 0.005)


def test_a_replay_ends_at_a_tick_that_was_dropped(plain):
    result = replayed(without(plain, [13, 14, 30]))
    assert (result.difference, result.ticks, result.rest) == (None, 13, "tick 13 was dropped by the recorder")
    assert result.spikes == (plain.spikes[:, 0] < 13).sum()
    assert replayed(without(plain, [38, 39])).rest == "tick 38 was dropped by the recorder"
    assert replayed(without(plain, [0])).ticks == 0


@pytest.mark.parametrize(
    ("changed", "ticks", "rest"),
    [
        (lambda r: tell(r, "episode_start", 1), 20, "the recording does not say with which seed episode 1 began"),
        (lambda r: tell(r, "episode_start", 0, seed="3"), 0, "the recording does not say with which seed episode 0"),
        (lambda r: tell(r, "episode_end", 0), 20, "the recording does not say how episode 0 ended"),
        (lambda r: tell(r, "episode_end", 1), 40, ""),
        (lambda r: tell(r, "episode_end", 0, summary={"error": "oh"}), 20, "episode 0 was broken off, perhaps within"),
        (lambda r: put(r, "episode", slice(20, 40), 2), 20, "episode 1 has no tick in the recording"),
        (lambda r: put(r, "held", 25, 7), 25, "the action of tick 25 came about in a way that this version"),
    ],
)
def test_a_replay_ends_where_the_recording_does_not_say_what_happened(plain, changed, ticks, rest):
    result = replayed(changed(plain))
    assert (result.difference, result.ticks) == (None, ticks)
    assert result.rest.startswith(rest) and bool(result.rest) == bool(rest)


def test_a_last_reward_that_was_not_finite_is_refused_again_and_the_replay_goes_on(tmp_path):
    recording, _ = run(tmp_path, learner())
    controller, _ = again(learner())
    assert replay(tell(recording, "episode_end", 0, reward=None), controller).ticks == 40


def test_a_recording_of_another_kind_of_controller_is_told_before_anything_runs(plain):
    difference = replayed(plain, learner()).difference
    assert difference.words() == "populations is in (8), h (9), out (2) in the recording, in (8), out (6) in the replay"


def test_a_controller_that_keeps_no_spikes_is_refused(plain):
    with pytest.raises(SpecError, match="keeps no spikes to compare; make it with record=True"):
        replay(plain, Controller(fixed()))


class Cautious(Robot):
    """A robot of 20 ticks that halves every third action, and whose observations are old for a while."""

    def __init__(self):
        self.observation_features = {f"x{k}": Feature(low=-1, high=1) for k in range(4)}
        self.action_features = {f"u{k}": Feature(low=-1, high=1) for k in range(2)}
        self.world, self.count = World(length=20), 0

    def connect(self):
        self.world.reset(seed=5)

    def get_observation(self):
        return Reading(self.world.observation(), -1.0 if 5 <= self.count < 8 else None)

    def send_action(self, action):
        self.count += 1
        self.world.step(action)
        return action / 2 if self.count % 3 == 0 else action

    def outcome(self):
        return Outcome(truncated=self.count >= 20)

    def disconnect(self):
        self.count = 0


def test_what_a_robot_changed_and_a_guard_held_is_replayed_as_it_was(tmp_path):
    program = fixed()
    controller = Controller(program, record=True)
    with Recorder(tmp_path / "run", controller, realtime=False) as recorder:
        guard = GuardSpec(hold_for=10.0, stale_after=0.5)
        summary = Loop(controller, Cautious(), clock=SimClock(), recorder=recorder, guard=guard).run_episode(3)
    recording = load_recording(tmp_path / "run")
    assert summary.holds == 3
    assert {0, 1, 8} <= set(recording.held.tolist()) <= {0, 1, 2, 8, 9, 10}
    done = replay(recording, Controller(program, record=True))
    assert (done.difference, done.rest, done.ticks) == (None, "", len(recording.tick))
