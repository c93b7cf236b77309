"""Experts: closed forms of the regulator, what the scripted ones reach, and who can be named."""

from __future__ import annotations

import math

import numpy as np
import pytest
from train_programs import cartpole_program

from neurobot.config import EnvConfig
from neurobot.envs import make_vec
from neurobot.errors import EnvError, TrainingError
from neurobot.train.experts import Predicting, find_expert, names, register
from neurobot.train.experts.linear_ars import LinearArs
from neurobot.train.experts.lqr import linearise, regulator


def played(env_id, expert="auto", n=10, **settings):
    """Returns of n episodes of an expert."""
    env = make_vec(env_id, n, autoreset_mode="Disabled", **settings)
    observations, _ = env.reset(seed=77)
    policy = find_expert(expert, EnvConfig(id=env_id, settings=settings), 0).begin(env)
    total, over = np.zeros(n), np.zeros(n, bool)
    while not over.all():
        observations, reward, terminated, truncated, _ = env.step(policy(observations))
        total += reward
        over = terminated | truncated
    return total


def test_the_regulator_of_an_integrator_is_the_golden_ratio():
    """a = b = q = r = 1: p = 1 + p - p^2 / (1 + p), so p is the golden ratio and k = p / (1 + p) its inverse."""
    one = np.eye(1)
    k, p = regulator(one, one, one, one)
    golden = (1 + math.sqrt(5)) / 2
    assert p[0, 0] == pytest.approx(golden, rel=1e-10) and k[0, 0] == pytest.approx(1 / golden, rel=1e-10)


def test_the_regulator_of_a_double_integrator_solves_its_equation_and_no_other_gain_is_better():
    dt = 0.1
    a, b = np.array([[1, dt], [0, 1]]), np.array([[dt**2 / 2], [dt]])
    q, r = np.diag([1.0, 0.1]), np.array([[0.5]])
    k, p = regulator(a, b, q, r)
    residual = a.T @ p @ a - p - a.T @ p @ b @ np.linalg.solve(r + b.T @ p @ b, b.T @ p @ a) + q
    assert np.abs(residual).max() < 1e-8 * np.abs(p).max()
    assert np.abs(np.linalg.eigvals(a - b @ k)).max() < 1

    def cost(gain):
        x, total = np.array([1.0, -0.5]), 0.0
        for _ in range(3_000):
            u = -gain @ x
            total += x @ q @ x + u @ r @ u
            x = a @ x + b @ u
        return total

    best = cost(k)
    assert best == pytest.approx(np.array([1.0, -0.5]) @ p @ np.array([1.0, -0.5]), rel=1e-6)
    assert all(cost(k + away) > best for away in ([[0.1, 0]], [[-0.1, 0]], [[0, 0.1]], [[0, -0.1]]))


def test_what_cannot_be_steadied_is_refused():
    with pytest.raises(TrainingError, match="the inputs cannot steady the state"):
        regulator(np.array([[2.0]]), np.zeros((1, 1)), np.eye(1), np.eye(1))


def test_a_linear_model_is_found_exactly():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 3)), rng.standard_normal((3, 2))
    found = linearise(lambda x, u: x @ a.T + u @ b.T, np.ones(3), np.zeros(2))
    np.testing.assert_allclose(found[0], a, atol=1e-9)
    np.testing.assert_allclose(found[1], b, atol=1e-9)


@pytest.mark.parametrize(
    ("env_id", "least"),
    [
        ("CartPole-v1", 500), ("InvertedPendulum-v5", 1_000), ("InvertedDoublePendulum-v5", 9_355),
        ("Pendulum-v1", -200), ("Reacher-v5", -4.2), ("neurobot/Reach-v0", 1.5),
    ],
)  # fmt: skip
def test_the_expert_that_ships_for_a_task_is_good_at_it(env_id, least):
    """The pendulum's mean over 1,000 episodes is -146; these ten vary by 90 each."""
    assert played(env_id).mean() >= least


def test_one_who_knows_the_target_pursues_it_better_than_one_who_sees_events():
    env = make_vec("neurobot/Pursuit-v0", 3, autoreset_mode="Disabled")
    totals = []
    for name in ("target", "events"):
        observations, _ = env.reset(seed=0)
        policy, total = find_expert(name, EnvConfig(id="neurobot/Pursuit-v0"), 0).begin(env), 0.0
        for _ in range(150):
            observations, reward, *_ = env.step(policy(observations))
            total += reward.mean()
        totals.append(total)
    assert totals[0] > 140 > 1.2 * totals[1]


def test_linear_search_learns_and_can_be_restored():
    def search():
        return LinearArs(EnvConfig(id="InvertedPendulum-v5"), seed=1)

    whole = search()
    returns = [whole.learn(k)["expert_return_mean"] for k in range(12)]
    assert returns[-1] > 2 * returns[0]
    first, second = search(), search()
    for k in range(3):
        first.learn(k)
    second.restore(first.arrays())
    for k in range(3, 12):
        second.learn(k)
    assert np.array_equal(second.arrays()["matrix"], whole.arrays()["matrix"])


def test_anything_that_predicts_can_be_registered_with_or_without_a_state():
    class Model:
        def predict(self, observations):
            return (observations[:, 2] > 0).astype(int), None

    register("leaning", lambda env: Model())
    assert "leaning" in names()
    assert played("CartPole-v1", "leaning").mean() > 30
    with pytest.raises(TrainingError, match=r"must have a method predict\(observations\)"):
        Predicting(object())
    with pytest.raises(TrainingError, match="called 'lqr' ships with neurobot; register yours under another name"):
        register("lqr", lambda env: Model())


def test_a_program_can_be_the_expert(tmp_path):
    path = tmp_path / "teacher.safetensors"
    cartpole_program().save(path)
    assert played("CartPole-v1", str(path)).mean() < 100
    with pytest.raises(EnvError, match=r"the controller acts every 0\.02 s"):
        played("InvertedPendulum-v5", str(path))


@pytest.mark.parametrize(
    ("name", "env_id", "message"),
    [
        ("auto", "Hopper-v5", r"no expert ships for Hopper-v5; name one \(linear_ars"),
        ("lqt", "CartPole-v1", "no expert is called 'lqt'.*lqr"),
        ("lqr", "Pendulum-v1", "'lqr' is for CartPole-v1 and InvertedPendulum-v5 and .*, not for Pendulum-v1"),
    ],
)
def test_who_cannot_be_the_expert_is_refused(name, env_id, message):
    with pytest.raises(TrainingError, match=message):
        find_expert(name, EnvConfig(id=env_id), 0)


def test_attitudes_by_rates_have_no_expert():
    settings = {"goal": "attitude", "control": "rates"}
    with pytest.raises(TrainingError, match="follows attitudes by torques or motors"):
        played("neurobot/Quadrotor-v0", n=1, **settings)
