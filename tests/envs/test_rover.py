"""Rover-v0: wheels that roll, sensors that say what is there, arenas with room, and vehicles that find their way."""

import gymnasium
import mujoco
import numpy as np
import pytest

from neurobot.envs import find_task, make, make_vec, rover
from neurobot.envs.mujoco_simulation import load_model
from neurobot.envs.rover import Rover, scene
from neurobot.envs.sensor import Sensor
from neurobot.errors import EnvError
from neurobot.train.experts.robots import Vehicle

ID = "neurobot/Rover-v0"
EXACT = {name: Sensor() for name in ("ranges", "bumps", "lights", "rates")}
RADIUS, WHEEL = 0.164, 0.036  # of the rover and of its wheels [m]
ANGLES = np.radians([90, 50, 30, 10, -10, -30, -50, -90])  # of the rangefinders
N = 5


def constant(left, right):
    return lambda obs: np.tile([left, right], (len(obs), 1))


def drive(policy, steps=1200, n=N, **settings):
    """Returns of n episodes, the last info, and whether the rim was touched (steps, n)."""
    vec = make_vec(ID, n, **settings)
    obs, _ = vec.reset(seed=0)
    total, touched = np.zeros(n), []
    for _ in range(steps):
        obs, reward, _, _, info = vec.step(policy(obs))
        total += reward
        touched.append(info["reward_bump"] < 0)
    return total, info, np.array(touched)


def put(vec, i, x, y, heading):
    """Move the rover of instance i by hand; what it sees follows with the next step."""
    vec.simulation.batch.qpos[i, :2] = x, y
    vec.simulation.batch.qpos[i, 3:7] = np.cos(heading / 2), 0, 0, np.sin(heading / 2)


def headings(vec):
    w, z = vec.simulation.batch.qpos[:, 3], vec.simulation.batch.qpos[:, 6]
    return 2 * np.arctan2(z, w)


# --- the task ---------------------------------------------------------------------------------------------------


def test_a_vehicle_of_light_and_distance_finds_beacons_and_standing_still_finds_none():
    total, info, _ = drive(Vehicle(N))
    assert total.mean() > 22 and info["beacons"].mean() > 6 and info["collisions"].mean() < 5
    total, info, _ = drive(constant(0, 0), steps=200)
    assert np.abs(total).max() < 0.01 and not info["beacons"].any() and not info["collisions"].any()


def test_wandering_pays_with_rangefinders_less_with_the_bumper_alone_and_not_without():
    seeing, info, _ = drive(Vehicle(N), steps=600, goal="wander")
    assert seeing.mean() > 10 and info["collisions"].mean() < 1.5
    blind, info, _ = drive(Vehicle(N, blind=True), steps=600, goal="wander")
    assert 5 < blind.mean() < seeing.mean() - 1 and info["collisions"].mean() > 3
    assert drive(constant(1, 1), steps=600, goal="wander")[0].mean() < -2
    assert drive(constant(0.5, 1), steps=600, goal="wander")[0].mean() < seeing.mean() - 2


def test_avoiding_earns_nothing_but_minus_one_for_every_action_in_touch():
    total, info, touched = drive(Vehicle(N, blind=True), steps=300, goal="avoid")
    np.testing.assert_array_equal(total, -touched.sum(axis=0))
    assert touched.any() and set(info) >= {"collisions", "reward_bump"} and "reward_forward" not in info
    _, wandering, other = drive(Vehicle(N, blind=True), steps=300, goal="wander")
    np.testing.assert_array_equal(touched, other)
    np.testing.assert_array_equal(info["collisions"], wandering["collisions"])


def test_a_rover_that_backs_off_is_never_stuck():
    touched = drive(Vehicle(16, blind=True), steps=600, n=16, goal="wander", obstacles=10)[2]
    assert touched.any(axis=0).all()
    windows = np.lib.stride_tricks.sliding_window_view(touched, 60, axis=0)
    assert not windows.all(axis=-1).any()  # never three seconds in touch


def test_the_reward_of_a_beacon_comes_once_and_the_next_one_shines_elsewhere():
    vec = make_vec(ID, 2, lights=Sensor())
    vec.reset(seed=3)
    beacon = vec.simulation.view.mocap_pos[:, rover.BEACON, :2].copy()
    put(vec, 0, *(beacon[0] - [0.2, 0.0]), 0.0)
    before = vec.simulation.batch.qpos[:, :2].copy()
    obs, reward, _, _, info = vec.step(np.zeros((2, 2)))
    progress = np.linalg.norm(before - beacon, axis=1) - np.linalg.norm(
        vec.simulation.batch.qpos[:, :2] - beacon, axis=1
    )
    np.testing.assert_allclose(reward, [1 + progress[0], progress[1]], atol=1e-12)
    assert info["beacons"].tolist() == [1, 0] and info["reward_beacon"].tolist() == [1, 0]
    now = vec.simulation.view.mocap_pos[:, rover.BEACON, :2]
    assert (now[1] == beacon[1]).all() and np.linalg.norm(now[0] - vec.simulation.batch.qpos[0, :2]) >= rover.TRIP
    np.testing.assert_allclose(info["distance"], np.linalg.norm(now - vec.simulation.batch.qpos[:, :2], axis=1))
    assert obs[0, 11:13].max() < 1 / (1 + (1 / 1.5) ** 2)  # already the light of the next
    _, reward, _, _, info = vec.step(np.zeros((2, 2)))
    assert abs(reward[0]) < 0.01 and info["beacons"].tolist() == [1, 0]


def test_wandering_earns_the_way_of_the_slower_wheel_in_the_dark():
    vec = make_vec(ID, 2, goal="wander", obstacles=0, lights=Sensor())
    vec.reset(seed=0)
    for i in range(2):
        put(vec, i, -1.5, 0, 0)
    for _ in range(30):
        obs, reward, _, _, _ = vec.step([[0.6, 0.6], [0.6, 0.9]])
    slower = 0.6 * 0.84 / 0.0606 * WHEEL * 0.05
    np.testing.assert_allclose(reward, slower, rtol=0.02)
    assert not obs[:, 11:13].any()


def test_bumps_are_counted_when_they_begin_and_cost_as_long_as_they_last():
    vec = make_vec(ID, 1, obstacles=0)
    vec.reset(seed=0)
    put(vec, 0, 0, 0, 0)
    for _ in range(120):
        *_, info = vec.step([[1, 1]])
    assert info["collisions"][0] == 1 and info["reward_bump"][0] == -rover.BUMP_COST
    for _ in range(20):
        *_, info = vec.step([[-1, -1]])
    assert info["collisions"][0] == 1 and info["reward_bump"][0] == 0
    for _ in range(30):
        *_, info = vec.step([[1, 1]])
    assert info["collisions"][0] == 2


# --- physics ----------------------------------------------------------------------------------------------------


def test_the_rover_goes_and_turns_as_its_wheels_roll():
    vec = make_vec(ID, 2, obstacles=0, goal="wander")
    vec.reset(seed=0)
    commands = np.array([[1, 1], [-0.5, 0.5]])
    for i in range(2):
        put(vec, i, -1.8, 0, 0)
    for _ in range(20):
        vec.step(commands)
    qpos = vec.simulation.batch.qpos
    place, wheels, turned = qpos[:, 0].copy(), qpos[:, 7:9].copy(), np.zeros(2)
    for _ in range(60):
        before = headings(vec)
        vec.step(commands)
        turned += (headings(vec) - before + np.pi) % (2 * np.pi) - np.pi
    rolled = WHEEL * (qpos[:, 7:9] - wheels)
    np.testing.assert_allclose(qpos[0, 0] - place[0], rolled[0].mean(), rtol=0.01)
    np.testing.assert_allclose(turned[1], (rolled[1, 1] - rolled[1, 0]) / rover.WHEEL_DISTANCE, rtol=0.01)
    # the speed loop against the bearing's friction: 0.06 (14 - w) = 0.0006 w
    np.testing.assert_allclose(vec.simulation.batch.qvel[0, 6:8], 0.84 / 0.0606, rtol=1e-3)


def test_it_pulls_away_as_its_motors_push():
    """Two motors at their largest torque push mass and turning wheels, m + 2 I / r^2, until the speed loop lets go."""
    model = load_model(scene(Rover()))
    wheel = model.body("wheel_left")
    inertia = wheel.inertia.max() + model.dof_armature[6]
    mass = model.body_subtreemass[model.body("rover").id] + 2 * inertia / WHEEL**2
    vec = make_vec(ID, 1)
    vec.reset(seed=0)
    put(vec, 0, 0, 0, 0)
    vec.step([[1, 1]])
    assert vec.simulation.batch.qvel[0, 6] < 14 - 0.2 / 0.06  # so all the time at the largest torque
    np.testing.assert_allclose(vec.simulation.batch.qvel[0, 0], 2 * 0.2 / WHEEL / mass * 0.05, rtol=0.03)


def test_pushing_against_a_wall_stalls_the_wheels():
    vec = make_vec(ID, 1, obstacles=0, rates=Sensor())
    vec.reset(seed=0)
    put(vec, 0, 1.5, 0, 0)
    for _ in range(100):
        obs = vec.step([[1, 1]])[0]
    assert np.abs(obs[0, 13:15]).max() < 0.1


# --- sensors ----------------------------------------------------------------------------------------------------


def seen(place, heading, half, pillars):
    """What eight rays from the rim meet first: walls at +-half, and circles (x, y, radius). Closed forms."""
    distances = []
    for angle in heading + ANGLES:
        ray = np.array([np.cos(angle), np.sin(angle)])
        start = place + RADIUS * ray
        hits = [1.5, *((np.sign(r) * h - s) / r for s, r, h in zip(start, ray, half, strict=True))]
        for x, y, radius in pillars:
            to = np.array([x, y]) - start
            along, aside = to @ ray, abs(to[0] * ray[1] - to[1] * ray[0])
            if aside < radius and along > 0:
                hits.append(along - np.sqrt(radius**2 - aside**2))
        distances.append(min(hits))
    return np.array(distances)


def test_rangefinders_see_walls_and_pillars_where_they_are():
    model = load_model(scene(Rover()))
    radii = [model.geom_size[model.body(f"pillar_{k}").geomadr[0], 0] for k in range(rover.MAX_OBSTACLES)]
    assert max(radii) <= 0.15
    vec = make_vec(ID, 16, obstacles=10, **EXACT)
    obs, _ = vec.reset(seed=0)
    view = vec.simulation.view
    for i in range(16):
        pillars = np.column_stack((view.mocap_pos[i, rover.PILLARS, :2], radii))
        expected = seen(view.qpos[i, :2], headings(vec)[i], view.memory["half_sides"][i], pillars)
        np.testing.assert_allclose(obs[i, :8], np.clip(expected, 0.02, 1.5), atol=1e-4)
    assert (obs[:, :8] < 1.5).mean() > 0.3


def test_a_rover_that_jerks_does_not_see_the_floor():
    vec = make_vec(ID, 1, obstacles=0, **EXACT)
    vec.reset(seed=0)
    put(vec, 0, 0, 0, 0)
    half, rng = vec.simulation.view.memory["half_sides"][0], np.random.default_rng(0)
    for _ in range(100):
        obs = vec.step(rng.choice([-1.0, 1.0], (1, 2)))[0]
        expected = seen(vec.simulation.batch.qpos[0, :2], headings(vec)[0], half, [])
        np.testing.assert_allclose(obs[0, :8], np.clip(expected, 0.02, 1.5), atol=0.15)


@pytest.mark.parametrize(
    ("angle", "zones"),
    [
        *((angle, [0, 1, 0]) for angle in (-27, 0, 27)),
        *((angle, [1, 0, 0]) for angle in (33, 65, 97)),
        *((angle, [0, 0, 1]) for angle in (-33, -97)),
        *((angle, [0, 0, 0]) for angle in (103, 180)),
    ],
)
def test_the_bumper_says_where_it_is_pressed(angle, zones):
    vec = make_vec(ID, 1, obstacles=0)
    vec.reset(seed=0)
    wall = vec.simulation.view.memory["half_sides"][0, 0]
    put(vec, 0, wall - RADIUS + 0.004, 0, -np.radians(angle))
    obs, _, _, _, info = vec.step([[0, 0]])
    assert obs[0, 8:11].tolist() == zones
    assert info["collisions"][0] == 1  # the back has no zone, but is counted


def test_light_sensors_follow_their_law():
    vec = make_vec(ID, 16, **EXACT)
    obs, _ = vec.reset(seed=5)
    view = vec.simulation.view
    to_lamp = view.mocap_pos[:, rover.BEACON, :2] - view.qpos[:, :2]
    bearing = np.arctan2(to_lamp[:, 1], to_lamp[:, 0]) - headings(vec)
    brightness = 1 / (1 + (np.hypot(*to_lamp.T) / 1.5) ** 2)
    for column, side in ((11, np.pi / 4), (12, -np.pi / 4)):
        np.testing.assert_allclose(obs[:, column], (1 + np.cos(bearing - side)) / 2 * brightness, atol=1e-12)


def test_readings_have_the_faults_that_are_set_and_stay_in_bounds():
    bad = Sensor(noise=100.0)
    vec = make_vec(ID, 4, ranges=bad, bumps=bad, lights=bad, rates=bad)
    obs, _ = vec.reset(seed=0)
    for _ in range(20):
        assert vec.observation_space.contains(obs)
        obs = vec.step(np.ones((4, 2)))[0]
    exact, real = (make_vec(ID, 256, **settings).reset(seed=0)[0] for settings in (EXACT, {}))
    inside = (exact[:, :8] > 0.1) & (exact[:, :8] < 1.4)
    error = (real - exact)[:, :8][inside]
    np.testing.assert_allclose(error.std(), np.hypot(0.01, 0.005), rtol=0.12)


# --- arenas -----------------------------------------------------------------------------------------------------


def apart(places, others):
    """Distances (n, k, m) of places (n, k, 2) and others (n, m, 2)."""
    return np.linalg.norm(places[:, :, None] - others[:, None], axis=-1)


@pytest.mark.parametrize("count", [1, 10])
def test_every_arena_has_room_to_pass_and_to_reach_each_beacon(count):
    vec = make_vec(ID, 64, obstacles=count)
    vec.reset(seed=1)
    view = vec.simulation.view
    half, pillars = view.memory["half_sides"], view.mocap_pos[:, rover.PILLARS, :2]
    used = pillars[:, :count]
    assert ((half >= 2.0) & (half <= 2.5)).all() and (pillars[:, count:] > 3 * half[:, None]).all()
    assert (np.abs(used) <= half[:, None] - rover.PILLAR_TO_WALL).all()
    assert (apart(used, view.qpos[:, None, :2]) >= rover.PILLAR_TO_START).all()
    assert (apart(used, used) + 9 * np.eye(count) >= rover.PILLAR_TO_PILLAR).all()
    for beacons in range(4):
        beacon = view.mocap_pos[:, rover.BEACON, :2]
        assert (view.memory["beacons"] == beacons).all()
        assert (np.abs(beacon) <= half - rover.BEACON_TO_WALL).all()
        assert (apart(used, beacon[:, None]) >= rover.BEACON_TO_PILLAR).all()
        assert (np.linalg.norm(beacon - view.qpos[:, :2], axis=1) >= rover.TRIP).all()
        view.qpos[:, :2] = beacon
        vec.step(np.zeros((64, 2)))


def test_an_arena_can_be_empty():
    vec = make_vec(ID, 2, obstacles=0)
    vec.reset(seed=1)
    assert (vec.simulation.view.mocap_pos[:, rover.PILLARS] == rover.AWAY).all()


def test_episodes_differ_in_everything_that_is_drawn():
    vec = make_vec(ID, 2)

    def drawn():
        view = vec.simulation.view
        places = view.mocap_pos[:, 4:11, :2].reshape(2, -1)  # of the beacon and six pillars
        return np.concatenate((view.qpos[:, [0, 1, 3]], view.memory["half_sides"], places), axis=1)

    vec.reset(seed=0)
    first = drawn()
    vec.reset()
    second = drawn()
    assert (first[0] != first[1]).all() and (first != second).all()


def test_an_instance_is_the_same_in_any_batch_and_with_any_threads():
    vec, threaded = make_vec(ID, 4), make_vec(ID, 4, threads=2)
    singles = [make(ID) for _ in range(4)]
    obs, _ = vec.reset(seed=9)
    threaded.reset(seed=9)
    for i, env in enumerate(singles):
        np.testing.assert_array_equal(env.reset(seed=9 + i)[0], obs[i])
    vehicle = Vehicle(4)
    for _ in range(300):
        actions = vehicle(obs)
        obs, reward, _, _, info = vec.step(actions)
        np.testing.assert_array_equal(threaded.step(actions)[0], obs)
        for i, env in enumerate(singles):
            one = env.step(actions[i])
            np.testing.assert_array_equal(one[0], obs[i])
            assert one[1] == reward[i] and one[4]["beacons"] == info["beacons"][i]
    assert info["beacons"].sum() >= 4  # new beacons were drawn on the way


# --- settings ---------------------------------------------------------------------------------------------------


def test_gymnasium_makes_it_with_settings():
    env = gymnasium.make(ID, obstacles=2, goal="wander", ranges={"noise": 0.0})
    assert env.unwrapped.task.settings == Rover(obstacles=2, goal="wander", ranges=Sensor(bias=0.005, resolution=0.001))
    assert env.unwrapped.task.max_episode_steps * env.unwrapped.control_period == 60


def test_an_episode_lasts_as_long_as_is_set():
    vec = make_vec(ID, 2, duration=0.5)
    vec.reset(seed=0)
    assert [vec.step(np.zeros((2, 2)))[3].all() for _ in range(10)] == [False] * 9 + [True]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"obstacles": 11}, r"Rover.obstacles is 11; it must be a whole number in \[0, 10\]"),
        ({"goal": "beacons"}, "Rover.goal is 'beacons'; did you mean 'beacon'"),
        ({"obstacle": 1}, "neurobot/Rover-v0 has no setting 'obstacle'; did you mean 'obstacles'"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(EnvError, match=message):
        find_task(ID, settings)


def test_the_model_and_the_arithmetic_agree_on_what_is_where():
    model = load_model(scene(Rover()))
    names = [model.body(i).name for i in np.argsort(model.body_mocapid) if model.body_mocapid[i] >= 0]
    assert names == ["east", "north", "west", "south", "beacon", *(f"pillar_{k}" for k in range(10))]
    sensors = [model.sensor(i).name for i in range(model.nsensor)]
    bumps, rates = [f"bump_{side}" for side in ("left", "front", "right")], ["rate_left", "rate_right"]
    assert sensors == [*(f"range_{k}" for k in range(8)), *bumps, *rates, "bump_any"]
    eyes = [model.site(f"eye_{k}") for k in range(8)]
    for eye, angle in zip(eyes, ANGLES, strict=True):
        np.testing.assert_allclose(eye.pos[:2], RADIUS * np.array([np.cos(angle), np.sin(angle)]), atol=1e-4)
    assert model.opt.timestep * 10 == pytest.approx(rover.PERIOD)
    assert mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, "left") == 0
