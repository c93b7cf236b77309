"""Reach-v0: an arm that obeys its own kinematics, a view that is turned as it is set, trials that begin and end."""

import math

import mujoco
import numpy as np
import pytest

from neurobot.envs import find_task, make, make_vec
from neurobot.envs.mujoco_simulation import load_model
from neurobot.envs.reach import LINK, MIDDLE, POSTURE, Reach, hand, joint_rates, scene
from neurobot.envs.sensor import Sensor
from neurobot.train.experts.robots import servo, straight

ID = "neurobot/Reach-v0"
EXACT = {"vision": Sensor(), "encoder": Sensor(), "tacho": Sensor()}
N = 32


def episodes(policy, seed=0, n=N, **settings):
    """Returns and lengths of n episodes, and the cursors (steps, n, 2)."""
    vec = make_vec(ID, n, autoreset_mode="Disabled", **settings)
    obs, _ = vec.reset(seed=seed)
    total, length, cursors = np.zeros(n), np.zeros(n), [obs[:, 2:4]]
    done = np.zeros(n, bool)
    while not done.all():
        length += ~done
        obs, reward, terminated, truncated, _ = vec.step(policy(obs))
        total += reward
        cursors.append(obs[:, 2:4])
        done = terminated | truncated
    return total, length, np.array(cursors)


def test_a_straight_line_reaches_every_goal_and_doing_nothing_none():
    total, length, _ = episodes(straight)
    assert total.mean() > 1.4 and length.max() < 45
    total, length, _ = episodes(lambda obs: np.zeros((N, 2)))
    assert (length == 75).all() and np.allclose(total, -0.75)


def test_torques_can_reach_the_goal_too():
    total, length, _ = episodes(servo, control="torque")
    assert total.mean() > 1.4 and length.max() < 60


def test_the_hand_is_where_mujoco_has_it():
    model = load_model(scene(Reach()))
    data = mujoco.MjData(model)
    angles = np.random.default_rng(0).uniform([-1.2, 0.15], [2.6, 2.9], (20, 2))
    for row, place in zip(angles, hand(angles), strict=True):
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(data.body("hand").xpos[:2], place, atol=1e-15)
    np.testing.assert_allclose(hand(POSTURE[None])[0], MIDDLE, atol=1e-15)


def test_joint_rates_move_the_hand_as_asked_up_to_the_damping():
    angles = np.array([[0.7, 1.5], [0.2, 2.0]])
    velocity = np.array([[0.1, -0.2], [0.3, 0.1]])
    step = 1e-6
    moved = (hand(angles + step * joint_rates(angles, velocity)) - hand(angles)) / step
    np.testing.assert_allclose(moved, velocity, atol=0.02)
    stretched = np.array([[0.3, 0.0]])
    assert np.abs(joint_rates(stretched, np.array([[10.0, 10.0]]))).max() < 1_000  # bounded where the arm is singular


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ({}, lambda hand: hand),
        ({"rotation": math.pi / 2}, lambda hand: np.stack((-hand[:, 1], hand[:, 0]), 1)),
        ({"mirror": True}, lambda hand: hand * [-1, 1]),
        ({"gain": 2.0}, lambda hand: 2 * hand),
        ({"gain": 0.5, "mirror": True, "rotation": math.pi}, lambda hand: 0.5 * hand * [1, -1]),
    ],
)
def test_the_cursor_is_the_hand_turned_mirrored_and_scaled(settings, seen):
    vec = make_vec(ID, 4, **EXACT, **settings)
    obs, _ = vec.reset(seed=3)
    for _ in range(10):
        np.testing.assert_allclose(obs[:, 2:4], seen(hand(obs[:, 4:6]) - MIDDLE), atol=1e-12)
        obs, *_ = vec.step(np.full((4, 2), 0.5))


def test_a_turned_view_defeats_who_does_not_know_and_is_no_harder_for_who_does():
    def turned_back(obs):
        x, y = straight(obs).T
        return np.stack((y, -x), axis=1)

    ignorant, length, _ = episodes(straight, rotation=math.pi / 2)
    assert ignorant.mean() < 0 and (length == 75).mean() > 0.9
    assert episodes(turned_back, rotation=math.pi / 2)[0].mean() > 1.4


def test_a_mirrored_view_defeats_who_does_not_know():
    assert episodes(straight, mirror=True)[0].mean() < 0
    assert episodes(lambda obs: straight(obs) * [-1, 1], mirror=True)[0].mean() > 1.4


def test_a_load_makes_the_arm_slower_under_the_same_torques():
    def push(obs):
        return np.tile([0.3, -0.2], (len(obs), 1))

    settings = EXACT | {"control": "torque"}
    way = [np.abs(episodes(push, n=4, load=load, **settings)[2][10]).mean() for load in (0.0, 0.5, 2.0)]
    light, heavy, heaviest = way
    assert light > 1.3 * heavy > 1.3 * heaviest


def test_torques_accelerate_the_arm_by_its_inertia():
    """Starting from rest only the inertia matters: M(q) a = tau, with M of the textbook's two-link arm."""
    vec = make_vec(ID, 1, control="torque", **EXACT)
    vec.reset(seed=0)
    batch = vec.simulation.batch
    batch.qpos[0], batch.qvel[0] = (0.5, math.pi / 2), 0.0
    batch.expand("dof_damping")[:] = 0.0
    model = batch.model
    names = ("upper_arm", "forearm", "hand")
    mass = {name: model.body(name).mass[0] for name in names}
    about = {name: model.body(name).inertia for name in names}  # principal; the largest two are across the link
    armature = model.dof_armature
    r1, r2 = model.body("upper_arm").ipos[0], model.body("forearm").ipos[0]
    # at a right angle the coupling is only that of the second link about its own joint
    m22 = about["forearm"].max() + mass["forearm"] * r2**2 + about["hand"].max() + mass["hand"] * LINK**2
    m11 = about["upper_arm"].max() + mass["upper_arm"] * r1**2 + m22 + (mass["forearm"] + mass["hand"]) * LINK**2
    inertia = np.array([[m11 + armature[0], m22], [m22, m22 + armature[1]]])
    torque = np.array([0.1, -0.05])
    wanted = np.linalg.solve(inertia, torque)
    vec.step((torque / [1.0, 0.5])[None])
    np.testing.assert_allclose(batch.qvel[0] / 0.02, wanted, rtol=0.01)


def test_goals_are_as_far_as_is_set_and_in_every_direction():
    vec = make_vec(ID, 300, distance=(0.05, 0.1), **EXACT)
    obs, info = vec.reset(seed=0)
    far = np.linalg.norm(obs[:, :2], axis=1)
    np.testing.assert_allclose(far, info["distance"])
    assert 0.05 <= far.min() < 0.06 and 0.09 < far.max() <= 0.1
    quadrants = np.histogram(np.arctan2(obs[:, 1], obs[:, 0]), 8, (-np.pi, np.pi))[0]
    assert quadrants.min() > 15


def test_trials_follow_each_other_within_an_episode():
    vec = make_vec(ID, 8, autoreset_mode="Disabled", trials=5)
    assert vec.task.max_episode_steps == 375
    obs, _ = vec.reset(seed=0)
    goals, done = [], np.zeros(8, bool)
    while not done.all():
        goals.append(obs[0, :2] + obs[0, 2:4])
        obs, _, terminated, truncated, _ = vec.step(straight(obs))
        done = terminated | truncated
    assert terminated.all() and (vec.simulation.view.memory["reached"] == 5).all()
    assert len(np.unique(np.round(goals, 2), axis=0)) >= 5
    assert np.linalg.norm(vec.simulation.view.memory["goal"], axis=1).max() <= 0.15 + 1e-12


def test_a_trial_that_is_not_solved_in_time_gives_way_to_the_next():
    env = make(ID, trials=2, **EXACT)
    obs, _ = env.reset(seed=0)
    goal = obs[:2] + obs[2:4]
    for k in range(150):
        obs, _, terminated, truncated, info = env.step(np.zeros(2))
        assert np.allclose(obs[:2] + obs[2:4], goal, atol=2e-3) == (k < 74)
    assert truncated and not terminated and info["reached"] == 0


def test_the_cursor_must_stay_as_long_as_the_dwell_says():
    short, long = (episodes(straight, dwell=dwell, **EXACT)[1].mean() for dwell in (0.0, 0.4))
    assert long - short == pytest.approx(20, abs=3)


def test_the_bonus_is_what_a_goal_earns():
    usual, none = (episodes(straight, bonus=bonus, **EXACT) for bonus in (1.0, 0.0))
    np.testing.assert_allclose(usual[0] - none[0], 1.0)
    np.testing.assert_array_equal(usual[2], none[2])


def test_the_reward_is_the_progress_the_goal_and_the_time():
    env = make(ID, **EXACT)
    obs, info = env.reset(seed=1)
    while True:
        before = info["distance"]
        obs, reward, terminated, _, info = env.step(straight(obs[None])[0])
        assert reward == pytest.approx(10 * (before - info["distance"]) + terminated - 0.01)
        parts = info["reward_progress"] + info["reward_success"] + info["reward_time"]
        assert reward == pytest.approx(parts)
        if terminated:
            break
    assert info["distance"] < find_task(ID).settings.radius and info["reached"] == 1
