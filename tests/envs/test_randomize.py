"""Domain randomisation: episodes that differ as they should, reproducibly, and are otherwise gymnasium's."""

import gymnasium
import mujoco
import numpy as np
import pytest
from env_ids import CLASSIC_IDS, GYMNASIUM_IDS
from gymnasium.vector import AutoresetMode

from neurobot.envs import Randomize, make, make_vec, vector_ids
from neurobot.errors import EnvError

SEED = 21
NUM_ENVS = 3
PHYSICS = Randomize(mass=(0.7, 1.4), friction=(0.5, 1.5), gain=(0.8, 1.2), damping=(0.5, 2.0))


def gymnasium_with(env_id, factors):
    """gymnasium's own environment with its model changed by hand."""
    env = gymnasium.make(env_id, disable_env_checker=True)
    model = env.unwrapped.model
    model.body_mass[1:] *= factors["mass"]
    model.body_inertia[1:] *= factors["mass"][:, None]
    model.geom_friction[:] *= factors["friction"]
    model.actuator_gainprm[:] *= factors["gain"][:, None]
    model.actuator_biasprm[:] *= factors["gain"][:, None]
    model.dof_damping[:] *= factors["damping"]
    mujoco.mj_setConst(model, mujoco.MjData(model))
    return env


@pytest.mark.parametrize("env_id", [env_id for env_id in GYMNASIUM_IDS if env_id not in CLASSIC_IDS])
def test_each_instance_equals_gymnasium_with_that_model_and_that_delay(env_id):
    both = Randomize(mass=(0.7, 1.4), friction=(0.5, 1.5), gain=(0.8, 1.2), damping=(0.5, 2.0), latency=(0, 3))
    vec = make_vec(env_id, NUM_ENVS, autoreset_mode=AutoresetMode.DISABLED, randomize=both)
    vec.action_space.seed(SEED)
    plain, _ = make_vec(env_id, NUM_ENVS).reset(seed=SEED)
    for episode, seed in enumerate([SEED - 1, SEED]):  # the second shows that factors do not multiply up
        obs, _ = vec.reset(seed=seed)
        assert episode == 0 or env_id == "Humanoid-v5" or (obs == plain).all()  # a humanoid observes its inertia
        drawn = vec.simulation.drawn
        envs = [gymnasium_with(env_id, {name: drawn[name][i] for name in drawn}) for i in range(NUM_ENVS)]
        for i, env in enumerate(envs):
            np.testing.assert_array_equal(obs[i], env.reset(seed=seed + i)[0])
        sent = [np.zeros(vec.action_space.shape, np.float32)] * 3
        done = np.zeros(NUM_ENVS, bool)
        for _ in range(40):
            sent.append(vec.action_space.sample())
            obs, reward, terminated, truncated, info = vec.step(sent[-1])
            for i in np.flatnonzero(~done):
                late = sent[-1 - int(drawn["latency"][i, 0])][i]
                single = envs[i].step(late)
                np.testing.assert_array_equal(obs[i], single[0])
                assert (reward[i], terminated[i]) == single[1:3]
                np.testing.assert_equal({key: info[key][i] for key in single[4]}, single[4])
            done = terminated | truncated


def test_the_gain_of_an_actuator_whose_force_is_limited_is_that_of_the_limit_too():
    for gain in (0.5, 1.0, 2.0):
        vec = make_vec("neurobot/Rover-v0", 1, randomize=Randomize(gain=(gain, gain)))
        vec.reset(seed=SEED)
        batch = vec.simulation.inner.batch
        batch.ctrl[:] = 1.0  # 0.84 N m from a standing motor without a limit, 0.2 N m with it
        data = mujoco.MjData(batch.model)
        batch.get_data(0, data)
        mujoco.mj_forward(batch.get_model(0), data)
        np.testing.assert_allclose(data.actuator_force, 0.2 * gain)


def test_what_is_drawn_is_in_its_range_and_differs_between_bodies_instances_and_episodes():
    vec = make_vec("Hopper-v5", 50, randomize=PHYSICS)
    vec.reset(seed=SEED)
    first = {name: values.copy() for name, values in vec.simulation.drawn.items()}
    vec.reset()
    for name, values in first.items():
        low, high = getattr(PHYSICS, name)
        assert low <= values.min() < low + 0.2 * (high - low) and high - 0.2 * (high - low) < values.max() <= high
        assert np.unique(values).size == values.size
        assert not np.isin(values, vec.simulation.drawn[name]).any()
    assert {name: values.shape[1] for name, values in first.items()} == {
        "mass": 4,
        "friction": 1,
        "gain": 3,
        "damping": 6,
    }


def test_latency_is_drawn_from_both_ends_and_between():
    vec = make_vec("Pendulum-v1", 60, randomize=Randomize(latency=(1, 3)))
    vec.reset(seed=SEED)
    assert set(vec.simulation.drawn["latency"].ravel().tolist()) == {1.0, 2.0, 3.0}


@pytest.mark.parametrize("env_id", vector_ids())
def test_nothing_to_randomise_changes_no_bit(env_id):
    vec, plain = make_vec(env_id, 2, randomize=Randomize()), make_vec(env_id, 2)
    np.testing.assert_array_equal(vec.reset(seed=SEED)[0], plain.reset(seed=SEED)[0])
    vec.action_space.seed(SEED)
    for _ in range(30):
        actions = vec.action_space.sample()
        for mine, other in zip(vec.step(actions)[:4], plain.step(actions)[:4], strict=True):
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("env_id", ["Ant-v5", "Hopper-v5", "Pendulum-v1"])
def test_instance_i_equals_a_single_environment_of_seed_plus_i_through_episodes(env_id):
    what = {} if env_id in CLASSIC_IDS else {"mass": (0.7, 1.4), "gain": (0.5, 1.5)}
    randomize = Randomize(noise=(0.01, 0.1), latency=(0, 2), **what)
    vec = make_vec(env_id, NUM_ENVS, autoreset_mode=AutoresetMode.SAME_STEP, randomize=randomize)
    singles = [make(env_id, randomize=randomize) for _ in range(NUM_ENVS)]
    obs, _ = vec.reset(seed=SEED)
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(obs[i], single.reset(seed=SEED + i)[0])
    vec.action_space.seed(SEED)
    for _ in range(250):
        actions = vec.action_space.sample()
        obs, reward, terminated, truncated, _ = vec.step(actions)
        for i, single in enumerate(singles):
            mine = single.step(actions[i])
            assert mine[1:4] == (reward[i], terminated[i], truncated[i])
            np.testing.assert_array_equal(single.reset()[0] if mine[2] or mine[3] else mine[0], obs[i])


def test_varying_one_quantity_more_changes_none_of_the_others():
    few, many = (make_vec("Hopper-v5", 2, randomize=r) for r in (Randomize(gain=PHYSICS.gain), PHYSICS))
    few.reset(seed=SEED)
    many.reset(seed=SEED)
    np.testing.assert_array_equal(few.simulation.drawn["gain"], many.simulation.drawn["gain"])


def test_noise_has_the_deviation_that_was_drawn_and_is_new_in_every_step():
    noisy = make_vec("Swimmer-v5", 2, randomize=Randomize(noise=(0.1, 0.4)))
    plain = make_vec("Swimmer-v5", 2)
    actions = np.zeros((2, 2), np.float32)
    noise = [noisy.reset(seed=SEED)[0] - plain.reset(seed=SEED)[0]]
    noise += [noisy.step(actions)[0] - plain.step(actions)[0] for _ in range(400)]
    deviation = noisy.simulation.drawn["noise"][:, 0]
    assert 0.1 <= deviation.min() < deviation.max() <= 0.4
    # 401 x 8 draws: five standard errors of a deviation's estimate are 6 %
    np.testing.assert_allclose(np.std(noise, axis=(0, 2)), deviation, rtol=0.06)
    flat = np.reshape(noise, (-1, 2, 8))
    np.testing.assert_allclose((flat[1:] * flat[:-1]).mean(axis=(0, 2)), 0.0, atol=5 * 0.4**2 / np.sqrt(3200))


def test_a_noisy_observation_stays_in_its_space():
    vec = make_vec("Pendulum-v1", 20, randomize=Randomize(noise=(5.0, 5.0)))
    obs, _ = vec.reset(seed=SEED)
    assert vec.observation_space.contains(obs)
    assert (np.abs(obs) == vec.single_observation_space.high).any()


def test_a_randomised_simulation_that_breaks_down_ends_its_own_episode():
    vec, twin = (make_vec("Ant-v5", 3, randomize=Randomize(mass=(0.9, 1.1), noise=(0.1, 0.1))) for _ in range(2))
    zeros = np.zeros(vec.action_space.shape, np.float32)
    for env in (vec, twin):
        env.reset(seed=SEED)
        env.step(zeros)
    vec.simulation.inner.batch.qvel[1] = 1e12
    obs, _, terminated, _, info = vec.step(zeros)
    other = twin.step(zeros)
    assert terminated.tolist() == [False, True, False] and "huge value" in info["physics_error"][1]
    np.testing.assert_array_equal(obs[[0, 2]], other[0][[0, 2]])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"mass": 1.2},
            r"mass is 1.2; it must be a pair \(low, high\) of finite numbers with 0 < low <= high",
        ),
        ({"mass": (0.0, 1.0)}, "randomize.mass is .* 0 < low"),
        ({"mass": (1.2, 0.8)}, "randomize.mass is"),
        ({"friction": (0.1, np.inf)}, "randomize.friction is .* finite numbers with 0 <= low"),
        ({"gain": (1, 1, 1)}, "randomize.gain is"),
        ({"damping": "ab"}, "randomize.damping is 'ab'"),
        ({"noise": (-1.0, 1.0)}, "randomize.noise is"),
        ({"noise": (True, True)}, "randomize.noise is"),
        ({"latency": (0.0, 1.5)}, "randomize.latency is .* whole numbers"),
    ],
)
def test_a_range_that_is_none_is_refused(kwargs, message):
    with pytest.raises(EnvError, match=message):
        Randomize(**kwargs)


def test_what_a_task_does_not_have_cannot_be_randomised():
    with pytest.raises(EnvError, match=r"Pendulum-v1 has no mass .*it has: noise, latency\. Leave mass out"):
        make_vec("Pendulum-v1", 2, randomize=Randomize(mass=(0.5, 1.5)))
    with pytest.raises(EnvError, match=r"CartPole-v1 has no latency .*it has: noise\. "):
        make("CartPole-v1", randomize=Randomize(latency=(0, 1)))


def test_a_table_in_the_place_of_ranges_is_refused():
    with pytest.raises(EnvError, match=r"randomize is \{'mass': .*; give Randomize\(mass=\(0.8, 1.2\)\) or None"):
        make("Hopper-v5", randomize={"mass": (0.8, 1.2)})
    with pytest.raises(EnvError, match="of finite numbers"):
        Randomize(noise=(0, 10**400))
