"""Critics and their losses against NumPy and finite differences, the memory, and batches drawn from it."""

import numpy as np
import pytest

from neurobot.train.surrogate import Adam
from neurobot.train.td3.critics import Critics
from neurobot.train.td3.replay import Batch, Replay
from neurobot.train.td3.targets import miss, truncated
from tests.twins.critics import critics as twin
from tests.twins.critics import quantile_loss


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(params=[(False, 1), (True, 1), (True, 3)], ids=["plain", "normalised", "quantiles"])
def pair(rng, request):
    """Two critics, and what enters them."""
    norm, n_out = request.param
    return Critics(7, (9, 8), 2, rng, norm, n_out), rng.standard_normal((6, 7)).astype(np.float32)


def slopes(f, x, h=1e-6):
    """Central differences of a scalar function."""
    steps = h * np.eye(x.size)
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps])


def test_critics_say_what_numpy_says(pair):
    critics, x = pair
    said = twin(critics.values, critics.sizes, 2, x, critics.norm)
    np.testing.assert_allclose(critics.forward(x), said, atol=1e-6)
    np.testing.assert_allclose(critics.forward(x, only=0), said[:1], atol=1e-6)
    np.testing.assert_allclose(critics.forward(x, only=1), said[1:], atol=1e-6)


def test_gradients_of_weights_and_biases_are_those_of_differences(pair, rng):
    critics, x = pair
    dq = rng.standard_normal((2, 6, critics.sizes[-1])).astype(np.float32)
    critics.forward(x)
    critics.backward(x, dq)
    found = slopes(
        lambda values: (twin(values, critics.sizes, 2, x, critics.norm) * dq).sum(), critics.values.astype(np.float64)
    )
    assert np.abs(found).max() > 1
    np.testing.assert_allclose(critics.gradients, found, atol=1e-5)


@pytest.mark.parametrize("only", [0, None])
def test_the_gradient_of_an_action_is_that_of_differences(pair, rng, only):
    critics, x = pair
    dq = rng.standard_normal((2, 6, critics.sizes[-1])).astype(np.float32)[: 2 if only is None else 1]
    critics.forward(x, only)
    found = critics.slope(x, dq, 4, only)

    def worth(actions):
        entering = np.concatenate([x[:, :4], actions.reshape(6, 3)], axis=1)
        return (twin(critics.values, critics.sizes, 2, entering, critics.norm)[: len(dq)] * dq).sum()

    expected = slopes(worth, x[:, 4:].astype(np.float64).reshape(-1)).reshape(6, 3)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("count", [1, 4])
def test_the_loss_is_the_square_of_a_mean_and_the_huber_loss_of_quantiles(rng, count):
    said = rng.normal(0, 2, (2, 6, count)).astype(np.float32)
    wanted = rng.normal(0, 2, (6, 5)).astype(np.float32)

    def loss(numbers):
        if count > 1:
            return quantile_loss(numbers.reshape(said.shape), wanted)
        return ((numbers.reshape(2, 6) - wanted.mean(axis=1)) ** 2).mean(axis=1).sum()

    slope, found = miss(said, wanted)
    assert found == pytest.approx(loss(said), rel=1e-6)
    np.testing.assert_allclose(slope.reshape(-1), slopes(loss, said.astype(np.float64).reshape(-1)), atol=1e-6)


def test_a_critic_whose_quantiles_miss_least_says_those_of_the_samples():
    samples = np.arange(1000, dtype=np.float32)[None]
    said = np.full((1, 1, 4), 500, np.float32)
    for _ in range(3000):
        said -= 100 * miss(said, samples)[0]
    np.testing.assert_allclose(said[0, 0], np.quantile(samples, [0.125, 0.375, 0.625, 0.875]), atol=1.0)


@pytest.mark.parametrize("dropped", [0, 1, 3])
def test_what_is_left_of_what_critics_say_is_without_the_highest_numbers(rng, dropped):
    said = rng.standard_normal((2, 6, 3)).astype(np.float32)
    found = truncated(said, dropped)
    expected = np.sort(np.concatenate(list(said), axis=1), axis=1)[:, : 6 - dropped]
    np.testing.assert_array_equal(np.sort(found, axis=1), expected)


def test_critics_begin_within_one_over_the_root_of_their_inputs_and_differ(rng):
    critics = Critics(100, (400,), 2, rng)
    (first, _), (last, _) = critics.layers
    assert 0.099 < np.abs(first).max() <= 0.1
    assert np.abs(last).max() <= 0.05
    assert (first[0] != first[1]).all()


def memory(rng, capacity=50, n=3, n_act=2, count=50):
    replay = Replay(capacity, n, n_act)
    parts = [rng.normal(2.0, 3.0, (count, n)), rng.normal(size=(count, n)), rng.uniform(-1, 1, (count, n_act)),
             rng.normal(size=count), rng.random(count) < 0.3]  # fmt: skip
    replay.add(*parts)
    return replay, [part.astype(np.float32) if part.dtype != bool else part for part in parts]


def test_a_batch_is_normalised_when_it_is_drawn_and_remembered_as_it_was(rng):
    replay, (now, later, actions, rewards, ended) = memory(rng)
    mean, share = np.array([1.0, 2.0, 3.0], np.float32), np.array([0.5, 1.0, 2.0], np.float32)
    rows = np.array([3, 49, 3, 0])
    batch = replay.draw(rows, mean, share, 2.5, Batch.empty(4, 3, 2))
    np.testing.assert_array_equal(batch.raw_now, now[rows])
    np.testing.assert_array_equal(batch.raw_later, later[rows])
    np.testing.assert_array_equal(batch.now[:, :3], np.clip((now[rows] - mean) * share, -2.5, 2.5))
    np.testing.assert_array_equal(batch.later[:, :3], np.clip((later[rows] - mean) * share, -2.5, 2.5))
    assert (np.abs(batch.now[:, :3]) == 2.5).any()
    np.testing.assert_array_equal(batch.now[:, 3:], actions[rows])
    np.testing.assert_array_equal(batch.reward, rewards[rows])
    np.testing.assert_array_equal(batch.alive, ~ended[rows])


def test_a_full_memory_forgets_the_oldest(rng):
    replay = Replay(10, 1, 1)
    for k in range(14):
        numbers = np.full((1, 1), k)
        replay.add(numbers, numbers + 1, numbers, numbers[0], np.array([False]))
    assert (len(replay), replay.count) == (10, 14)
    assert sorted(replay.table[:, 0].tolist()) == list(range(4, 14))


def test_adam_leaves_no_subnormal_numbers_behind_where_gradients_have_ended():
    value = {"w": np.ones(40, np.float32)}
    adam = Adam(value)
    adam.step({"w": np.full(40, 1e-3, np.float32)})
    for _ in range(1000):
        adam.step({"w": np.zeros(40, np.float32)})
    assert 0 <= adam.mean["w"].max() < 1e-36
    assert not ((adam.mean["w"] > 0) & (adam.mean["w"] < np.finfo(np.float32).tiny)).any()
