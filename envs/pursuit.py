"""neurobot/Pursuit-v0: a pan-tilt head keeps a moving target in the middle of its event camera.

The eye sees changes of light only (event_camera.py): a target that moves over it, and the whole background whenever the
head turns. Both axes of the head go through the eye, so what it sees depends on directions alone and is drawn from
their closed form, without a renderer. Physics step 0.002 s, five a control period, so 100 actions and pictures a
second; between pictures the camera interpolates. At most 1,000 actions an episode.

**Action**: Box(-1, 1, (2,), float32); what is beyond is clamped.

| index | meaning                                   | min | max | MJCF name | unit    |
|-------|-------------------------------------------|-----|-----|-----------|---------|
| 0     | wanted rate of the pan axis, left is +    | -1  | 1   | pan       | 4 rad/s |
| 1     | wanted rate of the tilt axis, up is +     | -1  | 1   | tilt      | 4 rad/s |

**Observation**: Box((2 c + 4,), float64), with c = (pixels / pool)^2 cells; by default 64 cells, so 132 numbers.

| index   | meaning                                             | min  | max | MJCF name | unit   |
|---------|-----------------------------------------------------|------|-----|-----------|--------|
| 0-63    | ON events (brighter) of each cell since last action | 0    | 32  | eye       | events |
| 64-127  | OFF events (darker) likewise                        | 0    | 32  | eye       | events |
| 128     | angle of the pan axis                               | -1.7 | 1.7 | pan       | rad    |
| 129     | angle of the tilt axis                              | -1.1 | 1.1 | tilt      | rad    |
| 130     | rate of the pan axis                                | -6   | 6   | pan       | rad/s  |
| 131     | rate of the tilt axis                               | -6   | 6   | tilt      | rad/s  |

Cells go row by row from the upper left corner of the picture.

**Settings**

| name       | meaning                                                         | default               | unit  |
|------------|-----------------------------------------------------------------|-----------------------|-------|
| pixels     | rows, and columns, of the camera                                | 32                    |       |
| pool       | pixels of a cell's side                                         | 4                     |       |
| view       | angle of view                                                   | 1.05                  | rad   |
| speed      | largest speed of the target along each axis                     | 1                     | rad/s |
| radius     | angle between the target's middle and its edge                  | 0.09                  | rad   |
| background | contrast of what is behind the target, 0 is a blank wall        | 0.1                   |       |
| camera     | `EventCameraModel`                                              | its defaults          |       |
| encoder    | `Sensor` of the angles (12 bit)                                 | resolution 2π/4096    | rad   |
| tacho      | `Sensor` of the rates                                           | noise 0.02            | rad/s |

**Reward**: 1 / (1 + (e / 0.1)²) with e the angle between the eye's axis and the target [rad].
**Start**: the head anywhere within 0.15 rad of the target, along both axes.
**End**: terminated when the target has been out of view, e over half the angle of view, for half a second; truncated by
the time limit.
**Info**: `error` e [rad] (also at reset); `events`, what the camera sent since the last action, as (t [s], x, y,
polarity), arrays of m each; `events_from_columns` makes one of them.

The target's direction is a sum of three sine waves for each axis, with frequencies from 0.1 to 0.6 Hz. Turning towards
the middle of the events, 12 rad/s for each rad, earns about 560; turning likewise towards where the target truly is
about 760, and 40 rad/s for each rad about 965. Doing nothing earns about 65 and is half the time over within 2 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.distant_view import WAVES, DistantView, direction
from neurobot.envs.event_camera import EventCameraModel, EventCameras
from neurobot.envs.events import event_columns, event_counts
from neurobot.envs.parts import mark_nothing
from neurobot.envs.scene import OWN, Scene, View
from neurobot.envs.sensor import Sensor, SensorSuite
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task
from neurobot.errors import EnvError

ID = "neurobot/Pursuit-v0"
PERIOD = 0.01  # [s]
RATE = 4.0  # of an axis at an action of 1 [rad/s]
START = 0.15  # of the head about the target [rad]
SCALE = 0.1  # error that earns a half [rad]
PATIENCE = 50  # control periods out of view that end the episode
MOST_EVENTS = 32.0  # of a cell that are told
LOW, HIGH = np.array([-1.7, -1.1, -6.0, -6.0]), np.array([1.7, 1.1, 6.0, 6.0])  # of the head's own sensors
SWINGS = 3  # sine waves of the target along each axis
FREQUENCY = (0.1, 0.6)  # of them [Hz]
REACH = np.array([0.9, 0.5])  # the target keeps within this of straight ahead [rad]
AWAY = 1.0  # where the target is drawn [m]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pursuit(Settings):
    """Settings of Pursuit-v0; the module's docstring says what they mean."""

    pixels: int = setting(32, low=4, high=512)
    pool: int = setting(4, low=1, high=512)
    view: float = setting(1.05, low=0.2, high=2.0)
    speed: float = setting(1.0, low=0.0, high=4.0)
    radius: float = setting(0.09, low=0.01, high=0.5)
    background: float = setting(0.1, low=0.0, high=1.0)
    camera: EventCameraModel = setting(EventCameraModel())
    encoder: Sensor = setting(Sensor(resolution=2 * math.pi / 4096))
    tacho: Sensor = setting(Sensor(noise=0.02))

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.pixels % self.pool:
            raise EnvError(f"Pursuit.pool is {self.pool}; it must divide the {self.pixels} pixels of a row")

    def task(self) -> Task:
        """The task with these settings."""
        channels = 2 * (self.pixels // self.pool) ** 2
        low, high = np.zeros(channels), np.full(channels, MOST_EVENTS)
        return Task(
            id=ID,
            control_period=PERIOD,
            max_episode_steps=1_000,
            observation_space=Box(np.concatenate((low, LOW)), np.concatenate((high, HIGH)), dtype=np.float64),
            action_space=Box(-1.0, 1.0, (2,), np.float32),
            simulate=scene(self).simulate,
            doc="pan-tilt head after a target that an event camera sees (MuJoCo)",
            settings=self,
        )


def scene(settings: Pursuit) -> Scene:
    """The model and the arithmetic of the task."""
    return _Pursuing(settings).scene()


@final
class _Eyes:
    """The cameras of all instances, and what they sent in the last control period."""

    CHANGES = ("cameras",)

    def __init__(self, settings: Pursuit, num_envs: int):
        size = settings.pixels
        self.cameras = EventCameras(settings.camera, num_envs, size, size)
        self.events = np.full(num_envs, None, object)


@final
class _Pursuing:
    """The functions of the scene, for one choice of settings."""

    def __init__(self, settings: Pursuit):
        self.settings = settings
        self.suite = SensorSuite(((settings.encoder, 2), (settings.tacho, 2)), LOW, HIGH, PERIOD)
        self.view = DistantView(settings.pixels, settings.view, settings.radius, settings.background)

    def scene(self) -> Scene:
        channels = 2 * (self.settings.pixels // self.settings.pool) ** 2
        swings = dict.fromkeys(("amplitude", "frequency", "phase"), (2, SWINGS))
        own = {"target": (3,), "texture": (len(WAVES),), "counts": (channels,), "clock": (), "error": (), "lost": ()}
        return Scene(
            model="pursuit.xml",
            assets=OWN,
            frame_skip=5,
            memory=swings | own | self.suite.memory,
            devices={"eyes": lambda num_envs: _Eyes(self.settings, num_envs)},
            draw=self.draw,
            begin=self.begin,
            mark=mark_nothing,
            act=self.act,
            settle=self.settle,
            sense=self.sense,
            assess=self.assess,
            observe=self.observe,
            reset_info=lambda view: {"error": view.memory["error"].copy()},
            camera={"lookat": (0.45, 0.0, 0.0), "distance": 1.9, "azimuth": 140.0, "elevation": -20.0},
        )

    def draw(self, generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        return generator.uniform(-START, START, 2), init_qvel

    def begin(self, view: View, i: int, generator: np.random.Generator) -> None:
        """Draw how the target moves and what is behind it, turn the head to it, and open the eye."""
        memory = view.memory
        memory["amplitude"][i], memory["frequency"][i] = self._swings(generator)
        memory["phase"][i] = generator.uniform(0, 2 * math.pi, (2, SWINGS))
        memory["texture"][i] = generator.uniform(0, 2 * math.pi, len(WAVES))
        self.suite.begin(view, i)
        only = np.array([i])
        view.qpos[i] += self._place(view, only)[0]
        self._follow(view, only)
        eyes: _Eyes = view.devices["eyes"]
        eyes.cameras.reset(only, self._picture(view, only), [int(generator.integers(1 << 63))])
        eyes.events[i] = None

    def act(self, view: View, actions: Array, ids: Array) -> Array:
        return RATE * np.minimum(np.maximum(actions, -1.0), 1.0)

    def settle(self, view: View, ids: Array) -> None:
        view.memory["clock"][ids] += 1
        self._follow(view, ids)
        out = view.memory["error"][ids] > self.settings.view / 2
        view.memory["lost"][ids] = np.where(out, view.memory["lost"][ids] + 1, 0)

    def sense(self, view: View, ids: Array) -> None:
        self.suite.read(view, view.motion[ids], ids)
        moved = ids[view.memory["clock"][ids] > 0]
        if moved.size:
            self._look(view, moved)

    def assess(self, view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
        error = view.memory["error"].copy()
        info = {"error": error, "events": view.devices["eyes"].events.copy()}
        return 1 / (1 + np.square(error / SCALE)), view.memory["lost"] >= PATIENCE, info

    def observe(self, view: View) -> Array:
        seen = np.minimum(view.memory["counts"], MOST_EVENTS)
        return np.concatenate((seen, view.memory["readings"]), axis=1)

    def _swings(self, generator: np.random.Generator) -> tuple[Array, Array]:
        """Amplitudes [rad] and frequencies [Hz] of sine waves that keep within `REACH` and below the speed."""
        frequency = generator.uniform(*FREQUENCY, (2, SWINGS))
        share = generator.dirichlet(np.ones(SWINGS), 2)
        fastest = (2 * math.pi * frequency * share).sum(axis=1)  # of amplitudes that add up to 1
        largest = np.minimum(REACH, self.settings.speed / fastest)
        return share * largest[:, None], frequency

    def _place(self, view: View, ids: Array) -> Array:
        """Pan and tilt (k, 2) of the target [rad]."""
        memory = view.memory
        time = PERIOD * memory["clock"][ids, None, None]
        swings = np.sin(2 * np.pi * memory["frequency"][ids] * time + memory["phase"][ids])
        place: Array = (memory["amplitude"][ids] * swings).sum(axis=2)
        return place

    def _follow(self, view: View, ids: Array) -> None:
        """Note where the target is and how far the eye looks past it."""
        target = direction(self._place(view, ids))
        gaze = direction(view.qpos[ids])
        view.memory["target"][ids] = target
        apart = np.linalg.norm(np.cross(gaze, target), axis=1)
        view.memory["error"][ids] = np.arctan2(apart, np.vecdot(gaze, target))
        view.mocap_pos[ids, 0] = AWAY * target

    def _look(self, view: View, ids: Array) -> None:
        """The next pictures, and the events they make."""
        eyes: _Eyes = view.devices["eyes"]
        size, pool = self.settings.pixels, self.settings.pool
        found = eyes.cameras.see(self._picture(view, ids), PERIOD * view.memory["clock"][ids], ids)
        for i, events in zip(ids.tolist(), found, strict=True):
            eyes.events[i] = event_columns(events)
            view.memory["counts"][i] = event_counts(events, size, size, pool).ravel()

    def _picture(self, view: View, ids: Array) -> Array:
        memory = view.memory
        return self.view.picture(view.qpos[ids], memory["target"][ids], memory["texture"][ids])


TASK = Pursuit().task()
