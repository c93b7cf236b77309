"""The two-wheeled robot: physics against closed forms, sensors, commands, pushes; and that it can be balanced."""

import dataclasses

import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from neurobot.envs import Randomize, Sensor, balancer, make, make_vec
from neurobot.envs.balancer import CHASSIS, FALLEN, PERIOD
from neurobot.errors import EnvError
from neurobot.train.experts.robots import HALF_TRACK, NO_LOAD, RADIUS, balance

ID = "neurobot/Balancer-v0"
STALL = 0.834  # torque of a motor [N m]
PERFECT = {"gyro": Sensor(), "accelerometer": Sensor(), "encoder": Sensor(), "latency": 0, "dead_band": 0.0}
QUIET = {"speed": 0.0, "turn": 0.0}


def rest(obs):
    return np.zeros((len(obs), 2), np.float32)


def play(controller, num_envs=6, steps=2000, randomize=None, **settings):
    """Returns, lengths and shares of success of the first episodes, (num_envs,) each."""
    vec = make_vec(ID, num_envs, autoreset_mode="Disabled", randomize=randomize, **settings)
    obs, _ = vec.reset(seed=0)
    totals, lengths, successes = np.zeros((3, num_envs))
    running = np.ones(num_envs, bool)
    for _ in range(steps):
        obs, reward, terminated, _, info = vec.step(controller(obs))
        totals += reward
        lengths += running
        successes += info.get("success", 0.0)
        running &= ~terminated
    return totals, lengths, successes / steps


def model_of(**settings):
    """A model of its own and its data, to be stepped by MuJoCo alone."""
    model = make(ID, **settings).simulation.batch.get_model(0)
    return model, mujoco.MjData(model)


# --- physics against closed forms ------------------------------------------------------------------------------


def linear_dynamics(model):
    """dx/dt = A x of x = (place, pitch, speed, pitch rate) near upright, motors short-circuited.

    The wheeled inverted pendulum (Grasser et al., "JOE: a mobile, inverted pendulum", 2002, with rotors and the
    motors' back-EMF): kinetic energy of chassis, rolling wheels and rotors, which turn with the wheel against the
    chassis, and the chassis' height.
    """
    mass, height = model.body_mass[CHASSIS], model.body_ipos[CHASSIS, 2]
    wheel, spin, rotor = model.body_mass[2], model.body_inertia[2, 1], model.dof_armature[6]
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, model.body_iquat[CHASSIS])
    turn = turn.reshape(3, 3)
    inertia = (turn @ np.diag(model.body_inertia[CHASSIS]) @ turn.T)[1, 1]
    across = mass * height - 2 * rotor / RADIUS
    inertias = np.array(
        [
            [mass + 2 * wheel + 2 * (spin + rotor) / RADIUS**2, across],
            [across, inertia + mass * height**2 + 2 * rotor],
        ]
    )
    gravity = np.diag([0.0, mass * 9.81 * height])
    against = np.array([1 / RADIUS, -1.0])  # rate of the wheels against the chassis
    drag = 2 * STALL / NO_LOAD * np.outer(against, against)
    below = np.linalg.solve(inertias, np.hstack((gravity, -drag)))
    return np.vstack((np.hstack((np.zeros((2, 2)), np.eye(2))), below))


def test_a_small_tilt_grows_as_the_inverted_pendulum_on_wheels_does():
    model, data = model_of(dead_band=0.0)
    rates, modes = np.linalg.eig(linear_dynamics(model))
    fastest = int(np.argmax(rates.real))
    place, pitch, speed, rate = 1e-3 * modes[:, fastest].real / modes[1, fastest].real
    data.qpos[0], data.qpos[3:7] = place, (np.cos(pitch / 2), 0, np.sin(pitch / 2), 0)
    data.qvel[0], data.qvel[4], data.qvel[6:] = speed, rate, speed / RADIUS - rate
    times, pitches = [], []
    while 2 * np.arcsin(data.qpos[5]) < 0.03:
        mujoco.mj_step(model, data)
        times.append(data.time)
        pitches.append(2 * np.arcsin(data.qpos[5]))
    late = np.array(pitches) > 2e-3
    measured = np.polyfit(np.array(times)[late], np.log(pitches)[late], 1)[0]
    assert measured == pytest.approx(rates[fastest].real, rel=3e-3)


@pytest.mark.parametrize("voltage", [0.25, 1.0])
def test_a_free_motor_reaches_the_no_load_rate_of_its_voltage(voltage):
    model, data = model_of(dead_band=0.0)
    model.opt.gravity[:] = 0
    data.qpos[2] = 5.0
    data.ctrl[:] = voltage
    for _ in range(4000):
        mujoco.mj_step(model, data)
    assert data.qvel[6:] == pytest.approx(voltage * NO_LOAD, rel=1e-3)


def test_a_stalled_motor_gives_its_stall_torque_and_never_more():
    model, data = model_of()
    data.ctrl[:] = 1.0, -2.0
    mujoco.mj_forward(model, data)
    assert data.actuator_force == pytest.approx([STALL, -STALL])
    data.qvel[6:] = -NO_LOAD  # driven backwards
    mujoco.mj_forward(model, data)
    assert data.actuator_force[0] == pytest.approx(STALL)


@pytest.mark.parametrize(("voltage", "moves"), [(0.18, False), (0.22, True)])
def test_commands_within_the_dead_band_do_not_move_a_wheel_that_stands(voltage, moves):
    model, data = model_of(dead_band=0.2)
    model.opt.gravity[:] = 0
    data.qpos[2] = 5.0
    data.ctrl[:] = voltage
    for _ in range(400):
        mujoco.mj_step(model, data)
    assert (np.abs(data.qpos[7:]) > 0.1).all() == moves
    assert (np.abs(data.qpos[7:]) < 1e-2).all() != moves


def test_it_goes_where_its_wheels_roll():
    """Odometry of a differential drive: a wheel rolls by what it turns against the chassis and with it."""
    env = make(ID, hold=1.0, **PERFECT)
    obs, _ = env.reset(seed=3)
    view = env.simulation.view
    where, rolled, place, heading = view.qpos[0].copy(), np.zeros(2), np.zeros(2), 0.0
    rolled += RADIUS * 2 * np.arcsin(where[5])
    for _ in range(1000):
        obs, *_, info = env.step(balance(obs[None])[0])
        now = RADIUS * (view.qpos[0, 7:9] + info["pitch"])
        left, right = now - rolled
        rolled = now
        heading += (right - left) / (2 * HALF_TRACK)
        place += (left + right) / 2 * np.array([np.cos(heading), np.sin(heading)])
    w, x, y, z = view.qpos[0, 3:7]
    gone = view.qpos[0, :2] - where[:2]
    assert np.linalg.norm(gone) > 0.2 and abs(heading) > 1.0
    assert gone == pytest.approx(place, abs=0.01)
    assert np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)) == pytest.approx(heading, abs=0.02)


# --- sensors and commands ---------------------------------------------------------------------------------------


def test_the_imu_at_rest_feels_gravity_and_no_turning():
    obs, _ = make(ID, sees="imu", tilt=0.0, **PERFECT, **QUIET).reset(seed=0)
    np.testing.assert_allclose(obs, [0, 0, 0, 0, 0, 9.81, 0, 0, 0, 0], atol=0.02)


def test_the_pitch_estimate_is_near_the_pitch_with_the_sensors_as_they_are():
    vec = make_vec(ID, 4)
    obs, _ = vec.reset(seed=0)
    errors = []
    for _ in range(1000):
        obs, *_, info = vec.step(balance(obs))
        errors.append(obs[:, 0] - info["pitch"])
    assert 1e-3 < np.sqrt(np.mean(np.square(errors))) < 0.06


def test_the_filter_follows_the_gyroscope_for_its_time_constant():
    """An offset of the gyroscope is an offset of the estimate: time constant times offset, once it has settled."""
    vec = make_vec(ID, 4, filter_time=0.1, tilt=0.0, **QUIET, **PERFECT | {"gyro": Sensor(bias=0.3)})
    obs, _ = vec.reset(seed=0)
    qpos = vec.simulation.view.qpos[0].copy()
    for _ in range(200):
        vec.simulation.view.qpos[:], vec.simulation.view.qvel[:] = qpos, 0.0  # it is held upright
        obs = vec.step(rest(obs))[0]
    offset = vec.simulation.view.memory["offset"][:, 1]
    assert np.abs(offset).max() > 0.1
    assert obs[:, 0] == pytest.approx(0.1 * offset, abs=2e-3)


def test_wheel_rates_are_differences_of_encoder_counts():
    vec = make_vec(ID, 3)
    obs, _ = vec.reset(seed=0)
    assert (obs[:, 3:5] == 0).all()
    angles = []
    for _ in range(200):
        obs = vec.step(balance(obs))[0]
        angles.append(vec.simulation.view.qpos[:, 7:9].copy())
    counts = obs[:, 3:5] * 4 * PERIOD / (2 * np.pi / 1200)
    assert np.abs(counts).max() > 3 and counts == pytest.approx(np.round(counts), abs=1e-6)
    assert obs[:, 3:5] == pytest.approx((angles[-1] - angles[-5]) / (4 * PERIOD), abs=2 * np.pi / 1200 / (4 * PERIOD))


@pytest.mark.parametrize("latency", [0, 1, 4])
def test_commands_arrive_late_by_whole_control_periods(latency):
    env = make(ID, latency=latency)
    env.reset(seed=0)
    sent = np.random.default_rng(0).uniform(-1, 1, (8, 2)).astype(np.float32)
    arrived = []
    for action in sent:
        env.step(action)
        arrived.append(env.simulation.batch.ctrl[0].copy())
    np.testing.assert_array_equal(arrived, np.vstack((np.zeros((latency, 2)), sent))[:8])


def test_other_speeds_and_turning_rates_are_asked_for_within_an_episode():
    vec = make_vec(ID, 8, speed=0.4, turn=1.0, hold=1.0)
    obs, _ = vec.reset(seed=0)
    asked = [obs[:, 5:]]
    for _ in range(1000):
        obs = vec.step(balance(obs))[0]
        asked.append(obs[:, 5:])
    asked = np.array(asked)
    changes = (np.diff(asked, axis=0) != 0).any(axis=2).sum()
    assert 25 <= changes <= 55  # 40 are expected, with a deviation of 6.3
    assert np.abs(asked).max(axis=(0, 1)) == pytest.approx([0.4, 1.0], rel=0.2)
    assert (np.abs(asked) <= [0.4, 1.0]).all()
    assert len(np.unique(asked[0], axis=0)) == 8


def test_nothing_is_asked_for_where_speed_and_turn_are_zero():
    vec = make_vec(ID, 2, hold=PERIOD, **QUIET)
    obs, _ = vec.reset(seed=0)
    for _ in range(20):
        assert (obs[:, 5:] == 0).all()
        obs = vec.step(balance(obs))[0]


def test_pushes_give_their_impulse_in_level_directions():
    vec = make_vec(ID, 4, push=0.3, push_every=0.5)
    obs, _ = vec.reset(seed=0)
    forces = []
    for _ in range(800):
        obs = vec.step(balance(obs))[0]
        forces.append(vec.simulation.view.xfrc_applied[:, CHASSIS].copy())
    forces = np.array(forces)
    size = np.linalg.norm(forces, axis=2)
    assert size[size > 0] == pytest.approx(0.3 / 0.05) and (forces[..., 2:] == 0).all()
    begins = (size[1:] > 0) & (forces[1:] != forces[:-1]).any(axis=2)
    assert 15 <= begins.sum() <= 45  # 4 s of 4 robots, one in 0.5 s and 0.05 s: 29
    for step, i in np.argwhere(begins[:-10]):
        during = forces[step + 1 : step + 11, i]
        assert (during == during[0]).all()
        assert np.linalg.norm(during.sum(axis=0)) * PERIOD == pytest.approx(0.3)
    assert (size > 0).sum() <= 10 * begins.sum()  # and then no longer
    assert len(np.unique(np.sign(forces[size > 0][:, :2]), axis=0)) == 4


def test_no_push_is_the_default():
    vec = make_vec(ID, 2)
    obs, _ = vec.reset(seed=0)
    for _ in range(300):
        obs = vec.step(balance(obs))[0]
        assert not vec.simulation.view.xfrc_applied.any()


# --- the task ---------------------------------------------------------------------------------------------------


def test_standing_still_as_asked_earns_all_there_is():
    env = make(ID, tilt=0.0, **QUIET)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(np.zeros(2))
    assert reward == pytest.approx(1.0, abs=1e-3) and not terminated and info["success"] == 1.0
    assert reward == sum(value for name, value in info.items() if name.startswith("reward_"))
    assert env.step(np.ones(2) * 3)[1] == pytest.approx(1.0 - 0.05, abs=2e-3)  # what is beyond the bounds is clamped


@pytest.mark.parametrize("axis", [4, 5])  # sideways and forward
@pytest.mark.parametrize(("tilt", "fallen"), [(FALLEN - 0.05, False), (FALLEN + 0.05, True)])
def test_a_fall_to_any_side_ends_the_episode(axis, tilt, fallen):
    env = make(ID)
    env.reset(seed=0)
    qpos = env.simulation.view.qpos[0]
    qpos[2], qpos[3:7] = 0.3, 0.0
    qpos[3], qpos[axis] = np.cos(tilt / 2), np.sin(tilt / 2)
    _, reward, terminated, _, info = env.step(np.zeros(2))
    assert terminated == fallen and (reward == 0.0) == fallen and np.isfinite(info["pitch"])


def test_speed_turning_rate_and_pitch_are_those_of_the_axle_whichever_way_it_leans():
    env = make(ID, **QUIET)
    env.reset(seed=0)
    view, placed = env.simulation.view, np.zeros(4)
    mujoco.mju_euler2Quat(placed, np.array([2.0, 0.3, 0.4]), "zyx")  # heading, pitch and roll
    view.qpos[0, 2], view.qpos[0, 3:7] = 0.5, placed  # off the ground
    ahead, side = np.array([np.cos(2.0), np.sin(2.0)]), np.array([-np.sin(2.0), np.cos(2.0)])
    view.qvel[0] = 0.0
    view.qvel[0, :2] = 0.4 * ahead - 0.2 * side
    mujoco.mju_rotVecQuat(view.qvel[0, 3:6], np.array([0.0, 0.0, 0.5]), placed * [1, -1, -1, -1])
    info = env.step(np.zeros(2))[4]
    assert info["speed"] == pytest.approx(0.4, abs=0.01)
    assert info["turn_rate"] == pytest.approx(0.5, abs=0.01)
    assert np.tan(info["pitch"]) == pytest.approx(np.tan(0.3) / np.cos(0.4), abs=0.01)


def test_a_pd_controller_balances_and_follows_for_the_whole_episode():
    returns, lengths, successes = play(balance)
    assert (lengths == 2000).all()
    assert returns.mean() > 1650 and successes.mean() > 0.6


def test_doing_nothing_falls_within_seconds():
    returns, lengths, _ = play(rest)
    assert lengths.max() < 600
    assert returns.mean() < 150


@pytest.mark.parametrize(
    "settings",
    [
        {"push": 0.6},
        {"dead_band": 0.1},
        {"latency": 3},
        {"tilt": 0.3},
        {"randomize": Randomize(mass=(0.8, 1.2), gain=(0.8, 1.2), friction=(0.6, 1.2))},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_pd_controller_withstands_what_real_robots_meet(settings):
    returns, lengths, _ = play(balance, steps=1000, **settings)
    assert (lengths == 1000).all()
    assert returns.mean() > 750


def test_a_robot_in_a_batch_of_many_threads_lives_as_it_does_alone():
    settings = {"push": 0.2, "hold": 0.5, "push_every": 0.3, "latency": 2, "gyro": Sensor(noise=0.01, dropout=0.2)}
    vec = make_vec(ID, 5, threads=2, autoreset_mode="Disabled", **settings)
    alone = [make(ID, **settings) for _ in range(5)]
    obs, _ = vec.reset(seed=7)
    for i, env in enumerate(alone):
        np.testing.assert_array_equal(env.reset(seed=7 + i)[0], obs[i])
    for _ in range(300):
        actions = balance(obs)
        obs, reward, terminated, _, info = vec.step(actions)
        for i, env in enumerate(alone):
            single = env.step(actions[i])
            np.testing.assert_array_equal(single[0], obs[i])
            assert single[1:3] == (reward[i], terminated[i])
            assert single[4] == {name: info[name][i] for name in single[4]}
        assert not terminated.any()


@pytest.mark.parametrize("sees", ["pitch", "imu"])
def test_observations_stay_within_the_space_whatever_happens(sees):
    check_env(make(ID, sees=sees), skip_render_check=True)
    vec = make_vec(ID, 16, sees=sees, push=5.0, push_every=0.1, tilt=0.6, autoreset_mode="SameStep")
    obs, _ = vec.reset(seed=0)
    generator = np.random.default_rng(0)
    for _ in range(300):
        assert vec.observation_space.contains(obs)
        obs = vec.step(np.sign(generator.uniform(-1, 1, (16, 2))).astype(np.float32))[0]


def test_the_table_of_settings_has_a_row_for_each_with_its_default():
    lines = [line.split("|")[1:-1] for line in balancer.__doc__.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines if len(line) == 4]
    documented = {name: default for name, _, default, _ in rows[2:]}
    settings = balancer.TASK.settings
    assert list(documented) == [field.name for field in dataclasses.fields(settings)]
    for name, default in documented.items():
        value = getattr(settings, name)
        if isinstance(value, Sensor):
            assert default == "see below"
        else:
            assert default == (f'"{value}"' if isinstance(value, str) else f"{value:g}")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": 1.5}, r"Balancer.speed is 1.5; it must be a finite number in \[0, 1\]"),
        ({"latency": 0.5}, "Balancer.latency is 0.5; it must be a whole number"),
        ({"sees": "pich"}, "Balancer.sees is 'pich'; did you mean 'pitch'"),
        ({"deadband": 0.1}, "has no setting 'deadband'; did you mean 'dead_band'"),
        ({"gyro": {"noise": -1.0}}, "Sensor.noise is -1.0"),
    ],
)
def test_settings_that_cannot_be_say_why(settings, message):
    with pytest.raises(EnvError, match=message):
        make(ID, **settings)
