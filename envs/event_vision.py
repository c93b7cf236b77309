"""An event camera that looks at one of our MuJoCo tasks, beside what the task observes anyway."""

from __future__ import annotations

from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from neurobot.envs.event_camera import EventCameraModel, EventCameras
from neurobot.envs.events import EVENT, event_columns
from neurobot.envs.single import TaskEnv
from neurobot.envs.task import Array
from neurobot.errors import EnvError

STREAM = 1 << 31
"""Sets the camera's chance apart from all that the task spawns from the same seed."""


@final
class EventVision(gymnasium.Wrapper, RecordConstructorArgs):  # type: ignore[misc]  # gymnasium's classes are Any
    """`info["events"]` holds what a camera of the model sent since the last step, as `event_columns` gives them.

    A frame is taken once a control period, so events are as exact in time as straight lines of log intensity between
    two of them. Times count from the episode's reset, whose info has no events. Nothing else changes: observations,
    rewards and the task's own chance are those without the camera. Another seed is another camera, with pixels of its
    own; an episode that goes on without a seed has the same pixels.

    Attributes:
        cameras: the one camera, `EventCameras` of n = 1.
    """

    CHANGES = ("cameras", "_seeded", "_steps")

    def __init__(
        self, env: TaskEnv, camera: str, *, width: int = 128, height: int = 128, model: EventCameraModel | None = None
    ):
        """Look at a task.

        Args:
            env: of `neurobot.envs.make`, or a wrapper around it.
            camera: name of a camera in the task's MJCF.
            width: columns [pixels].
            height: rows [pixels].
            model: what kind of camera; None for the defaults.

        Raises:
            EnvError: a task that MuJoCo does not draw, no such camera, or sizes that are none.
        """
        RecordConstructorArgs.__init__(self, camera=camera, width=width, height=height, model=model)
        gymnasium.Wrapper.__init__(self, env)
        task = env.unwrapped
        if not isinstance(task, TaskEnv) or task.simulation.pictures is None:
            raise EnvError(
                f"{task} has no camera that could be looked through; give a MuJoCo task of neurobot.envs.make"
            )
        self._frames = task.simulation.pictures.gray_frames(camera, height, width)
        self.cameras = EventCameras(EventCameraModel() if model is None else model, 1, height, width)
        self._seeded = False
        self._steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Start a new episode.

        Raises:
            EnvError: as the task's, or nothing on this machine can render.
        """
        obs, info = self.env.reset(seed=seed, options=options)
        generators = None
        if seed is not None or not self._seeded:
            sequence = self.env.unwrapped.np_random.bit_generator.seed_seq
            own = np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, STREAM))
            generators = [np.random.default_rng(own)]
        self.cameras.reset(None, self._frames.take(0)[None], generators)
        self._seeded, self._steps = True, 0
        return obs, info | {"events": event_columns(np.zeros(0, EVENT))}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Advance by one control period. An episode whose physics broke down ends without events.

        Raises:
            EnvError: as the task's.
        """
        obs, reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        events = np.zeros(0, EVENT)
        if "physics_error" not in info:
            time = self._steps * self.env.unwrapped.control_period
            events = self.cameras.see(self._frames.take(0)[None], time)[0]
        return obs, reward, terminated, truncated, info | {"events": event_columns(events)}

    def close(self) -> None:
        """Let go of the renderer and the task."""
        self._frames.close()
        self.env.close()
