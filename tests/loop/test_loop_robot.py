"""Robots in the loop: what is called, what is sent when something fails, and what ends it."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from loop_fakes import PERIOD, DiscreteController, FakeController, FakeEnv, FakeRobot

from neurobot.controller import Controller
from neurobot.errors import ActionError, EnvError, GuardError, ObservationError, RobotError, SpecError
from neurobot.loop import EnvRobot, Feature, Loop, ManualClock, Mode, Reading, Recorder, SimClock, load_recording
from neurobot.program import build
from neurobot.spec import GuardSpec, Limits
from tests.unit.controllers import spec

BAD = np.full(3, np.nan)


def make(robot, controller=None, clock=None, **settings):
    controller = controller or FakeController()
    guard = GuardSpec(**{"hold_for": 2.5 * PERIOD} | settings)
    return Loop(controller, robot, clock=clock or ManualClock(), guard=guard), controller


def goes_bad(robot):
    robot.values = BAD


def gets_well(robot):
    robot.values = np.zeros(3)


def test_a_robot_is_connected_reset_run_and_disconnected():
    robot = FakeRobot(length=2)
    make(robot)[0].run(2, seed=0)
    assert robot.calls == ["connect", "reset", "reset", "disconnect"]


def test_a_robot_is_disconnected_also_when_it_fails_and_its_error_passes_through():
    def fail(robot):
        raise RobotError("the cable is gone")

    robot = FakeRobot(script={2: fail})
    robot.values = np.array([0.2, 0.1, 0.0])
    loop, controller = make(robot)
    with pytest.raises(RobotError, match="the cable is gone"):
        loop.run_episode(0)
    assert robot.calls[-1] == "disconnect"
    np.testing.assert_array_equal(robot.actions, [[0.4, 0.2], [0.4, 0.2], [0.0, 0.0]])
    assert loop.guard.mode is Mode.SAFE
    assert controller.called("end") == [(0.0, True)]
    with pytest.raises(GuardError, match=r"the guard is SAFE: the robot failed; see to the cause"):
        loop.run_episode(0)


def test_a_robot_that_cannot_be_brought_to_rest_is_told_of_too():
    class Dead(FakeRobot):
        def send_action(self, action):
            raise RobotError(f"no answer to {len(self.actions)}")

    loop, _ = make(Dead())
    with pytest.raises(RobotError, match="no answer") as caught:
        loop.run_episode(0)
    assert caught.value.__notes__ == ["the robot could not be brought to rest either: RobotError: no answer to 0"]


def test_a_robot_that_fails_after_the_second_ctrl_c_is_told_and_the_episode_is_ended():
    class Dying(FakeRobot):
        def send_action(self, action):
            if self.k == 2:
                self.script.clear()
                raise RobotError("the cable is gone")
            return super().send_action(action)

    def twice(robot):
        raise KeyboardInterrupt

    loop, controller = make(Dying(length=50, script={2: twice}))
    with pytest.raises(RobotError, match="the cable is gone"):
        loop.run_episode(0)
    assert controller.called("end") == [(0.0, True)]
    assert loop.guard.mode is Mode.SAFE


def test_at_the_end_of_an_episode_a_robot_is_brought_to_rest_as_fast_as_slew_allows():
    robot, controller = FakeRobot(length=2), FakeController()
    robot.values = np.array([0.5, 0.5, 0.0])
    controller.slew = 0.4
    summary = make(robot, controller)[0].run_episode(0)
    np.testing.assert_allclose(np.array(robot.actions)[:, 0], [1, 1, 0.6, 0.2, 0])
    assert (summary.truncated, summary.length, summary.stopped) == (True, 5, "")


def test_a_simulation_ends_where_it_ends():
    env = FakeEnv(length=2)
    make(env)[0].run_episode(0)
    assert len(env.actions) == 2


def test_a_bad_observation_is_held_and_when_it_lasts_the_robot_goes_to_rest_and_stays_there():
    robot = FakeRobot(length=50, script={2: goes_bad})
    loop, controller = make(robot)
    summary = loop.run(5, seed=0)
    assert [len(summary.episodes), summary.holds, summary.stopped] == [1, 3, "a bad observation"]
    sent = np.array(robot.actions)[:, 0]
    np.testing.assert_array_equal(sent, [0, 0, -0.5, -0.5, -0.5, 0])
    assert len(controller.called("step")) == 6
    assert loop.guard.mode is Mode.SAFE
    assert summary.to_dict()["stopped"] == "a bad observation"
    loop.guard.disarm()
    robot.script.clear()
    robot.values = np.zeros(3)
    assert loop.run_episode(0).length == 50


def test_an_observation_that_gets_well_in_time_goes_on():
    robot = FakeRobot(length=6, script={2: goes_bad, 4: gets_well})
    summary = make(robot)[0].run_episode(0)
    assert (summary.holds, summary.stopped, summary.length) == (2, "", 6)


def test_faults_of_the_network_hold_too():
    controller = FakeController()
    controller.failures = {1: ActionError("far too large"), 2: ObservationError("x"), 3: ActionError("y")}
    summary = make(FakeRobot(length=5), controller)[0].run_episode(0)
    assert (summary.holds, summary.hold_reason) == (3, "far too large")


def test_a_stale_sensor_is_named():
    clock = ManualClock()

    def stamp(robot):
        robot.time = np.array([clock.monotonic(), 0.0, clock.monotonic()])

    robot = FakeRobot(clock, length=50, script=dict.fromkeys(range(50), stamp))
    summary = make(robot, clock=clock)[0].run_episode(0)
    assert summary.hold_reason == "the sensor 'speed' is 0.04 s old"
    assert summary.stopped


def test_a_stale_reading_with_one_time_for_all_is_held():
    robot = FakeRobot(length=50)
    robot.time = 0.0
    summary = make(robot)[0].run_episode(0)
    assert summary.hold_reason == "the observation is too old"


def test_an_emergency_stop_brings_the_robot_to_rest_from_any_tick():
    robot = FakeRobot(length=50)
    robot.values = np.array([0.3, 0.1, 0.0])
    loop, controller = make(robot)
    robot.script = {3: lambda robot: loop.guard.stop()}
    summary = loop.run_episode(0)
    assert (summary.stopped, summary.length) == ("an operator stopped it", 4)
    np.testing.assert_array_equal(robot.actions[-1], [0, 0])
    assert len(controller.called("step")) == 3


def test_an_emergency_stop_while_it_holds_is_told_as_that():
    robot = FakeRobot(length=50)
    loop, _ = make(robot)
    robot.script = {2: goes_bad, 3: lambda robot: loop.guard.stop()}
    summary = loop.run_episode(0)
    assert (summary.hold_reason, summary.holds) == ("a bad observation", 1)
    assert summary.stopped == "an operator stopped it"


def test_a_dead_man_switch_that_is_let_go_holds_and_stops():
    robot = FakeRobot(length=50)
    loop = Loop(
        FakeController(), robot, clock=ManualClock(), alive=lambda: robot.k < 4,
        guard=GuardSpec(hold_for=0.5 * PERIOD, dead_man=0.5 * PERIOD),
    )  # fmt: skip
    summary = loop.run_episode(0)
    assert (summary.hold_reason, summary.holds) == ("the dead-man switch gives no sign of life", 1)
    assert summary.stopped


def test_a_dead_man_time_out_without_a_switch_is_refused():
    with pytest.raises(SpecError, match=r"dead_man is given, and there is no switch: give Loop\(alive=...\)"):
        make(FakeRobot(), dead_man=1.0)


@pytest.mark.parametrize(("overrun", "holds", "stopped"), [("skip", 0, False), ("hold", 1, False), ("safe", 0, True)])
def test_a_missed_deadline_is_answered_as_was_asked_for(overrun, holds, stopped):
    clock = ManualClock()
    robot = FakeRobot(length=6, script={2: lambda robot: clock.advance(1.5 * PERIOD)})
    summary = make(robot, clock=clock, overrun=overrun)[0].run_episode(0)
    assert (summary.holds, bool(summary.stopped)) == (holds, stopped)
    assert summary.deadlines.misses == 1
    assert sum(summary.late_stages.values()) == 1


def test_a_loop_that_stood_still_is_stopped():
    clock = ManualClock()
    robot = FakeRobot(length=6, script={2: lambda robot: clock.advance(5 * PERIOD)})
    summary = make(robot, clock=clock)[0].run_episode(0)
    assert summary.stopped == "the loop did not run for too long"


def test_misses_in_a_row_stop_it():
    clock = ManualClock()
    late = dict.fromkeys(range(50), lambda robot: clock.advance(1.2 * PERIOD))
    summary = make(FakeRobot(length=50, script=late), clock=clock, max_misses=4)[0].run_episode(0)
    assert (summary.length, summary.stopped) == (5, "too many deadlines were missed in a row")


def test_what_the_robot_made_of_the_action_is_what_counts_and_is_logged(tmp_path):
    class Careful(FakeRobot):
        def send_action(self, action):
            super().send_action(action)
            return action / 2

    robot = Careful(length=2)
    robot.values = np.array([0.4, 0.2, 0.0])
    controller = FakeController()
    with Recorder(tmp_path / "run", controller, realtime=False) as recorder:
        Loop(controller, robot, clock=SimClock(), recorder=recorder).run_episode(0)
    sent = load_recording(tmp_path / "run").sent
    np.testing.assert_allclose(sent[:2], [[0.4, 0.2], [0.4, 0.2]])
    np.testing.assert_allclose(robot.actions[:2], [[0.8, 0.4], [0.8, 0.4]])


def test_an_episode_ends_though_the_robot_rounds_the_rest_action():
    class Coarse(FakeRobot):
        def send_action(self, action):
            super().send_action(action)
            return np.round(action * 8) / 8

    robot = Coarse(length=3)
    robot.values = np.array([0.9, -0.5, 0.3])
    limits = Limits(low=-1.0, high=1.0, rest=0.1, slew=25.0)
    controller = Controller(build(spec(limits)))
    summary = Loop(controller, robot, clock=SimClock()).run_episode(0)
    assert summary.length < 20
    assert robot.actions[-1] == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("answer", [None, "done", np.zeros(3), np.array([0.0, np.nan])])
def test_a_robot_that_does_not_say_what_it_sent_is_an_error(answer):
    class Mute(FakeRobot):
        def send_action(self, action):
            super().send_action(action)
            return answer if len(self.actions) == 1 else action

    with pytest.raises(RobotError, match="it must return what was sent, 2 finite numbers"):
        make(Mute())[0].run_episode(0)


def test_the_guards_changes_are_events_of_the_recording(tmp_path):
    controller = FakeController()
    robot = FakeRobot(length=50, script={2: goes_bad})
    with Recorder(tmp_path / "run", controller, realtime=False) as recorder:
        Loop(
            controller, robot, clock=SimClock(), recorder=recorder, guard=GuardSpec(hold_for=0.5 * PERIOD)
        ).run_episode(0)  # fmt: skip
    recording = load_recording(tmp_path / "run")
    told = [(e["was"], e["mode"], e["cause"], e["tick"]) for e in recording.events if e["event"] == "guard"]
    assert told == [("RUNNING", "HOLD", "a bad observation", 2), ("HOLD", "SAFE", "a bad observation", 3)]
    np.testing.assert_array_equal(recording.held, [0, 0, 1, 2])
    assert np.isnan(recording.wanted[2:]).all()


def test_a_feature_needs_a_range():
    with pytest.raises(RobotError, match="a feature goes from 1 to 1; low must be less than high"):
        Feature(low=1, high=1)


def test_a_robots_spaces_are_those_of_its_features():
    robot = FakeRobot()
    assert robot.observation_space == Box(-np.inf, np.inf, (3,), np.float64)
    assert robot.action_space == Box(-1.0, 1.0, (2,), np.float64)


def test_an_age_is_that_of_the_oldest_entry():
    assert Reading(BAD).age(5.0) == 0.0
    assert Reading(BAD, 3.0).age(5.0) == 2.0
    assert Reading(BAD, np.array([4.0, 1.0, 5.0])).age(5.0) == 4.0


NESTED = Dict({"b": Dict({"y": Box(0, 1, (2, 2)), "x": Box(-1, 1, (1,))}), "a": Box(-5, 5, ())})


def test_a_dictionary_of_observations_becomes_one_vector_with_names():
    env = FakeEnv()
    env.observation_space = NESTED
    env.observation = NESTED.sample
    robot = EnvRobot(env)
    robot.reset(0)
    names = list(robot.observation_features)
    assert names == ["a[0]", "b/x[0]", "b/y[0]", "b/y[1]", "b/y[2]", "b/y[3]"]
    values = robot.get_observation().values
    np.testing.assert_array_equal(values, gymnasium.spaces.flatten(NESTED, robot._observation))
    assert values.shape == robot.observation_space.shape
    assert robot.observation_features["a[0]"] == Feature(low=-5.0, high=5.0)


def test_a_dictionary_of_anything_else_is_refused():
    env = FakeEnv()
    env.observation_space = Dict({"a": Dict({"n": Discrete(3)})})
    with pytest.raises(EnvError, match=r"the observation's a/n is Discrete\(3\); boxes and Dicts of them can be"):
        EnvRobot(env)


def test_choices_are_a_feature_too():
    env = FakeEnv(length=2)
    env.action_space = Discrete(4)
    assert EnvRobot(env).action_features == {"choice": Feature(low=0.0, high=3.0)}
    env.action_space = Discrete(2)
    summary = Loop(DiscreteController(), EnvRobot(env), clock=SimClock()).run_episode(0)
    assert summary.length == 2


def test_a_recorded_summary_of_a_stop_is_plain_data():
    summary = make(FakeRobot(script={0: goes_bad}, length=50))[0].run(1, 0)
    data = json.loads(json.dumps(summary.episodes[0].to_dict()))
    assert (data["stopped"], data["late_stages"]) == ("a bad observation", {})
