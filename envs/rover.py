"""neurobot/Rover-v0: a rover with two driven wheels finds beacons among obstacles, by rangefinders, bumper and light.

A round robot in a walled arena whose size, pillars and beacon are drawn anew in each episode. Model: this project's
`rover.xml`; physics step 5 ms, ten a control period, so 20 actions a second; an episode is 1,200 actions, one minute.
Lengths and masses are those of an iRobot Create 3 (radius 0.164 m, 2.6 kg, wheels 0.233 m apart and 0.036 m in radius,
a caster in front), its top speed that of a Create 2 (0.5 m/s). Motors have a speed loop, and stall rather than slip
when the way is barred. A bump ends nothing: rover and pillars are round, so backing off is always possible, and between
pillars and walls there is always room to pass.

**Action**: speed of each wheel as a share of the fastest, Box(-1, 1, (2,), float32). Values beyond the bounds are
clamped by MuJoCo.

| index | meaning                                | min  | max | MJCF name   | unit     |
|-------|----------------------------------------|------|-----|-------------|----------|
| 0     | speed of the left wheel                | -1   | 1   | left        | 14 rad/s |
| 1     | speed of the right wheel               | -1   | 1   | right       | 14 rad/s |

**Observation**: readings of sensors, Box((15,), float64), always within the bounds. Rangefinders sit on the rim and
look as the front sonars of a Pioneer 3 do; where nothing is near they read their largest value. A zone of the bumper
says 1 from 0.3 N on; the back has none. Light sensors are those of Braitenberg's vehicles: (1 + cos a) / 2 of the
brightness 1 / (1 + (d / 1.5 m)^2) of a lamp in the distance d, at the angle a from where the sensor looks, which is 45
degrees to its side. The lamp hangs above the pillars, which shade nothing. All but the lights are what MuJoCo's sensors
said in the last physics step, so of 5 ms before the end of the control period.

| index | meaning                                | min  | max | MJCF name   | unit     |
|-------|----------------------------------------|------|-----|-------------|----------|
| 0     | range from the rim, 90 degrees left    | 0.02 | 1.5 | range_0     | m        |
| 1     | range from the rim, 50 degrees left    | 0.02 | 1.5 | range_1     | m        |
| 2     | range from the rim, 30 degrees left    | 0.02 | 1.5 | range_2     | m        |
| 3     | range from the rim, 10 degrees left    | 0.02 | 1.5 | range_3     | m        |
| 4     | range from the rim, 10 degrees right   | 0.02 | 1.5 | range_4     | m        |
| 5     | range from the rim, 30 degrees right   | 0.02 | 1.5 | range_5     | m        |
| 6     | range from the rim, 50 degrees right   | 0.02 | 1.5 | range_6     | m        |
| 7     | range from the rim, 90 degrees right   | 0.02 | 1.5 | range_7     | m        |
| 8     | bumper, 30 to 100 degrees left         | 0    | 1   | bump_left   | 1        |
| 9     | bumper, up to 30 degrees to each side  | 0    | 1   | bump_front  | 1        |
| 10    | bumper, 30 to 100 degrees right        | 0    | 1   | bump_right  | 1        |
| 11    | light on the left                      | 0    | 1   |             | 1        |
| 12    | light on the right                     | 0    | 1   |             | 1        |
| 13    | rate of the left wheel                 | -15  | 15  | rate_left   | rad/s    |
| 14    | rate of the right wheel                | -15  | 15  | rate_right  | rad/s    |

**Settings**

| name      | meaning                                           | default                                  | unit  |
|-----------|---------------------------------------------------|------------------------------------------|-------|
| goal      | "beacon": from one to the next; no lamp: "wander", "avoid" | "beacon"                        |       |
| obstacles | pillars, at most 10                               | 6                                        |       |
| duration  | of an episode                                     | 60                                       | s     |
| ranges    | `Sensor` of the rangefinders (as ST's VL53L1X)    | noise 0.01, bias 0.005, resolution 0.001 | m     |
| bumps     | `Sensor` of the bumper (switches)                 | resolution 1                             |       |
| lights    | `Sensor` of the light sensors (10 bit)            | noise 0.01, resolution 0.001             |       |
| rates     | `Sensor` of the wheels (508.8 counts a turn)      | resolution 0.25                          | rad/s |

**Reward**, for beacons: how much nearer the beacon the rover's centre has come [m] (at most 0.025), plus 1 when it is
reached, minus 0.01 while anything presses against the rim, the back included. A beacon is reached at 0.25 m, the disc
of light on the floor; then another one shines, at least 1 m away. To wander: how far forward the slower wheel's side
has come [m], so that circles pay less than straight lines, minus the same 0.01. To avoid: nothing but minus 1 while
anything presses.
**Start**: at rest, within 1.3 m of the middle in x and in y, any heading. The arena is 4 to 5 m long and wide.
**End**: only by the time limit.
**Info**: `x_position`, `y_position` [m], `beacons` reached and `collisions` (bumps) so far, all also at reset;
`reward_progress`, `reward_beacon`, `reward_bump` and the `distance` to the beacon [m]; to wander `reward_forward`,
`reward_turn`, `reward_bump`; to avoid `reward_bump`.

Braitenberg's vehicle, steered by light and turned by what the rangefinders see, earns about 28 in a minute (9 beacons);
doing nothing earns 0, straight ahead into a wall -12. Wandering, that vehicle earns about 24; one that has only its
bumper, backs off and turns, about 17, with 15 bumps; a circle about 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import lengths
from neurobot.envs.scene import OWN, Scene, View
from neurobot.envs.sensor import Sensor, SensorSuite
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task

ID = "neurobot/Rover-v0"
PERIOD = 0.05  # [s]
MAX_OBSTACLES = 10
WHEEL_DISTANCE = 0.233  # [m]
HALF_SIDES = (2.0, 2.5)  # of the arena [m]
WALL = 0.05  # half its thickness [m]
START = 1.3  # [m]
# Room between centres [m], from radii of at most 0.15 for a pillar and 0.164 for the rover, with something to spare
PILLAR_TO_PILLAR = 0.8  # the rover passes between
PILLAR_TO_WALL = 0.65
PILLAR_TO_START = 0.6
BEACON_TO_PILLAR = 0.42  # the rover fits on the beacon
BEACON_TO_WALL = 0.3
TRIP = 1.0  # from the rover to a new beacon
REACHED = 0.25
BEACON_REWARD, BUMP_COST = 1.0, 0.01
TOUCH = 0.3  # [N]
FULL_RANGE = 1.5  # [m]
HALF_LIGHT = 1.5  # where a lamp looks half as bright [m]
TRIES = 64  # places that are tried for a beacon

RANGES, BUMPS, RATES, RIM = slice(0, 8), slice(8, 11), slice(11, 13), 13  # in MuJoCo's sensordata
EAST, NORTH, WEST, SOUTH, BEACON = range(5)  # mocap bodies; pillars follow
PILLARS = slice(5, 5 + MAX_OBSTACLES)
AWAY = (9.0, 9.0, -2.0)  # where pillars and beacons are that an episode does not have [m]

LOW = np.array([0.02] * 8 + [0.0] * 5 + [-15.0] * 2)
HIGH = np.array([FULL_RANGE] * 8 + [1.0] * 5 + [15.0] * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rover(Settings):
    """Settings of Rover-v0; the module's docstring says what they mean."""

    goal: str = setting("beacon", words=("beacon", "wander", "avoid"))
    obstacles: int = setting(6, low=0, high=MAX_OBSTACLES)
    duration: float = setting(60.0, low=PERIOD, high=86_400.0)
    ranges: Sensor = setting(Sensor(noise=0.01, bias=0.005, resolution=0.001))
    bumps: Sensor = setting(Sensor(resolution=1.0))
    lights: Sensor = setting(Sensor(noise=0.01, resolution=0.001))
    rates: Sensor = setting(Sensor(resolution=0.25))

    def task(self) -> Task:
        """The task with these settings."""
        return Task(
            id=ID,
            control_period=PERIOD,
            max_episode_steps=round(self.duration / PERIOD),
            observation_space=Box(LOW, HIGH, dtype=np.float64),
            action_space=Box(-1.0, 1.0, (2,), np.float32),
            simulate=scene(self).simulate,
            doc="wheeled rover, from beacon to beacon among obstacles (MuJoCo)",
            settings=self,
        )


def scene(settings: Rover) -> Scene:
    """The model and the arithmetic of the task."""
    return _Roving(settings).scene()


@final
class _Roving:
    """The functions of the scene, for one choice of settings."""

    def __init__(self, settings: Rover):
        sensors = ((settings.ranges, 8), (settings.bumps, 3), (settings.lights, 2), (settings.rates, 2))
        self.settings, self.suite = settings, SensorSuite(sensors, LOW, HIGH, PERIOD)
        self.seeks = settings.goal == "beacon"

    def scene(self) -> Scene:
        own = {"half_sides": (2,)} | dict.fromkeys(("gap", "beacons", "touched", "collisions"), ())
        return Scene(
            model="rover.xml",
            assets=OWN,
            frame_skip=10,
            fields=("sensordata",),
            memory=own | self.suite.memory,
            draw=_draw,
            begin=self.begin,
            mark=_gap,
            settle=self.settle,
            sense=self.sense,
            assess=_ASSESS[self.settings.goal],
            observe=lambda view: view.memory["readings"].copy(),
            reset_info=_standing,
            camera={"lookat": (0.0, -0.15, 0.0), "distance": 6.3, "azimuth": 90.0, "elevation": -62.0},
        )

    def begin(self, view: View, i: int, generator: np.random.Generator) -> None:
        _build_arena(view, i, generator, self.settings.obstacles)
        self.suite.begin(view, i)
        if self.seeks:
            _light_beacon(view, np.array([i]))
        else:
            view.mocap_pos[i, BEACON] = AWAY

    def settle(self, view: View, ids: Array) -> None:
        """Count bumps, when they begin, and beacons; where one is reached, light the next."""
        memory = view.memory
        touched = view.data["sensordata"][ids, RIM] >= TOUCH
        memory["collisions"][ids] += touched & (memory["touched"][ids] == 0.0)
        memory["touched"][ids] = touched
        gap = memory["gap"][ids] = _gap(view)[ids]
        reached = ids[gap < REACHED]
        memory["beacons"][reached] += 1.0
        if reached.size:
            _light_beacon(view, reached)

    def sense(self, view: View, ids: Array) -> None:
        raw = view.data["sensordata"][ids]
        ranges = np.where(raw[:, RANGES] < 0.0, FULL_RANGE, raw[:, RANGES])  # MuJoCo says -1 where it sees nothing
        lights = _lights(view, ids) if self.seeks else np.zeros((len(ids), 2))
        true = np.concatenate((ranges, raw[:, BUMPS] >= TOUCH, lights, raw[:, RATES]), axis=1)
        self.suite.read(view, true, ids)


def _draw(generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
    qpos = init_qpos.copy()
    qpos[:2] = generator.uniform(-START, START, 2)
    half = generator.uniform(0.0, np.pi)  # of the heading
    qpos[3], qpos[6] = np.cos(half), np.sin(half)
    return qpos, init_qvel


def _build_arena(view: View, i: int, generator: np.random.Generator, obstacles: int) -> None:
    """Put the walls and pillars of instance i where this episode has them."""
    half = view.memory["half_sides"][i] = generator.uniform(*HALF_SIDES, 2)
    place = view.mocap_pos[i]
    place[EAST, 0], place[NORTH, 1] = half + WALL
    place[WEST, 0], place[SOUTH, 1] = -(half + WALL)
    place[PILLARS] = AWAY
    pillars = place[PILLARS][:obstacles]
    pillars[:, :2] = _pillar_places(generator, half - PILLAR_TO_WALL, view.qpos[i, :2], obstacles)
    pillars[:, 2] = 0.15


def _pillar_places(generator: np.random.Generator, room: Array, start: Array, count: int) -> Array:
    """Places (count, 2) [m] one after the other, each evenly where it is allowed; from scratch if one has no room."""
    while True:
        free = generator.uniform(-room, room, (256, 2))
        free = free[lengths(free - start) >= PILLAR_TO_START]
        places = np.empty((count, 2))
        for k in range(count):
            if not len(free):
                break
            places[k] = free[0]
            free = free[lengths(free - places[k]) >= PILLAR_TO_PILLAR]
        else:
            return places


def _light_beacon(view: View, ids: Array) -> None:
    """Let the next beacon of instances `ids` shine: the first of some places that has room, or that which has most."""
    chance = 2.0 * view.streams.uniform(ids, 2 * TRIES).reshape(len(ids), TRIES, 2) - 1.0
    places = chance * (view.memory["half_sides"][ids] - BEACON_TO_WALL)[:, None]
    pillars = view.mocap_pos[ids, PILLARS, :2]
    to_pillar = lengths(places[:, :, None] - pillars[:, None]).min(axis=2)
    trip = lengths(places - view.qpos[ids, None, :2])
    lacking = np.minimum(np.minimum(to_pillar - BEACON_TO_PILLAR, trip - TRIP), 0.0)
    view.mocap_pos[ids, BEACON, :2] = places[np.arange(len(ids)), lacking.argmax(axis=1)]


def _gap(view: View) -> Array:
    """Distance from the rover to its beacon [m], (num_envs,)."""
    return lengths(view.mocap_pos[:, BEACON, :2] - view.qpos[:, :2])


def _lights(view: View, ids: Array) -> Array:
    """Light that reaches the left and the right sensor, (k, 2)."""
    to_lamp = view.mocap_pos[ids, BEACON, :2] - view.qpos[ids, :2]
    distance = np.maximum(lengths(to_lamp), 1e-9)
    cos, sin = _forward(view)[ids].T
    ahead = (cos * to_lamp[:, 0] + sin * to_lamp[:, 1]) / distance
    aside = (cos * to_lamp[:, 1] - sin * to_lamp[:, 0]) / distance
    # cos(bearing - 45 deg) and cos(bearing + 45 deg)
    seen = np.sqrt(0.5) * np.stack((ahead + aside, ahead - aside), axis=1)
    brightness = 1.0 / (1.0 + np.square(distance / HALF_LIGHT))
    light: Array = 0.5 * (1.0 + seen) * brightness[:, None]
    return light


def _forward(view: View) -> Array:
    """Where the rover looks, as a unit vector on the floor, (num_envs, 2)."""
    w, x, y, z = view.qpos[:, 3:7].T
    return np.stack((1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z)), axis=1)


def _standing(view: View) -> Info:
    memory = view.memory
    return {
        "x_position": view.qpos[:, 0].copy(),
        "y_position": view.qpos[:, 1].copy(),
        "beacons": memory["beacons"].copy(),
        "collisions": memory["collisions"].copy(),
    }


def _assess_search(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    gap = view.memory["gap"]
    parts = {
        "reward_progress": before - gap,
        "reward_beacon": BEACON_REWARD * (gap < REACHED),
        "reward_bump": -BUMP_COST * view.memory["touched"],
    }
    return _total(parts), np.zeros(len(gap), np.bool_), _standing(view) | parts | {"distance": _gap(view)}


def _assess_wandering(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    parts = {
        "reward_forward": PERIOD * np.vecdot(_forward(view), view.qvel[:, :2]),
        "reward_turn": -PERIOD * 0.5 * WHEEL_DISTANCE * np.abs(view.qvel[:, 5]),
        "reward_bump": -BUMP_COST * view.memory["touched"],
    }
    return _total(parts), np.zeros(len(before), np.bool_), _standing(view) | parts


def _assess_avoiding(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    bump = -view.memory["touched"]
    return bump, np.zeros(len(before), np.bool_), _standing(view) | {"reward_bump": bump.copy()}


def _total(parts: Info) -> Array:
    """The reward of its three parts."""
    first, second, third = parts.values()
    return first + second + third


_ASSESS = {"beacon": _assess_search, "wander": _assess_wandering, "avoid": _assess_avoiding}

TASK = Rover().task()
