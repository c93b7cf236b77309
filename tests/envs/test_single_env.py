"""One environment of a task: gymnasium's contract, equality, broken physics, bad input, pictures."""

import os
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from env_ids import GYMNASIUM_IDS, MUJOCO_IDS
from gymnasium.utils.env_checker import check_env

from neurobot.envs import Randomize, make, vector_ids
from neurobot.errors import EnvError
from neurobot.view.rendering import choose

SEED = 31
# what gymnasium's checker says of the spaces, which are gymnasium's own and have to be
ABOUT_SPACES = ("minimum value is -infinity", "maximum value is infinity", "symmetric and normalized")


@pytest.mark.parametrize("env_id", vector_ids())
def test_gymnasiums_checker_finds_nothing_but_the_bounds_of_gymnasiums_own_spaces(env_id):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_env(make(env_id), skip_render_check=True)
    assert [str(w.message) for w in said if not any(words in str(w.message) for words in ABOUT_SPACES)] == []


@pytest.mark.parametrize("env_id", GYMNASIUM_IDS)
def test_every_step_equals_gymnasium_through_two_episodes(env_id):
    ours, theirs = make(env_id), gymnasium.make(env_id, disable_env_checker=True)
    ours.action_space.seed(SEED)
    for seed in (SEED, None):
        obs, info = ours.reset(seed=seed)
        reference, reference_info = theirs.reset(seed=seed)
        np.testing.assert_array_equal(obs, reference)
        np.testing.assert_equal(info, reference_info)
        for _ in range(120):
            action = ours.action_space.sample()
            mine, other = ours.step(action), theirs.step(action)
            np.testing.assert_array_equal(mine[0], other[0])
            assert mine[0].dtype == other[0].dtype and mine[1:4] == other[1:4]
            np.testing.assert_equal(mine[4], other[4])
            if mine[2] or mine[3]:
                break


@pytest.mark.parametrize("env_id", MUJOCO_IDS)
def test_broken_physics_ends_the_episode_with_a_message(env_id):
    env, fresh = make(env_id), make(env_id)
    env.reset(seed=SEED)
    good = env.step(np.zeros(env.action_space.shape))[0]
    env.simulation.batch.qvel[0] = 1e12
    obs, reward, terminated, truncated, info = env.step(np.zeros(env.action_space.shape))
    np.testing.assert_array_equal(obs, good)
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert list(info) == ["physics_error"] and "huge value" in info["physics_error"]
    np.testing.assert_array_equal(env.reset(seed=SEED)[0], fresh.reset(seed=SEED)[0])
    action = env.action_space.sample()
    np.testing.assert_array_equal(env.step(action)[0], fresh.step(action)[0])


def test_the_time_limit_is_its_own():
    env = make("Pendulum-v1")
    env.reset(seed=SEED)
    ends = [env.step(np.zeros(1))[3] for _ in range(200)]
    assert ends.index(True) == 199


def test_gymnasium_makes_the_same_again_from_its_spec():
    env = make("Hopper-v5", randomize=Randomize(mass=(0.5, 1.5)))
    again = gymnasium.make(env.spec)
    env.reset(seed=SEED)
    again.reset(seed=SEED)
    action = np.ones(3, np.float32)
    np.testing.assert_array_equal(env.step(action)[0], again.step(action)[0])
    assert again.unwrapped.dt == env.control_period == 0.008


def test_what_was_returned_belongs_to_the_caller():
    env = make("Hopper-v5")
    obs, _ = env.reset(seed=SEED)
    obs[...] = 7.0
    env.simulation.batch.qvel[0] = 1e12
    assert not (env.step(np.zeros(3))[0] == 7.0).any()


def test_bad_input_is_refused_before_anything_is_stepped():
    env = make("Hopper-v5")
    with pytest.raises(EnvError, match="step was called before reset; call reset first"):
        env.step(np.zeros(3))
    with pytest.raises(EnvError, match="seed -3 is negative"):
        env.reset(seed=-3)
    with pytest.raises(EnvError, match=r"options is \{'x': 1\}; Hopper-v5 has no reset options"):
        env.reset(options={"x": 1})
    env.reset(seed=SEED, options={})
    state = env.simulation.batch.state.copy()
    with pytest.raises(EnvError, match="must be finite"):
        env.step([0.0, np.nan, 0.0])
    with pytest.raises(EnvError, match=r"the action has shape \(2,\); it must have shape \(3,\)"):
        env.step(np.zeros(2))
    with pytest.raises(EnvError, match="the action cannot be made into an array"):
        env.step([[0.0], 0.0, 0.0])
    np.testing.assert_array_equal(env.simulation.batch.state, state)


def test_a_step_after_the_end_and_use_after_close_are_refused():
    env = make("Hopper-v5")
    env.reset(seed=SEED)
    env.simulation.batch.qpos[0, 2] = 0.5  # leans too far
    assert env.step(np.zeros(3))[2]
    with pytest.raises(EnvError, match="the episode has ended; call reset first"):
        env.step(np.zeros(3))
    env.close()
    env.close()
    for call in (env.reset, env.render, lambda: env.step(np.zeros(3))):
        with pytest.raises(EnvError, match="the environment is closed; make a new one"):
            call()


def test_unknown_ids_and_render_modes_are_refused():
    with pytest.raises(EnvError, match="'Hoper-v5'; did you mean 'Hopper-v5'"):
        make("Hoper-v5")
    with pytest.raises(EnvError, match="Hopper-v5 has no render_mode 'rgb_arrays'; did you mean 'rgb_array'"):
        make("Hopper-v5", render_mode="rgb_arrays")
    with pytest.raises(EnvError, match="CartPole-v1 has no render_mode 'human'; it makes no pictures"):
        make("CartPole-v1", render_mode="human")


def test_without_a_render_mode_there_is_no_picture():
    assert make("Hopper-v5").render() is None


def run_rendering(code, backend):
    environment = os.environ | {"MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_pictures_are_gymnasiums():
    """At a reset, where gymnasium's drawing is not a physics step behind."""
    backend = choose()
    if backend is None:
        pytest.skip("nothing on this machine can render")
    code = f"""
import gymnasium, numpy
from neurobot.envs import make
for env_id in {MUJOCO_IDS!r}:
    ours, theirs = make(env_id, render_mode="rgb_array"), gymnasium.make(env_id, render_mode="rgb_array")
    ours.reset(seed=1), theirs.reset(seed=1)
    picture = ours.render()
    assert picture.std() > 5, env_id
    numpy.testing.assert_array_equal(picture, theirs.render(), err_msg=env_id)
    ours.step(ours.action_space.sample())
    ours.close(), theirs.close()
print("equal")
"""
    done = run_rendering(code, backend)
    assert done.stdout.strip() == "equal", done.stderr


def test_where_nothing_renders_the_error_says_so():
    code = """
from neurobot.envs import make
env = make("Hopper-v5", render_mode="rgb_array")
env.reset(seed=1)
try:
    env.render()
except Exception as error:
    print(type(error).__name__, error)
"""
    said = run_rendering(code, "glfw").stdout if "DISPLAY" not in os.environ else None
    if said is None:
        pytest.skip("this machine has a screen")
    assert "EnvError no picture can be made on this machine" in said and "neurobot doctor" in said
