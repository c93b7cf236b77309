"""Pursuit-v0: a target that moves as it is set, an eye that sees it by events only, a head that can follow."""

import gymnasium
import numpy as np
import pytest

from neurobot.envs import events_from_columns, find_task, make, make_vec
from neurobot.envs.distant_view import direction
from neurobot.envs.pursuit import MOST_EVENTS, REACH
from neurobot.errors import EnvError
from neurobot.train.experts.robots import towards_the_events

ID = "neurobot/Pursuit-v0"
N = 8
ACROSS = (np.arange(8) + 0.5) / 8 * 2 - 1  # of the cells, in halves of the view


def nothing(obs):
    return np.zeros((len(obs), 2))


def episodes(policy, steps=1_000, **settings):
    """Returns and lengths of N episodes."""
    vec = make_vec(ID, N, autoreset_mode="Disabled", **settings)
    obs, _ = vec.reset(seed=0)
    total, length, done = np.zeros(N), np.zeros(N), np.zeros(N, bool)
    while not done.all() and length.max() < steps:
        length += ~done
        obs, reward, terminated, truncated, _ = vec.step(policy(obs))
        total += reward
        done = terminated | truncated
    return total, length


def test_turning_towards_the_events_follows_the_target_and_doing_nothing_loses_it():
    followed, length = episodes(towards_the_events, steps=400)
    assert (length == 400).all() and followed.mean() > 140
    lost, length = episodes(nothing)
    assert lost.mean() < 80 and length.mean() < 400


def test_an_eye_that_stands_still_before_a_still_target_sees_next_to_nothing():
    vec = make_vec(ID, 2, speed=0.0)
    vec.reset(seed=0)
    still = np.mean([vec.step(np.zeros((2, 2)))[0][:, :128].sum(1) for _ in range(50)])
    turning = np.mean([vec.step(np.full((2, 2), 0.3))[0][:, :128].sum(1) for _ in range(20)])
    # noise and leak alone: 32 x 32 pixels of 0.01 + 0.001 Hz make 0.1 events in 10 ms
    assert still < 0.5 < 5 < turning


def test_a_target_that_moves_right_leads_with_brighter_cells_on_its_right():
    """A bright disc: ON where it arrives, OFF where it leaves."""
    vec = make_vec(ID, N, background=0.0)
    vec.reset(seed=1)
    view = vec.simulation.view
    agree = []
    for _ in range(30):
        gap = view.memory["target"].copy()
        obs, *_ = vec.step(np.zeros((N, 2)))
        move = view.memory["target"] - gap
        gaze = view.qpos
        right = move @ np.array([0, -1.0, 0])  # near straight ahead
        on, off = obs[:, :64].reshape(-1, 8, 8).sum(1) @ ACROSS, obs[:, 64:128].reshape(-1, 8, 8).sum(1) @ ACROSS
        n_on, n_off = obs[:, :64].sum(1), obs[:, 64:128].sum(1)
        clear = (np.abs(right) > 3e-3) & (n_on > 4) & (n_off > 4) & (np.abs(gaze[:, 0]) < 0.5)
        agree += (np.sign(on / np.maximum(n_on, 1) - off / np.maximum(n_off, 1)) == np.sign(right))[clear].tolist()
    assert len(agree) > 40 and np.mean(agree) > 0.9


def test_the_target_keeps_within_its_speed_and_reach_in_every_episode():
    vec = make_vec(ID, 100, speed=0.7)
    vec.reset(seed=0)
    simulation = vec.simulation
    memory = simulation.view.memory
    time = np.arange(0, 10, 0.01)[:, None, None, None]
    place = (memory["amplitude"] * np.sin(2 * np.pi * memory["frequency"] * time + memory["phase"])).sum(-1)
    speed = np.abs(np.diff(place, axis=0)).max(axis=0) / 0.01
    assert np.abs(place).max(axis=(0, 1))[0] <= REACH[0] and np.abs(place).max(axis=(0, 1))[1] <= REACH[1]
    assert 0.4 < speed.max() <= 0.7 + 1e-9
    np.testing.assert_allclose(direction(place[0]), memory["target"], atol=1e-12)


def test_the_error_is_the_angle_between_gaze_and_target_and_sets_the_reward():
    env = make(ID)
    _, info = env.reset(seed=2)
    for _ in range(50):
        _, reward, _, _, info = env.step(np.array([0.2, -0.1]))
        gaze = direction(env.simulation.view.qpos)[0]
        angle = np.arccos(np.clip(gaze @ env.simulation.view.memory["target"][0], -1, 1))
        assert info["error"] == pytest.approx(angle, abs=1e-7)
        assert reward == pytest.approx(1 / (1 + (angle / 0.1) ** 2), abs=1e-6)


def test_an_episode_ends_when_the_target_has_been_out_of_view_for_half_a_second():
    env = make(ID)
    env.reset(seed=0)
    out = 0
    for _ in range(1_000):
        *_, terminated, _, info = env.step(np.array([1.0, 0.0]))
        out = out + 1 if info["error"] > 1.05 / 2 else 0
        assert terminated == (out >= 50)
        if terminated:
            break
    assert terminated


def test_the_events_behind_the_counts_are_in_the_info():
    env = gymnasium.make(ID, disable_env_checker=True)
    env.reset(seed=4)
    for k in range(20):
        obs, *_, info = env.step(np.array([0.4, 0.0], np.float32))
        t, x, y, polarity = info["events"]
        cell = ~polarity * 64 + (y // 4) * 8 + x // 4
        counted = np.bincount(cell.astype(int), minlength=128)
        np.testing.assert_array_equal(np.minimum(counted, MOST_EVENTS), obs[:128])
        assert ((t > 0.01 * k - 1e-9) & (t <= 0.01 * (k + 1) + 1e-9)).all() and (np.diff(t) >= 0).all()


def test_a_batch_gives_each_its_own_events_through_ends_of_episodes():
    vec = make_vec(ID, 3, autoreset_mode="SameStep")
    singles = [make(ID) for _ in range(3)]
    obs, _ = vec.reset(seed=5)
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(obs[i], single.reset(seed=5 + i)[0])
    actions = np.array([[1.0, 0.1], [-0.8, 0.5], [0.0, 0.0]])
    for _ in range(200):
        obs, reward, terminated, _, info = vec.step(actions)
        for i, single in enumerate(singles):
            seen, mine, end, _, about = single.step(actions[i])
            assert (reward[i], terminated[i]) == (mine, end)
            sent = (info["final_info"] if end else info)["events"][i]
            np.testing.assert_array_equal(events_from_columns(sent), events_from_columns(about["events"]))
            np.testing.assert_array_equal(obs[i], single.reset()[0] if end else seen)


def test_gymnasiums_own_vector_environment_gathers_events_of_any_number():
    vec = gymnasium.make_vec(ID, 3, vectorization_mode="sync")
    singles = [make(ID) for _ in range(3)]
    vec.reset(seed=5)
    for i, single in enumerate(singles):
        single.reset(seed=5 + i)
    actions = np.array([[1.0, 0.1], [-0.8, 0.5], [0.0, 0.0]], np.float32)
    for _ in range(10):
        *_, info = vec.step(actions)
        for sent, single, action in zip(info["events"], singles, actions, strict=True):
            expected = single.step(action)[4]["events"]
            np.testing.assert_array_equal(events_from_columns(sent), events_from_columns(expected))


def test_more_pixels_and_other_cells_are_settings():
    task = find_task(ID, {"pixels": 64, "pool": 16})
    assert task.observation_space.shape == (2 * 16 + 4,)
    env = make(ID, pixels=64, pool=16, camera={"noise_rate": 0.0})
    env.reset(seed=0)
    assert env.observation_space.contains(env.step(np.array([0.5, 0.5]))[0])


def test_cells_that_do_not_cover_the_camera_are_refused():
    with pytest.raises(EnvError, match=r"Pursuit\.pool is 5; it must divide the 32 pixels of a row"):
        make(ID, pool=5)
