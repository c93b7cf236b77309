"""Short runs that are read back at once, and the environment of a program that has none."""

import numpy as np
import pytest
from diagnose_cases import Plant, controller
from gymnasium.spaces import Box, Discrete

from neurobot.controller import Controller
from neurobot.errors import EnvError
from neurobot.loop.drawn import DrawnObservations
from neurobot.loop.rollout import MOST_EPISODES, roll_out
from neurobot.spec import WinnerTakeAll

PROGRAM = controller(field=0.3)


class Short(Plant):
    """Episodes of one tick."""

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        return observation, reward, True, False, info


def run(env, ticks, program=PROGRAM):
    return roll_out(Controller(program, record=True), env, ticks=ticks, seed=5)


def test_a_roll_out_has_two_episodes_with_seeds_of_their_own():
    rec = run(Plant(), 11)
    assert rec.episode.tolist() == [0] * 6 + [1] * 6
    assert [e["seed"] for e in rec.events if e["event"] == "episode_start"] == [5, 6]
    np.testing.assert_array_equal(run(Plant(), 11).observation, rec.observation)


def test_episodes_that_end_at_once_do_not_go_on_for_ever():
    assert len(run(Short(), 1000).tick) == MOST_EPISODES


def test_an_environment_that_does_not_fit_is_refused():
    env = Plant()
    env.dt = 1.0
    with pytest.raises(EnvError, match="the environment every 1 s"):
        run(env, 10)


def test_drawn_observations_fill_the_field_and_repeat_by_seed():
    env = DrawnObservations(PROGRAM)
    first = [env.reset(seed=1)[0], *(env.step(np.zeros(2))[0] for _ in range(200))]
    again = [env.reset(seed=1)[0], *(env.step(np.zeros(2))[0] for _ in range(200))]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose([np.min(first, axis=0), np.max(first, axis=0)], [[-0.3] * 2, [0.3] * 2], atol=0.02)
    assert len(run(env, 20).tick) == 20


def test_drawn_observations_take_the_programs_actions():
    assert DrawnObservations(PROGRAM).action_space == Box(-1.0, 1.0, (2,), np.float64)
    assert DrawnObservations(controller(decode=WinnerTakeAll(size=2))).action_space == Discrete(2)
