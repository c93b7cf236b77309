"""Episodes as a video: every control tick is one frame, so that it plays in the robot's own time."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, final

import numpy as np

from neurobot.errors import ConfigError, NeurobotError
from neurobot.loop.fit import env_period
from neurobot.view.rendering import prepare
from neurobot.view.still import first_frame

DEFAULT_RATE = 30.0
"""Frames a second where an environment has no control period of its own [Hz]."""


def filmed(make: Callable[[], Any], path: Path) -> Filmed:
    """An environment whose episodes are written to a video.

    Args:
        make: makes the environment, with ``render_mode="rgb_array"``; called once, after MuJoCo was told how to render.
        path: of the video, ``NAME.mp4``; it appears when the environment is closed.

    Raises:
        ConfigError: another kind of file, or a folder that does not exist.
        NeurobotError: the ``video`` extra is not installed.
        EnvError: the environment cannot be rendered here.
    """
    if path.suffix != ".mp4":
        raise ConfigError(f"--video {path}: only .mp4 is written; give NAME.mp4")
    if not path.parent.is_dir():
        raise ConfigError(f"--video {path}: there is no folder {path.parent}")
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        raise NeurobotError("imageio-ffmpeg, which writes videos, is not installed; pip install 'neurobot[video]'")
    prepare()
    return Filmed(make(), path)


@final
class Filmed:
    """An environment, as far as a `Loop` needs one, that writes a frame after every reset and step.

    Args:
        env: made with ``render_mode="rgb_array"``.
        path: of the video.

    Raises:
        EnvError: the environment cannot be rendered here.
    """

    def __init__(self, env: Any, path: Path):
        self._env, self.unwrapped, self.metadata = env, env.unwrapped, env.metadata
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self._path, self._temporary = path, path.with_name(f".{path.name}.writing.mp4")
        self._writer: Any = None
        self._frames = 0
        first_frame(env)
        period = env_period(env)
        self._rate = env.metadata.get("render_fps", DEFAULT_RATE) if period is None else 1 / period

    def reset(self, **options: Any) -> Any:
        """As the environment, with a frame."""
        result = self._env.reset(**options)
        self._film()
        return result

    def step(self, action: Any) -> Any:
        """As the environment, with a frame."""
        result = self._env.step(action)
        self._film()
        return result

    def close(self) -> None:
        """Finish the video and put it in its place."""
        self._env.close()
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
            self._check()
            self._temporary.replace(self._path)
        except OSError as error:
            raise self._failed(error) from None

    def _check(self) -> None:
        """Raise OSError unless all frames can be read back: ffmpeg does not tell its caller about a full disk."""
        from imageio_ffmpeg import count_frames_and_secs

        try:
            found, _ = count_frames_and_secs(str(self._temporary))
        except RuntimeError:
            found = 0
        if found != self._frames:
            raise OSError(f"{found} of {self._frames} frames arrived; is the disk full?")

    def _film(self) -> None:
        try:
            frame = np.ascontiguousarray(self._env.render())
            if self._writer is None:
                self._writer = _open(self._temporary, frame.shape, self._rate)
            self._writer.send(frame)
            self._frames += 1
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> NeurobotError:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self._temporary.unlink(missing_ok=True)
        return NeurobotError(f"{self._path}: the video cannot be written ({error})")


def _open(path: Path, shape: tuple[int, ...], rate: float) -> Generator[None, Any, None]:
    """A running ffmpeg that takes frames of a shape (height, width, 3)."""
    from imageio_ffmpeg import write_frames

    # any even size; the default would scale frames to multiples of 16
    writer: Generator[None, Any, None] = write_frames(str(path), (shape[1], shape[0]), fps=rate, macro_block_size=2)
    writer.send(None)
    return writer
