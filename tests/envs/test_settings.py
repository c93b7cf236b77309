"""Settings of tasks: one way to check them, to change them, and to say what is wrong."""

import dataclasses

import gymnasium
import numpy as np
import pytest

from neurobot.envs import Sensor, find_task, make, make_vec
from neurobot.envs.settings import differences
from neurobot.errors import EnvError

REACH = "neurobot/Reach-v0"


def test_a_setting_reaches_the_task_by_every_way_of_making_it():
    assert make(REACH, trials=2).task.max_episode_steps == 150
    assert make_vec(REACH, 2, trials=2).task.max_episode_steps == 150
    assert gymnasium.make(REACH, trials=2).unwrapped.task.max_episode_steps == 150
    assert gymnasium.make_vec(REACH, num_envs=2, trials=2).task.max_episode_steps == 150
    assert find_task(REACH).max_episode_steps == 75  # the default is not touched


def test_settings_inside_settings_can_be_given_as_a_table_of_what_differs():
    settings = find_task(REACH, {"vision": {"delay": 3}}).settings
    assert settings.vision == Sensor(noise=1e-3, delay=3)
    assert find_task(REACH, {"vision": Sensor(delay=3)}).settings.vision == Sensor(delay=3)


def test_the_spec_of_an_environment_makes_it_again_with_its_settings():
    env = make(REACH, rotation=0.5, tacho=Sensor(noise=0.1))
    again = gymnasium.make(env.spec).unwrapped
    assert again.task.settings == env.task.settings
    assert differences(env.task.settings) == {"rotation": 0.5, "tacho": Sensor(noise=0.1)}


def test_numbers_take_the_type_of_their_default():
    settings = find_task(REACH, {"gain": 2, "trials": np.int64(3), "distance": [0.1, 0.1]}).settings
    assert (type(settings.gain), type(settings.trials), settings.distance) == (float, int, (0.1, 0.1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rotatoin": 1.0}, ["neurobot/Reach-v0 has no setting 'rotatoin'", "did you mean 'rotation'"]),
        ({"vision": {"nois": 1.0}}, ["neurobot/Reach-v0.vision has no setting 'nois'", "did you mean 'noise'"]),
        ({"vision": 0.1}, ["Reach.vision is 0.1", "it must be a Sensor or a table of its fields"]),
        ({"vision": {"delay": 0.5}}, ["Sensor.delay is 0.5", "a whole number in [0, 1000]"]),
        ({"vision": {"dropout": 1.5}}, ["Sensor.dropout is 1.5", "a finite number in [0, 1]"]),
        ({"gain": 0.0}, ["Reach.gain is 0.0", "a finite number in [0.1, 5]"]),
        ({"gain": float("nan")}, ["Reach.gain is nan", "finite"]),
        ({"gain": True}, ["Reach.gain is True"]),
        ({"gain": 10**400}, ["it must be a finite number in [0.1, 5]"]),
        ({"gain": "2"}, ["Reach.gain is '2'"]),
        ({"mirror": 1}, ["Reach.mirror is 1", "true or false"]),
        ({"control": "torqe"}, ["Reach.control is 'torqe'", "did you mean 'torque'", "known: torque, velocity"]),
        ({"distance": 0.1}, ["Reach.distance is 0.1", "it must have 2 values, such as (0.08, 0.12)"]),
        ({"distance": (0.1, 9)}, ["Reach.distance[1] is 9", "in [0.01, 0.15]"]),
        ({"distance": (0.12, 0.1)}, ["Reach.distance is (0.12, 0.1)", "the first must not be larger"]),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_be_right(changes, words):
    with pytest.raises(EnvError) as error:
        make(REACH, **changes)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_task_without_settings_says_so():
    with pytest.raises(EnvError, match="Hopper-v5 has no setting 'gain'; it has none, so leave it out"):
        make_vec("Hopper-v5", 2, gain=2.0)


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        find_task(REACH).settings.gain = 2.0


def test_the_module_of_a_task_may_stand_before_its_id():
    assert find_task("neurobot.envs:CartPole-v1") is find_task("CartPole-v1")
    with pytest.raises(EnvError, match="no batched task has the id 'elsewhere:CartPole-v1'"):
        find_task("elsewhere:CartPole-v1")
