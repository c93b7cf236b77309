"""Conversion: the spiking program does what the ANN does, the better the more steps, pieces and range it has."""

from itertools import pairwise
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from neurobot.controller import Controller
from neurobot.errors import EnvError, SpecError
from neurobot.interop.ann import ANN, Layer, Statistics
from neurobot.interop.sb3 import read_policy
from neurobot.program import Program
from neurobot.spec import Highest, Membrane, Normalizer
from neurobot.train.convert import Conversion, Score, calibrate, convert, score, score_ann
from neurobot.train.convert.balance import balance, pieces
from neurobot.train.convert.conversion import CHOICES, check_ann
from neurobot.train.convert.play import play

POLICIES = Path(__file__).parents[1] / "golden" / "policies"


class Points(gymnasium.Env):
    """Observations are drawn anew every tick; the reward is the action's first entry. Ten ticks an episode."""

    dt = 0.05

    def __init__(self, action_space, n_obs=3):
        self.observation_space = Box(-np.inf, np.inf, (n_obs,), np.float64)
        self.action_space, self.steps = action_space, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        return self._observe(), float(np.ravel(action)[0]), False, self.steps >= 10, {}

    def _observe(self):
        return self.np_random.normal(0, 1, self.observation_space.shape)


def boxed(n=2, low=-1.0, high=1.0):
    return Points(Box(np.full(n, low, np.float32), np.full(n, high, np.float32)))


def ann(squash="none", activation="relu", statistics=None, sizes=(3, 12, 10, 2), seed=0):
    rng = np.random.default_rng(seed)
    layers = [Layer(rng.normal(0, 1.2 / np.sqrt(a), (b, a)), rng.normal(0, 0.3, b)) for a, b in pairwise(sizes)]
    return ANN(layers=tuple(layers), activation=activation, squash=squash, statistics=statistics)


def differences(network, env, how):
    """Actions of the program less those of the ANN, on new observations that calibration has covered."""
    seen = calibrate(network, env, Conversion(episodes=100))
    controller = Controller(convert(network, env, how, seen))
    x = seen[::7]
    low, high = (getattr(env.action_space, name, None) for name in ("low", "high"))
    wanted = network.act(x) if network.squash == "argmax" else network.act(x, low, high)
    return np.array([controller.step(o) for o in x]) - wanted


NORMAL = Statistics(np.array([0.2, -0.1, 0.0]), np.array([0.8, 1.5, 1.0]), 2.5)


@pytest.mark.parametrize("statistics", [None, NORMAL], ids=["raw", "normalised"])
@pytest.mark.parametrize("squash", ["none", "tanh"])
def test_many_steps_give_the_action_of_the_ann(squash, statistics):
    env, network = boxed(low=-3.0, high=1.0), ann(squash, statistics=statistics)
    errors = [
        np.abs(differences(network, env, Conversion(substeps=T, percentile=100.0))).max() for T in (10, 100, 3000)
    ]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 3e-3  # of a range of 4


def test_many_steps_give_the_choice_of_the_ann():
    env, network = Points(Discrete(4)), ann("argmax", sizes=(3, 12, 10, 4))
    assert (differences(network, env, Conversion(substeps=3000, percentile=100.0)) != 0).mean() < 0.01
    assert (differences(network, env, Conversion(substeps=4, percentile=100.0)) != 0).mean() > 0.01


def test_more_neurons_a_unit_are_as_good_as_more_steps():
    env, network = boxed(), ann("tanh")
    rms = [np.sqrt((differences(network, env, Conversion(split=k)) ** 2).mean()) for k in (1, 2, 4)]
    assert rms[0] > 1.5 * rms[1] > 2 * rms[2]


def test_a_tanh_layer_is_interpolated_the_better_the_more_pieces_it_has():
    env, network = boxed(), ann("none", activation="tanh")
    how = [Conversion(substeps=1000, percentile=100.0, split=k) for k in (1, 4, 16)]
    errors = [np.abs(differences(network, env, h)).max() for h in how]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 0.05


def test_pieces_lie_end_to_end_between_the_percentiles_and_are_short_where_activations_are_dense():
    a = np.concatenate([np.full(900, 0.0), np.linspace(0, 1, 90), np.linspace(1, 10, 10)])[:, None]
    assert pieces(a, 100.0, 1)[:, 0].tolist() == [0.0, 10.0]
    ends = pieces(a, 100.0, 5)[:, 0]
    assert (np.diff(ends) > 0).all()
    assert (ends[0], ends[-1]) == (0.0, 10.0)
    assert np.diff(ends)[0] < 1 < np.diff(ends)[-1]
    np.testing.assert_allclose(pieces(a, 95.0, 1)[:, 0], np.percentile(a, [5, 95]))


@pytest.mark.parametrize("tanh", [False, True])
def test_a_unit_that_never_changes_has_a_piece_around_its_activation(tanh):
    for value in (0.0, 0.3, 1.0):
        ends = pieces(np.full((5, 1), value), 99.9, 2, tanh=tanh)[:, 0]
        assert (np.diff(ends) > 0.01).all()
        assert ends[0] <= value <= ends[-1] + 1e-5


def test_balanced_layers_are_the_ann_for_spikes_that_are_real_numbers():
    network = ann()
    x = np.random.default_rng(1).normal(size=(200, 3))
    for split in (1, 3):
        y = x
        *hidden, last = balance(network, x, 100.0, split)
        for layer in hidden:
            y = np.clip(layer(y), 0, 1)
        np.testing.assert_allclose(last(y), network.preactivations(x)[-1], atol=1e-9)


@pytest.mark.parametrize("name", ["ppo_tanh", "td3"])
def test_a_saved_policy_becomes_a_program_that_can_be_saved_and_loaded(tmp_path, name):
    env = gymnasium.make({"ppo_tanh": "CartPole-v1", "td3": "Pendulum-v1"}[name])
    program = convert(read_policy(POLICIES / f"{name}.zip"), env, Conversion(episodes=2))
    program.save(tmp_path / "a.safetensors")
    loaded = Program.load(tmp_path / "a.safetensors")
    assert program.diff(loaded) == []
    assert (loaded.control_period, loaded.substeps) == (pytest.approx(0.05 if name == "td3" else 0.02), 10)
    assert isinstance(loaded.spec.decoder, Membrane if name == "td3" else Highest)
    about = loaded.provenance
    assert (about["method"], about["env"], about["split"]) == ("convert", env.spec.id, 1 if name == "td3" else 4)


def test_a_trained_policy_keeps_its_return():
    env, network = gymnasium.make("CartPole-v1"), read_policy(POLICIES / "ppo_tanh.zip")
    seeds = range(1000, 1010)
    before, after = score_ann(network, env, seeds), score(convert(network, env), network, env, seeds)
    assert before.return_mean > 400
    assert after.kept(before) > 0.95
    assert after.action_error < 0.1
    assert (before.operations, before.spikes, before.substeps) == (network.macs, 0, 0)
    assert after.operations > after.spikes > 0


def test_observations_without_a_normaliser_are_cut_off_far_beyond_those_that_were_met():
    env, network = boxed(), ann("tanh")
    seen = calibrate(network, env, Conversion(episodes=20))
    span = convert(network, env, observations=seen).spec.encoder.field.range
    assert isinstance(span, Normalizer)
    np.testing.assert_allclose(span.std, 8 * np.abs(seen).max(0))


def test_only_hidden_potentials_are_carried_over():
    env = boxed()
    program = convert(ann("tanh"), env, Conversion(carry=0.5, episodes=2))
    assert [p.carry for p in program.network.populations] == [None, 0.5, 0.5, None]
    assert program.spec.carry == 0.0
    controller = Controller(program)
    x = np.array([0.3, -0.2, 0.5])
    first, second = controller.step(x), controller.step(x)
    assert not np.array_equal(first, second)  # the rest of the first tick counts in the second one
    steady = Controller(convert(ann("tanh"), env, Conversion(episodes=2)))
    np.testing.assert_array_equal(steady.step(x), steady.step(x))


@pytest.mark.parametrize(("name", "values"), [("carry", (0.0, 0.4, 0.8)), ("percentile", (99.9, 80.0))])
def test_tuning_takes_the_value_that_earned_most(monkeypatch, name, values):
    env, network = boxed(1), ann(sizes=(3, 6, 1))
    monkeypatch.setitem(CHOICES, name, values)
    given = {"carry": 0.0, "percentile": 99.9, "episodes": 3}
    program = convert(network, env, Conversion(**(given | {name: None})))
    tried = program.provenance["tried"][name]
    assert list(tried) == [f"{value:g}" for value in values]
    assert program.provenance[name] == float(max(tried, key=tried.get))
    for value in values:
        controller = Controller(convert(network, env, Conversion(**(given | {name: value}))))
        assert tried[f"{value:g}"] == play(env, controller.step, range(3), controller.reset).returns.mean()


def test_an_environment_without_a_period_gets_one():
    env = boxed()
    env.dt = None
    assert convert(ann(), env, Conversion(episodes=1)).control_period == pytest.approx(0.02)


def test_the_share_kept_of_a_negative_return_counts_its_loss():
    def of(value):
        return Score(substeps=1, returns=(value, value), action_error=0.0, spikes=0.0, operations=0.0)

    assert of(90.0).kept(of(100.0)) == pytest.approx(0.9)
    assert of(-110.0).kept(of(-100.0)) == pytest.approx(0.9)
    assert of(-90.0).kept(of(-100.0)) == pytest.approx(1.1)
    assert of(5.0).kept(of(0.0)) == 1.0


@pytest.mark.parametrize(
    ("network", "env", "message"),
    [
        (ann(), Points(Discrete(2)), "gives 2 real numbers, but the action space is Discrete"),
        (ann(), boxed(3), "gives 2 real numbers, but the action space is Box"),
        (ann(), Points(Box(-1, 1, (2,)), n_obs=4), "takes 3 values, but the observation space is Box"),
        (ann(), boxed(low=-np.inf), "is not bounded; an actuator needs limits, so wrap it in RescaleAction"),
        (ann("argmax"), boxed(), "picks one of 2 actions, but the action space is Box"),
        (ann("argmax"), Points(Discrete(3)), "picks one of 2 actions, but the action space is Discrete"),
        (ann("argmax"), Points(Discrete(2, start=1)), "picks one of 2 actions, but the action space is Discrete"),
    ],
)
def test_an_environment_that_the_ann_does_not_fit_is_refused(network, env, message):
    with pytest.raises(EnvError) as caught:
        check_ann(network, env)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conversion(substeps=0), "substeps is 0, it must be at least 1"),
        (lambda: Conversion(substeps=10**6), "substeps is 1000000, at most 100000 are allowed"),
        (lambda: Conversion(episodes=0), "episodes is 0, it must be at least 1"),
        (lambda: Conversion(split=0), "split is 0, it must be at least 1"),
        (lambda: Conversion(split=101), "split is 101, at most 100 are allowed"),
        (lambda: Conversion(percentile=50.0), "percentile is 50, it must be greater than 50"),
        (lambda: Conversion(carry=1.5), "carry is 1.5, it must be at most 1"),
        (lambda: Conversion(seed=-1), "seed is -1, it must be at least 0"),
        (lambda: Layer(np.ones((2, 3)), np.ones(3)), "weights have shape (2, 3) and the bias (3,)"),
        (lambda: Layer(np.ones(3), np.ones(3)), "they must be (n_out, n_in) and (n_out,)"),
        (lambda: Layer([[np.inf]], [0]), "weights or bias have entries that are not finite"),
        (lambda: Layer([["a"]], [0]), "weights, biases and statistics must be arrays of numbers"),
        (lambda: Statistics([0.0], [0.0]), "mean and std must be finite, and std above 0"),
        (lambda: Statistics([0.0], [1.0, 1.0]), "mean has shape (1,) and std (2,), both must be (n_obs,)"),
        (lambda: Statistics([0.0], [1.0], 0.0), "clip is 0, it must be greater than 0"),
        (lambda: ANN(layers=(Layer([[1]], [0]),)), "there are 1 layers, there must be 2 to 20: hidden ones, an output"),
        (lambda: ANN(layers=(Layer([[1]], [0]), Layer([[1, 1]], [0]))), "layer 0 gives 1 values, layer 1 takes 2"),
        (lambda: ann("softmax"), "squash is 'softmax'; known: argmax, none, tanh"),
        (lambda: ann(activation="elu"), "activation is 'elu'; did you mean 'relu'?"),
        (lambda: ann(statistics=Statistics([0.0], [1.0])), "the statistics are of 1 values, the first layer takes 3"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)
