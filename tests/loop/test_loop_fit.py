"""What fits a controller, and the message where something does not."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, Tuple
from loop_fakes import DiscreteController, FakeController, FakeEnv

from neurobot.errors import EnvError
from neurobot.loop import Loop, SimClock, env_period
from neurobot.loop.fit import action_cast


def env_with(**attributes):
    env = FakeEnv()
    for name, value in attributes.items():
        setattr(env, name, value)
    return env


def reject(controller, env):
    with pytest.raises(EnvError) as caught:
        Loop(controller, env, clock=SimClock())
    return str(caught.value)


@pytest.mark.parametrize("space", [Tuple((Box(0, 1, (3,)),)), Box(0, 1, (3, 1)), Discrete(3)])
def test_observations_other_than_a_flat_box_and_dictionaries_of_boxes_are_refused(space):
    assert reject(FakeController(), env_with(observation_space=space)) == (
        f"the observation space is {space}; a flat Box is supported, and a Dict of boxes: wrap it in FlattenObservation"
    )


def test_another_length_of_observation_is_refused():
    assert reject(FakeController(), env_with(observation_space=Box(0, 1, (4,)))) == (
        "the environment's observation has 4 values, the controller takes 3;"
        " this program was made for another environment"
    )


@pytest.mark.parametrize("space", [MultiBinary(2), Box(-1, 1, (2, 1))])
def test_actions_other_than_a_flat_box_and_discrete_are_refused(space):
    assert reject(FakeController(), env_with(action_space=space)) == (
        f"the action space is {space}; a flat Box and Discrete are supported"
    )


def test_another_length_of_action_is_refused():
    assert reject(FakeController(), env_with(action_space=Box(-1, 1, (6,)))) == (
        "the environment's action has 6 values, the controller gives 2; this program was made for another environment"
    )


def test_a_choice_for_real_numbers_is_refused_and_the_reverse():
    assert reject(DiscreteController(), FakeEnv()) == (
        f"the controller picks one of several actions, but the action space is {FakeEnv.action_space}"
    )
    assert reject(FakeController(), env_with(action_space=Discrete(2))) == (
        "the controller gives 2 real numbers, but the action space is Discrete(2)"
    )


@pytest.mark.parametrize("space", [Discrete(3), Discrete(2, start=1)])
def test_another_set_of_choices_is_refused(space):
    assert reject(DiscreteController(), env_with(action_space=space)) == (
        f"the action space is {space}, the controller picks one of 2 actions, counted from 0"
    )


def test_another_control_period_is_refused_with_both():
    assert reject(FakeController(), env_with(dt=0.05)) == (
        "the controller acts every 0.01 s (5 substeps of 0.002 s), the environment every 0.05 s;"
        " choose substeps and dt so that substeps x dt = 0.05 s"
    )


@pytest.mark.parametrize("dt", [0.01 * (1 + 5e-7), np.float64(0.01), None])
def test_periods_that_differ_by_rounding_or_are_not_known_fit(dt):
    Loop(FakeController(), env_with(dt=dt), clock=SimClock())


def test_a_period_just_beyond_the_tolerance_is_refused():
    assert "the environment every 0.01000002 s" in reject(FakeController(), env_with(dt=0.01 * (1 + 2e-6)))


@pytest.mark.parametrize(
    ("name", "period"), [("CartPole-v1", 0.02), ("Pendulum-v1", 0.05), ("MountainCar-v0", None), ("Hopper-v5", 0.008)]
)
def test_the_period_of_gymnasiums_environments_is_found(name, period):
    assert env_period(gymnasium.make(name)) == (None if period is None else pytest.approx(period))


@pytest.mark.parametrize("dt", [None, "fast", True, 0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_period_is_not_taken_for_one(dt):
    assert env_period(env_with(dt=dt)) is None


@pytest.mark.parametrize(
    ("space", "given", "sent"),
    [
        (Box(-1, 1, (2,), np.float32), np.array([0.1, -1.0]), np.array([0.1, -1.0], np.float32)),
        (Box(-1, 1, (2,), np.float64), np.array([0.1, -1.0]), np.array([0.1, -1.0])),
        (Box(-9, 9, (2,), np.int32), np.array([1.6, -1.6]), np.array([2, -2], np.int32)),
        (Discrete(3), np.int64(2), np.int64(2)),
    ],
)
def test_actions_arrive_in_the_dtype_of_the_space(space, given, sent):
    cast = action_cast(space)(given)
    assert space.contains(cast)
    assert cast.dtype == sent.dtype
    np.testing.assert_array_equal(cast, sent)
