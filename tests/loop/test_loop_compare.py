"""Two recordings side by side: what differs first, and whether it was the world or the controller."""

from dataclasses import replace

import numpy as np
import pytest
from replay_runs import World, fixed, put, run, tell, without

from neurobot.loop import Difference
from neurobot.loop.recording import ALTERED, HELD, OWN, RAN, REST
from neurobot.loop.replay import compare


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A run of two episodes of 20 ticks."""
    return run(tmp_path_factory.mktemp("plain") / "r", fixed())[0]


def test_a_recording_is_the_same_as_itself_and_as_a_repetition(plain, tmp_path):
    for other in (plain, run(tmp_path, fixed())[0]):
        result = compare(plain, other)
        assert (result.difference, result.rest) == (None, "")
        assert (result.ticks, result.spikes) == (40, len(plain.spikes))


def test_other_weights_show_in_what_the_controller_did(plain, tmp_path):
    difference = compare(plain, run(tmp_path, fixed(seed=8))[0]).difference
    assert difference.what == "spike"
    assert "world" not in difference.words("a", "b")


def test_another_seed_is_told_before_what_follows_from_it(plain, tmp_path):
    difference = compare(plain, run(tmp_path, fixed(), seed=4)[0]).difference
    assert difference.words("a", "b") == "episode 0, 0 s into it (tick 0): the seed of the episode is 3 in a, 4 in b"


def test_another_seed_of_a_later_episode_is_told_there(plain):
    result = compare(plain, tell(plain, "episode_start", 1, seed=9))
    assert (result.ticks, result.difference.what, result.difference.tick) == (20, "seed", 20)
    assert compare(plain, tell(plain, "episode_start", 1)).difference is None


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("observation", (23, 2), "entry 2 of the observation is"),
        ("reward", 23, "the reward that is delivered is"),
    ],
)
def test_a_world_that_differs_first_is_told_from_the_controller(plain, name, row, said):
    changed = put(put(plain, name, row, 0.123), "sent", (23, 0), 0.5)
    result = compare(plain, changed)
    words = result.difference.words("a", "b")
    assert (result.ticks, result.difference.what) == (23, name)
    assert words.startswith(f"episode 1, 0.015 s into it (tick 23): {said}")
    assert words.endswith("0.123 in b; the world differed, not the controller")


def test_the_last_reward_and_how_an_episode_ended_are_compared(plain):
    result = compare(plain, tell(plain, "episode_end", 0, reward=0.5))
    assert (result.ticks, result.difference.what, result.difference.tick) == (20, "last reward", 19)
    assert "the reward of the episode's last action is" in result.difference.words()
    result = compare(plain, tell(plain, "episode_end", 1, summary={"terminated": True}))
    assert (result.ticks, result.difference.what) == (40, "last terminated")
    assert "whether the task ended the episode is False in a, True in b" in result.difference.words("a", "b")
    nothing = tell(plain, "episode_end", 0, reward=None)
    assert compare(nothing, nothing).difference is None


def test_an_episode_that_goes_on_in_one_is_told(plain, tmp_path):
    difference = compare(plain, run(tmp_path, fixed(), World(length=21))[0]).difference
    assert (difference.what, difference.tick, difference.first, difference.second) == ("episode", 20, 1, 0)


@pytest.mark.parametrize(
    ("held", "whose"),
    [
        (HELD, "held"),
        (REST, "rest"),
        (HELD | RAN, "held (the network ran and gave none)"),
        (OWN | ALTERED, "the controller's own (the robot altered it)"),
        (REST | RAN | ALTERED, "rest (the network ran and gave none; the robot altered it)"),
        (3, "unknown: 3"),
    ],
)
def test_whose_action_it_was_is_told_in_words(held, whose):
    words = Difference(what="held", first=held, second=OWN).words("a", "b")
    assert words == f"the action is {whose} in a, the controller's own in b"


@pytest.mark.parametrize("length", [25, 40])
def test_other_lengths_are_told_when_everything_else_is_the_same(tmp_path, length):
    a, b = (run(tmp_path / name, fixed(), World(n), episodes=1)[0] for name, n in (("a", 20), ("b", length)))
    result = compare(a, b)
    assert (result.ticks, result.difference.words("a", "b")) == (20, f"a ends after 20 ticks, b after {length}")


def test_headers_that_differ_are_told_first(plain):
    other = replace(plain, header=replace(plain.header, dt=0.002), sent=plain.sent + 1)
    result = compare(plain, other)
    assert (result.ticks, result.difference.words("a", "b")) == (0, "dt is 0.001 in a, 0.002 in b")
    assert compare(plain, replace(plain, header=replace(plain.header, max_spikes=3))).difference is None


def test_recordings_that_kept_other_numbers_of_spikes_are_compared_in_what_both_kept(plain, tmp_path):
    few = run(tmp_path, fixed(), max_spikes=4)[0]
    for a, b in ((plain, few), (few, plain)):
        result = compare(a, b)
        assert (result.difference, result.ticks, result.spikes) == (None, 40, len(few.spikes))


@pytest.mark.parametrize("first", [True, False])
def test_what_follows_a_dropped_tick_is_not_compared(plain, first):
    gap = without(plain, [13, 30])
    result = compare(*((gap, plain) if first else (plain, gap)))
    which = "first" if first else "second"
    assert (result.difference, result.ticks) == (None, 13)
    assert result.rest == f"tick 13 was dropped by the recorder of the {which} one"


def test_a_difference_ahead_of_a_dropped_tick_is_found(plain):
    result = compare(without(plain, [13]), put(plain, "membrane", (12, 10), np.float32(5)))
    assert (result.difference.what, result.difference.tick, result.rest) == ("membrane", 12, "")
