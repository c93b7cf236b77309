"""One picture of an environment, as it starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.errors import EnvError
from neurobot.view.plot import has_matplotlib
from neurobot.view.rendering import INSTALL, prepare


def still(make: Callable[[], Any], path: Path) -> None:
    """Write a picture of an environment's first moment, of the episode of seed 0.

    Args:
        make: makes the environment, with ``render_mode="rgb_array"``; called after MuJoCo was told how to render.
        path: of the picture; ``NAME.png``; its folder is made.

    Raises:
        EnvError: another kind of file, no matplotlib, or an environment that cannot be rendered.
        OSError: the file cannot be written.
    """
    if path.suffix != ".png":
        raise EnvError(f"{path}: only .png is written; give NAME.png")
    if not has_matplotlib():
        raise EnvError("matplotlib, which writes pictures, is not installed; pip install 'neurobot[plot]'")
    prepare()
    env = make()
    frame = first_frame(env)
    env.close()
    from matplotlib.image import imsave

    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, frame)


def first_frame(env: Any) -> np.ndarray:
    """The picture of an environment after a reset with seed 0; it is closed where there is none.

    Raises:
        EnvError: the environment cannot be rendered here.
    """
    try:
        env.reset(seed=0)
        frame = env.render()
    except Exception as error:  # whatever OpenGL, PyOpenGL or a third party's renderer raises
        env.close()
        what = f"{type(error).__name__}: {error}"
        by_mujoco = isinstance(error, EnvError) or "mujoco" in type(env.unwrapped).__module__
        advice = INSTALL if by_mujoco else "pip install 'neurobot[video]'"
        raise EnvError(f"the environment cannot be rendered ({what}); {advice}") from error
    if frame is None:
        env.close()
        raise EnvError("the environment gives no pictures; it has no render mode rgb_array")
    return np.ascontiguousarray(frame)
