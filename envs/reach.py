"""neurobot/Reach-v0: a planar two-joint arm brings a cursor to goals; the view can be turned, mirrored and scaled.

Two links of 0.2 m on a table, without gravity, hand and eye apart as in experiments on motor learning: the hand moves a
cursor on a screen, and goals are on that screen. As things are at first the cursor is where the hand is. Settings turn
the screen about the middle of the work space, mirror it, scale it, or put a load into the hand (Krakauer et al.,
"Learning of visuomotor transformations for vectorial planning of reaching trajectories", 2000). Physics step 0.002 s,
ten a control period, so 50 actions a second; an episode is one trial of at most 75 actions, or several.

**Action**: Box(-1, 1, (2,), float32), by the setting `control`; what is beyond is clamped.

| index | meaning, control = "velocity" | meaning, control = "torque" | min | max | MJCF name | unit               |
|-------|-------------------------------|-----------------------------|-----|-----|-----------|--------------------|
| 0     | wanted speed of the hand in x | torque of the shoulder      | -1  | 1   | shoulder  | 0.4 m/s or 1 N m   |
| 1     | wanted speed of the hand in y | torque of the elbow         | -1  | 1   | elbow     | 0.4 m/s or 0.5 N m |

The robot's own servos turn the wanted speed into rates of the joints by a damped inverse of its Jacobian.

**Observation**: readings of sensors, Box((8,), float64); g is the setting `gain`, at least 1 here.

| index | meaning                                   | min    | max   | MJCF name | unit  |
|-------|-------------------------------------------|--------|-------|-----------|-------|
| 0     | from cursor to goal, x                    | -0.7 g | 0.7 g | goal      | m     |
| 1     | from cursor to goal, y                    | -0.7 g | 0.7 g | goal      | m     |
| 2     | cursor from the middle, x                 | -0.7 g | 0.7 g | cursor    | m     |
| 3     | cursor from the middle, y                 | -0.7 g | 0.7 g | cursor    | m     |
| 4     | angle of the shoulder                     | -1.3   | 2.7   | shoulder  | rad   |
| 5     | angle of the elbow                        | 0      | 3     | elbow     | rad   |
| 6     | rate of the shoulder                      | -10    | 10    | shoulder  | rad/s |
| 7     | rate of the elbow                         | -10    | 10    | elbow     | rad/s |

**Settings**

| name     | meaning                                                                  | default       | unit |
|----------|--------------------------------------------------------------------------|---------------|------|
| control  | what an action is: "velocity" or "torque"                                | "velocity"    |      |
| rotation | turn of the cursor about the middle, counter-clockwise                   | 0             | rad  |
| mirror   | whether the cursor goes left where the hand goes right                   | false         |      |
| gain     | way of the cursor for a way of the hand                                  | 1             |      |
| load     | mass in the hand                                                         | 0             | kg   |
| distance | least and largest distance of a goal from the cursor, before scaling     | 0.08, 0.12    | m    |
| radius   | how near the cursor must come                                            | 0.02          | m    |
| dwell    | how long it must stay there                                              | 0.1           | s    |
| trials   | goals that are to be reached in an episode                               | 1             |      |
| bonus    | reward of a goal that is reached                                         | 1             |      |
| vision   | `Sensor` of goal and cursor (a camera: 1 mm noise)                       | noise 0.001   | m    |
| encoder  | `Sensor` of the angles (12 bit)                                          | resolution 2π/4096 | rad |
| tacho    | `Sensor` of the rates                                                    | noise 0.02    | rad/s |

**Reward**: how much nearer the cursor has come to the goal, in tenths of a metre, plus `bonus` when a goal is reached,
minus 0.01 for every action.
**Start**: the hand near the middle of the work space, 0.28 m from the shoulder, angles within 0.05 rad; the goal in any
direction. In an episode of several trials the next goal appears when one is reached or its 75 actions are over, as far
from the cursor as the first and on the same disc about the middle.
**End**: terminated when as many goals are reached as `trials` says; truncated by the time limit, 75 actions a trial.
**Info**: `distance` of cursor and goal [m], `reached` goals so far (both also at reset), `reward_progress`,
`reward_success`, `reward_time`.

A straight line to the goal, slowing down, takes about 0.5 s and earns about 1.6; doing nothing earns -0.75.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import lengths, mark_nothing
from neurobot.envs.scene import OWN, Scene, View
from neurobot.envs.sensor import Sensor, SensorSuite
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task

if TYPE_CHECKING:
    import mujoco

ID = "neurobot/Reach-v0"
PERIOD = 0.02  # [s]
TRIAL = 75  # [control periods]
LINK = 0.2  # length of each link [m]
POSTURE = np.array([math.pi / 4, math.pi / 2])  # shoulder and elbow with the hand in the middle [rad]
MIDDLE = np.array([0.0, math.sqrt(2) * LINK])  # [m]
DISC = 0.15  # goals of later trials are at most so far from the middle, before scaling [m]
ANGLE_NOISE = 0.05  # of the start [rad]
SPEED = 0.4  # of the hand at an action of 1 [m/s]
DAMPING = 0.02  # of the inverse of the Jacobian [m]
UNIT = 0.1  # way that earns 1 [m]
TIME_COST = 0.01
SERVOS, MOTORS = slice(0, 2), slice(2, 4)
GOAL, CURSOR = 0, 1  # mocap bodies


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach(Settings):
    """Settings of Reach-v0; the module's docstring says what they mean."""

    control: str = setting("velocity", words=("velocity", "torque"))
    rotation: float = setting(0.0, low=-2 * math.pi, high=2 * math.pi)
    mirror: bool = setting(False)
    gain: float = setting(1.0, low=0.1, high=5.0)
    load: float = setting(0.0, low=0.0, high=2.0)
    distance: tuple[float, float] = setting((0.08, 0.12), low=0.01, high=DISC)
    radius: float = setting(0.02, low=0.001, high=0.1)
    dwell: float = setting(0.1, low=0.0, high=1.0)
    trials: int = setting(1, low=1, high=100_000)
    bonus: float = setting(1.0, low=0.0, high=100.0)
    vision: Sensor = setting(Sensor(noise=1e-3))
    encoder: Sensor = setting(Sensor(resolution=2 * math.pi / 4096))
    tacho: Sensor = setting(Sensor(noise=0.02))

    def task(self) -> Task:
        """The task with these settings."""
        low, high = _bounds(self)
        return Task(
            id=ID,
            control_period=PERIOD,
            max_episode_steps=TRIAL * self.trials,
            observation_space=Box(low, high, dtype=np.float64),
            action_space=Box(-1.0, 1.0, (2,), np.float32),
            simulate=scene(self).simulate,
            doc="planar two-joint arm, a cursor to goals under visuomotor changes (MuJoCo)",
            settings=self,
        )


def scene(settings: Reach) -> Scene:
    """The model and the arithmetic of the task."""
    return _Reaching(settings).scene()


def _bounds(settings: Reach) -> tuple[Array, Array]:
    """Of the observation."""
    far = 0.7 * max(1.0, settings.gain)
    return np.array([-far] * 4 + [-1.3, 0.0, -10.0, -10.0]), np.array([far] * 4 + [2.7, 3.0, 10.0, 10.0])


def hand(angles: Array) -> Array:
    """Place of the hand (n, 2) [m] at angles (n, 2) of shoulder and elbow [rad]."""
    first, second = angles[:, 0], angles[:, 0] + angles[:, 1]
    return LINK * np.stack((np.cos(first) + np.cos(second), np.sin(first) + np.sin(second)), axis=1)


def joint_rates(angles: Array, velocity: Array) -> Array:
    """Rates of the joints (n, 2) [rad/s] that move the hand with `velocity` (n, 2) [m/s] at `angles` (n, 2).

    Damped least squares, J^T (J J^T + d^2 I)^-1 v, which stays bounded where the arm is stretched (Nakamura and
    Hanafusa, "Inverse kinematic solutions with singularity robustness", 1986).
    """
    x, y = hand(angles).T
    second = angles[:, 0] + angles[:, 1]
    a, b, c, d = -y, -LINK * np.sin(second), x, LINK * np.cos(second)  # J = [[a, b], [c, d]]
    p, q, r = a * a + b * b + DAMPING**2, a * c + b * d, c * c + d * d + DAMPING**2
    u, w = velocity.T
    determinant = p * r - q * q
    s, t = (r * u - q * w) / determinant, (p * w - q * u) / determinant
    return np.stack((a * s + c * t, b * s + d * t), axis=1)


@final
class _Reaching:
    """The functions of the scene, for one choice of settings."""

    def __init__(self, settings: Reach):
        sensors = ((settings.vision, 4), (settings.encoder, 2), (settings.tacho, 2))
        self.settings, self.suite = settings, SensorSuite(sensors, *_bounds(settings), PERIOD)
        cos, sin = math.cos(settings.rotation), math.sin(settings.rotation)
        flip = np.diag([-1.0 if settings.mirror else 1.0, 1.0])
        self.screen = settings.gain * np.array([[cos, -sin], [sin, cos]]) @ flip
        self.dwell = round(settings.dwell / PERIOD)

    def scene(self) -> Scene:
        own = {"goal": (2,), "cursor": (2,)} | dict.fromkeys(("distance", "gained", "inside", "clock"), ())
        return Scene(
            model="reach.xml",
            assets=OWN,
            frame_skip=10,
            memory=own | {"reached": (), "success": ()} | self.suite.memory,
            adapt=self.adapt,
            draw=self.draw,
            begin=self.begin,
            mark=mark_nothing,
            act=self.act,
            settle=self.settle,
            sense=self.sense,
            assess=self.assess,
            observe=lambda view: view.memory["readings"].copy(),
            reset_info=_standing,
            camera={"lookat": (0.0, 0.24, 0.0), "distance": 0.85, "azimuth": 90.0, "elevation": -65.0},
        )

    def adapt(self, model: mujoco.MjModel) -> None:
        """Put the load into the hand, and take the actuators out that are not used."""
        load = model.body("hand")
        load.mass[0] += self.settings.load
        idle = MOTORS if self.settings.control == "velocity" else SERVOS
        model.actuator_gainprm[idle] = model.actuator_biasprm[idle] = 0.0

    def draw(self, generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        return POSTURE + generator.uniform(-ANGLE_NOISE, ANGLE_NOISE, 2), init_qvel

    def begin(self, view: View, i: int, generator: np.random.Generator) -> None:
        self.suite.begin(view, i)
        only = np.array([i])
        self._look(view, only)
        self._new_goal(view, only)

    def act(self, view: View, actions: Array, ids: Array) -> Array:
        """Rates for the servos, or torques."""
        ctrl = np.zeros((len(actions), 4))
        wanted = np.minimum(np.maximum(actions, -1.0), 1.0)
        if self.settings.control == "torque":
            ctrl[:, MOTORS] = wanted
        else:
            ctrl[:, SERVOS] = joint_rates(view.qpos, SPEED * wanted)
        return ctrl

    def settle(self, view: View, ids: Array) -> None:
        """See where the cursor is now; goals that are reached or given up make room for the next."""
        memory = view.memory
        before = memory["distance"][ids]
        self._look(view, ids)
        distance = memory["distance"][ids]
        memory["gained"][ids] = before - distance
        memory["clock"][ids] += 1
        near = distance < self.settings.radius
        memory["inside"][ids] = np.where(near, memory["inside"][ids] + 1, 0.0)
        success = near & (memory["inside"][ids] > self.dwell)
        memory["success"][ids] = success
        memory["reached"][ids] += success
        over = ids[(success | (memory["clock"][ids] >= TRIAL))]
        if self.settings.trials > 1 and over.size:
            self._new_goal(view, over)

    def sense(self, view: View, ids: Array) -> None:
        cursor, goal = view.memory["cursor"][ids], view.memory["goal"][ids]
        true = np.concatenate((goal - cursor, cursor, view.motion[ids]), axis=1)
        self.suite.read(view, true, ids)

    def assess(self, view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
        progress = view.memory["gained"] / UNIT
        success = self.settings.bonus * view.memory["success"]
        info = _standing(view) | {
            "reward_progress": progress,
            "reward_success": success,
            "reward_time": np.full(len(progress), -TIME_COST),
        }
        return progress + success - TIME_COST, view.memory["reached"] >= self.settings.trials, info

    def _look(self, view: View, ids: Array) -> None:
        """Note where the cursor is, and draw it."""
        cursor = (hand(view.qpos[ids]) - MIDDLE) @ self.screen.T
        view.memory["cursor"][ids] = cursor
        view.memory["distance"][ids] = lengths(view.memory["goal"][ids] - cursor)
        view.mocap_pos[ids, CURSOR, :2] = MIDDLE + cursor

    def _new_goal(self, view: View, ids: Array) -> None:
        """A goal as far from the cursor as is set, on the disc; the nearest that the disc has where there is none."""
        gain = self.settings.gain
        low, high = self.settings.distance
        angle, far = view.streams.uniform(ids, 2).T
        far = gain * (low + (high - low) * far)
        cursor = view.memory["cursor"][ids]
        away = np.stack((np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle)), axis=1)
        goal = cursor + far[:, None] * away
        # a goal off the disc would be out of the arm's reach: take the one on the other side
        outside = lengths(goal) > gain * DISC
        goal[outside] = (cursor - far[:, None] * away)[outside]
        size = lengths(goal)[:, None]
        goal *= np.minimum(1.0, gain * DISC / np.maximum(size, 1e-9))
        memory = view.memory
        memory["goal"][ids] = goal
        memory["distance"][ids] = lengths(goal - cursor)
        memory["clock"][ids] = memory["inside"][ids] = 0.0
        view.mocap_pos[ids, GOAL, :2] = MIDDLE + goal


def _standing(view: View) -> Info:
    return {"distance": view.memory["distance"].copy(), "reached": view.memory["reached"].copy()}


TASK = Reach().task()
