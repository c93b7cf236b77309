"""Simulations that diverge: they end their own episode, say so, and leave the others alone."""

import numpy as np
import pytest
from env_ids import MUJOCO_IDS
from gymnasium.vector import AutoresetMode

from neurobot.envs import Perturbation, Randomize, make_vec

ALL_MODES = list(AutoresetMode)


def zeros(vec):
    return np.zeros(vec.action_space.shape, vec.action_space.dtype)


def break_physics(vec, i):
    vec.simulation.batch.qvel[i] = 1e12


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("env_id", MUJOCO_IDS)
def test_broken_physics_ends_that_episode_and_no_other(env_id, mode, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    vec, twin = (make_vec(env_id, 3, autoreset_mode=mode) for _ in range(2))
    for env in (vec, twin):
        env.reset(seed=5)
        env.step(zeros(env))
    good = vec.step(zeros(vec))[0]
    twin.step(zeros(twin))
    break_physics(vec, 1)
    obs, reward, terminated, truncated, info = vec.step(zeros(vec))
    other = twin.step(zeros(twin))
    assert terminated.tolist() == [False, True, False] and reward[1] == 0.0 and not truncated.any()
    assert info["_physics_error"].tolist() == [False, True, False]
    assert info["physics_error"][0] is None and "huge value" in info["physics_error"][1]
    np.testing.assert_array_equal(obs[[0, 2]], other[0][[0, 2]])
    np.testing.assert_array_equal(reward[[0, 2]], other[1][[0, 2]])
    if mode is AutoresetMode.SAME_STEP:
        np.testing.assert_array_equal(info["final_obs"][1], good[1])
        assert info["final_info"]["physics_error"][1] == info["physics_error"][1]
    else:
        np.testing.assert_array_equal(obs[1], good[1])
    masks = [mask for key, mask in info.items() if key.startswith(("_reward", "_distance_penalty", "_events"))]
    assert masks and all(mask.tolist() == [True, False, True] for mask in masks)
    obs, reward, terminated, _, info = vec.step(zeros(vec))
    if mode is AutoresetMode.DISABLED:
        np.testing.assert_array_equal(obs[1], good[1])
    assert np.isfinite(obs).all() and "physics_error" not in info
    assert terminated[1] == (mode is AutoresetMode.DISABLED)
    np.testing.assert_array_equal(obs[[0, 2]], twin.step(zeros(twin))[0][[0, 2]])
    assert not list(tmp_path.iterdir()) and capfd.readouterr().err == ""  # MuJoCo neither prints nor logs


@pytest.mark.parametrize("mode", ALL_MODES)
def test_an_environment_goes_on_as_usual_after_broken_physics(mode):
    vec, fresh = make_vec("Hopper-v5", 2, autoreset_mode=mode), make_vec("Hopper-v5", 2)
    vec.reset(seed=5)
    break_physics(vec, 0)
    vec.step(zeros(vec))
    obs, _ = vec.reset(seed=8)
    expected, _ = fresh.reset(seed=8)
    np.testing.assert_array_equal(obs, expected)
    for _ in range(10):
        np.testing.assert_array_equal(vec.step(zeros(vec))[0], fresh.step(zeros(fresh))[0])


def test_huge_finite_numbers_are_broken_physics_too():
    vec = make_vec("HalfCheetah-v5", 2)
    vec.reset(seed=0)
    vec.simulation.batch.qpos[1, 4] = 1e6
    qpos = []
    reset = vec.simulation.batch.reset
    vec.simulation.batch.reset = lambda *args: (qpos.append(vec.simulation.batch.qpos[1].copy()), reset(*args))
    *_, info = vec.step(zeros(vec))
    assert np.isfinite(qpos[0]).all()
    assert "huge value in Q" in info["physics_error"][1]


def test_a_state_that_is_not_finite_is_noticed_without_a_warning_of_mujocos():
    vec = make_vec("HalfCheetah-v5", 2)
    vec.reset(seed=0)
    simulation = vec.simulation
    step = simulation.batch.step

    def step_and_spoil(*args):
        step(*args)
        simulation.batch.qvel[1, 3] = np.inf

    simulation.batch.step = step_and_spoil
    *_, info = vec.step(zeros(vec))
    assert info["physics_error"][1] == "the state is not finite after the step"


def test_an_error_that_mujoco_raises_in_one_simulation_is_reported_as_broken_physics():
    from mujoco.batch import SimulationError

    vec = make_vec("HalfCheetah-v5", 3)
    vec.reset(seed=0)
    batch = vec.simulation.batch

    def fail(*_):
        raise SimulationError(np.array([2]), "stack overflow", 3)

    batch.step, batch.error = fail, lambda i: f"stack overflow in {i}"
    _, _, terminated, _, info = vec.step(zeros(vec))
    assert terminated.tolist() == [False, False, True]
    assert info["physics_error"][2] == "stack overflow in 2"


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_that_mujoco_raises_in_one_simulation_with_contact_forces_is_reported_too(threads, monkeypatch):
    import mujoco

    vec, twin = (make_vec("Ant-v5", 4, threads=threads) for _ in range(2))
    vec.reset(seed=0)
    twin.reset(seed=0)
    step, bad = mujoco.mj_step, vec.simulation.batch.qpos[2].copy()

    def fail(model, data, nstep):
        if (data.qpos == bad).all():
            raise mujoco.FatalError("stack overflow")
        step(model, data, nstep)

    monkeypatch.setattr(mujoco, "mj_step", fail)
    obs, _, terminated, _, info = vec.step(zeros(vec))
    monkeypatch.undo()
    assert terminated.tolist() == [False, False, True, False]
    assert info["physics_error"][2] == "stack overflow"
    np.testing.assert_array_equal(obs[[0, 1, 3]], twin.step(zeros(twin))[0][[0, 1, 3]])


@pytest.mark.parametrize(
    "varied",
    [
        {"perturb": [Perturbation(kind="mass", body="foot", mass=1e30)]},
        {"perturb": [Perturbation(kind="mass", body="torso", mass=1e200, at=0.008)]},
        {"randomize": Randomize(mass=(1e-300, 1e-299))},
    ],
    ids=["a load", "a late load", "masses"],
)
def test_masses_too_far_apart_for_mujoco_print_nothing_and_leave_no_log(varied, capfd, tmp_path):
    vec = make_vec("Hopper-v5", 2, autoreset_mode="Disabled", **varied)
    vec.reset(seed=0)
    for _ in range(3):
        vec.step(zeros(vec))
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_mujocos_own_warning_handler_is_put_back():
    import mujoco

    seen = []
    mujoco.set_mju_user_warning(seen.append)
    try:
        handler = mujoco.get_mju_user_warning()
        vec = make_vec("Hopper-v5", 1)
        vec.reset(seed=0)
        vec.step(zeros(vec))
        assert mujoco.get_mju_user_warning() is handler
        assert seen == []
    finally:
        mujoco.set_mju_user_warning(None)
