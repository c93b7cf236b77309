"""Experts for this project's robots: controllers as an engineer writes them by hand, over batches of observations."""

from __future__ import annotations

import math
from typing import Any, final

import numpy as np

from neurobot.errors import TrainingError
from neurobot.train.experts.expert import Policy

# --- Reach-v0 ----------------------------------------------------------------------------------------------------


def straight(observations: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Towards the goal in a straight line as it is seen, slower when near.

    Args:
        observations: (n, 8) of Reach-v0.
        gain: way of the cursor for a way of the hand.
    """
    return np.clip(10 / gain * observations[:, :2], -1, 1)


def servo(observations: np.ndarray) -> np.ndarray:
    """The same by torques: wanted rates of the joints, and a share of what is missing of them."""
    from neurobot.envs.reach import joint_rates

    wanted = joint_rates(observations[:, 4:6], np.clip(6 * observations[:, :2], -0.4, 0.4))
    actions: np.ndarray = np.clip((wanted - observations[:, 6:8]) * [0.6, 0.4], -1, 1)
    return actions


def reach(env: Any) -> Policy:
    """By speeds or torques, as the task is set."""
    settings = env.task.settings
    if settings.control == "torque":
        return servo
    return lambda observations: straight(observations, settings.gain)


# --- Balancer-v0 -------------------------------------------------------------------------------------------------

RADIUS, HALF_TRACK = 0.06, 0.13  # of the wheels and between them [m]
NO_LOAD = 55.5  # rate of a motor without load [rad/s]


def balance(observations: np.ndarray) -> np.ndarray:
    """A PD controller of the pitch, one of the speed around it, and one of the turning rate; (n, 7) to (n, 2)."""
    pitch, pitch_rate, yaw_rate, left, right, speed, turn = observations.T
    now = RADIUS * ((left + right) / 2 + pitch_rate)
    both = 4.0 * pitch + 0.4 * pitch_rate + 1.5 * (now - speed) + now / RADIUS / NO_LOAD
    differ = 0.15 * (turn - yaw_rate) + turn * HALF_TRACK / RADIUS / NO_LOAD
    actions: np.ndarray = np.clip(np.stack((both - differ, both + differ), axis=1), -1, 1).astype(np.float32)
    return actions


# --- Quadrotor-v0 ------------------------------------------------------------------------------------------------

GRAVITY = 9.81  # [m/s^2]
INERTIA = np.array([16.571710e-6, 16.655602e-6, 29.261652e-6])  # [kg m^2]
LIFT = 0.028 * GRAVITY / 4  # of a motor in hover [N]
ARM, YAW_TORQUE = 0.0325, 0.005964552  # [m], torque for thrust [m]


def level(turn: np.ndarray, rate: np.ndarray, observations: np.ndarray) -> np.ndarray:
    """Torques that turn the body about x and y as far as `turn` (n, 2) [rad] says and about z with `rate`."""
    tilt = (150.0 * turn - 20.0 * observations[:, :2]) * INERTIA[:2] / (LIFT * ARM)
    return np.column_stack((tilt, rate * INERTIA[2] / (LIFT * YAW_TORQUE)))


def wanted_turn(observations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place to acceleration to attitude: the thrust, and the turn of the body about x and y [rad], by a P and D."""
    up = observations[:, 3:6]
    wanted = np.clip(6.0 * observations[:, 9:12] - 4.0 * observations[:, 6:9], -4.0, 4.0) + GRAVITY * up
    turn = np.stack((-wanted[:, 1], wanted[:, 0]), axis=1) / np.linalg.norm(wanted, axis=1, keepdims=True)
    return np.vecdot(wanted, up) / GRAVITY - 1.0, turn


def hover(observations: np.ndarray) -> np.ndarray:
    """Thrust and torques, (n, 13) to (n, 4)."""
    thrust, turn = wanted_turn(observations)
    return np.column_stack((thrust, level(turn, 20.0 * observations[:, 12] - 8.0 * observations[:, 2], observations)))


def hover_by_rates(observations: np.ndarray) -> np.ndarray:
    """Thrust and turning rates, (n, 13) to (n, 4)."""
    from neurobot.envs.quadrotor import RATES

    thrust, turn = wanted_turn(observations)
    return np.column_stack((thrust, 6.0 * turn / RATES[:2], 2.0 * observations[:, 12] / RATES[2]))


def follow(observations: np.ndarray) -> np.ndarray:
    """The sticks of the attitude task, as thrust and torques."""
    roll, pitch = observations[:, 9], observations[:, 10]
    turn = np.stack(
        (np.sin(roll) * np.cos(pitch) - observations[:, 4], np.sin(pitch) + observations[:, 3]), axis=1
    )  # fmt: skip
    yaw = 8.0 * (observations[:, 11] - observations[:, 2])
    return np.column_stack((observations[:, 12] / GRAVITY - 1.0, level(turn, yaw, observations)))


def cascade(env: Any) -> Policy:
    """Hover or attitude, by motors, torques or rates, as the task is set.

    Raises:
        TrainingError: attitudes by rates, which nobody wrote.
    """
    from neurobot.envs.quadrotor import MIX

    settings = env.task.settings
    if settings.goal == "attitude" and settings.control == "rates":
        raise TrainingError('the expert "cascade" follows attitudes by torques or motors; set control to one of them')
    if settings.control == "rates":
        return lambda observations: np.clip(hover_by_rates(observations), -1, 1)
    wanted = hover if settings.goal == "hover" else follow
    if settings.control == "torques":
        return lambda observations: np.clip(wanted(observations), -1, 1)
    return lambda observations: np.clip(wanted(observations) @ MIX.T, -1, 1)


# --- Rover-v0 ----------------------------------------------------------------------------------------------------

BACK, TURN = 10, 10
"""Ticks that a vehicle backs off after a bump, and then turns."""


@final
class Vehicle:
    """Braitenberg's: steered by light, turned by what the rangefinders see; after a bump it backs off and turns away.

    Braitenberg, "Vehicles: experiments in synthetic psychology" (1984), numbers 2 and 3. Called with observations (n,
    13 or more) it gives actions (n, 2), and remembers its bumps.

    Args:
        n: how many.
        blind: it has nothing but its bumper.
    """

    def __init__(self, n: int, blind: bool = False) -> None:
        self._clock, self._side, self._blind = np.zeros(n), np.ones(n), blind

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Wheels' shares of their voltage, left and right."""
        ahead, turn = (1.0, 0.0) if self._blind else _look(observations)
        bumped = observations[:, 8:11].any(axis=1)
        self._clock = np.where(bumped, BACK + TURN, np.maximum(self._clock - 1, 0))
        self._side[bumped] = np.where(observations[bumped, 8] > observations[bumped, 10], -1, 1)
        backing, turning = self._clock > TURN, (self._clock > 0) & (self._clock <= TURN)
        ahead = np.where(backing, -0.6, np.where(turning, 0, ahead))
        turn = np.where(backing, 0, np.where(turning, 0.5 * self._side, turn))
        actions: np.ndarray = np.clip(np.stack((ahead - turn, ahead + turn), axis=1), -1, 1)
        return actions


def _look(observations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Speed ahead and turn to the left, from distances and light."""
    near = np.clip(1 - observations[:, :8] / 0.5, 0, 1)
    left = near[:, 1:4].max(axis=1) + 0.3 * near[:, 0]
    right = near[:, 4:7].max(axis=1) + 0.3 * near[:, 7]
    bright = observations[:, 11] + observations[:, 12]
    light = np.where(bright > 0.04, (observations[:, 11] - observations[:, 12]) / (bright + 0.02), 0.0)
    barred = near[:, 2:6].max(axis=1)
    turn = 0.9 * light * (1 - barred) + right - left
    turn = np.where((barred > 0.4) & (np.abs(turn) < 0.2), 0.5 * np.sign(light + 1e-9), turn)
    return (1 - 0.9 * barred) * (1 - 0.8 * np.abs(light)), turn


# --- Pursuit-v0 --------------------------------------------------------------------------------------------------

TOWARDS = 12.0
"""Rate of the head for an angle to its target [1/s]."""
FEW = 4
"""Events that count as so many where there are fewer, so that noise turns the head little."""


def towards_the_events(observations: np.ndarray, view: float = 1.05, rate: float = 4.0) -> np.ndarray:
    """Turn towards the middle of all events.

    Args:
        observations: (n, 2 c + 4) of Pursuit-v0, with c a square number of cells.
        view: angle of view [rad].
        rate: of an axis at an action of 1 [rad/s].
    """
    side = math.isqrt((observations.shape[1] - 4) // 2)
    cells = side * side
    across = (np.arange(side) + 0.5) / side * 2 - 1  # in halves of the view
    counts = (observations[:, :cells] + observations[:, cells : 2 * cells]).reshape(-1, side, side)
    total = np.maximum(counts.sum((1, 2)), FEW)
    right, down = (counts.sum(1) * across).sum(1) / total, (counts.sum(2) * across).sum(1) / total
    return np.clip(-TOWARDS / rate * view / 2 * np.stack((right, down), axis=1), -1, 1)


def towards_the_target(env: Any) -> Policy:
    """Pursuit-v0 as if one could see where the target is, and how fast it moves: to learn from, not to run.

    What it knows is not in the observation. Who learns from it by what it does see learns the best guess, given the
    events so far (Chen et al., "Learning by cheating", 2019, arXiv:1912.12294).
    """
    from neurobot.envs.pursuit import PERIOD, RATE

    view = env.simulation.view
    seen: list[np.ndarray] = []

    def act(observations: np.ndarray) -> np.ndarray:
        x, y, z = view.memory["target"].T
        place = np.stack((np.arctan2(y, x), np.arcsin(z)), axis=1)
        moved = (place - seen[-1]) / PERIOD if seen else 0.0
        seen[:] = [place]
        actions: np.ndarray = np.clip((TOWARDS * (place - view.qpos) + moved) / RATE, -1, 1)
        return actions

    return act
