"""Sensors: each imperfection alone against what its definition says, and all of them together in a robot."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurobot.envs import Sensor, make, make_vec
from neurobot.envs.sensor import SensorSuite
from neurobot.envs.streams import Streams

N = 400
EVERYONE = np.arange(N)
PERIOD = 0.01  # [s]


def started(*sensors, bounds=(-100.0, 100.0), n=N):
    """A suite of sensors with one number each, and the View of a fresh episode of n instances."""
    low, high = (np.full(len(sensors), bound) for bound in bounds)
    suite = SensorSuite([(sensor, 1) for sensor in sensors], low, high, PERIOD)
    memory = {name: np.zeros((n, *shape)) for name, shape in suite.memory.items()}
    view = SimpleNamespace(memory=memory, streams=Streams(n))
    for i in range(n):
        view.streams.restart(i, np.random.default_rng(i))
        suite.begin(view, i)
    return suite, view


def readings(suite, view, true):
    """Readings (steps, n, numbers) of true numbers (steps, numbers), the same for all instances."""
    seen = []
    for row in true:
        suite.read(view, np.tile(row, (N, 1)), EVERYONE)
        seen.append(view.memory["readings"].copy())
    return np.array(seen)


def test_a_perfect_sensor_reads_what_is_so():
    true = np.linspace(-3, 3, 7)[:, None]
    assert (readings(*started(Sensor()), true) == true[:, None]).all()


def test_noise_is_normal_and_new_in_every_reading():
    seen = readings(*started(Sensor(noise=0.5)), np.full((50, 1), 2.0))[..., 0]
    error = 1 / np.sqrt(seen.size)
    assert abs(seen.mean() - 2.0) < 4 * 0.5 * error
    assert abs(seen.std() / 0.5 - 1) < 4 * error
    assert abs(np.corrcoef(seen[:-1].ravel(), seen[1:].ravel())[0, 1]) < 4 * error


def test_a_bias_stays_for_the_episode_and_differs_between_episodes():
    seen = readings(*started(Sensor(bias=0.3)), np.zeros((5, 1)))[..., 0]
    assert (seen == seen[0]).all()
    assert abs(seen[0].std() / 0.3 - 1) < 4 / np.sqrt(2 * N)


def test_an_offset_walks_as_fast_as_its_drift_says():
    steps = 100  # one second
    seen = readings(*started(Sensor(drift=0.2)), np.zeros((steps, 1)))[..., 0]
    assert abs(seen[-1].std() / 0.2 - 1) < 4 / np.sqrt(2 * N)
    assert abs(seen[steps // 4 - 1].std() / 0.1 - 1) < 4 / np.sqrt(2 * N)  # a random walk grows with the root of time


def test_a_delayed_reading_is_that_of_so_many_periods_ago_and_at_first_the_first():
    true = np.arange(10.0)[:, None]
    seen = readings(*started(Sensor(delay=3)), true)[:, 0, 0]
    np.testing.assert_array_equal(seen, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6])


def test_sensors_of_one_suite_have_delays_of_their_own():
    true = np.arange(5.0)[:, None] * [1.0, 10.0]
    seen = readings(*started(Sensor(), Sensor(delay=2)), true)[:, 0]
    np.testing.assert_array_equal(seen, np.transpose([[0, 1, 2, 3, 4], [0, 0, 0, 10, 20]]))


def test_a_lost_reading_leaves_the_one_before_and_as_many_are_lost_as_is_said():
    seen = readings(*started(Sensor(dropout=0.25)), np.arange(60.0)[:, None])[..., 0]
    kept = seen[1:] == np.arange(1.0, 60.0)[:, None]
    assert ((seen[1:] == seen[:-1]) == ~kept).all()
    assert abs((~kept).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / kept.size)
    assert (seen[0] == 0).all()  # there is always a first reading


def test_all_numbers_of_a_device_are_lost_together():
    suite = SensorSuite([(Sensor(dropout=0.5), 3)], np.full(3, -100.0), np.full(3, 100.0), PERIOD)
    view = SimpleNamespace(memory={k: np.zeros((N, *v)) for k, v in suite.memory.items()}, streams=Streams(N))
    for i in range(N):
        view.streams.restart(i, np.random.default_rng(i))
    seen = readings(suite, view, np.arange(1.0, 20.0)[:, None] * [1, 1, 1])
    assert (seen == seen[..., :1]).all() and len(np.unique(seen[-1])) > 1


def test_a_resolution_rounds_to_whole_multiples():
    true = np.array([[0.124], [0.126], [-0.13]])
    np.testing.assert_allclose(
        readings(*started(Sensor(resolution=0.25)), true)[:, 0, 0], [0.0, 0.25, -0.25], atol=1e-15
    )


def test_readings_saturate():
    seen = readings(*started(Sensor(noise=1.0), bounds=(-0.5, 0.5)), np.array([[0.0], [50.0]]))
    assert np.abs(seen).max() == 0.5 and (seen[1] == 0.5).all()


def test_reading_for_some_leaves_the_others_as_they_are():
    suite, view = started(Sensor(noise=1.0, bias=1.0, drift=1.0, delay=1, dropout=0.5), n=6)
    suite.read(view, np.zeros((6, 1)), np.arange(6))
    before = {name: values.copy() for name, values in view.memory.items()}
    suite.read(view, np.ones((2, 1)), np.array([1, 4]))
    for name, values in view.memory.items():
        np.testing.assert_array_equal(values[[0, 2, 3, 5]], before[name][[0, 2, 3, 5]])


ALL = {
    "vision": Sensor(noise=2e-3, bias=1e-3, drift=1e-3, delay=2, dropout=0.2),
    "encoder": Sensor(resolution=0.01),
    "tacho": Sensor(noise=0.1, delay=1),
}


def test_a_robot_with_bad_sensors_is_the_same_alone_and_in_a_batch():
    vec = make_vec("neurobot/Reach-v0", 3, autoreset_mode="SameStep", **ALL)
    singles = [make("neurobot/Reach-v0", **ALL) for _ in range(3)]
    obs, _ = vec.reset(seed=5)
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(obs[i], single.reset(seed=5 + i)[0])
    vec.action_space.seed(1)
    for _ in range(160):  # through two ends of episodes
        actions = vec.action_space.sample()
        obs, reward, terminated, truncated, _ = vec.step(actions)
        for i, single in enumerate(singles):
            seen, mine, *ends, _ = single.step(actions[i])
            if ends[0] or ends[1]:
                seen = single.reset()[0]
            np.testing.assert_array_equal(obs[i], seen)
            assert (reward[i], terminated[i], truncated[i]) == (mine, *ends)


def test_every_episode_of_a_robot_has_other_noise_and_the_same_seed_has_the_same():
    env = make("neurobot/Reach-v0", vision=Sensor(bias=0.1))
    first = env.reset(seed=1)[0]
    assert (env.reset()[0] != first).any()
    np.testing.assert_array_equal(env.reset(seed=1)[0], first)


@pytest.mark.parametrize("name", ["noise", "bias", "drift", "resolution"])
def test_a_negative_size_is_refused(name):
    with pytest.raises(ValueError, match=rf"Sensor\.{name} is -1"):
        Sensor(**{name: -1.0})
