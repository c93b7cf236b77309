"""The batched tasks against gymnasium's own environments: every number of every step, to the last bit.

Bit equality is asked of everything, MuJoCo and NumPy tasks alike, because the same libraries do the same operations in
the same order and precision.
"""

import dataclasses

import gymnasium
import numpy as np
import pytest
from env_asserts import assert_same_info, assert_same_step
from env_ids import GYMNASIUM_IDS
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from neurobot.envs import ant, find_task, hopper, make, make_vec, reacher, tasks, vector_ids

NUM_ENVS = 3
SEED = 11


def make_single(env_id):
    return gymnasium.make(env_id, disable_env_checker=True)  # the checker takes as long as the physics


def make_reference(env_id, mode):
    return SyncVectorEnv([lambda: make_single(env_id)] * NUM_ENVS, autoreset_mode=mode)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("env_id", GYMNASIUM_IDS)
def test_every_step_equals_gymnasium_through_several_episodes(env_id, mode):
    ours, theirs = make_vec(env_id, NUM_ENVS, autoreset_mode=mode), make_reference(env_id, mode)
    obs, info = ours.reset(seed=SEED)
    reference_obs, reference_info = theirs.reset(seed=SEED)
    np.testing.assert_array_equal(obs, reference_obs)
    assert_same_info(info, reference_info)
    theirs.action_space.seed(SEED)
    ended = np.zeros(NUM_ENVS, int)
    for _ in range(1_030):
        actions = theirs.action_space.sample()
        step = ours.step(actions)
        assert_same_step(step, theirs.step(actions))
        ended += step[2] | step[3]
    assert (ended >= 1).all()  # the comparison went on into later episodes
    theirs.close()


@pytest.mark.parametrize("env_id", GYMNASIUM_IDS)
def test_without_autoreset_each_episode_equals_gymnasiums_until_its_end_and_then_stands_still(env_id):
    ours = make_vec(env_id, NUM_ENVS, autoreset_mode=AutoresetMode.DISABLED)
    theirs = [make_single(env_id) for _ in range(NUM_ENVS)]
    ours.action_space.seed(SEED)
    for episode, seed in enumerate([SEED, None]):  # the second goes on with the generators of the first
        obs, _ = ours.reset(seed=seed)
        for i, env in enumerate(theirs):
            np.testing.assert_array_equal(obs[i], env.reset(seed=None if seed is None else seed + i)[0])
        last, done = obs, np.zeros(NUM_ENVS, bool)
        for _ in range(1_000 if episode == 0 else 100):
            actions = ours.action_space.sample()
            obs, reward, terminated, truncated, info = ours.step(actions)
            for i, env in enumerate(theirs):
                if done[i]:
                    np.testing.assert_array_equal(obs[i], last[i])
                    assert reward[i] == 0.0
                    assert terminated[i] or truncated[i]
                    assert not any(mask[i] for key, mask in info.items() if key.startswith("_"))
                else:
                    single = env.step(actions[i])
                    np.testing.assert_array_equal(obs[i], single[0])
                    assert (reward[i], terminated[i], truncated[i]) == single[1:4]
                    np.testing.assert_equal({key: info[key][i] for key in single[4]}, single[4])
            last, done = obs, terminated | truncated
            if done.all():
                break
        assert done.all() or episode == 1


def test_actions_beyond_the_bounds_and_in_double_precision_cost_what_gymnasium_says():
    ours, theirs = make_vec("HalfCheetah-v5", NUM_ENVS), make_reference("HalfCheetah-v5", AutoresetMode.NEXT_STEP)
    ours.reset(seed=SEED)
    theirs.reset(seed=SEED)
    generator = np.random.default_rng(SEED)
    for dtype in (np.float64, np.float32, np.float64):
        actions = generator.uniform(-3, 3, (NUM_ENVS, 6)).astype(dtype)
        assert_same_step(ours.step(actions), theirs.step(actions))
    column_major = np.asfortranarray(generator.uniform(-1, 1, (NUM_ENVS, 6)).astype(np.float32))
    assert_same_step(ours.step(column_major), theirs.step(column_major))
    theirs.close()


@pytest.mark.parametrize("env_id", ["Ant-v5", "HalfCheetah-v5", "Hopper-v5"])
def test_a_reset_leaves_the_whole_state_of_the_simulation_as_gymnasium_does(env_id):
    import mujoco

    ours, single = make_vec(env_id, 1), gymnasium.make(env_id)
    ours.reset(seed=SEED)
    single.reset(seed=SEED)
    state = np.empty(ours.simulation.batch.nstate)
    mujoco.mj_getState(single.unwrapped.model, single.unwrapped.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    np.testing.assert_array_equal(ours.simulation.batch.state[0], state)


def test_a_scene_that_asks_for_derived_fields_sees_gymnasiums_after_reset_and_step():
    simulation = dataclasses.replace(hopper.SCENE, fields=("xpos",)).simulate(2, 1)
    single = gymnasium.make("Hopper-v5")
    single.reset(seed=SEED)
    simulation.reset(np.array([1], np.int32), [np.random.Generator(np.random.PCG64(SEED))])
    np.testing.assert_array_equal(simulation.view.data["xpos"][1], single.unwrapped.data.xpos)
    single.step(np.ones(3, np.float32))
    simulation.step(np.ones((2, 3), np.float32), None)
    np.testing.assert_array_equal(simulation.view.data["xpos"][1], single.unwrapped.data.xpos)


@pytest.mark.parametrize(("env_id", "low", "high"), [("Ant-v5", 0.2, 1.0), ("Humanoid-v5", 1.0, 2.0)])
@pytest.mark.parametrize("limit", ["low", "high"])
@pytest.mark.parametrize("beyond", [-1e-3, 1e-3])
def test_health_at_its_limits_equals_gymnasiums_for_robots_with_contact_forces(env_id, low, high, limit, beyond):
    ours, single = make_vec(env_id, 1), gymnasium.make(env_id)
    ours.reset(seed=SEED)
    single.reset(seed=SEED)
    qpos, qvel = ours.simulation.view.qpos, ours.simulation.view.qvel
    qpos[0, 2], qvel[0] = (low if limit == "low" else high) + beyond, 0.0
    single.unwrapped.set_state(qpos[0], qvel[0])
    ours.simulation.batch.forward()
    zeros = np.zeros(single.action_space.shape, np.float32)
    mine, theirs = ours.step(zeros[None]), single.step(zeros)
    np.testing.assert_array_equal(mine[0][0], theirs[0])
    assert mine[2][0] == theirs[2]
    assert mine[4]["reward_contact"][0] == theirs[4]["reward_contact"]


@pytest.mark.parametrize(
    ("index", "value"),
    [(1, 0.6), (1, 0.8), (2, 0.25), (2, -0.25), (6, 15.0), (7, -12.0), (7, 99.0), (7, 102.0), (6, -101.0)],
)
def test_hoppers_health_and_clipping_equal_gymnasiums_in_states_chance_does_not_reach(index, value):
    ours, single = make_vec("Hopper-v5", 1), gymnasium.make("Hopper-v5")
    ours.reset(seed=SEED)
    single.reset(seed=SEED)
    motion = ours.simulation.view.motion
    motion[0, index] = value
    single.unwrapped.set_state(motion[0, :6], motion[0, 6:])
    ours.simulation.batch.forward()
    mine, theirs = ours.step(np.zeros((1, 3), np.float32)), single.step(np.zeros(3, np.float32))
    np.testing.assert_array_equal(mine[0][0], theirs[0])
    assert (mine[1][0], mine[2][0]) == theirs[1:3]


def test_an_ant_that_does_not_see_contact_forces_equals_gymnasiums():
    settings = {"include_cfrc_ext_in_observation": False}
    ours, theirs = make("Ant-v5", **settings), gymnasium.make("Ant-v5", **settings)
    assert ours.observation_space == theirs.observation_space
    np.testing.assert_array_equal(ours.reset(seed=SEED)[0], theirs.reset(seed=SEED)[0])
    theirs.action_space.seed(SEED)
    contact_cost = 0.0
    for _ in range(200):
        action = theirs.action_space.sample()
        mine, reference = ours.step(action), theirs.step(action)
        np.testing.assert_array_equal(mine[0], reference[0])
        assert mine[1:4] == reference[1:4]
        contact_cost += mine[4]["reward_contact"]
        if mine[2]:
            break
    assert contact_cost < 0  # what is not seen still costs


@pytest.mark.parametrize("env_id", ["Ant-v5", "Hopper-v5", "Humanoid-v5"])
def test_a_mujoco_task_of_many_threads_gives_the_same_numbers(env_id):
    one, two = make_vec(env_id, 8, threads=1), make_vec(env_id, 8, threads=3)
    one.reset(seed=SEED)
    two.reset(seed=SEED)
    one.action_space.seed(SEED)
    for _ in range(60):
        actions = one.action_space.sample()
        assert_same_step(one.step(actions), two.step(actions))


@pytest.mark.parametrize("env_id", GYMNASIUM_IDS)
def test_spaces_periods_and_limits_are_gymnasiums(env_id):
    single, ours, task = gymnasium.make(env_id), make_vec(env_id, 2), find_task(env_id)
    assert ours.single_observation_space == single.observation_space
    assert ours.single_action_space == single.action_space
    assert ours.observation_space.shape == (2, *single.observation_space.shape)
    assert task.max_episode_steps == single.spec.max_episode_steps
    period = getattr(single.unwrapped, "tau", None) or single.unwrapped.dt
    assert ours.control_period == task.control_period == period
    assert ours.spec.id == task.id == env_id


def table_rows(env_id):
    """Rows of the tables in a task's docstring, cell by cell."""
    (module,) = [module for module in tasks.MODULES if env_id == module.TASK.id]
    lines = [line.strip("|").split("|") for line in module.__doc__.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    return [row for row in rows if row[0][0].isdigit()]


@pytest.mark.parametrize("env_id", vector_ids())
def test_the_tables_have_a_row_for_every_action_and_observation_in_order(env_id):
    task = find_task(env_id)
    actions = getattr(task.action_space, "shape", ()) or (1,)
    ranges = [row[0].partition("-") for row in table_rows(env_id)]
    indices = [i for first, _, last in ranges for i in range(int(first), int(last or first) + 1)]
    assert indices == [*range(*actions), *range(*task.observation_space.shape)]


# how many joint coordinates at the beginning the observation leaves out
LEFT_OUT = {
    "Ant-v5": 2,
    "HalfCheetah-v5": 1,
    "Hopper-v5": 1,
    "Humanoid-v5": 2,
    "InvertedPendulum-v5": 0,
    "Swimmer-v5": 2,
    "Walker2d-v5": 1,
}


@pytest.mark.parametrize("env_id", LEFT_OUT)
def test_the_tables_name_the_joints_of_the_model(env_id):
    """The MJCF column of the module's docstring against the model itself, in order."""
    import mujoco

    model = gymnasium.make(env_id).unwrapped.model
    free = mujoco.mjtJoint.mjJNT_FREE
    positions = [model.joint(i).name for i in range(model.njnt) for _ in range(7 if model.jnt_type[i] == free else 1)]
    velocities = [model.joint(i).name for i in range(model.njnt) for _ in range(6 if model.jnt_type[i] == free else 1)]
    driven = [model.joint(model.actuator(i).trnid[0]).name for i in range(model.nu)]
    rows = table_rows(env_id)
    named = [row[4] for row in rows if not row[4].startswith("`")]
    assert named == driven + positions[LEFT_OUT[env_id] :] + velocities
    gears = [f"{model.actuator(i).gear[0]:g} N" for i in range(model.nu)]
    assert [row[5].removesuffix(" m") for row in rows[: model.nu]] == gears


def test_the_reachers_bodies_are_where_the_task_looks_for_them():
    model = gymnasium.make("Reacher-v5").unwrapped.model
    assert (model.body("fingertip").id, model.body("target").id) == (reacher.FINGERTIP, reacher.TARGET)
    assert gymnasium.make("Ant-v5").unwrapped.model.body("torso").id == ant.TORSO
