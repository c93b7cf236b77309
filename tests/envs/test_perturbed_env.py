"""Perturbations of environments that are not this project's."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary

from neurobot.envs import Perturbation, PerturbedEnv, make
from neurobot.errors import EnvError

SEED = 3


class Echo(gymnasium.Env):
    """Shows the last action; whole numbers or not, as it is told."""

    def __init__(self, dtype=np.float32, rate=10, observation_space=None, action_space=None):
        self.metadata = {"render_fps": rate}
        self.action_space = action_space or Box(-10, 10, (2,), dtype)
        self.observation_space = observation_space or Box(-20, 20, (2,), dtype)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, self.observation_space.dtype), {"fresh": True}

    def step(self, action):
        self.last = action
        return np.asarray(action), 1.0, False, False, {"echo": True}


def test_before_it_begins_everything_goes_through_as_it_is():
    env = PerturbedEnv(Echo(), (Perturbation(kind="reversed", at=0.2), Perturbation(kind="biased", value=3.0, at=0.2)))
    obs, info = env.reset(seed=SEED)
    assert obs.tolist() == [0, 0] and info["fresh"] and info["perturbed"].tolist() == [False, False]
    obs, reward, terminated, truncated, info = env.step(np.array([1, 2], np.float32))
    assert obs.tolist() == [1, 2] and obs.dtype == np.float32 and reward == 1.0 and not terminated and not truncated
    assert info["echo"] and info["perturbed"].tolist() == [False, False]


def test_from_its_beginning_it_is_in_force_with_the_period_of_the_picture_rate():
    env = PerturbedEnv(Echo(rate=20), (Perturbation(kind="reversed", at=0.1),))
    env.reset(seed=SEED)
    assert [env.step(np.array([1, 2], np.float32))[0].tolist() for _ in range(3)] == [[1, 2], [1, 2], [-1, -2]]


def test_a_control_period_can_be_given_and_is_needed():
    at = (Perturbation(kind="biased", value=1.0, at=1.0),)
    env = PerturbedEnv(Echo(), at, control_period=1.0)
    env.reset(seed=SEED)
    assert env.step(np.zeros(2, np.float32))[4]["perturbed"].all()
    with pytest.raises(EnvError, match=r"neither dt nor metadata\['render_fps'\]; give control_period"):
        PerturbedEnv(Echo(rate=None), at)
    for period in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(EnvError, match=r"control_period is .*; it must be a finite number above 0 \[s\]"):
            PerturbedEnv(Echo(), at, control_period=period)


def test_whole_numbers_stay_whole():
    env = PerturbedEnv(Echo(np.int64), (Perturbation(kind="weakened", factor=0.5, index=0),))
    env.reset(seed=SEED)
    env.step(np.array([5, 5]))
    assert env.env.last.tolist() == [2, 5] and env.env.last.dtype == np.int64


def test_whole_numbers_for_a_space_of_real_ones_are_not_rounded():
    env = PerturbedEnv(Echo(), (Perturbation(kind="weakened", factor=0.5),))
    env.reset(seed=SEED)
    env.step([5, 2])
    assert env.env.last.tolist() == [2.5, 1.0]


def test_gymnasium_makes_the_same_perturbed_environment_again_from_its_spec():
    env = PerturbedEnv(gymnasium.make("Pendulum-v1"), (Perturbation(kind="reversed", at=0.1),))
    again = gymnasium.make(env.spec)
    for each in (env, again):
        each.reset(seed=SEED)
    for _ in range(5):
        mine, other = env.step(np.array([1.5], np.float32)), again.step(np.array([1.5], np.float32))
        np.testing.assert_array_equal(mine[0], other[0])
        assert mine[4]["perturbed"] == other[4]["perturbed"]
    assert mine[4]["perturbed"].all()


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "Hopper-v5"])
def test_gymnasiums_own_environment_goes_wrong_as_this_projects_does(env_id):
    perturb = (
        Perturbation(kind="loss", probability=0.4, at=(0.0, 0.2)),
        Perturbation(kind="frozen", index=0, at=(0.0, 0.5)),
    )
    ours = make(env_id, perturb=perturb)
    wrapped = PerturbedEnv(gymnasium.make(env_id, disable_env_checker=True), perturb, ours.control_period)
    wrapped.action_space.seed(SEED)
    for seed in (SEED, None, None):
        np.testing.assert_array_equal(ours.reset(seed=seed)[0], wrapped.reset(seed=seed)[0])
        for _ in range(50):
            action = wrapped.action_space.sample()
            mine, other = ours.step(action), wrapped.step(action)
            np.testing.assert_array_equal(mine[0], other[0])
            assert mine[0].dtype == other[0].dtype and mine[1:4] == other[1:4]
            np.testing.assert_array_equal(mine[4]["perturbed"], other[4]["perturbed"])
            if mine[2] or mine[3]:
                break


def test_an_action_that_cannot_be_perturbed_is_refused():
    env = PerturbedEnv(Echo(), (Perturbation(kind="reversed"),))
    env.reset(seed=SEED)
    with pytest.raises(EnvError, match="the action has shape"):
        env.step(np.zeros(3))
    with pytest.raises(EnvError, match="must be finite"):
        env.step(np.array([0.0, np.nan]))


def test_what_an_environment_does_not_have_cannot_be_perturbed():
    with pytest.raises(EnvError, match=r"mass can be added in the tasks of neurobot.envs only; leave mass out"):
        PerturbedEnv(Echo(), (Perturbation(kind="mass", body=1, mass=1.0),))
    with pytest.raises(EnvError, match=r"the action space is MultiBinary\(2\), which cannot be perturbed; a flat Box"):
        PerturbedEnv(Echo(action_space=MultiBinary(2)), (Perturbation(kind="dead"),))
    with pytest.raises(EnvError, match=r"the observation space is Dict.*, which cannot be perturbed"):
        PerturbedEnv(Echo(observation_space=Dict(x=Discrete(2))), (Perturbation(kind="frozen"),))
    with pytest.raises(EnvError, match=r"frozen changes numbers of an observation, and the observation space is Discr"):
        PerturbedEnv(Echo(observation_space=Discrete(2)), (Perturbation(kind="frozen"),))
    with pytest.raises(EnvError, match="seed -1 is negative"):
        PerturbedEnv(Echo(), (Perturbation(kind="dead"),)).reset(seed=-1)
