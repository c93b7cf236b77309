"""Seeds, masks, freezing, bad input: what the vector environment adds to a task."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from env_ids import MUJOCO_IDS
from gymnasium.vector import AutoresetMode, VectorEnv

from neurobot.envs import make_vec, vector_ids
from neurobot.envs.checks import checked_actions
from neurobot.errors import EnvError

ALL_MODES = list(AutoresetMode)


def zeros(vec):
    return np.zeros(vec.action_space.shape, vec.action_space.dtype)


# --- seeds and resets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", vector_ids())
def test_an_int_seed_counts_up_and_a_list_gives_each_its_own(env_id):
    vec = make_vec(env_id, 3)
    counted, _ = vec.reset(seed=7)
    assert vec.np_random_seed == (7, 8, 9)
    listed, _ = vec.reset(seed=[9, 8, 7])
    np.testing.assert_array_equal(listed, counted[::-1])
    as_array, _ = vec.reset(seed=np.array([9, 8, 7]))
    np.testing.assert_array_equal(as_array, listed)


def test_none_in_a_list_of_seeds_goes_on_with_that_generator():
    vec, alone = make_vec("CartPole-v1", 2), gymnasium.make("CartPole-v1")
    vec.reset(seed=3)
    obs, _ = vec.reset(seed=[5, None])
    np.testing.assert_array_equal(obs[0], alone.reset(seed=5)[0])
    alone.reset(seed=4)
    np.testing.assert_array_equal(obs[1], alone.reset()[0])


def test_without_a_seed_the_environments_differ():
    obs, _ = make_vec("CartPole-v1", 4).reset()
    assert len({row.tobytes() for row in obs}) == 4
    generators = make_vec("CartPole-v1", 4).np_random
    assert len({generator.random() for generator in generators}) == 4


@pytest.mark.parametrize("env_id", vector_ids())
def test_a_reset_mask_restarts_those_and_leaves_the_others_as_they_are(env_id):
    vec, twin = make_vec(env_id, 3), make_vec(env_id, 3)
    vec.action_space.seed(0)
    before = vec.reset(seed=1)[0]
    twin.reset(seed=1)
    for _ in range(3):
        actions = vec.action_space.sample()
        before = vec.step(actions)[0]
        twin.step(actions)
    mask = np.array([False, True, False])
    options = {"reset_mask": mask}
    obs, info = vec.reset(seed=20, options=options)
    assert options == {"reset_mask": mask}  # the caller's own dict is left alone
    np.testing.assert_array_equal(obs[[0, 2]], before[[0, 2]])
    np.testing.assert_array_equal(obs[1], make_vec(env_id, 1).reset(seed=21)[0][0])
    assert all((value == mask).all() for key, value in info.items() if key.startswith("_"))
    actions = vec.action_space.sample()
    np.testing.assert_array_equal(vec.step(actions)[0][[0, 2]], twin.step(actions)[0][[0, 2]])


def test_a_masked_reset_restarts_the_time_limit_of_those_only():
    vec = make_vec("HalfCheetah-v5", 2, autoreset_mode=AutoresetMode.DISABLED)
    vec.reset(seed=0)
    for _ in range(10):
        vec.step(zeros(vec))
    vec.reset(options={"reset_mask": np.array([True, False])})
    ends = np.array([vec.step(zeros(vec))[3] for _ in range(1_000)])
    assert ends.argmax(axis=0).tolist() == [999, 989]
    assert ends[-1].all()


def test_a_frozen_environment_is_not_simulated_and_wakes_by_its_mask():
    vec = make_vec("Hopper-v5", 2, autoreset_mode=AutoresetMode.DISABLED)
    vec.reset(seed=0)
    vec.simulation.batch.qpos[0, 2] = 0.5  # leans too far: ends in the next step
    first = vec.step(zeros(vec))
    assert first[2].tolist() == [True, False]
    time = vec.simulation.batch.time.copy()
    obs, reward, terminated, truncated, info = vec.step(zeros(vec))
    np.testing.assert_array_equal(obs[0], first[0][0])
    assert vec.simulation.batch.time[0] == time[0] < vec.simulation.batch.time[1]
    assert (reward[0], terminated[0], truncated[0]) == (0.0, True, False)
    assert info["_x_position"].tolist() == [False, True]
    obs, _ = vec.reset(options={"reset_mask": np.array([True, False])})
    assert vec.simulation.batch.time[0] == 0.0
    assert vec.step(zeros(vec))[2].tolist() == [False, False]


def test_a_batch_whose_episodes_have_all_ended_can_still_be_stepped():
    vec = make_vec("Hopper-v5", 2, autoreset_mode=AutoresetMode.DISABLED)
    vec.reset(seed=0)
    vec.simulation.batch.qpos[:, 2] = 0.5
    last = vec.step(zeros(vec))[0]
    obs, reward, terminated, _, info = vec.step(zeros(vec))
    np.testing.assert_array_equal(obs, last)
    assert terminated.all() and not reward.any() and info == {}


@pytest.mark.parametrize("mode", ALL_MODES)
def test_what_was_returned_belongs_to_the_caller(mode):
    vec, twin = (make_vec("Hopper-v5", 2, autoreset_mode=mode) for _ in range(2))
    for env in (vec, twin):
        env.reset(seed=0)
        env.simulation.batch.qpos[0, 2] = 0.5
    for _ in range(3):
        theirs = twin.step(zeros(twin))
        ours = vec.step(zeros(vec))
        for mine, other in zip(ours[:4], theirs[:4], strict=True):
            np.testing.assert_array_equal(mine, other)
            mine[...] = 1  # spoils nothing


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e11])
@pytest.mark.parametrize("env_id", MUJOCO_IDS)
def test_an_action_that_is_not_finite_is_refused_before_anything_is_stepped(env_id, bad):
    vec = make_vec(env_id, 3)
    vec.reset(seed=0)
    state = vec.simulation.batch.state.copy()
    actions = zeros(vec)
    actions[1, -1] = bad
    with pytest.raises(EnvError, match=r"environment 1 is \[.*must be finite.*Nothing was stepped"):
        vec.step(actions)
    np.testing.assert_array_equal(vec.simulation.batch.state, state)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros(6), r"shape \(6,\); 2 environments need shape \(2, 6\)"),
        (np.zeros((3, 6)), r"shape \(3, 6\); 2 environments"),
        ([[0.0] * 6, [0.0] * 5], "cannot be made into one array"),
        (np.full((2, 6), "a"), "dtype <U1; give float32 or float64"),
        (np.zeros((2, 6), complex), "dtype complex128"),
        (None, r"shape \(\)"),
    ],
)
def test_actions_of_the_wrong_shape_or_type_are_refused(actions, message):
    vec = make_vec("HalfCheetah-v5", 2)
    vec.reset(seed=0)
    with pytest.raises(EnvError, match=message):
        vec.step(actions)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.array([0, 2]), "action of environment 1 is 2; it must be from 0 to 1"),
        (np.array([-1, 0]), "action of environment 0 is -1"),
        (np.array([0.0, 1.0]), "dtype float64; give integers"),
        (np.array([[0], [1]]), r"shape \(2, 1\)"),
    ],
)
def test_choices_outside_the_space_are_refused(actions, message):
    vec = make_vec("CartPole-v1", 2)
    vec.reset(seed=0)
    with pytest.raises(EnvError, match=message):
        vec.step(actions)


def test_actions_of_any_memory_order_are_summed_in_one_order():
    given = np.asfortranarray(np.random.default_rng(0).normal(size=(4, 17)))
    checked = checked_actions(given, gymnasium.spaces.Box(-1, 1, (17,)), 4)
    np.testing.assert_array_equal(np.square(checked).sum(axis=1), [np.square(row.copy()).sum() for row in given])


def test_whole_numbers_are_actions_too():
    vec, twin = make_vec("HalfCheetah-v5", 1), make_vec("HalfCheetah-v5", 1)
    vec.reset(seed=0)
    twin.reset(seed=0)
    np.testing.assert_array_equal(vec.step([[1, 0, -1, 0, 1, 0]])[0], twin.step([[1.0, 0.0, -1.0, 0.0, 1.0, 0.0]])[0])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"env_id": "HalfCheeta-v5"}, r"'HalfCheeta-v5'; did you mean 'HalfCheetah-v5'.*known: Ant-v5"),
        ({"env_id": 3}, "has the id 3"),
        ({"num_envs": 0}, "num_envs is 0; it must be a whole number of at least 1"),
        ({"num_envs": 2.0}, "num_envs is 2.0"),
        ({"num_envs": True}, "num_envs is True"),
        ({"threads": -1}, "threads is -1"),
        ({"autoreset_mode": "SameSteps"}, "'SameSteps'; did you mean 'SameStep'"),
        ({"autoreset_mode": None}, "None; .*known: Disabled, NextStep, SameStep"),
    ],
)
def test_what_cannot_be_made_says_why(kwargs, message):
    with pytest.raises(EnvError, match=message):
        make_vec(**{"env_id": "HalfCheetah-v5", "num_envs": 1, **kwargs})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"seed": -1}, "seed -1 is negative"),
        ({"seed": 1.5}, "seed is 1.5; give an int"),
        ({"seed": "12"}, "seed is '12'"),
        ({"seed": [1]}, "seed has 1 entries; 2 environments need 2"),
        ({"seed": [1, 2.5]}, "seed has the entry 2.5"),
        ({"seed": [1, -2]}, "seed -2 is negative"),
        ({"options": [1]}, "options is"),
        ({"options": {"reset_masks": 1}}, "'reset_masks'; did you mean 'reset_mask'"),
        ({"options": {"reset_mask": [True, False]}}, r"reset_mask is \[True, False\]; it must be a NumPy array"),
        ({"options": {"reset_mask": np.array([1, 0])}}, "reset_mask is int64 of shape"),
        ({"options": {"reset_mask": np.array([True])}}, r"bool of shape \(1,\)"),
        ({"options": {"reset_mask": np.array([False, False])}}, "selects no environment"),
        ({"options": {"reset_mask": np.array([True, False])}}, "first reset must reset every environment"),
    ],
)
def test_a_bad_reset_says_what_is_wrong(kwargs, message):
    with pytest.raises(EnvError, match=message):
        make_vec("CartPole-v1", 2).reset(**kwargs)


def test_step_before_reset_and_use_after_close_are_refused():
    vec = make_vec("HalfCheetah-v5", 1)
    with pytest.raises(EnvError, match="call reset first"):
        vec.step(zeros(vec))
    vec.reset(seed=0, options={})
    vec.close()
    vec.close()
    assert vec.closed
    with pytest.raises(EnvError, match="closed; make new ones"):
        vec.step(zeros(vec))
    with pytest.raises(EnvError, match="closed"):
        vec.reset()


# --- gymnasium's conventions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ALL_MODES)
def test_it_is_a_vector_env_that_names_its_mode(mode):
    vec = make_vec("CartPole-v1", 2, autoreset_mode=mode.value)
    assert isinstance(vec, VectorEnv) and vec.unwrapped is vec
    assert vec.metadata["autoreset_mode"] is mode
    assert repr(vec) == "TaskVectorEnv(CartPole-v1, num_envs=2)"
    obs, _ = vec.reset(seed=0)
    assert vec.observation_space.contains(obs)
    assert vec.observation_space.contains(vec.step(vec.action_space.sample())[0])


def test_gymnasiums_vector_wrappers_take_it():
    from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics

    vec = DictInfoToList(RecordEpisodeStatistics(make_vec("CartPole-v1", 2)))
    vec.reset(seed=0)
    lengths = []
    for _ in range(60):
        *_, info = vec.step(np.ones(2, np.int64))
        lengths += [int(each["episode"]["l"]) for each in info if "episode" in each]
    single = gymnasium.make("CartPole-v1")
    single.reset(seed=0)
    steps = 1
    while not single.step(1)[2]:
        steps += 1
    assert steps in lengths and len(lengths) >= 4


def test_importing_the_package_does_not_import_mujoco():
    code = "import sys, neurobot.envs as envs; assert 'mujoco' not in sys.modules; print(*envs.vector_ids())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(vector_ids())
