"""LeRobot's robots as ours, on a stand-in with the methods of `lerobot.robots.Robot`."""

import numpy as np
import pytest

from neurobot.errors import RobotError
from neurobot.interop.lerobot import LeRobot
from neurobot.testing import check_robot


class Arm:
    """Two joints and a camera; goals are cut at 50, as max_relative_target would."""

    name = "arm"

    def __init__(self, calibrated=True):
        self.observation_features = {"pan.pos": float, "lift.pos": float, "front": (480, 640, 3)}
        self.action_features = {"pan.pos": float, "lift.pos": float}
        self.is_connected, self.is_calibrated = False, calibrated
        self.sent, self.calls, self.broken = [], [], False

    def __str__(self):
        return "black arm"

    def connect(self, calibrate=True):
        self.calls.append(("connect", calibrate))
        self.is_connected = True

    def get_observation(self):
        self._need()
        return {"front": np.zeros((480, 640, 3)), "lift.pos": np.float32(2.5), "pan.pos": -1.0}

    def send_action(self, action):
        self._need()
        self.sent.append(action)
        return {name: min(goal, 50.0) for name, goal in action.items()}

    def disconnect(self):
        self._need()
        self.is_connected = False

    def _need(self):
        if self.broken:
            raise RuntimeError("Failed to sync read 'Present_Position'")
        if not self.is_connected:
            raise ConnectionError("black arm is not connected.")


def test_numbers_come_in_the_order_of_the_features_and_pictures_are_left_out():
    robot = LeRobot(Arm())
    robot.connect()
    assert list(robot.observation_features) == ["pan.pos", "lift.pos"]
    np.testing.assert_array_equal(robot.get_observation().values, [-1.0, 2.5])
    some = LeRobot(Arm(), observations=["lift.pos"])
    some.connect()
    np.testing.assert_array_equal(some.get_observation().values, [2.5])


def test_an_action_goes_out_by_name_and_what_was_sent_comes_back():
    arm = Arm()
    robot = LeRobot(arm, limits={"pan.pos": (-100, 100)})
    robot.connect()
    action = np.array([10.0, -5.0])
    assert robot.send_action(action) is action
    assert arm.sent == [{"pan.pos": 10.0, "lift.pos": -5.0}]
    np.testing.assert_array_equal(robot.send_action(np.array([80.0, 0.0])), [50.0, 0.0])
    assert (robot.action_features["pan.pos"].low, robot.action_features["pan.pos"].high) == (-100, 100)
    assert robot.action_space.high.tolist() == [100, np.inf]


def test_it_keeps_the_contract_of_a_robot():
    arms = []

    def make():
        arms.append(Arm())
        return LeRobot(arms[-1], limits=dict.fromkeys(("pan.pos", "lift.pos"), (-100, 100)))

    check_robot(make, rest=[0.0, 0.0])
    assert {call for arm in arms for call in arm.calls} == {("connect", False)}
    assert {tuple(sent.values()) for arm in arms for sent in arm.sent} == {(0.0, 0.0)}


def test_one_that_is_not_calibrated_is_refused_and_let_go():
    arm = Arm(calibrated=False)
    with pytest.raises(RobotError, match="black arm is not calibrated; run lerobot-calibrate first"):
        LeRobot(arm).connect()
    assert not arm.is_connected


def test_a_bus_that_fails_is_a_robot_error():
    arm = Arm()
    robot = LeRobot(arm)
    with pytest.raises(RobotError, match="black arm: get_observation failed: ConnectionError"):
        robot.get_observation()
    robot.connect()
    arm.broken = True
    with pytest.raises(RobotError, match="black arm: send_action failed: RuntimeError: Failed to sync read"):
        robot.send_action(np.zeros(2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observations": ["pam.pos"]}, "there is no observation 'pam.pos' that is a number; .*pan.pos"),
        ({"observations": ["front"]}, "there is no observation 'front' that is a number"),
        ({"limits": {"lift.pis": (0, 1)}}, "there is no action 'lift.pis' that is a number; .*lift.pos"),
    ],
)
def test_names_that_are_not_there_are_told(options, message):
    with pytest.raises(RobotError, match=message):
        LeRobot(Arm(), **options)


def test_an_action_that_is_no_number_is_refused():
    arm = Arm()
    arm.action_features = {"all": (6,)}
    with pytest.raises(RobotError, match=r"the action 'all' is \(6,\); actions must be numbers"):
        LeRobot(arm)
