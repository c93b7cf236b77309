"""Pictures of a simulation, by gymnasium's renderer and from its cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurobot.envs.task import Array
from neurobot.errors import EnvError

SIZE = 480  # [pixels], gymnasium's


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
            self._model = self._batch.get_model(i)
            self._data = mujoco.MjData(self._model)
            self._renderer = self._make_renderer()
        self._batch.get_model(i, self._model)
        self._batch.get_data(i, self._data)
        mujoco.mj_forward(self._model, self._data)  # places follow the state, which the step's own are behind
        picture: Array = self._renderer.render("rgb_array")
        return picture

    def close(self) -> None:
        """Let go of the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _make_renderer(self) -> Any:
        from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer, OffScreenViewer

        try:
            OffScreenViewer(self._model, self._data, 16, 16).close()
        except Exception as error:  # each OpenGL library fails in its own way
            raise EnvError(
                f"no picture can be made on this machine ({type(error).__name__}: {error}); `neurobot doctor` says"
                " what is missing. Leave render_mode out to go on without pictures"
            ) from error
        return MujocoRenderer(self._model, self._data, self._camera, SIZE, SIZE, camera_name=self._name)
