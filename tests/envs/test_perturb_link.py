"""When actions arrive over a link that is late, jittery or lossy."""

import numpy as np
from perturbing import arriving, ramp

from neurobot.envs import Perturbation, Randomize


def test_a_late_link_repeats_the_last_action_until_the_first_late_one_arrives():
    actions = ramp(10)
    got, _ = arriving("HalfCheetah-v5", actions, Perturbation(kind="latency", periods=2, at=0.15, until=0.35))
    np.testing.assert_array_equal(got, actions[[0, 1, 2, 2, 2, 3, 4, 7, 8, 9]])


def test_a_link_that_is_late_from_the_start_leaves_the_actuators_at_rest_at_first():
    got, _ = arriving("HalfCheetah-v5", ramp(5), Perturbation(kind="latency", periods=3))
    assert not got[:3].any()
    np.testing.assert_array_equal(got[3:], ramp(5)[:2])


def test_a_jittery_link_is_as_late_as_chance_says_and_never_brings_an_older_action_after_a_newer_one():
    actions = np.arange(1.0, 901.0)[:, None] / 1000 * np.ones(6)
    got, _ = arriving("HalfCheetah-v5", actions, Perturbation(kind="jitter", periods=2))
    sent = np.rint(1000 * got[:, 0]).astype(int)  # which action has arrived, from 1; 0 is rest
    late = np.arange(1, 901) - sent
    assert (np.diff(sent) >= 0).all()
    assert set(late) == {0, 1, 2}
    # late by more than j where each of the newest j + 1 actions is: chances of 2/3 and 2/3 x 1/3
    for j, chance in ((0, 2 / 3), (1, 2 / 9)):
        assert abs((late > j).mean() - chance) < 5 * np.sqrt(chance * (1 - chance) / 300)  # neighbours are not free


def test_jitter_begins_and_ends_as_it_is_told():
    got, _ = arriving("HalfCheetah-v5", ramp(30), Perturbation(kind="jitter", periods=3, at=0.5, until=1.0))
    np.testing.assert_array_equal(got[:10], ramp(30)[:10])
    np.testing.assert_array_equal(got[20:], ramp(30)[20:])
    assert (got[10:20] >= ramp(30)[9]).all()


def test_latency_comes_on_top_of_what_is_randomised():
    both = arriving(
        "HalfCheetah-v5", ramp(9), Perturbation(kind="latency", periods=2), randomize=Randomize(latency=(1, 1))
    )
    np.testing.assert_array_equal(
        both[0], arriving("HalfCheetah-v5", ramp(9), Perturbation(kind="latency", periods=3))[0]
    )


def test_a_link_that_is_gone_keeps_the_last_action_that_arrived():
    got, _ = arriving("HalfCheetah-v5", ramp(6), Perturbation(kind="loss", probability=1.0, at=0.15, until=0.25))
    np.testing.assert_array_equal(got, ramp(6)[[0, 1, 2, 2, 2, 5]])
    from_the_start, _ = arriving("HalfCheetah-v5", ramp(6), Perturbation(kind="loss", probability=1.0))
    assert not from_the_start.any()


def test_actions_are_lost_as_often_as_is_said():
    actions = ramp(400, 6)
    got, _ = arriving("HalfCheetah-v5", actions, Perturbation(kind="loss", probability=0.3))
    lost = (got != actions).any(axis=1)
    assert abs(lost.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 400)
    np.testing.assert_array_equal(got[1:][lost[1:]], got[:-1][lost[1:]])


def test_of_choices_the_first_always_arrives():
    got, _ = arriving("CartPole-v1", np.array([1, 0, 0, 1]), Perturbation(kind="loss", probability=1.0))
    assert got.tolist() == [1, 1, 1, 1]
