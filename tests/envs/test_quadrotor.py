"""Quadrotor-v0: it flies as Newton says, in wind and with a motor that weakens, and can be flown."""

import math

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from test_single_env import run_rendering

from neurobot.envs import make, make_vec
from neurobot.envs.quadrotor import (
    BODY,
    DRAG_ACROSS,
    DRAG_ALONG,
    GRAVITY,
    MAX_THRUST,
    MIX,
    PERIOD,
    TARGET_HEIGHT,
    THRUST_COEFFICIENT,
)
from neurobot.envs.sensor import Sensor
from neurobot.errors import EnvError
from neurobot.train.experts.robots import follow, hover, hover_by_rates
from neurobot.view.rendering import choose

ID = "neurobot/Quadrotor-v0"
MASS, ARM, TORQUE = 0.028, 0.0325, 0.005964552  # [kg], [m], torque for thrust [m]
INERTIA = np.array([16.571710e-6, 16.655602e-6, 29.261652e-6])  # [kg m^2]
HOVER = MASS * GRAVITY / 4  # thrust of a motor [N]
EXACT = dict.fromkeys(("gyro", "attitude", "velocity", "position", "heading", "accelerometer"), Sensor())
CALM = {"wind": (0.0, 0.0), "spread": 0.0, **EXACT}
N = 10
REST = np.zeros((N, 4), np.float32)


def clipped(policy):
    return lambda obs: np.clip(policy(obs), -1, 1)


def motors(policy):
    return lambda obs: np.clip(policy(obs) @ MIX.T, -1, 1)


def still(obs):
    return np.zeros((len(obs), 4))


def episodes(policy, seed=0, n=N, **settings):
    """Returns and lengths of n episodes, and the mean error over their last quarter, NaN where they ended before."""
    vec = make_vec(ID, n, autoreset_mode="Disabled", **settings)
    obs, _ = vec.reset(seed=seed)
    total, length, late, done = np.zeros(n), np.zeros(n), [], np.zeros(n, bool)
    while not done.all():
        length += ~done
        obs, reward, terminated, truncated, info = vec.step(policy(obs))
        total += reward
        late.append(np.where(info["_error"], info["error"], np.nan))
        done = terminated | truncated
    return total, length, np.mean(late[-500:], axis=0)


def flight(n=1, **settings):
    """Instances that have just been reset, without wind and noise unless said otherwise."""
    vec = make_vec(ID, n, autoreset_mode="Disabled", **(CALM | settings))
    vec.reset(seed=0)
    return vec, vec.simulation.batch


# --- it can be flown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "control"), [(motors(hover), "motors"), (clipped(hover), "torques"), (clipped(hover_by_rates), "rates")]
)
def test_a_cascade_of_proportional_controllers_hovers_within_centimetres_in_wind_and_noise(policy, control):
    total, length, late = episodes(policy, control=control)
    assert (length == 2000).all() and total.mean() > 1650
    assert late.mean() < 0.05 and late.max() < 0.1


def test_doing_nothing_crashes_soon():
    total, length, _ = episodes(still)
    assert length.max() < 2000 and length.mean() < 1000 and total.mean() < 300


def test_attitudes_can_be_followed_and_are_not_by_doing_nothing():
    total, length, _ = episodes(clipped(follow), goal="attitude", control="torques")
    assert (length == 2000).all() and total.mean() > 1550
    assert episodes(still, goal="attitude")[0].mean() < 700


def test_a_weak_motor_pushes_off_who_does_not_adapt():
    whole, weak = (
        episodes(clipped(hover), control="torques", weaken=(s, s), **CALM | {"spread": 1.0})[2] for s in (0.0, 0.2)
    )
    assert whole.max() < 0.02 and weak.min() > 0.3


# --- it flies as Newton says ------------------------------------------------------------------------------------


def test_the_constants_of_the_task_are_those_of_the_model():
    model = make(ID).simulation.batch.model
    assert model.opt.timestep == PERIOD and model.body("quadrotor").id == BODY
    assert model.body("quadrotor").mass[0] == MASS and (model.body("quadrotor").inertia == INERTIA).all()
    assert (model.actuator_gainprm[:, 0] == MAX_THRUST).all()
    assert pytest.approx(MASS * -model.opt.gravity[2] / 2, rel=1e-12) == MAX_THRUST
    assert model.geom("target").pos.tolist() == [0, 0, TARGET_HEIGHT] == model.qpos0[:3].tolist()
    np.testing.assert_array_equal(np.abs([model.site(f"rotor{i}").pos[:2] for i in (1, 2, 3, 4)]), ARM)


def test_motors_at_rest_value_carry_the_weight():
    vec, batch = flight()
    for _ in range(2000):
        *_, reward, terminated, _, _ = vec.step(np.zeros((1, 4)))
    np.testing.assert_allclose(batch.qpos[0], [0, 0, TARGET_HEIGHT, 1, 0, 0, 0], atol=1e-9)
    assert reward[0] == pytest.approx(1.0) and not terminated[0]


def test_with_motors_off_it_falls_freely():
    vec, batch = flight(goal="attitude")
    batch.act[0] = 0.0
    for k in range(1, 501):
        vec.step(-np.ones((1, 4)))
        assert batch.qvel[0, 2] == pytest.approx(-GRAVITY * k * PERIOD, rel=1e-9)
    assert batch.qpos[0, 2] == pytest.approx(10 - GRAVITY / 2, abs=0.02)


@pytest.mark.parametrize("lag", [0.01, 0.025, 0.1])
def test_thrust_follows_a_command_with_the_motors_lag(lag):
    vec, batch = flight(motor_lag=lag)
    for k in range(1, 51):
        vec.step(np.full((1, 4), 0.2))
        np.testing.assert_allclose(batch.act[0], 0.5 + 0.1 * (1 - math.exp(-k * PERIOD / lag)), rtol=1e-9)


@pytest.mark.parametrize(("axis", "arm"), [(0, ARM), (1, ARM), (2, TORQUE)])
def test_torques_turn_the_body_as_its_inertia_says(axis, arm):
    """From rest: rate = torque / inertia (t - lag (1 - exp(-t / lag))), and nothing turns about the other axes."""
    vec, batch = flight(control="torques")
    action = np.zeros((1, 4))
    action[0, 1 + axis] = 0.02
    steps, lag = 50, 0.025
    for _ in range(steps):
        vec.step(action)
    t = steps * PERIOD
    torque = 0.02 * 0.25 * 4 * HOVER * arm
    wanted = torque / INERTIA[axis] * (t - lag * (1 - math.exp(-t / lag)))
    assert batch.qvel[0, 3 + axis] == pytest.approx(wanted, rel=0.03)
    np.testing.assert_allclose(np.delete(batch.qvel[0, 3:], axis), 0.0, atol=1e-6)


def test_the_mixer_is_the_table_of_motors():
    """A positive torque lifts the left, the back, and what turns with the torque of M2 and M4."""
    one, two = flight(control="torques")[0], flight()[0]
    for vec, action in ((one, [0.1, 0.2, -0.2, 0.4]), (two, [0.1 - 0.1, 0.1 + 0.0, 0.1 - 0.1, 0.1 + 0.2])):
        vec.step(np.array([action]))
    np.testing.assert_allclose(two.simulation.batch.act, one.simulation.batch.act, rtol=1e-12)


def test_rates_are_followed_within_tenths_of_a_second():
    vec, batch = flight(control="rates", goal="attitude")
    for _ in range(250):
        vec.step(np.array([[0.0, 0.2, -0.1, 0.5]]))
    np.testing.assert_allclose(batch.qvel[0, 3:], [1.2, -0.6, 1.0], atol=0.1)


def test_level_wind_carries_it_away_at_last_with_the_wind():
    """v = w (1 - exp(-k t / m)), k the drag of rotors that hover."""
    vec, batch = flight(3, wind=(2.0, 2.0), gusts=0.0, goal="attitude")
    wind = vec.simulation.view.memory["wind"]
    np.testing.assert_allclose(np.linalg.norm(wind, axis=1), 2.0)
    for _ in range(1500):
        vec.step(np.zeros((3, 4)))
    drag = DRAG_ACROSS * 4 * math.sqrt(HOVER / THRUST_COEFFICIENT)
    share = 1 - math.exp(-drag / MASS * 1500 * PERIOD)
    np.testing.assert_allclose(batch.qvel[:, :3], wind * share, rtol=5e-4, atol=1e-12)


def test_the_air_drags_differently_along_the_axis_of_the_rotors():
    vec, batch = flight(2)
    rolled = [math.sqrt(0.5), math.sqrt(0.5), 0, 0]  # z of the body is -y of the world
    batch.qpos[1, 3:], batch.qvel[:, :3] = rolled, [1.0, 2.0, 3.0]
    vec.step(np.zeros((2, 4)))
    speeds = 4 * math.sqrt(HOVER / THRUST_COEFFICIENT)
    upright, on_its_side = -batch.xfrc_applied[:, BODY, :3] / speeds
    np.testing.assert_allclose(upright, [DRAG_ACROSS, 2 * DRAG_ACROSS, 3 * DRAG_ALONG])
    np.testing.assert_allclose(on_its_side, [DRAG_ACROSS, 2 * DRAG_ALONG, 3 * DRAG_ACROSS])


def test_gusts_have_their_deviation_and_their_time_from_the_first_moment():
    vec = make_vec(ID, 400, wind=(3.0, 3.0), gusts=0.2, gust_time=0.1, goal="attitude")
    vec.reset(seed=0)
    gusts = [vec.simulation.view.memory["gust"].copy()]
    for _ in range(50):
        vec.step(np.zeros((400, 4)))
        gusts.append(vec.simulation.view.memory["gust"].copy())
    for now in gusts[:: len(gusts) - 1]:
        assert now.std() == pytest.approx(0.6, rel=0.06) and abs(now.mean()) < 0.06
    again = np.mean(gusts[0] * gusts[50]) / np.mean(gusts[0] ** 2)
    assert again == pytest.approx(math.exp(-1.0), abs=0.08)  # 0.1 s later


# --- a motor that weakens ---------------------------------------------------------------------------------------


def test_a_motor_loses_its_share_at_its_time_and_the_others_do_not():
    vec, batch = flight(weaken=(0.4, 0.4), weaken_at=(0.1, 0.1), weaken_motor=3)
    for k in range(150):
        *_, info = vec.step(np.zeros((1, 4)))
        assert info["thrust_left"][0].tolist() == ([1, 1, 1, 1] if k < 50 else [1, 1, 0.6, 1])
    np.testing.assert_allclose(batch.act[0], [0.5, 0.5, 0.5 - 0.2 * (1 - math.exp(-100 * PERIOD / 0.025)), 0.5])


def test_motor_share_and_time_are_drawn_anew_in_each_episode():
    vec = make_vec(ID, 400, weaken=(0.1, 0.5), weaken_at=(0.3, 0.9))
    vec.reset(seed=0)
    memory = vec.simulation.view.memory
    motor, lost = memory["left"].argmin(axis=1), 1 - memory["left"].min(axis=1)
    assert np.bincount(motor).min() > 70 and ((memory["left"] < 1).sum(axis=1) == 1).all()
    assert 0.1 <= lost.min() < 0.12 and 0.48 < lost.max() <= 0.5
    assert 0.3 <= memory["weak_at"].min() < 0.32 and 0.88 < memory["weak_at"].max() <= 0.9
    before = memory["left"].copy()
    vec.reset()
    assert not (memory["left"] == before).all(axis=1).any()


# --- what is seen and what it earns -----------------------------------------------------------------------------


def test_exact_sensors_say_what_mujoco_says():
    vec, batch = flight(spread=1.0)
    for _ in range(20):
        obs, *_ = vec.step(np.array([[0.1, -0.1, 0.2, 0.0]]))
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, batch.qpos[0, 3:])
    axes, place, velocity = matrix.reshape(3, 3), batch.qpos[0, :3], batch.qvel[0, :3]
    np.testing.assert_allclose(obs[0, :3], batch.qvel[0, 3:])
    np.testing.assert_allclose(obs[0, 3:6], axes.T @ [0, 0, 1])
    np.testing.assert_allclose(obs[0, 6:9], axes.T @ velocity)
    np.testing.assert_allclose(obs[0, 9:12], axes.T @ ([0, 0, TARGET_HEIGHT] - place))
    np.testing.assert_allclose(obs[0, 12], -math.atan2(axes[1, 0], axes[0, 0]))


def test_the_accelerometer_feels_thrust_but_not_weight():
    vec, batch = flight(goal="attitude")
    batch.act[0] = 0.65
    obs, *_ = vec.step(np.full((1, 4), 0.3))
    np.testing.assert_allclose(obs[0, 6:9], [0, 0, 1.3 * GRAVITY], atol=1e-9)


def test_a_wanted_attitude_stands_as_long_as_is_said_and_stays_in_its_bounds():
    vec, _ = flight(goal="attitude", hold=0.1)
    seen = np.array([vec.step(np.zeros((1, 4)))[0][0, 9:] for _ in range(200)])
    changes = np.flatnonzero((np.diff(seen, axis=0) != 0).any(axis=1))
    assert np.diff(changes).tolist() == [50] * (len(changes) - 1) and len(changes) == 4
    space = vec.single_observation_space
    assert (seen >= space.low[9:]).all() and (seen <= space.high[9:]).all()


def test_the_reward_is_for_the_command_that_the_action_was_chosen_for():
    vec, _ = flight(goal="attitude", hold=PERIOD)  # another command in each period
    before = vec.step(np.zeros((1, 4)))[0]
    for _ in range(20):
        obs, *_, info = vec.step(np.zeros((1, 4)))
        (roll, pitch, rate, force) = before[0, 9:]
        up = [-math.sin(pitch), math.sin(roll) * math.cos(pitch), math.cos(roll) * math.cos(pitch)]
        assert info["error"][0] == pytest.approx(np.linalg.norm(obs[0, 3:6] - up), abs=1e-12)
        assert info["reward_rate"][0] == pytest.approx(0.25 / (1 + ((obs[0, 2] - rate) / 0.5) ** 2))
        assert info["reward_force"][0] == pytest.approx(0.25 / (1 + (obs[0, 8] - force) ** 2))
        before = obs


def test_an_episode_that_starts_as_far_away_as_can_be_set_does_not_end_at_once():
    vec = make_vec(ID, 200, spread=1.5)
    vec.reset(seed=0)
    for _ in range(10):
        assert not vec.step(np.zeros((200, 4)))[2].any()


@pytest.mark.parametrize("goal", ["hover", "attitude"])
def test_the_reward_is_the_sum_of_its_terms_and_at_most_one(goal):
    vec = make_vec(ID, 5, goal=goal)
    vec.reset(seed=1)
    for _ in range(100):
        _, reward, _, _, info = vec.step(vec.action_space.sample())
        terms = [value for key, value in info.items() if key.startswith("reward_")]
        np.testing.assert_allclose(np.sum(terms, axis=0), reward, rtol=1e-12)
        assert len(terms) == 3 and np.min(terms) > 0 and reward.max() <= 1


@pytest.mark.parametrize(
    ("place", "speed", "turned"),
    [([0, 0, 0.035], [0, 0, -5], 0.0), ([1.499, 0, 1], [5, 0, 0], 0.0), ([0, 0, 1], [0, 0, 0], math.pi / 2 + 0.01)],
    ids=["ground", "away", "over"],
)
def test_it_ends_at_the_ground_far_away_or_turned_over(place, speed, turned):
    vec, batch = flight(2)
    batch.qpos[1] = [*place, math.cos(turned / 2), math.sin(turned / 2), 0, 0]
    batch.qvel[1, :3] = speed
    _, _, terminated, _, info = vec.step(np.zeros((2, 4)))
    assert terminated.tolist() == [False, True] and info["success"][0] == 1


# --- as every environment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"control": "rates"}, {"goal": "attitude", "hold": 0.05}])
def test_instance_i_equals_a_single_environment_of_seed_plus_i_for_any_number_of_threads(settings):
    settings = settings | {"weaken": (0.2, 0.6), "weaken_at": (0.0, 0.2)}
    vec = make_vec(ID, 3, threads=2, autoreset_mode="SameStep", **settings)
    singles = [make(ID, **settings) for _ in range(3)]
    obs, _ = vec.reset(seed=4)
    for i, single in enumerate(singles):
        np.testing.assert_array_equal(obs[i], single.reset(seed=4 + i)[0])
    vec.action_space.seed(4)
    ended = 0
    for _ in range(600):
        actions = np.clip(vec.action_space.sample() + np.float32(0.1), -1, 1)
        obs, reward, terminated, truncated, _ = vec.step(actions)
        for i, single in enumerate(singles):
            mine = single.step(actions[i])
            assert mine[1:4] == (reward[i], terminated[i], truncated[i])
            done = mine[2] or mine[3]
            ended += done
            np.testing.assert_array_equal(single.reset()[0] if done else mine[0], obs[i])
    assert ended >= 3


@pytest.mark.parametrize("settings", [{"control": "torques"}, {"goal": "attitude"}])
def test_gymnasium_makes_it_with_settings_and_its_checker_finds_nothing(settings):
    env = gymnasium.make(ID, **settings)
    assert env.unwrapped.task.settings == make(ID, **settings).task.settings
    check_env(env.unwrapped, skip_render_check=True)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(EnvError, match=r"Quadrotor.goal is 'hoover'; .*hover"):
        make(ID, goal="hoover")
    with pytest.raises(EnvError, match=r"Quadrotor.wind is \(3, 1\); it is a range"):
        make(ID, wind=(3, 1))
    with pytest.raises(EnvError, match=r"Quadrotor.weaken_motor is 5; it must be a whole number in \[0, 4\]"):
        make(ID, weaken_motor=5)


def test_pictures_follow_it():
    backend = choose()
    if backend is None:
        pytest.skip("nothing on this machine can render")
    code = """
from neurobot.envs import make
env = make("neurobot/Quadrotor-v0", render_mode="rgb_array", spread=0.0)
env.reset(seed=0)
for x in (0.0, 5.0, -3.0):
    env.simulation.batch.qpos[0, 0] = x
    red, green, blue = env.render()[180:300, 180:300].reshape(-1, 3).T.astype(int)
    print((red > blue + 80).mean() > 0.05)  # the orange propellers are in the middle
"""
    done = run_rendering(code, backend)
    assert done.stdout.split() == ["True"] * 3, done.stderr
