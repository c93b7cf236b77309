"""Policies from files: the ANN does what torch did with the same file."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from neurobot.errors import PolicyError
from neurobot.interop.ann import Statistics
from neurobot.interop.policies import load_policy, load_statistics
from neurobot.interop.sb3 import read_policy
from tests.interop.sb3_files import arrays, policy, state_dict

FOLDER = Path(__file__).parents[1] / "golden" / "policies"
RECORDED = np.load(FOLDER / "recorded.npz")
TWO = np.array([2.0])  # limit of Pendulum's torque
KINDS = {
    "ppo_tanh": ([16, 16, 2], "tanh", "argmax"),
    "ppo_relu": ([8, 6, 1], "relu", "none"),
    "a2c": ([8, 6, 2], "relu", "argmax"),
    "td3": ([8, 6, 1], "relu", "tanh"),
    "sac": ([8, 6, 1], "relu", "tanh"),
    "dqn": ([8, 6, 2], "relu", "argmax"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_saved_policy_acts_as_it_did_in_torch(name):
    ann = read_policy(FOLDER / f"{name}.zip")
    assert ([layer.bias.size for layer in ann.layers], ann.activation, ann.squash) == KINDS[name]
    actions = ann.act(RECORDED[f"{name}.observations"], -TWO, TWO)
    np.testing.assert_allclose(actions, RECORDED[f"{name}.actions"], atol=2e-6)
    assert len(np.unique(actions)) > 1


def test_a_state_dict_of_a_sequential_network_acts_as_it_did_in_torch():
    ann = load_policy(FOLDER / "sequential.safetensors", activation="tanh", squash="none")
    actions = ann.act(RECORDED["sequential.observations"], -9.0, 9.0)
    np.testing.assert_allclose(actions, RECORDED["sequential.actions"], atol=1e-6)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_plain_arrays_are_layers_by_their_numbers(tmp_path, kind):
    given = arrays(np.random.default_rng(0))
    plain = dict(zip(("W0", "b0", "W1", "b1"), given.values(), strict=True))
    path = tmp_path / f"net.{kind}"
    if kind == "npz":
        np.savez(path, **(plain | {"W0": np.asfortranarray(plain["W0"])}))
    else:
        save_file(plain, path)
    ann = load_policy(path, squash="tanh")
    zipped = read_policy(policy(tmp_path / "net.zip", state_dict(given)))
    x = np.random.default_rng(1).normal(size=(5, 3))
    np.testing.assert_array_equal(ann.act(x), zipped.act(x))


def test_the_names_of_an_algorithm_tell_the_squash(tmp_path):
    save_file(arrays(np.random.default_rng(0)), tmp_path / "a.safetensors")
    assert load_policy(tmp_path / "a.safetensors").squash == "tanh"
    onpolicy = arrays(np.random.default_rng(0), names=("mlp_extractor.policy_net.0", "action_net"))
    np.savez(tmp_path / "b.npz", **onpolicy)
    assert load_policy(tmp_path / "b.npz").squash == "argmax"
    np.savez(tmp_path / "c.npz", **onpolicy, log_std=np.zeros(2))
    assert load_policy(tmp_path / "c.npz").squash == "none"


def test_half_and_double_precision_are_read(tmp_path):
    given = arrays(np.random.default_rng(0))
    for dtype, kind in ((np.float16, "HalfStorage"), (np.float64, "DoubleStorage")):
        cast = {name: a.astype(dtype) for name, a in given.items()}
        ann = read_policy(policy(tmp_path / "net.zip", state_dict(cast, dict.fromkeys(cast, kind))))
        np.testing.assert_array_equal(ann.layers[0].weights, cast["actor.mu.0.weight"].astype(np.float64))


def test_statistics_by_variance_are_those_of_vecnormalize(tmp_path):
    np.savez(tmp_path / "norm.npz", mean=[1.0, 2.0], var=[4.0, 0.0], epsilon=1e-8, clip=5.0)
    normalise = load_statistics(tmp_path / "norm.npz")
    np.testing.assert_allclose(normalise(np.array([3.0, 2.0])), [1.0, 0.0])
    np.testing.assert_allclose(normalise(np.array([-100.0, 2.1])), [-5.0, 5.0])
    save_file({"mean": np.zeros(2), "std": np.full(2, 2.0)}, tmp_path / "norm.safetensors")
    np.testing.assert_allclose(load_statistics(tmp_path / "norm.safetensors")(np.array([4.0, 90.0])), [2.0, 10.0])


def test_statistics_come_before_the_first_layer(tmp_path):
    path = policy(tmp_path / "net.zip", state_dict(arrays(np.random.default_rng(0))))
    plain, normalised = load_policy(path), load_policy(path, statistics=Statistics(np.ones(3), np.full(3, 2.0)))
    x = np.random.default_rng(1).normal(size=(5, 3))
    np.testing.assert_allclose(normalised.act(1 + 2 * x), plain.act(x))


def saved(folder, **given):
    np.savez(folder / "net.npz", **given)
    return folder / "net.npz"


LAYERS = {"W0": np.ones((4, 3)), "b0": np.ones(4), "W1": np.ones((2, 4)), "b1": np.ones(2)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (LAYERS, "does not say what becomes of the output; give squash: tanh, none or argmax"),
        ({k: v for k, v in LAYERS.items() if k != "b1"}, "there is no 'b1'; it has 'W0', 'W1', 'b0'"),
        (LAYERS | {"W2": np.ones((1, 2))}, "there is no 'b2'"),
        ({"x": np.ones(2)}, "which are the layers cannot be told from 'x'; call them W0, b0"),
        ({"a.0.weight": np.ones(2), "b.0.weight": np.ones(2)}, "cannot be told from 'a.0.weight', 'b.0.weight'"),
        (LAYERS | {"W0": np.ones((4, 3), complex)}, "'W0' is of dtype complex128; it must hold real numbers"),
        (LAYERS | {"W0": np.array([None])}, "'W0.npy' holds Python objects, which are pickles and are not read"),
    ],
)
def test_arrays_that_are_no_layers_are_refused(tmp_path, given, message):
    with pytest.raises(PolicyError) as caught:
        load_policy(saved(tmp_path, **given))
    assert message in str(caught.value)


def test_what_a_zip_says_is_not_to_be_contradicted(tmp_path):
    path = policy(tmp_path / "net.zip", state_dict(arrays(np.random.default_rng(0))))
    assert load_policy(path, activation="relu", squash="tanh").squash == "tanh"
    with pytest.raises(PolicyError, match="the file says activation 'relu' and squash 'tanh'; leave both out"):
        load_policy(path, squash="none")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("net.pt", r"\.pt is not known; give \.zip, \.npz or \.safetensors"),
        ("net", r"no suffix is not known"),
        ("none.zip", r"none\.zip: cannot be read \(No such file"),
        ("none.npz", r"none\.npz: cannot be read \(No such file"),
        ("none.safetensors", r"none\.safetensors: cannot be read \(No such file"),
    ],
)
def test_a_file_of_another_kind_or_none_is_refused(tmp_path, name, message):
    with pytest.raises(PolicyError, match=message):
        load_policy(tmp_path / name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"std": np.ones(2)}, "'mean', and 'std' or 'var', are needed; it has 'std'"),
        ({"mean": np.ones(2)}, "are needed; it has 'mean'"),
        ({}, "are needed; it has no arrays"),
        ({"mean": np.ones(2), "std": np.ones(2), "clip": np.ones(2)}, "'clip' has shape (2,), it must be one number"),
    ],
)
def test_statistics_that_are_not_whole_are_refused(tmp_path, given, message):
    with pytest.raises(PolicyError) as caught:
        load_statistics(saved(tmp_path, **given))
    assert message in str(caught.value)


def test_pickled_statistics_are_refused_with_a_way_out():
    with pytest.raises(PolicyError, match=r"a pickle runs code when it is read.*numpy\.savez\('norm\.npz'"):
        load_statistics("vecnormalize.pkl")
