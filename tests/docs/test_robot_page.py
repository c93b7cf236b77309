"""What docs/robot.md shows: a robot on a serial line, with a microcontroller at the other end of a pseudo-terminal."""

import os
import re
import select
import sys
import threading
import time
import tty
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from neurobot.controller import Controller
from neurobot.errors import RobotError
from neurobot.loop import Loop, Mode, RealClock
from neurobot.program import build
from neurobot.spec import (
    LI,
    AllToAll,
    Bounds,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    GuardSpec,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Population,
    Projection,
    resolve,
)
from neurobot.testing import check_robot

TEXT = (Path(__file__).parents[2] / "docs" / "robot.md").read_text()
CODE, _ = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def arm_class(tmp_path):
    path = tmp_path / "serial_arm.py"
    path.write_text(CODE)
    spec = util.spec_from_file_location("serial_arm", path)
    module = util.module_from_spec(spec)
    sys.modules["serial_arm"] = module
    spec.loader.exec_module(module)
    yield module.Arm
    del sys.modules["serial_arm"]


class Microcontroller(threading.Thread):
    """Says angle and speed every 2 ms, and keeps the torques that it is told; `mute` names what it no longer says."""

    def __init__(self):
        super().__init__(daemon=True)
        self.end, other = os.openpty()
        tty.setraw(other)
        self.port, self.other = os.ttyname(other), other
        self.mute, self.torques, self.over = (), [], False
        self.start()

    def run(self):
        rest, k = b"", 0
        while not self.over:
            k += 1
            for name, value in (("angle", 0.3), ("speed", 0.001 * (k % 7))):
                if name not in self.mute:
                    os.write(self.end, f"{name} {value}\nspe".encode() if k % 50 == 0 else f"{name} {value}\n".encode())
            if select.select([self.end], [], [], 0.002)[0]:
                *lines, rest = (rest + os.read(self.end, 4096)).split(b"\n")
                self.torques += [float(line.split()[1]) for line in lines]

    def stop(self):
        self.over = True
        self.join()
        os.close(self.end)
        os.close(self.other)


@pytest.fixture
def board():
    board = Microcontroller()
    yield board
    board.stop()


def controller_for(arm):
    """Torque from angle and speed, straight through a read-out."""
    network = NetworkSpec(
        0.01, (Population("in", 2, Input()), Population("out", 1, LI(tau_mem=1e-6))),
        (Projection("in", "out", AllToAll(weight=1.0)),),
    )  # fmt: skip
    field = Direct(range=Bounds(low=-1, high=1), push_pull=False)
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Current()), network=network, substeps=1,
        decoder=Membrane(population="out", limits=Limits(slew=20.0)),
    )  # fmt: skip
    return Controller(build(resolve(spec, arm.observation_space, arm.action_space)))


def run(arm, seconds, after=None, guard=None):
    loop = Loop(controller_for(arm), arm, clock=RealClock(), guard=guard)
    timer = threading.Timer(seconds, after or loop.guard.stop)
    timer.start()
    summary = loop.run_episode(0)
    timer.join()
    return summary, loop


def test_the_example_is_short():
    assert len(CODE.splitlines()) < 90


def test_it_acts_on_what_its_sensors_say_and_is_at_rest_when_it_is_stopped(arm_class, board):
    summary, _ = run(arm_class(board.port), 0.5)
    assert summary.stopped == "an operator stopped it"
    assert 5 < summary.length < 60
    time.sleep(0.05)
    assert max(board.torques) == pytest.approx(0.3, abs=0.02)
    assert board.torques[-1] == 0.0
    assert np.abs(np.diff([0.0, *board.torques])).max() < 20 * 0.01 + 1e-6


def test_a_sensor_that_falls_silent_is_named_and_brings_it_to_rest(arm_class, board):
    def falls_silent():
        board.mute = ("speed",)

    guard = GuardSpec(hold_for=0.4, stale_after=0.2)
    summary, loop = run(arm_class(board.port), 0.3, falls_silent, guard)
    assert re.match(r"the sensor 'speed' is 0\.\d+ s old", summary.stopped)
    assert summary.holds > 3
    assert loop.guard.mode is Mode.SAFE
    time.sleep(0.05)
    assert board.torques[-1] == 0.0


def test_it_keeps_the_contract_of_a_robot(arm_class, board):
    check_robot(lambda: arm_class(board.port), rest=[0.0])
    assert set(board.torques) == {0.0}


def test_half_a_line_is_no_number_and_old_values_are_forgotten(arm_class, board):
    arm = arm_class(board.port)
    arm.connect()
    board.mute = ("angle", "speed")
    time.sleep(0.05)
    os.write(board.end, b"\nangle 1")
    time.sleep(0.3)
    assert arm.get_observation().values[0] == 0.3
    os.write(board.end, b"2.5\n")
    time.sleep(0.1)
    assert arm.get_observation().values[0] == 12.5
    arm.disconnect()
    with pytest.raises(RobotError, match="no word from every sensor within 1 s"):
        arm.connect()


def test_a_port_that_is_not_there_and_one_that_says_nothing_are_told(arm_class, board):
    with pytest.raises(RobotError, match="/dev/none: it cannot be opened"):
        arm_class("/dev/none").connect()
    board.mute = ("angle", "speed")
    time.sleep(0.1)
    with pytest.raises(RobotError, match="no word from every sensor within 1 s"):
        arm_class(board.port).connect()
