"""Learning in a loop: when weights change, when they do not, and what ends it."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box

from neurobot.controller import Controller
from neurobot.errors import SpecError
from neurobot.loop import Learning, Loop, SimClock
from neurobot.loop.learning import SATURATED
from neurobot.spec import Reward, RewardSTDP
from tests.unit.learning_networks import NAME, controller

PERIOD = 0.005
RULE = RewardSTDP(rate=0.01, w_max=2.0, tau_e=0.02, A_minus=0.2)


class Env(gymnasium.Env):
    """An episode of `length` ticks with observations and rewards by formula; NaN is seen in the ticks `blind`."""

    observation_space = Box(-1.0, 1.0, (4,), np.float64)
    action_space = Box(-1.0, 1.0, (2,), np.float32)
    dt = PERIOD

    def __init__(self, length=20, blind=(), rewards=None, loud=False):
        self.length, self.blind, self.rewards, self.loud, self.k = length, blind, rewards or {}, loud, 0

    def reset(self, *, seed=None, options=None):
        self.k = 0
        return self.observation(), {}

    def step(self, action):
        k, self.k = self.k, self.k + 1
        return self.observation(), self.rewards.get(k, 0.5), False, self.k >= self.length, {}

    def observation(self):
        if self.k in self.blind:
            return np.full(4, np.nan)
        return np.ones(4) if self.loud else np.sin(np.arange(4) + self.k)


def run(env, episodes=1, rule=RULE, freeze_at=None, **more):
    """Weights after a run, its learning, and the controller."""
    c = Controller(controller(rule, **more), record=True)
    summary = Loop(c, env, clock=SimClock(), learning=Learning(c, freeze_at=freeze_at)).run(episodes, 3)
    return c.to_program().weights(NAME), summary.learning, c


def test_weights_change_and_the_summary_says_by_how_much():
    weights, learning, c = run(Env(), episodes=2)
    start = c.program.weights(NAME)
    said = learning.projections[NAME]
    assert said.moved == pytest.approx(np.abs(weights - start).mean(), rel=1e-5)
    assert said.moved > 0
    assert learning.duration == pytest.approx(2 * 20 * PERIOD)
    assert (learning.frozen, learning.runaway) == (False, "")
    assert json.loads(json.dumps(learning.to_dict()))["projections"][NAME]["moved"] == said.moved


@pytest.mark.parametrize("ticks", [1, 7, 20, 33])
def test_frozen_weights_are_those_of_that_moment(ticks):
    frozen, learning, _ = run(Env(), episodes=3, freeze_at=ticks * PERIOD)
    c = Controller(controller(RULE), record=True, learn=True)
    env, done = Env(), 0
    for episode in range(3):
        observation, _ = env.reset()
        c.reset(3 + episode)
        reward = 0.0
        for _ in range(20):
            c.learn = done < ticks
            c.step(observation, reward)
            observation, reward, *_ = env.step(None)
            done += 1
        c.learn = done <= ticks
        c.end(reward)
    np.testing.assert_array_equal(frozen, c.to_program().weights(NAME))
    assert learning.frozen
    assert learning.duration == pytest.approx(ticks * PERIOD)


def test_after_the_freeze_more_episodes_change_nothing():
    one, _, _ = run(Env(), episodes=1, freeze_at=20 * PERIOD)
    many, _, _ = run(Env(), episodes=5, freeze_at=20 * PERIOD)
    np.testing.assert_array_equal(one, many)


def test_what_a_held_action_earns_teaches_nothing():
    # the action of tick 9 is held; what it earns, 100, comes with tick 10
    usual, _, _ = run(Env(blind=(9,)))
    other, learning, _ = run(Env(blind=(9,), rewards={9: 100.0}))
    np.testing.assert_array_equal(usual, other)
    assert learning.duration == pytest.approx(18 * PERIOD)
    seen, _, _ = run(Env(rewards={9: 100.0}))
    assert np.abs(seen - run(Env())[0]).max() > 0.01


def test_what_a_held_action_at_the_end_of_an_episode_earns_teaches_nothing():
    usual, _, _ = run(Env(blind=(19,)), episodes=2)
    other, _, _ = run(Env(blind=(19,), rewards={19: 100.0}), episodes=2)
    np.testing.assert_array_equal(usual, other)


def test_rates_far_above_what_the_spec_allows_end_learning():
    # strong weights at the begin: every neuron spikes in nearly every step
    weights, learning, _ = run(Env(length=500, loud=True), weights=(1.9, 2.0))
    assert "at 1 s population 'out' fired" in learning.runaway
    assert f"more than {SATURATED:g} of the 1000 Hz that its spec allows" in learning.runaway
    assert learning.duration == pytest.approx(1.0)
    assert learning.runaway_windows == 2  # counted on, though learning has ended
    assert not learning.frozen
    np.testing.assert_array_equal(weights, run(Env(length=500, loud=True), weights=(1.9, 2.0), freeze_at=1.0)[0])


def test_spikes_that_found_no_room_in_the_log_count_for_the_rates(monkeypatch):
    monkeypatch.setattr("neurobot.controller.LOGGED_SPIKES", 8)
    monkeypatch.setattr(Controller, "spikes", property(lambda c: c._core.spikes[:8]))
    _, learning, _ = run(Env(length=250, loud=True), weights=(1.9, 2.0))
    assert "fired" in learning.runaway


@pytest.mark.parametrize(("reward", "where"), [(-50.0, "lower"), (50.0, "upper")])
def test_weights_that_all_come_to_one_bound_end_learning(reward, where):
    rule = RewardSTDP(rate=0.1, w_max=0.3, tau_e=0.02, A_minus=0.0, modulator=Reward())
    env = Env(length=250, rewards=dict.fromkeys(range(250), reward))
    _, learning, _ = run(env, rule=rule, weights=(0.1, 0.2))
    assert learning.runaway == f"at 1 s all weights of '{NAME}' came to their {where} bound"


def test_weights_that_begin_at_a_bound_are_no_runaway():
    _, learning, _ = run(Env(length=250), rule=RewardSTDP(rate=0.0, w_max=0.3), weights=(0.0, 0.0))
    assert learning.runaway == ""


def test_who_learns_keeps_spikes_and_has_a_rule():
    with pytest.raises(SpecError, match="keeps no spikes to count; make it with record=True"):
        Learning(Controller(controller(RULE)))
    with pytest.raises(SpecError, match="no projection has a rule"):
        Learning(Controller(controller(None), record=True))
