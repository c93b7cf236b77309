"""What docs/robot.md shows for ROS 2, on a stand-in for rclpy with the calls that it makes."""

import re
import signal
import sys
import threading
import time
from importlib import util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from neurobot.errors import RobotError
from neurobot.testing import check_robot

TEXT = (Path(__file__).parents[2] / "docs" / "robot.md").read_text()
_, CODE = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


class Ros:
    """One process of ROS 2: init and shutdown by turns, a node, an executor whose `spin` delivers joint states."""

    def __init__(self, joints):
        self.joints, self.commands, self.running, self.delivers = joints, [], False, True
        self.handlers = None

    def init(self, *, signal_handler_options):
        assert not self.running
        self.running, self.handlers = True, signal_handler_options

    def shutdown(self):
        assert self.running
        self.running = False

    def create_node(self, name):
        assert self.running
        node = SimpleNamespace(name=name)

        def subscribe(kind, topic, callback, depth):
            node.topic, node.callback = topic, callback

        node.create_subscription = subscribe
        node.create_publisher = lambda kind, topic, depth: SimpleNamespace(publish=self.commands.append)
        node.destroy_node = lambda: None
        return node

    def executor(self):
        over, nodes = threading.Event(), []

        def spin():
            k = 0
            while not over.wait(0.002):
                k += 1
                n = len(self.joints)
                message = SimpleNamespace(
                    name=self.joints, position=[0.1 * j for j in range(n)], velocity=[k + j for j in range(n)]
                )
                if self.delivers:
                    nodes[0].callback(message)

        return SimpleNamespace(add_node=nodes.append, spin=spin, shutdown=over.set)

    def modules(self):
        no = SimpleNamespace(NO="no signal handlers")
        contents = {
            "rclpy": {
                "init": self.init,
                "shutdown": self.shutdown,
                "create_node": self.create_node,
                "signals": SimpleNamespace(SignalHandlerOptions=no),
            },
            "rclpy.executors": {"SingleThreadedExecutor": self.executor},
            "sensor_msgs": {},
            "sensor_msgs.msg": {"JointState": object},
            "std_msgs": {},
            "std_msgs.msg": {"Float64MultiArray": lambda data: data},
        }
        for name, content in contents.items():
            module = ModuleType(name)
            vars(module).update(content)
            yield name, module


@pytest.fixture
def ros(monkeypatch):
    ros = Ros(["wheel", "elbow", "shoulder"])  # more than are asked for, and in another order
    for name, module in ros.modules():
        monkeypatch.setitem(sys.modules, name, module)
    return ros


@pytest.fixture
def joints(ros, tmp_path):
    path = tmp_path / "joints.py"
    path.write_text(CODE)
    spec = util.spec_from_file_location("joints", path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *names: module.Joints(names, effort=2.0)


def test_the_example_is_short():
    assert len(CODE.splitlines()) <= 60


def test_joints_are_taken_by_name_and_efforts_are_published(ros, joints):
    robot = joints("shoulder", "elbow")
    assert list(robot.observation_features) == [
        "shoulder.position", "elbow.position", "shoulder.velocity", "elbow.velocity"
    ]  # fmt: skip
    before = signal.getsignal(signal.SIGINT)
    robot.connect()
    values, when = robot.get_observation()
    np.testing.assert_allclose(values[:2], [0.2, 0.1])
    assert values[2] == values[3] + 1
    assert 0 <= time.monotonic() - when < 1
    robot.send_action(np.array([0.5, -0.5]))
    assert ros.commands == [[0.5, -0.5]]
    robot.disconnect()
    robot.disconnect()
    assert not ros.running
    assert ros.handlers == "no signal handlers"
    assert signal.getsignal(signal.SIGINT) is before


def test_it_keeps_the_contract_of_a_robot(ros, joints):
    check_robot(lambda: joints("elbow"), rest=[0.0])
    assert {tuple(command) for command in ros.commands} == {(0.0,)}


def test_a_driver_that_says_nothing_is_told_and_let_go(ros, joints, monkeypatch):
    ros.delivers = False
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None, wait=threading.Event.wait: wait(self, 0.01))
    with pytest.raises(RobotError, match=r"no joint_states with \['elbow'\] within 5 s; is the driver running"):
        joints("elbow").connect()
    assert not ros.running
