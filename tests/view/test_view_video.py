"""Videos of episodes, and finding out how to render."""

import os
import subprocess

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest

from neurobot.errors import ConfigError, EnvError, NeurobotError
from neurobot.view import rendering
from neurobot.view.video import filmed


class Painted(gymnasium.Env):
    """Gets brighter with every step; no renderer needed."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    action_space = gymnasium.spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012 (as gymnasium declares it)

    def __init__(self, fault=None):
        self.fault, self.steps, self.closed = fault, 0, False

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return np.zeros(1), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(1), 0.0, False, False, {}

    def render(self):
        if self.fault == "error":
            raise RuntimeError("no OpenGL")
        if self.fault == "ours":  # an environment of neurobot.envs
            raise EnvError("no picture can be made on this machine")
        return None if self.fault == "nothing" else np.full((32, 48, 3), 20 * self.steps, np.uint8)

    def close(self):
        self.closed = True


choose = rendering.choose


@pytest.fixture(autouse=True)
def no_trials(monkeypatch):
    """Rendering is not tried, because that takes seconds."""
    monkeypatch.setattr("neurobot.view.rendering.choose", lambda: None)


def test_a_video_has_one_frame_a_tick_in_the_robots_time(tmp_path):
    env = filmed(Painted, tmp_path / "x.mp4")
    for _ in range(2):
        env.reset(seed=1)
        for _ in range(4):
            env.step(0)
    env.close()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", tmp_path / "x.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(command, capture_output=True, check=True)
    frames = np.frombuffer(decoded.stdout, np.uint8).reshape(-1, 32 * 48 * 3).mean(1)
    np.testing.assert_allclose(frames, [0, 20, 40, 60, 80] * 2, atol=6)
    assert b"48x32" in decoded.stderr
    assert b" 25 fps" in decoded.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["x.mp4"]


def test_what_a_loop_needs_is_passed_through(tmp_path):
    env = filmed(Painted, tmp_path / "x.mp4")
    assert env.action_space.n == 2
    assert env.observation_space.shape == (1,)
    assert isinstance(env.unwrapped, Painted)
    assert env.step(0)[4] == {}
    env.close()


def test_closing_without_an_episode_writes_nothing(tmp_path):
    env = filmed(Painted, tmp_path / "x.mp4")
    env.close()
    assert env.unwrapped.closed
    assert list(tmp_path.iterdir()) == []


def test_other_files_and_missing_folders_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"only .mp4 is written"):
        filmed(Painted, tmp_path / "x.avi")
    with pytest.raises(ConfigError, match=r"there is no folder"):
        filmed(Painted, tmp_path / "no" / "x.mp4")


def test_without_imageio_ffmpeg_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NeurobotError, match=r"pip install 'neurobot\[video\]'"):
        filmed(Painted, tmp_path / "x.mp4")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("error", "no OpenGL.*pip install 'neurobot"),
        ("ours", "EnvError: no picture can be made.*apt-get install libegl1"),
        ("nothing", "gives no pictures"),
    ],
)
def test_an_environment_that_cannot_be_rendered_is_refused_and_closed(tmp_path, fault, said):
    env = Painted(fault)
    with pytest.raises(EnvError, match=said):
        filmed(lambda: env, tmp_path / "x.mp4")
    assert env.closed


def test_a_video_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, size, **options):
        frame = yield
        with open(path, "wb") as file:
            file.write(frame)
        raise OSError("No space left on device")

    monkeypatch.setattr("imageio_ffmpeg.write_frames", full)
    env = filmed(Painted, tmp_path / "x.mp4")
    with pytest.raises(NeurobotError, match=r"x.mp4: the video cannot be written \(No space left"):
        env.reset()
    env.close()
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_was_cut_short_is_not_taken_for_a_whole_one(tmp_path, monkeypatch):
    def cut(path, size, **options):
        (tmp_path / path).write_bytes(b"the beginning")
        while True:
            yield

    monkeypatch.setattr("imageio_ffmpeg.write_frames", cut)
    env = filmed(Painted, tmp_path / "x.mp4")
    env.reset()
    with pytest.raises(NeurobotError, match=r"0 of 1 frames arrived; is the disk full"):
        env.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        ("print('rendered')", ""),
        ("print('a black picture')", "a black picture"),
        ("raise ImportError('no libEGL')", "ImportError: no libEGL"),
        ("import os; os._exit(3)", "it ended with code 3"),
        ("import time; time.sleep(60)", "no picture within 0.5 s"),
        ("import os; print('rendered' if os.environ['MUJOCO_GL'] == 'egl' else 'other')", ""),
    ],
)
def test_a_trial_of_a_backend_says_what_is_wrong(monkeypatch, trial, said):
    monkeypatch.setattr(rendering, "_TRIAL", trial)
    monkeypatch.setattr(rendering, "PATIENCE", 0.5 if "sleep" in trial else 30.0)
    assert rendering.problem("egl") == said


def test_the_first_backend_that_works_is_chosen_unless_one_is_given(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(rendering, "problem", lambda backend: "" if backend == "osmesa" else "broken")
    assert choose() == "osmesa"
    monkeypatch.setattr(rendering, "problem", lambda backend: "broken")
    assert choose() is None
    monkeypatch.setenv("MUJOCO_GL", "glfw")
    assert choose() == "glfw"


def test_mujoco_is_told_how_to_render_before_the_environment_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.setattr("neurobot.view.rendering.choose", lambda: "osmesa")
    seen = []

    def make():
        seen.append(os.environ["MUJOCO_GL"])
        return Painted()

    filmed(make, tmp_path / "x.mp4").close()
    assert seen == ["osmesa"]
