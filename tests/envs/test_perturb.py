"""What each kind of perturbation does to a real task, when, and to whom."""

import gymnasium
import mujoco
import numpy as np
import pytest
from env_asserts import assert_same_info
from env_ids import CLASSIC_IDS, GYMNASIUM_IDS, MUJOCO_IDS
from gymnasium.vector import AutoresetMode
from perturbing import SEED, arriving, ramp

from neurobot.envs import Perturbation, Randomize, make, make_vec, vector_ids
from neurobot.errors import EnvError


def seen(env_id, *perturb, steps=8):
    """Observations (steps + 1, n) with and without perturbations, where the actuators are at rest."""
    both = []
    for some in (perturb, ()):
        env = make(env_id, perturb=some)
        rest = np.zeros(env.action_space.shape, np.float32)
        both.append(np.array([env.reset(seed=SEED)[0], *(env.step(rest)[0] for _ in range(steps))]))
    return both


# an episode of Digits is one action
@pytest.mark.parametrize("env_id", [env_id for env_id in vector_ids() if env_id != "neurobot/Digits-v0"])
def test_before_it_begins_an_episode_is_bit_for_bit_the_unperturbed_one(env_id):
    """In later episodes of the same generators too, and after a mass was put on."""
    ends = 6 * make(env_id).control_period
    perturb = [
        Perturbation(kind="frozen", at=ends),
        Perturbation(kind="reversed", at=ends),
        Perturbation(kind="loss", at=(ends, 2 * ends), probability=0.5),
    ]
    if env_id in MUJOCO_IDS:
        perturb.append(Perturbation(kind="mass", body=1, mass=1.0, at=ends))
    vec, plain = (make_vec(env_id, 2, perturb=some) for some in (perturb, ()))
    vec.action_space.seed(SEED)
    for seed in (SEED, None, None):
        start, other = vec.reset(seed=seed), plain.reset(seed=seed)
        np.testing.assert_array_equal(start[0], other[0])
        assert not start[1]["perturbed"].any()
        for k in range(1, 9):
            actions = vec.action_space.sample()
            if env_id.startswith("Inverted"):  # which would fall before the perturbations begin
                actions *= np.float32(0.01)
            mine, theirs = vec.step(actions), plain.step(actions)
            assert mine[4].pop("perturbed").any() == (k >= 6)
            assert mine[4].pop("_perturbed").all()
            if k < 6:
                for a, b in zip(mine[:4], theirs[:4], strict=True):
                    assert a.dtype == b.dtype
                    np.testing.assert_array_equal(a, b)
                assert_same_info(mine[4], theirs[4])
        assert (mine[0] != theirs[0]).any()  # and then something happens


def test_a_reversed_actuator_turns_the_other_way_from_at_to_until():
    actions = ramp(8)
    got, force = arriving("HalfCheetah-v5", actions, Perturbation(kind="reversed", index=(0, 4), at=0.1, until=0.25))
    expected = actions.copy()
    expected[2:5, [0, 4]] *= -1  # control periods of 0.05 s
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.float32
    assert force == [[k in (2, 3, 4)] for k in range(1, 9)]  # of the observation that a step returns


def test_a_reversed_choice_is_the_mirrored_one():
    actions = np.array([0, 1, 1, 0, 1])
    got, _ = arriving("CartPole-v1", actions, Perturbation(kind="reversed", at=0.04))
    assert got.tolist() == [0, 1, 0, 1, 0] and got.dtype == actions.dtype


def test_a_weakened_actuator_does_its_share():
    actions = ramp(4)
    got, _ = arriving("HalfCheetah-v5", actions, Perturbation(kind="weakened", factor=0.25, index=3, at=0.05))
    expected = actions.copy()
    expected[1:, 3] *= np.float32(0.25)
    np.testing.assert_array_equal(got, expected)


def test_a_dead_actuator_no_longer_moves_its_joint():
    got, _ = arriving("HalfCheetah-v5", ramp(4), Perturbation(kind="dead", index=(1, 5), at=0.1))
    expected = ramp(4)
    expected[2:, [1, 5]] = 0.0
    np.testing.assert_array_equal(got, expected)
    every, _ = arriving("HalfCheetah-v5", ramp(4), Perturbation(kind="dead"))
    assert not every.any()


def test_swapped_actuators_get_each_others_command():
    got, _ = arriving("HalfCheetah-v5", ramp(3), Perturbation(kind="swapped", index=(0, 3), at=0.05))
    np.testing.assert_array_equal(got[0], ramp(3)[0])
    np.testing.assert_array_equal(got[1:], ramp(3)[1:, [3, 1, 2, 0, 4, 5]])


def test_a_rotated_plane_of_the_observation_turns_from_the_first_to_the_second():
    angle = np.pi / 2
    mine, plain = seen("Reacher-v5", Perturbation(kind="rotated", index=(4, 5), angle=angle, at=0.06))
    expected = plain.copy()
    expected[3:, 4], expected[3:, 5] = -plain[3:, 5], plain[3:, 4]
    np.testing.assert_allclose(mine, expected, atol=1e-15)
    np.testing.assert_array_equal(mine[:3], plain[:3])


def test_a_bias_is_added_also_to_the_observation_of_a_reset():
    mine, plain = seen("Reacher-v5", Perturbation(kind="biased", value=0.5, index=(0, 2), until=0.04))
    expected = plain.copy()
    expected[:2, [0, 2]] += 0.5
    np.testing.assert_array_equal(mine, expected)


def test_frozen_numbers_stay_what_they_were_when_it_began():
    mine, plain = seen("Hopper-v5", Perturbation(kind="frozen", index=(1, 7), at=0.024, until=0.048))
    expected = plain.copy()
    expected[3:6, [1, 7]] = plain[3, [1, 7]]
    np.testing.assert_array_equal(mine, expected)
    assert (mine[4:6] != plain[4:6]).any()


def test_what_is_seen_stays_in_the_observation_space():
    env = make("Pendulum-v1", perturb=(Perturbation(kind="biased", value=100.0, index=1),))
    obs, _ = env.reset(seed=SEED)
    assert env.observation_space.contains(obs) and obs[1] == 1.0


def test_several_apply_in_the_order_in_which_they_are_listed():
    weak, swap = Perturbation(kind="weakened", factor=0.5, index=0), Perturbation(kind="swapped", index=(0, 1))
    first, _ = arriving("HalfCheetah-v5", ramp(1), weak, swap)
    second, _ = arriving("HalfCheetah-v5", ramp(1), swap, weak)
    a, b = ramp(1)[0, :2]
    assert first[0, :2].tolist() == [b, a / 2] and second[0, :2].tolist() == [b / 2, a]
    held, plain = seen("Hopper-v5", Perturbation(kind="biased", value=1.0, index=0), Perturbation(kind="frozen"))
    np.testing.assert_array_equal(held, np.tile(held[0], (9, 1)))
    assert held[0, 0] == plain[0, 0] + 1.0


@pytest.mark.parametrize("env_id", [env_id for env_id in GYMNASIUM_IDS if env_id not in CLASSIC_IDS])
def test_a_mass_that_is_added_equals_gymnasium_with_that_model_while_it_is_there(env_id):
    period = make(env_id).control_period
    name = "torso" if env_id in ("Ant-v5", "HalfCheetah-v5", "Hopper-v5", "Humanoid-v5", "Walker2d-v5") else 1
    vec = make_vec(
        env_id, 2, perturb=(Perturbation(kind="mass", body=name, mass=2.0, at=3 * period, until=7 * period),)
    )
    single = gymnasium.make(env_id, disable_env_checker=True)
    model = single.unwrapped.model
    mass = model.body_mass[1]
    vec.action_space.seed(SEED)
    for seed in (SEED, SEED + 1):
        obs, _ = vec.reset(seed=[SEED + 9, seed])
        np.testing.assert_array_equal(obs[1], single.reset(seed=seed)[0])
        for k in range(10):
            if k in (0, 3, 7):
                model.body_mass[1] = mass + 2.0 if k == 3 else mass
                mujoco.mj_setConst(model, mujoco.MjData(model))
            actions = vec.action_space.sample()
            mine, other = vec.step(actions), single.step(actions[1])
            np.testing.assert_array_equal(mine[0][1], other[0])
            if other[2]:
                break


def test_a_mass_composes_with_randomised_ones_and_is_taken_off_at_the_end_of_the_episode():
    randomize = Randomize(mass=(0.5, 1.5))
    load = Perturbation(kind="mass", body="foot", mass=3.0, at=0.016)
    vec, plain = (make_vec("Hopper-v5", 3, randomize=randomize, perturb=some) for some in ((load,), ()))
    rest = np.zeros((3, 3), np.float32)
    for seed in (SEED, None, None):
        np.testing.assert_array_equal(vec.reset(seed=seed)[0], plain.reset(seed=seed)[0])
        masses = plain.simulation.scaling.body_mass
        np.testing.assert_array_equal(vec.simulation.scaling.body_mass, masses)
        for _ in range(4):
            vec.step(rest)
        np.testing.assert_array_equal(vec.simulation.scaling.body_mass, masses + np.array([0, 0, 0, 0, 3.0]))


def test_without_randomised_masses_the_next_episode_begins_without_the_load():
    vec = make_vec("Hopper-v5", 2, perturb=(Perturbation(kind="mass", body=1, mass=0.1),), autoreset_mode="SameStep")
    before = vec.simulation.scaling.body_mass.copy()
    vec.reset(seed=SEED)
    vec.step(np.zeros((2, 3), np.float32))
    assert (vec.simulation.scaling.body_mass[:, 1] == before[:, 1] + 0.1).all()
    vec.reset(options={"reset_mask": np.array([True, False])})
    assert (vec.simulation.scaling.body_mass[0] == before[0]).all()
    assert vec.simulation.scaling.body_mass[1, 1] == before[1, 1] + 0.1


def test_two_masses_on_one_body_add_up():
    loads = [Perturbation(kind="mass", body="torso", mass=m) for m in (1.0, 2.0)]
    env = make("Walker2d-v5", perturb=loads)
    before = env.simulation.scaling.body_mass[0, 1]
    env.reset(seed=SEED)
    env.step(np.zeros(6, np.float32))
    assert env.simulation.scaling.body_mass[0, 1] == before + 3.0


CHANCE = (
    Perturbation(kind="loss", probability=0.3, at=(0.02, 0.1)),
    Perturbation(kind="latency", periods=2, at=(0.0, 0.05), until=0.2),
    Perturbation(kind="jitter", periods=2, at=(0.0, 0.05)),
    Perturbation(kind="mass", body="torso", mass=1.0, at=(0.02, 0.06), until=0.12),
    Perturbation(kind="frozen", index=3, at=(0.02, 0.1), until=0.15),
)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_instance_i_of_a_batch_equals_a_single_environment_of_seed_plus_i(mode):
    """With chance, through later episodes, in every autoreset mode."""
    options = {"perturb": CHANCE, "randomize": Randomize(mass=(0.8, 1.2), noise=(0.01, 0.01))}
    vec = make_vec("Hopper-v5", 3, autoreset_mode=mode, **options)
    singles = [make("Hopper-v5", **options) for _ in range(3)]
    obs, info = vec.reset(seed=SEED)
    for i, single in enumerate(singles):
        same(single.reset(seed=SEED + i), obs, info, i)
    vec.action_space.seed(SEED)
    over, episodes = np.zeros(3, bool), np.zeros(3, int)
    for _ in range(120):
        actions = vec.action_space.sample()
        if mode is AutoresetMode.DISABLED and over.any():
            obs, info = vec.reset(options={"reset_mask": over})
            for i in np.flatnonzero(over):
                same(singles[i].reset(), obs, info, i)
            over[:] = False
        obs, reward, terminated, truncated, info = vec.step(actions)
        for i, single in enumerate(singles):
            if mode is AutoresetMode.NEXT_STEP and over[i]:
                same(single.reset(), obs, info, i)
                continue
            mine = single.step(actions[i])
            assert mine[1:4] == (reward[i], terminated[i], truncated[i])
            episodes[i] += mine[2] or mine[3]
            if mode is AutoresetMode.SAME_STEP and (mine[2] or mine[3]):
                same(mine, info["final_obs"], info["final_info"], i)
                mine = single.reset()
            same(mine, obs, info, i)
        over = terminated | truncated
    assert (episodes >= 2).all()


def same(single, obs, info, i):
    """What a single environment gave is row i of what the batch gave."""
    np.testing.assert_array_equal(single[0], obs[i])
    np.testing.assert_array_equal(single[-1]["perturbed"], info["perturbed"][i])


def beginnings(env_id, seed, perturb, episodes=4):
    """The first step of each episode in which the first perturbation is in force."""
    env, found = make(env_id, perturb=perturb), []
    for k in range(episodes):
        _, info = env.reset(seed=seed if k == 0 else None)
        steps = 0
        while not info["perturbed"][0]:
            info = env.step(np.zeros(env.action_space.shape, np.float32))[4]
            steps += 1
        found.append(steps)
    return found


def test_a_beginning_is_drawn_anew_in_every_episode_and_the_same_again_with_the_same_seed():
    perturb = (Perturbation(kind="dead", at=(0.1, 2.0)),)
    found = beginnings("Pendulum-v1", SEED, perturb)
    assert all(2 <= k <= 40 for k in found) and len(set(found)) > 1
    assert beginnings("Pendulum-v1", SEED, perturb) == found
    assert beginnings("Pendulum-v1", SEED + 1, perturb) != found
    more = (*perturb, Perturbation(kind="loss", probability=0.5, at=(0.0, 1.0)))
    assert beginnings("Pendulum-v1", SEED, more) == found


def test_times_are_rounded_to_the_nearest_period_and_last_for_one_at_least():
    perturb = [
        Perturbation(kind="dead", at=at, until=until) for at, until in ((0.07, None), (0.08, None), (0.1, 0.101))
    ]
    _, force = arriving("Pendulum-v1", ramp(4, 1), *perturb)
    assert [[f[j] for f in force] for j in range(3)] == [
        [True, True, True, True],
        [False, True, True, True],
        [False, True, False, False],
    ]


def test_a_beginning_far_away_never_comes():
    assert not np.array(arriving("Pendulum-v1", ramp(3, 1), Perturbation(kind="dead", at=1e308))[1]).any()


def test_a_perturbed_simulation_that_breaks_down_ends_its_own_episode():
    perturb = (Perturbation(kind="mass", body="torso", mass=1.0), Perturbation(kind="frozen", index=0))
    vec, twin = (make_vec("Ant-v5", 3, perturb=perturb) for _ in range(2))
    rest = np.zeros(vec.action_space.shape, np.float32)
    for env in (vec, twin):
        env.reset(seed=SEED)
        env.step(rest)
    vec.simulation.inner.batch.qvel[1] = 1e12
    obs, _, terminated, _, info = vec.step(rest)
    other = twin.step(rest)
    assert terminated.tolist() == [False, True, False] and "huge value" in info["physics_error"][1]
    np.testing.assert_array_equal(obs[[0, 2]], other[0][[0, 2]])


@pytest.mark.parametrize(
    ("env_id", "perturb", "message"),
    [
        ("CartPole-v1", {"kind": "dead"}, r"an action is a choice, Discrete\(2\), .* lost \(loss\), not dead"),
        ("CartPole-v1", {"kind": "latency", "periods": 1}, "not latency"),
        (
            "CartPole-v1",
            {"kind": "frozen", "index": 4},
            "4 numbers of .*, from 0 to 3; frozen names index 4",
        ),
        ("HalfCheetah-v5", {"kind": "dead", "index": 6}, "HalfCheetah-v5 has 6 actuators, from 0 to 5; dead names"),
        ("Pendulum-v1", {"kind": "mass", "body": 1, "mass": 1.0}, "Pendulum-v1 is no MuJoCo model and has no bodies"),
        (
            "Hopper-v5",
            {"kind": "mass", "body": "foo", "mass": 1},
            r"is 'foo'; did you mean 'foot' .* \[1, 2, 3, 4\]",
        ),
        ("neurobot/Reach-v0", {"kind": "mass", "body": "goal", "mass": 1.0}, "moves is 'goal'"),
        ("Hopper-v5", {"kind": "mass", "body": 5, "mass": 1}, "mass cannot be added, no body that moves is 5"),
    ],
)
def test_what_a_task_does_not_have_cannot_be_perturbed(env_id, perturb, message):
    for maker in (make, make_vec):
        with pytest.raises(EnvError, match=message):
            maker(env_id, perturb=(Perturbation(**perturb),))


def test_what_is_no_tuple_of_perturbations_is_refused():
    with pytest.raises(EnvError, match=r"perturb is one Perturbation; give a tuple of them"):
        make("Pendulum-v1", perturb=Perturbation(kind="dead"))
    with pytest.raises(EnvError, match=r"perturb is \['dead'\]; it must be a tuple of Perturbation"):
        make_vec("Pendulum-v1", perturb=["dead"])


def test_a_perturbed_environment_can_be_made_again_from_its_spec():
    perturb = (Perturbation(kind="dead", at=0.1),)
    assert make("Pendulum-v1", perturb=perturb).spec.kwargs["perturb"] == perturb
