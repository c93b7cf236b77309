"""An event camera on a MuJoCo task. Drawing is in processes of its own, because MuJoCo chooses OpenGL once."""

import os
import subprocess
import sys

import pytest

from neurobot.envs import EventVision, make
from neurobot.errors import EnvError
from neurobot.view.rendering import choose


def run_rendering(code, backend):
    environment = os.environ | {"MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


CODE = """
import numpy as np
from neurobot.envs import EVENT, EventCameraModel, EventVision, Randomize, make

randomize = Randomize(mass=(0.5, 2.0))
bare = make("HalfCheetah-v5", randomize=randomize)
def new(): return EventVision(make("HalfCheetah-v5", randomize=randomize), "track", width=32, height=24)
seeing, again = new(), new()
assert seeing.spec.id == "HalfCheetah-v5" and seeing.spec.additional_wrappers[0].kwargs["width"] == 32
chance = np.random.default_rng(0)
for seed in (5, None, 6):  # an episode without a seed goes on with the chance of the one before
    expected, _ = bare.reset(seed=seed)
    observation, info = seeing.reset(seed=seed)
    again.reset(seed=seed)
    np.testing.assert_array_equal(observation, expected)
    assert [len(column) for column in info["events"]] == [0] * 4 and "x_position" in info
    if seed is None:
        np.testing.assert_array_equal(seeing.cameras.thresholds, thresholds)
    elif seed == 6:
        assert (seeing.cameras.thresholds != thresholds).all()
    thresholds = seeing.cameras.thresholds.copy()
    for k in range(3):
        action = chance.uniform(-1, 1, 6).astype(np.float32)
        results = bare.step(action), seeing.step(action)
        np.testing.assert_array_equal(results[0][0], results[1][0])
        assert results[0][1:4] == results[1][1:4]
        events = results[1][4]["events"]
        t, x, y, _ = events
        assert len(t) > 20, len(t)
        assert x.max() < 32 and y.max() < 24 and t.min() > 0.05 * k and t.max() <= 0.05 * (k + 1)
        for mine, other in zip(events, again.step(action)[4]["events"], strict=True):
            np.testing.assert_array_equal(mine, other)

seeing.unwrapped.simulation.inner.batch.qvel[0] = 1e12
*_, terminated, truncated, info = seeing.step(action)
assert terminated and "physics_error" in info and len(info["events"][0]) == 0

frames = make("HalfCheetah-v5")
frames.reset(seed=1)
taker = frames.simulation.pictures.gray_frames("track", 24, 700)  # wider than MuJoCo's own picture
frame = taker.take(0)
assert frame.shape == (24, 700) and frame.dtype == np.float32
assert 0 <= frame.min() < 0.2 < 0.6 < frame.max() <= 1 and frame.std() > 0.05
state = frames.simulation.batch.state.copy()
np.testing.assert_array_equal(taker.take(0), frame)
np.testing.assert_array_equal(frames.simulation.batch.state, state)
taker.close(), taker.close(), seeing.close(), again.close()
print("good")
"""


def test_a_task_with_a_camera_is_the_task_and_sends_events_of_each_control_period():
    backend = choose()
    if backend is None:
        pytest.skip("nothing on this machine can render")
    done = run_rendering(CODE, backend)
    assert done.stdout.strip() == "good", done.stderr


def test_where_nothing_renders_the_error_says_so_and_what_else_there_is():
    if "DISPLAY" in os.environ:
        pytest.skip("this machine has a screen")
    code = """
from neurobot.envs import EventVision, make
try:
    EventVision(make("HalfCheetah-v5"), "track").reset(seed=1)
except Exception as error:
    print(type(error).__name__, error)
"""
    said = run_rendering(code, "glfw").stdout
    assert "EnvError no picture can be made on this machine" in said and "neurobot doctor" in said
    assert "fed with frames from elsewhere, see EventCameras" in said


def test_tasks_and_cameras_that_do_not_fit_are_refused():
    with pytest.raises(EnvError, match="CartPole-v1>> has no camera that could be looked through; give a MuJoCo task"):
        EventVision(make("CartPole-v1"), "track")
    with pytest.raises(EnvError, match="the model has no camera 'trak'; did you mean 'track'"):
        EventVision(make("HalfCheetah-v5"), "trak")
    with pytest.raises(EnvError, match="the model has no camera 'track'; known: none"):
        EventVision(make("InvertedPendulum-v5"), "track")
    with pytest.raises(EnvError, match="width is 0; it must be a whole number of at least 1"):
        EventVision(make("HalfCheetah-v5"), "track", width=0)
