"""The loop: who is called when, with what, and what ends an episode."""

import gc
import json
import os
import signal
import threading

import numpy as np
import pytest
from loop_fakes import PERIOD, DiscreteController, FakeController, FakeEnv

from neurobot.errors import ActionError, ObservationError
from neurobot.loop import STAGES, Loop, ManualClock, SimClock


def make(env, controller=None, clock=None):
    controller = controller or FakeController()
    return Loop(controller, env, clock=clock or SimClock()), controller


def interrupt(env):
    os.kill(os.getpid(), signal.SIGINT)


def test_rewards_are_delivered_one_tick_later_and_the_last_by_end():
    loop, controller = make(FakeEnv(length=3))
    loop.run_episode(seed=7)
    assert controller.calls == [("reset", 7), ("step", 0.0), ("step", 1.0), ("step", 2.0), ("end", 3.0, True)]


def test_the_summary_counts_what_happened():
    loop, _ = make(FakeEnv(length=4))
    summary = loop.run_episode(seed=7)
    assert (summary.seed, summary.total_reward, summary.length) == (7, 10.0, 4)
    assert summary.duration == pytest.approx(4 * PERIOD)
    assert (summary.terminated, summary.truncated, summary.interrupted) == (False, True, False)
    assert (summary.spikes, summary.synops) == (40, 400)
    assert (summary.spikes_per_tick, summary.synops_per_tick) == (10, 100)
    assert summary.deadlines.ticks == 4
    assert list(summary.timing) == list(STAGES)
    assert summary.timing["tick"].max >= summary.timing["tick"].p50 > 0


def test_a_terminated_episode_is_told_from_a_truncated_one():
    env = FakeEnv(script={1: lambda env: (env.observation(), 5.0, True, False, {})})
    summary = make(env)[0].run_episode(0)
    assert (summary.terminated, summary.truncated, summary.length) == (True, False, 2)


def test_the_environment_gets_the_controllers_action_in_its_own_dtype():
    env = FakeEnv(length=2)
    make(env)[0].run_episode(0)
    assert env.actions[0].dtype == np.float32
    np.testing.assert_allclose(env.actions, [[0.0, -0.4], [0.2, -0.4]], rtol=1e-6)


def test_a_discrete_environment_gets_the_number_of_the_choice():
    from gymnasium.spaces import Discrete

    env = FakeEnv(length=3)
    env.action_space = Discrete(2)
    make(env, DiscreteController())[0].run_episode(0)
    assert env.actions == [0, 1, 0]


@pytest.mark.parametrize("error", [ObservationError("a bad number"), ActionError("weights far too large")])
def test_a_tick_without_observation_or_action_is_held_and_counted(error):
    controller = FakeController()
    controller.failures = {1: error, 3: ActionError("something else")}
    env = FakeEnv(length=5)
    summary = make(env, controller)[0].run_episode(0)
    assert (summary.length, summary.holds, summary.hold_reason) == (5, 2, str(error))
    assert summary.spikes == 30  # none in a held tick
    np.testing.assert_array_equal(env.actions[1], [-0.5, -0.5])
    assert controller.called("step") == [(0.0,), (1.0,), (2.0,), (3.0,), (4.0,)]


def test_an_observation_that_is_not_finite_is_held():
    env = FakeEnv(length=3, script={0: lambda env: (np.full(3, np.nan), 0.0, False, False, {})})
    assert make(env)[0].run_episode(0).holds == 1


@pytest.mark.parametrize(
    ("given", "told"), [("diverged at 0.3 s", "diverged at 0.3 s"), (True, "the simulation broke down")]
)
def test_a_physics_error_ends_the_episode_and_its_reward_is_not_trusted(given, told):
    env = FakeEnv(script={1: lambda env: (env.observation(), np.nan, False, False, {"physics_error": given})})
    loop, controller = make(env)
    summary = loop.run_episode(0)
    assert (summary.length, summary.physics_error, summary.total_reward) == (2, told, 1.0)
    assert controller.called("end") == [(0.0, True)]


def test_the_finite_reward_of_a_physics_error_counts():
    env = FakeEnv(script={0: lambda env: (env.observation(), -3.0, False, False, {"physics_error": "x"})})
    loop, controller = make(env)
    run = loop.run(2, 0)
    assert run.physics_errors == ("x", "x")
    assert controller.called("end") == [(-3.0, True), (-3.0, True)]


@pytest.mark.parametrize(("terminated", "truncated"), [(True, False), (True, True), (False, True)])
def test_the_controller_is_told_whether_an_episode_terminated(terminated, truncated):
    env = FakeEnv(script={1: lambda env: (env.observation(), 2.0, terminated, truncated, {})})
    loop, controller = make(env)
    loop.run_episode(0)
    assert controller.called("end") == [(2.0, not terminated)]


def test_an_error_passes_through_after_end_was_called():
    def fail(env):
        raise ZeroDivisionError("in the environment")

    loop, controller = make(FakeEnv(script={2: fail}))
    with pytest.raises(ZeroDivisionError, match="in the environment"):
        loop.run_episode(0)
    # reward 2 of the second tick was delivered with the third step, whose own reward never came
    assert controller.calls[-2:] == [("step", 2.0), ("end", 0.0, True)]
    assert gc.isenabled()


def test_garbage_collection_is_off_within_an_episode_only():
    seen = []
    make(FakeEnv(script={1: lambda env: seen.append(gc.isenabled())}))[0].run_episode(0)
    assert seen == [False]
    assert gc.isenabled()


def test_garbage_collection_that_was_off_stays_off():
    gc.disable()
    try:
        make(FakeEnv())[0].run_episode(0)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_ctrl_c_stops_after_the_tick():
    loop, controller = make(FakeEnv(length=50, script={2: interrupt}))
    summary = loop.run_episode(0)
    assert (summary.interrupted, summary.length, summary.total_reward) == (True, 3, 6.0)
    assert controller.called("end") == [(3.0, True)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_within_the_tick():
    def twice(env):
        interrupt(env)
        interrupt(env)
        raise AssertionError("the second Ctrl-C did not stop the tick")

    loop, controller = make(FakeEnv(length=50, script={2: twice}))
    summary = loop.run_episode(0)
    assert (summary.interrupted, summary.length) == (True, 2)
    assert controller.called("end") == [(0.0, True)]


def test_a_callers_own_handler_of_ctrl_c_stays():
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        summary = make(FakeEnv(script={2: interrupt}))[0].run_episode(0)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert seen == [signal.SIGINT]
    assert not summary.interrupted


def test_a_run_stops_at_ctrl_c_with_the_summary_of_what_ran():
    env = FakeEnv(length=4)
    env.script = {1: lambda env: interrupt(env) if len(env.seeds) == 3 else None}
    summary = make(env)[0].run(10, seed=0)
    assert summary.interrupted
    assert [e.length for e in summary.episodes] == [4, 4, 2]
    assert summary.returns == (10.0, 10.0)  # the third is no whole episode
    assert summary.ticks == 10


def test_ctrl_c_in_the_last_tick_of_an_episode_starts_no_other():
    summary = make(FakeEnv(length=4, script={3: interrupt}))[0].run(10, seed=0)
    assert summary.interrupted
    assert [(e.length, e.interrupted) for e in summary.episodes] == [(4, False)]


def test_the_only_episode_counts_even_if_it_was_interrupted():
    assert make(FakeEnv(script={1: interrupt}))[0].run(1, seed=0).return_mean == 3.0


def test_an_interrupt_before_the_first_tick_gives_an_empty_summary():
    class Stuck(FakeEnv):
        def reset(self, *, seed=None, options=None):
            raise KeyboardInterrupt

    summary = make(Stuck())[0].run(3, seed=0)
    assert (summary.interrupted, summary.episodes) == (True, ())
    data = summary.to_dict()
    assert (data["return_mean"], data["return_std"], data["episodes"], data["ticks"]) == (None, None, 0, 0)


def test_a_loop_runs_outside_the_main_thread():
    results = []
    loop, _ = make(FakeEnv(length=3))
    thread = threading.Thread(target=lambda: results.append(loop.run_episode(0)))
    thread.start()
    thread.join()
    assert results[0].length == 3


def test_every_episode_of_a_run_has_a_seed_of_its_own():
    env = FakeEnv(length=2)
    loop, controller = make(env)
    summary = loop.run(3, seed=10)
    assert env.seeds == [10, 11, 12]
    assert controller.called("reset") == [(10,), (11,), (12,)]
    assert [e.seed for e in summary.episodes] == [10, 11, 12]


def test_no_episodes_are_refused():
    with pytest.raises(ValueError, match="episodes is 0, it must be at least 1"):
        make(FakeEnv())[0].run(0, seed=0)


def test_the_run_summary_is_plain_data_for_json():
    env = FakeEnv(length=4)
    env.script = {0: lambda env: (env.observation(), float(env.seeds[-1]), False, False, {})}
    data = json.loads(json.dumps(make(env)[0].run(3, seed=5).to_dict(), allow_nan=False))
    returns = [14.0, 15.0, 16.0]
    assert data["returns"] == returns
    assert data["return_mean"] == pytest.approx(np.mean(returns))
    assert data["return_std"] == pytest.approx(np.std(returns))
    expected = {"episodes": 3, "seed": 5, "ticks": 12, "overruns": 0, "skipped": 0, "holds": 0, "interrupted": False}
    assert expected.items() <= data.items()
    assert (data["spikes_per_tick"], data["synops_per_tick"]) == (10, 100)
    assert set(data["timing"]) == set(STAGES)


def test_a_return_that_is_not_finite_becomes_null():
    env = FakeEnv(script={0: lambda env: (env.observation(), np.inf, True, False, {})})
    summary = make(env)[0].run(1, seed=0)
    assert summary.to_dict()["return_mean"] is None
    assert summary.episodes[0].to_dict()["return"] is None


def test_late_ticks_are_finished_counted_and_reported():
    clock = ManualClock()
    env = FakeEnv(length=6, script={1: lambda env: clock.advance(0.025), 4: lambda env: clock.advance(0.012)})
    summary = make(env, clock=clock)[0].run(2, seed=0)
    assert [e.length for e in summary.episodes] == [6, 6]
    first = summary.episodes[0].deadlines
    assert (first.ticks, first.misses, first.skipped) == (6, 2, 3)
    assert first.worst_lateness == pytest.approx(0.015)
    assert summary.episodes[0].duration == pytest.approx(9 * PERIOD)
    data = summary.to_dict()
    assert (data["overruns"], data["skipped"], data["worst_lateness"]) == (4, 6, pytest.approx(0.015))
    assert data["timing"]["slack"]["max"] == pytest.approx(PERIOD)
