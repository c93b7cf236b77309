"""neurobot/Shapes-v0: a shape moves past an event camera: say which way it goes, or which shape it is.

The camera sees changes of light only (event_camera.py). A bright disc, square or triangle of random size crosses the
middle of a dark picture in one of eight directions; its edges are smooth over a pixel, so that it moves without jumps.
One control period, and picture, every 10 ms, 20 an episode; between pictures the camera interpolates. Nothing that is
answered changes what is seen.

**Action**: the answer of this control period, Discrete(8), or Discrete(3) with ask = "shape". (No MJCF.)

| index | meaning                                                            | min | max | unit |
|-------|--------------------------------------------------------------------|-----|-----|------|
| 0     | the direction: eighths of a turn, counter-clockwise from "right"   | 0   | 7   | 1    |

With ask = "shape" it is 0 for a disc, 1 for a square and 2 for a triangle.

**Observation**: Box((2 c,), float64), with c = (pixels / pool)^2 cells; by default 64 cells, so 128 numbers.

| index   | meaning                                             | min  | max | unit   |
|---------|-----------------------------------------------------|------|-----|--------|
| 0-63    | ON events (brighter) of each cell since last action | 0    | 32  | events |
| 64-127  | OFF events (darker) likewise                        | 0    | 32  | events |

Cells go row by row from the upper left corner of the picture.

**Settings**

| name       | meaning                                                         | default               | unit    |
|------------|-----------------------------------------------------------------|-----------------------|---------|
| ask        | what is asked: "direction" or "shape"                           | "direction"           |         |
| pixels     | rows, and columns, of the camera                                | 16                    |         |
| pool       | pixels of a cell's side                                         | 2                     |         |
| speed      | slowest and fastest motion                                      | 40, 80                | pixel/s |
| size       | least and largest distance from the middle to the edge          | 2.5, 4                | pixel   |
| camera     | `EventCameraModel`                                              | its defaults          |         |

**Reward**: 1/20 for each right answer, so that an episode earns the share of right ones.
**Start**: a direction, a shape, a size, a speed and a way past the middle, up to a pixel aside of it. The camera has
been on for a period, so that there are events to see at once.
**End**: only by the time limit, 20 actions.
**Info**: `label`, the right answer, also at reset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from gymnasium.spaces import Box, Discrete

from neurobot.envs.event_camera import EventCameraModel, EventCameras
from neurobot.envs.events import event_counts
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Simulation, StepResult, Task
from neurobot.errors import EnvError

ID = "neurobot/Shapes-v0"
PERIOD = 0.01  # [s]
LENGTH = 20  # control periods of an episode
DIRECTIONS, SHAPES = 8, 3
MOST_EVENTS = 32.0  # of a cell that are told
DIM, BRIGHT = 0.2, 0.95  # light of the ground and of the shape, where white is 1
ASIDE = 1.0  # of the middle [pixel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes(Settings):
    """Settings of Shapes-v0; the module's docstring says what they mean."""

    ask: str = setting("direction", words=("direction", "shape"))
    pixels: int = setting(16, low=8, high=256)
    pool: int = setting(2, low=1, high=256)
    speed: tuple[float, float] = setting((40.0, 80.0), low=0.0, high=1000.0)
    size: tuple[float, float] = setting((2.5, 4.0), low=0.5, high=100.0)
    camera: EventCameraModel = setting(EventCameraModel())

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.pixels % self.pool:
            raise EnvError(f"Shapes.pool is {self.pool}; it must divide the {self.pixels} pixels of a row")

    def task(self) -> Task:
        """The task with these settings."""
        channels = 2 * (self.pixels // self.pool) ** 2
        return Task(
            id=ID,
            control_period=PERIOD,
            max_episode_steps=LENGTH,
            observation_space=Box(0.0, MOST_EVENTS, (channels,), np.float64),
            action_space=Discrete(DIRECTIONS if self.ask == "direction" else SHAPES),
            simulate=lambda num_envs, threads: ShapesSimulation(self, num_envs),
            doc="moving shapes that an event camera sees, to be told by way or by shape (NumPy)",
            settings=self,
        )


@final
class ShapesSimulation(Simulation):
    """n cameras, and a shape before each.

    Args:
        settings: of the task.
        num_envs: n.
    """

    CHANGES = ("_cameras", "_counts", "_way", "_shape", "_clock", "_speed", "_size", "_aside")

    def __init__(self, settings: Shapes, num_envs: int):
        self._settings, size = settings, settings.pixels
        self._cameras = EventCameras(settings.camera, num_envs, size, size)
        self._counts = np.zeros((num_envs, 2 * (size // settings.pool) ** 2))
        self._way, self._shape, self._clock = np.zeros((3, num_envs), np.int64)
        self._speed, self._size, self._aside = np.zeros((3, num_envs))
        across = np.arange(size) + 0.5 - size / 2
        self._x, self._y = np.meshgrid(across, -across)  # y is up
        self._everyone = np.arange(num_envs)

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Draw other shapes, and let the cameras see them for a period."""
        s = self._settings
        for i, generator in zip(ids, generators, strict=True):
            self._way[i], self._shape[i] = generator.integers(DIRECTIONS), generator.integers(SHAPES)
            self._speed[i], self._size[i] = generator.uniform(*s.speed), generator.uniform(*s.size)
            self._aside[i] = generator.uniform(-ASIDE, ASIDE)
        self._clock[ids] = 0
        seeds = [int(generator.integers(1 << 63)) for generator in generators]
        self._cameras.reset(ids, self._picture(ids), seeds)
        self._look(ids)

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Compare the answers and go on; see `Simulation.step`."""
        labels = self._labels()
        right = np.asarray(actions) == labels
        self._look(self._everyone if ids is None else ids)
        return StepResult(right / LENGTH, np.zeros(len(labels), np.bool_), {"label": labels}, {})

    def observe(self) -> Array:
        """Counts of events, a new array."""
        seen: Array = np.minimum(self._counts, MOST_EVENTS)
        return seen

    def reset_info(self) -> Info:
        """The right answers."""
        return {"label": self._labels()}

    def _labels(self) -> Array:
        return (self._way if self._settings.ask == "direction" else self._shape).copy()

    def _look(self, ids: Array) -> None:
        """The next pictures, and the events they make."""
        if not ids.size:
            return
        self._clock[ids] += 1
        size, pool = self._settings.pixels, self._settings.pool
        found = self._cameras.see(self._picture(ids), PERIOD * self._clock[ids], ids)
        for i, events in zip(ids.tolist(), found, strict=True):
            self._counts[i] = event_counts(events, size, size, pool).ravel()

    def _picture(self, ids: Array) -> Array:
        """Pictures (k, pixels, pixels) of where the shapes are now."""
        angle = self._way[ids] * (2 * np.pi / DIRECTIONS)
        along = self._speed[ids] * PERIOD * (self._clock[ids] - (LENGTH + 1) / 2)
        middle_x = along * np.cos(angle) - self._aside[ids] * np.sin(angle)
        middle_y = along * np.sin(angle) + self._aside[ids] * np.cos(angle)
        x, y = self._x - middle_x[:, None, None], self._y - middle_y[:, None, None]
        beyond = _distance(x, y, self._shape[ids, None, None]) - self._size[ids, None, None]
        covered = np.clip(0.5 - beyond, 0, 1)
        picture: Array = (DIM + covered * (BRIGHT - DIM)).astype(np.float32)
        return picture


def _distance(x: Array, y: Array, shape: Array) -> Array:
    """How far a point is from the middle, along the normal of the edge that it is nearest to [pixel]."""
    triangle = np.maximum(-y, np.abs(x) * np.sqrt(3) / 2 + y / 2)
    return np.where(shape == 0, np.hypot(x, y), np.where(shape == 1, np.maximum(abs(x), abs(y)), triangle))


TASK = Shapes().task()
