"""Pictures of a simulation: by gymnasium's renderer, and gray frames from a camera of the model.

Both look at a copy of one instance, so that drawing never touches the physics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurobot.envs.checks import checked_count
from neurobot.envs.task import Array
from neurobot.errors import EnvError, near

SIZE = 480  # [pixels], gymnasium's
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32) / 255
"""What red, green and blue from 0 to 255 are to the eye (ITU-R BT.709); MuJoCo's colours are linear."""

T = TypeVar("T")


@final
class Pictures:
    """Takes pictures of a batch's simulations; nothing is made before the first one."""

    def __init__(self, batch: Batch, camera: Mapping[str, Any]):
        self._batch = batch
        self._camera = {name: np.array(v) if isinstance(v, tuple) else v for name, v in camera.items()}
        self._name = self._camera.pop("name", None)
        self._renderer: Any = None

    def take(self, i: int) -> Array:
        """A picture of simulation i as it is now, (SIZE, SIZE, 3) uint8.

        Raises:
            EnvError: nothing on this machine can render without a screen.
        """
        if self._renderer is None:
            self._copy = _Copy(self._batch)
            self._renderer = self._make_renderer()
        self._copy.show(i)
        picture: Array = self._renderer.render("rgb_array")
        return picture

    def gray_frames(self, camera: str, height: int, width: int) -> GrayFrames:
        """Frames from a camera of the model, as an event camera takes them.

        Raises:
            EnvError: no such camera, or a size that is none.
        """
        return GrayFrames(self._batch, camera, height, width)

    def close(self) -> None:
        """Let go of the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _make_renderer(self) -> Any:
        from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer, OffScreenViewer

        model, data = self._copy.model, self._copy.data
        _opened(lambda: OffScreenViewer(model, data, 16, 16), "Leave render_mode out to go on without pictures").close()
        return MujocoRenderer(model, data, self._camera, SIZE, SIZE, camera_name=self._name)


@final
class GrayFrames:
    """Takes gray frames of a batch's simulations; no renderer is opened before the first one.

    Args:
        batch: the simulations.
        camera: name of a camera in the model.
        height: rows [pixels].
        width: columns [pixels].

    Raises:
        EnvError: no such camera, or a size that is none.
    """

    def __init__(self, batch: Batch, camera: str, height: int, width: int):
        self._copy = _Copy(batch)
        model = self._copy.model
        known = [model.camera(k).name for k in range(model.ncam) if model.camera(k).name]
        if camera not in known:
            raise EnvError(f"the model has no camera {camera!r}; {near(str(camera), known)}")
        self._camera = camera
        self._height, self._width = checked_count("height", height), checked_count("width", width)
        self._renderer: Any = None

    def take(self, i: int) -> Array:
        """What the camera sees of simulation i as it is now, (height, width) float32 from 0 (black) to 1.

        Raises:
            EnvError: nothing on this machine can render without a screen.
        """
        if self._renderer is None:
            model = self._copy.model
            model.vis.global_.offwidth, model.vis.global_.offheight = self._width, self._height
            self._renderer = _opened(
                lambda: mujoco.Renderer(model, self._height, self._width),
                "An event camera can be fed with frames from elsewhere, see EventCameras",
            )
        self._copy.show(i)
        self._renderer.update_scene(self._copy.data, self._camera)
        frame: Array = self._renderer.render() @ LUMINANCE
        return frame

    def close(self) -> None:
        """Let go of the renderer; the next frame opens it again."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


class _Copy:
    """A model and data that follow one simulation of a batch."""

    def __init__(self, batch: Batch):
        self._batch = batch
        self.model = batch.get_model(0)
        self.data = mujoco.MjData(self.model)

    def show(self, i: int) -> None:
        """Be simulation i as it is now."""
        self._batch.get_model(i, self.model)
        self._batch.get_data(i, self.data)
        mujoco.mj_forward(self.model, self.data)  # places follow the state, which the step's own are behind


def _opened(make: Callable[[], T], instead: str) -> T:
    """What `make` returns, which opens OpenGL without a screen; or EnvError, with what can be done instead."""
    try:
        return make()
    except Exception as error:  # each OpenGL library fails in its own way
        raise EnvError(
            f"no picture can be made on this machine ({type(error).__name__}: {error}); `neurobot doctor` says"
            f" what is missing. {instead}"
        ) from error
