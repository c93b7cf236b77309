"""neurobot/Balancer-v0: a robot on two wheels must stay upright and drive and turn as it is told.

An inverted pendulum on wheels: a tower of three decks, 0.44 m high and 1.9 kg, on two wheels of 0.15 kg, 0.12 m across
and 0.26 m apart, free to drive, turn and fall. Left alone (motors short-circuited) a tilt grows by a factor of e in
0.17 s. Model: `balancer.xml`; physics step 0.0025 s, two a control period, so 200 actions a second; at most 2,000
actions (10 s) an episode.

Each wheel has a DC motor: torque = 0.834 N m (share of voltage - wheel rate / 55.5 rad/s), the line between stall and
no load of Pololu's 37D gearmotor 18.75:1 at 12 V (item 4751: 530 rpm and 0.2 A free, 8.5 kg cm and 5.5 A at stall);
the driver limits the torque to that at stall. Its friction takes a share of the stall torque, `dead_band`: smaller
commands do not move a wheel that stands. Commands arrive `latency` control periods late.

**Action**: share of the battery's voltage on each motor, Box(-1, 1, (2,), float32). Positive is forward. What is beyond
the bounds is clamped.

| index | meaning     | min | max | MJCF name | unit |
|-------|-------------|-----|-----|-----------|------|
| 0     | left motor  | -1  | 1   | left      | 12 V |
| 1     | right motor | -1  | 1   | right     | 12 V |

**Observation**: what the robot measures and what it is told, Box(float64). The pitch comes from a complementary filter:
the gyroscope's rate, integrated, and drawn with the time constant `filter_time` to the direction of the accelerometer,
which is wrong while the robot speeds up. Wheel rates are counts of the encoders, differenced over four control periods.

| index | meaning                                         | min   | max  | MJCF name             | unit  |
|-------|-------------------------------------------------|-------|------|-----------------------|-------|
| 0     | estimate of the pitch, leaning forward positive | -0.8  | 0.8  | gyro, accelerometer   | rad   |
| 1     | pitch rate                                      | -8.73 | 8.73 | gyro                  | rad/s |
| 2     | yaw rate, to the left positive                  | -8.73 | 8.73 | gyro                  | rad/s |
| 3     | rate of the left wheel against the chassis      | -30   | 30   | left                  | rad/s |
| 4     | rate of the right wheel against the chassis     | -30   | 30   | right                 | rad/s |
| 5     | speed that is asked for                         | -1    | 1    |                       | m/s   |
| 6     | turning rate that is asked for                  | -3    | 3    |                       | rad/s |

With `sees="imu"` the raw readings stand in place of the first three, Box of shape (10,): the gyroscope's x, y, z
[rad/s], then the accelerometer's x, y, z [m/s^2], in size at most 8.73 rad/s and 39.2 m/s^2; at rest and upright the
latter reads (0, 0, 9.81). Both are read at the start of the last physics step, 2.5 ms before the control period ends.

**Settings**

| name          | meaning                                                                    | default   | unit    |
|---------------|----------------------------------------------------------------------------|-----------|---------|
| speed         | speeds that are asked for are drawn evenly up to it, either way; at most 1 | 0.5       | m/s     |
| turn          | turning rates that are asked for, likewise; at most 3                      | 1.5       | rad/s   |
| hold          | mean time before something else is asked for                               | 2.5       | s       |
| tilt          | pitch at the start is drawn evenly up to it, either way                    | 0.1       | rad     |
| dead_band     | friction of a motor as a share of its stall torque                         | 0.04      | 1       |
| latency       | how late commands come to the motors                                       | 1         | periods |
| push          | impulse of pushes on the chassis, 0.05 s each, in any level direction      | 0         | N s     |
| push_every    | mean time between pushes                                                   | 2         | s       |
| sees          | "pitch" or "imu", see above                                                | "pitch"   |         |
| filter_time   | time constant of the complementary filter                                  | 0.5       | s       |
| gyro          | `Sensor` of turning rates                                                  | see below | rad/s   |
| accelerometer | `Sensor` of accelerations                                                  | see below | m/s^2   |
| encoder       | `Sensor` of the wheels' angles                                             | see below | rad     |

Gyroscope: noise 0.00087, bias 0.003, drift 0.0003, resolution 0.000266. Accelerometer: noise 0.05, bias 0.05,
resolution 0.0012. Noise and resolution are those of InvenSense's MPU-6050 (full scale 500 degrees/s and 4 g, 100 Hz low
pass), the biases what is left after a calibration at rest. Encoder: resolution 2 pi / 1200, the gearmotor's own.

**Reward**: 0.2 (1 - |pitch| / 0.7), plus 0.5 / (1 + (speed error / 0.2 m/s)^2), plus 0.3 / (1 + (turning rate's error /
0.6 rad/s)^2), minus 0.05 times the mean square of the actions; at most 1 a step. The step in which it falls gives 0.
A hand-made PD controller gets about 1,780 of 2,000, the same one standing still whatever it is told about 1,150, doing
nothing, which mostly falls within a second, about 75.
**Start**: standing still, pitch as `tilt` says, and a first command.
**End**: terminated when it falls: its vertical axis is 0.7 rad or more from the vertical. Truncated by the time limit.
**Info**: `speed` [m/s], `turn_rate` [rad/s], `pitch` [rad], the true ones; `reward_upright`, `reward_speed`,
`reward_turn`, `reward_ctrl`; `success`, 1 while it is upright and within 0.1 m/s and 0.3 rad/s of the command, else 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import no_info
from neurobot.envs.scene import OWN, Scene, View
from neurobot.envs.sensor import Sensor, SensorSuite
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task

if TYPE_CHECKING:
    import mujoco

PERIOD = 0.005  # [s]
CHASSIS = 1  # body of the model
FALLEN = 0.7  # [rad]
PUSH_TIME = 0.05  # [s]
WINDOW = 4  # control periods over which encoder counts are differenced
MAX_SPEED, MAX_TURN = 1.0, 3.0  # [m/s], [rad/s]
MAX_PITCH, MAX_WHEEL_RATE = 0.8, 30.0  # of the observation [rad], [rad/s]
GYRO_RANGE, ACCELEROMETER_RANGE = math.radians(500), 4 * 9.80665  # [rad/s], [m/s^2]
COUNT = 2 * math.pi / 1200  # [rad]
ACCELERATION, ENCODERS = slice(3, 6), slice(6, 8)  # in the readings, after the turning rates
SPEED_SCALE, TURN_SCALE = 0.2, 0.6  # errors that halve their part of the reward [m/s], [rad/s]
SPEED_GOOD, TURN_GOOD = 0.1, 0.3  # errors of a success [m/s], [rad/s]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer(Settings):
    """Settings of the balancing robot; what they mean is in the module's table."""

    speed: float = setting(0.5, low=0.0, high=MAX_SPEED)
    turn: float = setting(1.5, low=0.0, high=MAX_TURN)
    hold: float = setting(2.5, low=PERIOD)
    tilt: float = setting(0.1, low=0.0, high=0.6)
    dead_band: float = setting(0.04, low=0.0, high=1.0)
    latency: int = setting(1, low=0, high=100)
    push: float = setting(0.0, low=0.0, high=10.0)
    push_every: float = setting(2.0, low=PERIOD)
    sees: str = setting("pitch", words=("pitch", "imu"))
    filter_time: float = setting(0.5, low=PERIOD)
    gyro: Sensor = setting(Sensor(noise=0.00087, bias=0.003, drift=0.0003, resolution=0.000266))
    accelerometer: Sensor = setting(Sensor(noise=0.05, bias=0.05, resolution=0.0012))
    encoder: Sensor = setting(Sensor(resolution=COUNT))

    def task(self) -> Task:
        """The task with these settings."""
        robot = _Robot(self)
        return Task(
            id="neurobot/Balancer-v0",
            control_period=PERIOD,
            max_episode_steps=2000,
            observation_space=Box(-robot.bound, robot.bound, dtype=np.float64),
            action_space=Box(-1.0, 1.0, (2,), np.float32),
            simulate=robot.scene.simulate,
            doc="two-wheeled robot, upright while it drives as it is told (MuJoCo)",
            settings=self,
        )


@final
class _Robot:
    """The arithmetic of one choice of settings.

    Attributes:
        scene: for the simulation.
        bound: (n,) largest observation, in size.
    """

    def __init__(self, settings: Balancer):
        self._set = settings
        devices = ((settings.gyro, 3), (settings.accelerometer, 3), (settings.encoder, 2))
        largest = np.repeat([GYRO_RANGE, ACCELEROMETER_RANGE, np.inf], [3, 3, 2])
        self._suite = SensorSuite(devices, -largest, largest, PERIOD)
        seen = largest[:6] if settings.sees == "imu" else np.array([MAX_PITCH, GYRO_RANGE, GYRO_RANGE])
        self.bound = np.concatenate((seen, [MAX_WHEEL_RATE, MAX_WHEEL_RATE, MAX_SPEED, MAX_TURN]))
        self._command = np.array([settings.speed, settings.turn])
        self.scene = Scene(
            model="balancer.xml",
            assets=OWN,
            adapt=partial(_set_friction, dead_band=settings.dead_band),
            frame_skip=2,
            draw=self._draw,
            begin=self._begin,
            mark=_asked,
            act=self._act,
            settle=self._ask_anew,
            sense=self._sense,
            assess=self._assess,
            observe=self._observe,
            reset_info=no_info,
            fields=("sensordata",),
            memory=self._suite.memory
            | {"command": (2,), "sent": (settings.latency + 1, 2), "push": (2,), "push_left": ()}
            | {"pitch": (), "angles": (WINDOW + 1, 2)},
            camera={"trackbodyid": CHASSIS, "distance": 1.0, "azimuth": 215.0, "elevation": -16.0},
        )

    def _draw(self, generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        half = 0.5 * generator.uniform(-self._set.tilt, self._set.tilt)
        qpos = init_qpos.copy()
        qpos[3:7] = math.cos(half), 0.0, math.sin(half), 0.0
        return qpos, init_qvel

    def _begin(self, view: View, i: int, generator: np.random.Generator) -> None:
        self._suite.begin(view, i)
        view.memory["command"][i] = self._command * generator.uniform(-1.0, 1.0, 2)
        # someone held it until now, so that its filter has settled
        view.memory["pitch"][i] = 2 * math.asin(view.qpos[i, 5])

    def _act(self, view: View, actions: Array, ids: Array) -> Array:
        """The controls, late; and pushes, where there are some."""
        sent = view.memory["sent"]
        sent[ids, 1:] = sent[ids, :-1]
        sent[ids, 0] = actions[ids]
        if self._set.push > 0:
            self._push(view, ids)
        return sent[:, -1]

    def _ask_anew(self, view: View, ids: Array) -> None:
        chance = view.streams.uniform(ids, 3)
        new = chance[:, 0] < PERIOD / self._set.hold
        view.memory["command"][ids[new]] = self._command * (2 * chance[new, 1:] - 1)

    def _push(self, view: View, ids: Array) -> None:
        """Begin pushes and go on with those that have begun."""
        memory = view.memory
        chance = view.streams.uniform(ids, 2)
        begins = (memory["push_left"][ids] <= 0) & (chance[:, 0] < PERIOD / self._set.push_every)
        who, angle = ids[begins], 2 * np.pi * chance[begins, 1]
        force = self._set.push / PUSH_TIME
        memory["push"][who] = force * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        memory["push_left"][who] = round(PUSH_TIME / PERIOD)
        on = memory["push_left"][ids] > 0
        view.xfrc_applied[ids, CHASSIS, :2] = memory["push"][ids] * on[:, None]
        memory["push_left"][ids] -= on

    def _sense(self, view: View, ids: Array) -> None:
        memory = view.memory
        fresh = memory["begun"][ids] == 0
        self._suite.read(view, np.concatenate((view.data["sensordata"][ids], view.qpos[ids, 7:9]), axis=1), ids)
        readings = memory["readings"][ids]
        angles = memory["angles"]
        angles[ids, 1:] = angles[ids, :-1]
        angles[ids, 0] = readings[:, ENCODERS]
        angles[ids[fresh]] = readings[fresh, None, ENCODERS]
        forward, _, up = readings[:, ACCELERATION].T
        told = memory["pitch"][ids] + PERIOD * readings[:, 1]
        memory["pitch"][ids] = told + (np.arctan2(-forward, up) - told) * (PERIOD / (self._set.filter_time + PERIOD))

    def _observe(self, view: View) -> Array:
        memory = view.memory
        readings, angles = memory["readings"], memory["angles"]
        rates = (angles[:, 0] - angles[:, -1]) / (WINDOW * PERIOD)
        if self._set.sees == "imu":
            seen = readings[:, :6]
        else:
            seen = np.concatenate((memory["pitch"][:, None], readings[:, 1:3]), axis=1)
        obs = np.concatenate((seen, rates, memory["command"]), axis=1)
        inside: Array = np.minimum(np.maximum(obs, -self.bound), self.bound)
        return inside

    def _assess(self, view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
        pitch, up, speed, turn_rate = _motion(view)
        standing = up > math.cos(FALLEN)
        speed_error, turn_error = np.abs(np.stack((speed, turn_rate)) - before.T)
        commands = np.minimum(np.maximum(actions, -1.0), 1.0).astype(np.float64)
        info = {
            "reward_upright": 0.2 * standing * (1 - np.abs(pitch) / FALLEN),
            "reward_speed": 0.5 * standing / (1 + np.square(speed_error / SPEED_SCALE)),
            "reward_turn": 0.3 * standing / (1 + np.square(turn_error / TURN_SCALE)),
            "reward_ctrl": -0.025 * standing * (np.square(commands[:, 0]) + np.square(commands[:, 1])),
        }
        reward = info["reward_upright"] + info["reward_speed"] + info["reward_turn"] + info["reward_ctrl"]
        success = (standing & (speed_error < SPEED_GOOD) & (turn_error < TURN_GOOD)).astype(np.float64)
        info |= {"speed": speed, "turn_rate": turn_rate, "pitch": pitch, "success": success}
        return reward, ~standing, info


def _asked(view: View) -> Array:
    """A `Scene.mark`: the command that this step's action was chosen for, (num_envs, 2)."""
    return view.memory["command"].copy()


def _motion(view: View) -> tuple[Array, Array, Array, Array]:
    """Pitch [rad], cosine of the tilt, forward speed of the axle [m/s] and turning rate about the vertical [rad/s]."""
    w, x, y, z = view.qpos[:, 3:7].T
    # columns of the rotation matrix: where the chassis' x and z axes point
    ahead_x, ahead_y, ahead_z = 1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)
    side_z, up = 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    level = np.sqrt(ahead_x * ahead_x + ahead_y * ahead_y)
    speed = (view.qvel[:, 0] * ahead_x + view.qvel[:, 1] * ahead_y) / np.maximum(level, 1e-6)
    # a free joint turns in its own frame
    turn_rate = view.qvel[:, 3] * ahead_z + view.qvel[:, 4] * side_z + view.qvel[:, 5] * up
    return np.arctan2(-ahead_z, up), up, speed, turn_rate


def _set_friction(model: mujoco.MjModel, dead_band: float) -> None:
    """A `Scene.adapt`: friction in the gearboxes."""
    wheels = model.actuator_trnid[:, 0]
    model.dof_frictionloss[model.jnt_dofadr[wheels]] = dead_band * model.actuator_gainprm[:, 0]


TASK = Balancer().task()
