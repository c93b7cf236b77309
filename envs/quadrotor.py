"""neurobot/Quadrotor-v0: a quadrotor of 28 g hovers at a point, or follows a pilot's sticks, by its four motors.

A free body with four rotors in an X, of the size of a Crazyflie 2.x; x is forward, y left, z up. Physics step and
control period 0.002 s, so 500 actions a second; at most 2,000 actions (4 s) an episode.

**Action**: Box(-1, 1, (4,), float32), clamped. 0 is a motor's share of the weight, so that silence neither climbs nor
falls; -1 is a motor at rest and 1 twice that share. Thrust follows with the motor's lag.

| index | meaning                         | min | max | MJCF name | unit     |
|-------|---------------------------------|-----|-----|-----------|----------|
| 0     | thrust of M1, front right       | -1  | 1   | motor1    | 0.0687 N |
| 1     | thrust of M2, back right        | -1  | 1   | motor2    | 0.0687 N |
| 2     | thrust of M3, back left         | -1  | 1   | motor3    | 0.0687 N |
| 3     | thrust of M4, front left        | -1  | 1   | motor4    | 0.0687 N |

The setting `control` puts parts of a usual flight stack between action and motors. By "torques" it is a mixer; by
"rates" also a controller that asks it for torques in proportion to wanted minus measured turning rates, which makes
learning much easier (Kaufmann et al., "A benchmark comparison of learned control policies for agile quadrotor flight",
2022). Motors that would have to push down or beyond their greatest thrust saturate.

| control | index 0              | indices 1-3                    | unit of 0 | unit of 1-3                   |
|---------|----------------------|--------------------------------|-----------|-------------------------------|
| torques | thrust of each motor | torques about x, y, z          | 0.0687 N  | 2.23e-3, 2.23e-3, 4.10e-4 N m |
| rates   | thrust of each motor | turning rates about x, y, z    | 0.0687 N  | 6, 6, 2 rad/s                 |

**Observation**: readings of sensors, Box((13,), float64); vectors in the axes of the body. What is beyond saturates.

| index | meaning                                      | min   | max  | MJCF name     | unit  |
|-------|----------------------------------------------|-------|------|---------------|-------|
| 0-2   | turning rate about x, y, z                   | -8.73 | 8.73 | root          | rad/s |
| 3-5   | up, x, y, z                                  | -1    | 1    | root          | 1     |
| 6-8   | velocity, x, y, z                            | -3    | 3    | root          | m/s   |
| 9-11  | from here to the target, x, y, z             | -1.5  | 1.5  | target        | m     |
| 12    | from the present heading to the wanted one   | -pi   | pi   | root          | rad   |

The setting goal = "attitude" has instead, from 6 on,

| goal          | meaning                                      | min   | max  | MJCF name     | unit  |
|---------------|----------------------------------------------|-------|------|---------------|-------|
| attitude 6-8  | specific force, x, y, z                      | -29.4 | 29.4 | accelerometer | m/s^2 |
| attitude 9-10 | wanted roll and pitch                        | -0.5  | 0.5  |               | rad   |
| attitude 11   | wanted turning rate about z                  | -2    | 2    |               | rad/s |
| attitude 12   | wanted specific force along z                | 0     | 19.6 |               | m/s^2 |

The specific force is that of before the control period, as MuJoCo leaves it; all else is of its end.

**Settings**

| name          | meaning                                                           | default                | unit  |
|---------------|-------------------------------------------------------------------|------------------------|-------|
| goal          | "hover", or "attitude": wanted attitudes, one after another       | "hover"                |       |
| control       | what actions are: "motors", "torques" or "rates"                  | "motors"               |       |
| spread        | how far from rest at the target an episode starts; at most 1.5    | 1                      |       |
| motor_lag     | time constant of each motor's thrust                              | 0.025                  | s     |
| wind          | range of the mean wind's speed, level and from anywhere           | 0, 1                   | m/s   |
| gusts         | deviation of the gusts in each direction, as a share of the mean  | 0.3                    |       |
| gust_time     | time constant of the gusts                                        | 0.5                    | s     |
| weaken        | range of the share of its thrust that one motor loses             | 0, 0                   |       |
| weaken_at     | range of the time at which it does                                | 0.5, 2                 | s     |
| weaken_motor  | which one: 1 to 4, or 0 for any                                   | 0                      |       |
| hold          | how long a wanted attitude stands                                 | 1                      | s     |
| gyro          | `Sensor` of 0-2                                                   | noise 0.01, bias 0.005 | rad/s |
| attitude      | `Sensor` of 3-5                                                   | noise 0.005, bias 0.01 | 1     |
| velocity      | `Sensor` of 6-8 in hover                                          | noise 0.02             | m/s   |
| position      | `Sensor` of 9-11 in hover                                         | noise 0.005            | m     |
| heading       | `Sensor` of 12 in hover                                           | noise 0.01             | rad   |
| accelerometer | `Sensor` of 6-8 in attitude                                       | noise 0.2, bias 0.1    | m/s^2 |

Each episode draws from the ranges.

**Reward**, in [0, 1]: with near(x) = 1 / (1 + x^2), hover earns 0.7 near(distance / 0.25 m) + 0.2 near(turning rate /
1 rad/s) + 0.1 near(heading / 0.3 rad). Attitude earns 0.5 near(error of up / 0.1) + 0.25 near(error of the turning rate
about z / 0.5 rad/s) + 0.25 near(error of the specific force along z / 1 m/s^2). All of what is true, not of readings,
and of the command that the action was chosen for.
**Start**: motors at hover, and uniform times `spread`: place within 0.5 m of the target in each direction, velocity
0.5 m/s, roll and pitch 0.3 rad, heading 0.5 rad, rates 1 rad/s. The target is 1 m above the ground, heading along the
world's x. Attitude starts 10 m above it.
**End**: terminated at the ground (0.03 m), tilted by more than 90 degrees, or (hover) more than 1.5 m from the target;
truncated by the time limit.
**Info**: the terms of the reward, `reward_position`, `reward_rate`, `reward_heading` or `reward_attitude`,
`reward_rate`, `reward_force`; `error`, the distance [m] or the error of up; `success`, 1 within 0.1 of it; `wind` (3,)
[m/s] with its gusts and `thrust_left` (4,), shares of each motor's thrust, both also at reset.

A hand-made cascade of proportional and damped controllers hovers within 4 cm in the default wind and noise and earns
about 1,710 of 2,000; doing nothing falls after about 1 s and earns 145. In attitude it is 1,760 and 400. With a motor
that has lost a fifth of its thrust that cascade, which does not adapt, hangs 0.6 m aside and earns 1,030.

**Numbers**: mass, inertia, arms, thrust to torque (0.00596 m) and drag are those of J. Förster, "System identification
of the Crazyflie 2.0 nano quadrocopter" (ETH Zurich, 2015). Drag: -k (sum of rotor speeds) (velocity in the air), with k
= 9.1785e-7 across and 1.0311e-6 along z [kg/rad]. Rotor speeds: thrust = 2.15e-8 N s^2 times speed squared, of
Bitcraze's measurement (24.4 g at 15,924 turns a minute). Greatest thrust: twice the weight (Förster's full command: 2.3
times). The lag is CrazyS's of a slowing motor (Silano et al., 2018). Noise is in flight, some times a BMI088's data
sheet. Gusts are first-order, as Dryden's along the wind (MIL-F-8785C). A motor's own inertia, ground effect and the
battery's sag are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import lengths
from neurobot.envs.scene import OWN, Scene, View
from neurobot.envs.sensor import Sensor, SensorSuite
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task

if TYPE_CHECKING:
    import mujoco

PERIOD = 0.002  # [s]
MAX_STEPS = 2000
BODY = 1  # of the model
MAX_THRUST = 0.13734  # of a motor [N]; the model's gain
THRUST_COEFFICIENT = 2.15e-8  # [N s^2]
DRAG_ACROSS, DRAG_ALONG = 9.1785e-7, 1.0311e-6  # [kg/rad]
TARGET_HEIGHT, ATTITUDE_HEIGHT, GROUND, FAR = 1.0, 10.0, 0.03, 1.5  # [m]
GRAVITY = 9.81  # [m/s^2]
MIX = np.array([[1, -1, -1, -1], [1, -1, 1, 1], [1, 1, 1, -1], [1, 1, -1, 1]]) * [1, 0.25, 0.25, 0.25]
"""Motor by thrust and torques about x, y, z; a torque of 1 is a quarter of what a motor has."""
RATES = np.array([6.0, 6.0, 2.0])  # about x, y, z at an action of 1 [rad/s]
RATE_GAINS = np.array([0.15, 0.15, 0.57])  # of rates' errors, in torques of the mixer [s/rad]: 20, 20 and 8 per second

_START = np.array([0.5] * 3 + [0.3, 0.3, 0.5] + [0.5] * 3 + [1.0] * 3)  # place, roll to yaw, velocity, rates
_COMMAND = np.array([0.35, 0.35, 1.0, 0.1])  # roll, pitch [rad], rate [rad/s], share of the force that keeps height
_IMU_HIGH = [np.radians(500.0)] * 3 + [1.0] * 3  # ranges of a BMI088: 500 degrees/s, and 3 g below
_HOVER_HIGH = np.array([*_IMU_HIGH, 3.0, 3.0, 3.0, FAR, FAR, FAR, np.pi])
_ATTITUDE_HIGH = np.array([*_IMU_HIGH, *[3 * GRAVITY] * 3, 0.5, 0.5, 2.0, 2 * GRAVITY])
_ATTITUDE_LOW = np.concatenate((-_ATTITUDE_HIGH[:-1], [0.0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrotor(Settings):
    """See the table of settings above.

    Raises:
        EnvError: a value that is not allowed.
    """

    goal: str = setting("hover", words=("hover", "attitude"))
    control: str = setting("motors", words=("motors", "torques", "rates"))
    spread: float = setting(1.0, low=0.0, high=1.5)
    motor_lag: float = setting(0.025, low=0.001, high=1.0)
    wind: tuple[float, float] = setting((0.0, 1.0), low=0.0, high=10.0)
    gusts: float = setting(0.3, low=0.0, high=1.0)
    gust_time: float = setting(0.5, low=0.01, high=100.0)
    weaken: tuple[float, float] = setting((0.0, 0.0), low=0.0, high=1.0)
    weaken_at: tuple[float, float] = setting((0.5, 2.0), low=0.0, high=1000.0)
    weaken_motor: int = setting(0, low=0, high=4)
    hold: float = setting(1.0, low=PERIOD, high=1000.0)
    gyro: Sensor = setting(Sensor(noise=0.01, bias=0.005))
    attitude: Sensor = setting(Sensor(noise=0.005, bias=0.01))
    velocity: Sensor = setting(Sensor(noise=0.02))
    position: Sensor = setting(Sensor(noise=0.005))
    heading: Sensor = setting(Sensor(noise=0.01))
    accelerometer: Sensor = setting(Sensor(noise=0.2, bias=0.1))

    def task(self) -> Task:
        """The task with these settings."""
        flight = _Flight(self)
        scene = Scene(
            model="quadrotor.xml",
            assets=OWN,
            frame_skip=1,
            fields=("act", "time", "sensordata"),
            memory=flight.memory,
            adapt=flight.adapt,
            draw=flight.draw,
            begin=flight.begin,
            mark=_wanted,
            act=flight.act,
            sense=flight.sense,
            assess=flight.assess,
            observe=lambda view: view.memory["readings"].copy(),
            reset_info=_air_and_motors,
            camera={"name": "chase"},
        )
        return Task(
            id="neurobot/Quadrotor-v0",
            control_period=PERIOD,
            max_episode_steps=MAX_STEPS,
            observation_space=Box(flight.low, flight.high, dtype=np.float64),
            action_space=Box(-1.0, 1.0, (4,), np.float32),
            simulate=scene.simulate,
            doc="quadrotor of 28 g, hover or attitude from motor commands, in wind (MuJoCo)",
            settings=self,
        )


@final
class _Flight:
    """The hooks of a scene with given settings.

    Memory: `truth` what the sensors read; `wind`, its mean, and `gust` [m/s]; `left`, shares of thrust that motors are
    to have from `weak_at` [s] on, and `thrust_left` now; `command` and `wait`, control periods until the next.
    """

    def __init__(self, settings: Quadrotor):
        s = self._settings = settings
        self._hover = s.goal == "hover"
        self.high = _HOVER_HIGH if self._hover else _ATTITUDE_HIGH
        self.low = -_HOVER_HIGH if self._hover else _ATTITUDE_LOW
        sensors = [(s.gyro, 3), (s.attitude, 3)]
        if self._hover:
            sensors += [(s.velocity, 3), (s.position, 3), (s.heading, 1)]
        else:
            sensors += [(s.accelerometer, 3), (Sensor(), 4)]
        self._suite = SensorSuite(sensors, self.low, self.high, PERIOD)
        shapes = {"truth": (13,), "wind": (3,), "gust": (3,), "left": (4,), "weak_at": (), "thrust_left": (4,)}
        self.memory = self._suite.memory | shapes | {"command": (4,), "wait": ()}
        self._see: Callable[[View, Array], Array] = _see_hover if self._hover else self._see_attitude
        self._kept = np.exp(-PERIOD / s.gust_time)
        self._periods = max(1.0, round(s.hold / PERIOD))

    def adapt(self, model: mujoco.MjModel) -> None:
        """Put the motors' lag and the height at which episodes start into the model."""
        model.actuator_dynprm[:, 0] = self._settings.motor_lag
        model.qpos0[2] = TARGET_HEIGHT if self._hover else ATTITUDE_HEIGHT

    def draw(self, generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        """Near the target and near level flight."""
        del init_qvel
        start = self._settings.spread * _START * generator.uniform(-1.0, 1.0, _START.size)
        place = init_qpos[:3] + start[:3]
        return np.concatenate((place, _quaternion(*start[3:6]))), start[6:]

    def begin(self, view: View, i: int, generator: np.random.Generator) -> None:
        """Start the motors, and draw wind and weakness of the episode."""
        s, memory = self._settings, view.memory
        view.data["act"][i] = 0.5
        speed, angle = generator.uniform(*s.wind), generator.uniform(-np.pi, np.pi)
        memory["wind"][i] = speed * np.cos(angle), speed * np.sin(angle), 0.0
        memory["gust"][i] = s.gusts * speed * generator.standard_normal(3)
        motor, share = generator.integers(4), generator.uniform(*s.weaken)
        memory["thrust_left"][i] = memory["left"][i] = 1.0
        memory["left"][i, s.weaken_motor - 1 if s.weaken_motor else motor] -= share
        memory["weak_at"][i] = generator.uniform(*s.weaken_at)
        self._suite.begin(view, i)

    def act(self, view: View, actions: Array, ids: Array) -> Array:
        """Shares of the greatest thrust, and the force of the air at the present speed."""
        memory = view.memory
        wanted = np.minimum(np.maximum(actions.astype(np.float64), -1.0), 1.0)
        if self._settings.control == "rates":
            wanted[:, 1:] = RATE_GAINS * (RATES * wanted[:, 1:] - memory["readings"][:, :3])
        if self._settings.control != "motors":
            wanted = np.vecdot(wanted[:, None], MIX)
            wanted = np.minimum(np.maximum(wanted, -1.0), 1.0)
        if self._settings.weaken[1] > 0:
            weak = view.data["time"] >= memory["weak_at"] - 0.5 * PERIOD
            memory["thrust_left"][ids] = np.where(weak[:, None], memory["left"], 1.0)[ids]
        if self._settings.gusts > 0 and self._settings.wind[1] > 0:
            deviation = self._settings.gusts * lengths(memory["wind"][ids])[:, None]
            news = np.sqrt(1 - self._kept**2) * deviation * view.streams.normal(ids, 3)
            memory["gust"][ids] = self._kept * memory["gust"][ids] + news
        view.xfrc_applied[ids, BODY, :3] = _drag(view)[ids]
        shares: Array = 0.5 * (1.0 + wanted) * memory["thrust_left"]
        return shares

    def sense(self, view: View, ids: Array) -> None:
        """Note what is true, and read the sensors."""
        truth = self._see(view, ids)
        view.memory["truth"][ids] = truth
        self._suite.read(view, truth, ids)

    def assess(self, view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
        """Reward by what is true, the end, and the info."""
        del actions
        truth = view.memory["truth"]
        terms, error = _hover_terms(truth) if self._hover else _attitude_terms(truth, before)
        ended = (view.qpos[:, 2] < GROUND) | (truth[:, 5] < 0.0)
        if self._hover:
            ended |= error > FAR
        reward = np.add.reduce(list(terms.values()))
        info = terms | {"error": error, "success": (error < 0.1).astype(np.float64)}
        return reward, ended, info | _air_and_motors(view)

    def _see_attitude(self, view: View, ids: Array) -> Array:
        """What is true (k, 13) of an attitude that is to follow commands, which change here."""
        command, wait = view.memory["command"], view.memory["wait"]
        due = ids[wait[ids] == 0]
        if due.size:
            drawn = _COMMAND * (2.0 * view.streams.uniform(due, 4) - 1.0)
            level = GRAVITY / (np.cos(drawn[:, 0]) * np.cos(drawn[:, 1]))
            drawn[:, 3] = level * (1.0 + drawn[:, 3])
            command[due], wait[due] = drawn, self._periods
        wait[ids] -= 1.0
        up = _axes(view.qpos[ids])[:, 2]
        return np.concatenate((view.qvel[ids, 3:], up, view.data["sensordata"][ids], command[ids]), axis=1)


def _see_hover(view: View, ids: Array) -> Array:
    """What is true (k, 13) of a hover."""
    qpos, qvel = view.qpos[ids], view.qvel[ids]
    axes = _axes(qpos)
    offset = -qpos[:, :3]
    offset[:, 2] += TARGET_HEIGHT
    heading = np.arctan2(axes[:, 1, 0].copy(), axes[:, 0, 0].copy())
    parts = (qvel[:, 3:], axes[:, 2], np.vecmat(qvel[:, :3], axes), np.vecmat(offset, axes), -heading[:, None])
    return np.concatenate(parts, axis=1)


def _hover_terms(truth: Array) -> tuple[dict[str, Array], Array]:
    """Terms of the reward, and the distance [m]."""
    distance = lengths(truth[:, 9:12])
    terms = {
        "reward_position": 0.7 * _near(distance, 0.25),
        "reward_rate": 0.2 * _near(lengths(truth[:, :3]), 1.0),
        "reward_heading": 0.1 * _near(truth[:, 12], 0.3),
    }
    return terms, distance


def _wanted(view: View) -> Array:
    """A `Scene.mark`: the command that this step's action was chosen for, (num_envs, 4)."""
    return view.memory["command"].copy()


def _attitude_terms(truth: Array, command: Array) -> tuple[dict[str, Array], Array]:
    """Terms of the reward, and the distance of up from where it is wanted, in the body's axes."""
    roll, pitch, rate, force = np.ascontiguousarray(command.T)
    wanted = np.stack((-np.sin(pitch), np.sin(roll) * np.cos(pitch), np.cos(roll) * np.cos(pitch)), axis=1)
    error = lengths(truth[:, 3:6] - wanted)
    terms = {
        "reward_attitude": 0.5 * _near(error, 0.1),
        "reward_rate": 0.25 * _near(truth[:, 2] - rate, 0.5),
        "reward_force": 0.25 * _near(truth[:, 8] - force, 1.0),
    }
    return terms, error


def _near(error: Array, scale: float) -> Array:
    """1 at no error, a half at `scale`."""
    value: Array = 1.0 / (1.0 + np.square(error / scale))
    return value


def _air_and_motors(view: View) -> Info:
    """The wind [m/s] and the shares of thrust, as new arrays."""
    return {"wind": view.memory["wind"] + view.memory["gust"], "thrust_left": view.memory["thrust_left"].copy()}


def _drag(view: View) -> Array:
    """Force of the air on all instances (num_envs, 3) in the world's axes [N]."""
    air = view.memory["wind"] + view.memory["gust"] - view.qvel[:, :3]
    w, x, y, z = view.qpos[:, 3:].T
    up = np.stack((2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)), axis=1)
    speeds = np.add.reduce(np.sqrt(view.data["act"] * (MAX_THRUST / THRUST_COEFFICIENT)), axis=1)[:, None]
    force: Array = speeds * (DRAG_ACROSS * air + (DRAG_ALONG - DRAG_ACROSS) * np.vecdot(air, up)[:, None] * up)
    return force


def _axes(qpos: Array) -> Array:
    """Rotation matrices (k, 3, 3): columns are the body's axes in the world, so row 2 is up in the body."""
    w, x, y, z = qpos[:, 3:].T
    axes = np.empty((len(qpos), 3, 3))
    axes[:, 0, 0], axes[:, 0, 1], axes[:, 0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    axes[:, 1, 0], axes[:, 1, 1], axes[:, 1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    axes[:, 2, 0], axes[:, 2, 1], axes[:, 2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return axes


def _quaternion(roll: float, pitch: float, yaw: float) -> Array:
    """Of turning by yaw, then pitch, then roll [rad]."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(np.array([roll, pitch, yaw]) / 2), np.sin(np.array([roll, pitch, yaw]) / 2)
    return np.array(
        [
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ]
    )


TASK = Quadrotor().task()
