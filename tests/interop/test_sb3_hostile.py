"""Hostile and damaged policy files: refused before anything is run, imported or allocated."""

import contextlib
import io
import pickle
import struct
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.errors import PolicyError
from neurobot.interop.policies import load_policy
from neurobot.interop.sb3 import archive as archives
from neurobot.interop.sb3 import pickled, read_policy
from neurobot.interop.sb3.pickled import state_dict_index
from tests.interop.sb3_files import Pickle, archive, arrays, policy, state_dict
from tests.unit.strategies import examples

FOUR = np.ones(4, np.float32)
SMALL = arrays(np.random.default_rng(0))


def refused(data, message):
    with pytest.raises(PolicyError) as caught:
        state_dict_index(data, "policy.pth")
    assert message in str(caught.value)


class Evil:
    def __reduce__(self):
        return (exec, ("import sys; sys.evil = True",))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_code_is_refused_by_name(protocol):
    refused(pickle.dumps({"a": Evil()}, protocol), "is refused; a state dict does not need it, and it could run code")
    assert not hasattr(sys, "evil")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Pickle().name("os", "system").end(), "the name 'os.system' is refused"),
        (Pickle().name("torch", "load").end(), "the name 'torch.load' is refused"),
        (Pickle().name("torch._utils", "_rebuild_parameter").end(), "the name 'torch._utils._rebuild_parameter'"),
        (Pickle().name("torch", "ByteStorage").end(), "the name 'torch.ByteStorage' is refused"),
        (b"\x80\x02(ios\nsystem\n.", "the pickle instruction INST is refused"),
        (b"\x80\x02(o.", "the pickle instruction OBJ is refused"),
        (b"\x80\x02)\x81.", "the pickle instruction NEWOBJ is refused"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "the pickle instruction STACK_GLOBAL is refused"),
        (b"\x80\x02\x82\x01.", "the pickle instruction EXT1 is refused"),
        (b"\x80\x02Pid\n.", "the pickle instruction PERSID is refused"),
        (Pickle().empty().raw(b"}").text("x").number(1).raw(b"sb").end(), "BUILD with attributes other than _metadata"),
        (Pickle().number(1).raw(b"}b").end(), "BUILD with attributes other than _metadata"),
        (Pickle().name("collections", "OrderedDict").raw(b"K\x01\x85R").end(), "a call of 'collections.OrderedDict'"),
        (Pickle().name("torch", "FloatStorage").raw(b")R").end(), "a call of 'torch.FloatStorage' with these"),
        (Pickle().number(1).raw(b")R").end(), "a call of something that is no name is refused"),
    ],
)  # fmt: skip
def test_instructions_and_names_that_no_state_dict_needs_are_refused(data, message):
    refused(data, message)


def one(**place):
    return Pickle().empty().raw(b"(").text("w").tensor("0", **place).raw(b"u").end()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the pickle is damaged"),
        (b"\x80\x02", "the pickle is damaged"),
        (b"\xff\xff", "the pickle is damaged"),
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "the pickle is damaged"),
        (b"\x80\x02u.", "the pickle is damaged"),
        (b"\x80\x02h\x05.", "the pickle is damaged"),
        (b"\x80\x02\x87.", "a tuple of more than there is"),
        (b"\x80\x02}(K\x01K\x02u.", "items that are no names and values of a dict"),
        (b"\x80\x02}(K\x01u.", "items that are no names and values of a dict"),
        (Pickle().numbers(range(5)).raw(b"Q").end(), "a reference that is no storage of numbers"),
        (Pickle().number(1).raw(b"Q").end(), "the pickle is damaged"),
        (Pickle().number(1).end(), "it holds no state dict"),
        (Pickle().empty().text("a").number(1).raw(b"s").end(), "'a' is no tensor"),
        (one(size=5, shape=(2, 3)), "a tensor of 6 numbers from 0 in a storage of 5"),
        (one(size=6, shape=(2, 3), offset=1), "a tensor of 6 numbers from 1 in a storage of 6"),
        (one(size=6, shape=(2, 3), strides=(1, 2)), "with strides (1, 2); only contiguous ones are read"),
        (one(size=6, shape=(2, 3), strides=(0, 0)), "only contiguous ones are read"),
        (one(size=6, shape=(-2, 3)), "a tensor without a storage, an offset and a shape"),
        (one(size=6, shape=(0, 3)), "a tensor without a storage, an offset and a shape"),
        (one(size=6, shape=(1,) * 9), "a tensor without a storage, an offset and a shape"),
        (one(size=6, shape=(2, 3), offset=-1), "a tensor without a storage, an offset and a shape"),
        (one(size=-6, shape=(2, 3)), "a storage without a name and a size"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "",
)
def test_a_damaged_or_lying_index_is_refused(data, message):
    refused(data, message)


def test_an_index_is_bounded(monkeypatch):
    monkeypatch.setattr(pickled, "MAX_OPS", 10)
    refused(one(size=6, shape=(2, 3)), "more than 10 pickle instructions")
    monkeypatch.setattr(pickled, "MAX_BYTES", 10)
    refused(one(size=6, shape=(2, 3)), "bytes, at most 10 are read")


@given(data=st.binary(max_size=60), at=st.integers(0, 10_000))
@examples(200)
def test_any_bytes_give_an_index_or_a_policy_error(data, at):
    whole = one(size=6, shape=(2, 3))
    at %= len(whole)
    for mutilated in (
        data,
        b"\x80\x02" + data,
        whole[:at] + data + whole[at:],
        whole[:at] + data + whole[at + len(data) :],
    ):
        with contextlib.suppress(PolicyError):
            state_dict_index(mutilated, "policy.pth")


def problem(path):
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    return str(caught.value)


def test_a_storage_of_another_length_than_declared_is_refused(tmp_path):
    for stored in (b"\0" * 44, b"\0" * 52):
        pth = state_dict(SMALL, extra={})
        with zipfile.ZipFile(io.BytesIO(pth)) as file:
            entries = {n: file.read(n) for n in file.namelist()} | {"archive/data/0": stored}
        said = problem(policy(tmp_path / "a.zip", archive(entries)))
        assert f"the storage of 'actor.mu.0.weight' has {len(stored)} bytes, 12 numbers of 4 are declared" in said


def test_a_missing_storage_is_refused(tmp_path):
    with zipfile.ZipFile(io.BytesIO(state_dict(SMALL))) as file:
        entries = {n: file.read(n) for n in file.namelist() if n != "archive/data/1"}
    assert "there is no entry 'archive/data/1'" in problem(policy(tmp_path / "a.zip", archive(entries)))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    bad = {name: np.full_like(a, np.nan) for name, a in SMALL.items()}
    with pytest.raises(ValueError, match="weights or bias have entries that are not finite"):
        read_policy(policy(tmp_path / "a.zip", state_dict(bad)))


def test_bombs_are_refused_before_they_go_off(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    path.write_bytes(archive({"data": b" " * 10_000_000, "policy.pth": b""}, zipfile.ZIP_DEFLATED))
    assert "'data' is compressed by more than 100 to 1" in problem(path)
    monkeypatch.setattr("neurobot.interop.sb3.policy.MAX_DATA", 100)
    path.write_bytes(archive({"data": b" " * 101, "policy.pth": b""}))
    assert "'data' has 101 bytes, at most 100 are read" in problem(path)
    monkeypatch.setattr(archives, "MAX_ENTRIES", 1)
    assert "2 entries; at most 1 are read, no two of one name" in problem(path)
    monkeypatch.setattr(archives, "MAX_FILE", 10)
    assert "bytes, at most 10 are read" in problem(path)


def test_all_tensors_together_are_bounded(tmp_path, monkeypatch):
    path = policy(tmp_path / "a.zip", state_dict(SMALL))
    monkeypatch.setattr(archives, "MAX_TENSORS", 60)
    monkeypatch.setattr("neurobot.interop.sb3.policy.MAX_TENSORS", 1 << 20)
    monkeypatch.setattr(pickled, "MAX_BYTES", 1 << 20)
    assert "at most 60 are read" in problem(path) or "the tensors take more than 60 bytes" in problem(path)


def test_a_header_that_lies_about_a_size_is_refused(tmp_path):
    path = policy(tmp_path / "a.zip", state_dict(SMALL))
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 7)  # the unpacked size of policy.pth
    path.write_bytes(bytes(data))
    assert "'policy.pth' cannot be unpacked (Bad CRC-32" in problem(path)


def test_two_entries_of_one_name_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("data", "{}")
        file.writestr("data", "{}")
    assert "no two of one name" in problem(path)


@pytest.mark.parametrize(
    ("pth", "message"),
    [
        (b"\x80\x02old", "not in the zip format of torch 1.6 and later"),
        (b"PK broken", "policy.pth: not a zip file, or a damaged one"),
        (archive({"x": b""}), "0 entries are called data.pkl, there must be one"),
        (archive({"a/data.pkl": b"", "b/data.pkl": b""}), "2 entries are called data.pkl"),
        (archive({"a/data.pkl": b"", "a/byteorder": "big"}), "its numbers are not little-endian"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "",
)
def test_a_state_dict_in_another_format_is_refused(tmp_path, pth, message):
    assert message in problem(policy(tmp_path / "a.zip", pth))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{", "data: no JSON"),
        ("[" * 100_000, "data: no JSON"),
        ("[]", "a JSON object is expected, not a list"),
        ({"use_sde": True}, "it was trained with use_sde, whose actor is another one; train it without"),
        ({"policy_kwargs": {"activation_fn": "<class 'torch.nn.modules.activation.ELU'>"}}, "ReLU and Tanh are known"),
        ({"policy_kwargs": {"activation_fn": 3}}, "the activation function is '3'"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "",
)
def test_what_surrounds_the_network_is_looked_at(tmp_path, data, message):
    assert message in problem(policy(tmp_path / "a.zip", state_dict(SMALL), data))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"actor.features_extractor.cnn.0.weight": FOUR}, "a features extractor with weights"),
        ({"mlp_extractor.shared_net.0.weight": FOUR}, "without layers that the critic shares"),
        ({"actor.mu.1.running_mean": FOUR}, "actor.mu.1.running_mean is no weight or bias of a linear layer"),
        ({"actor.mu.1.weight": FOUR}, "actor.mu.1.weight is no weight or bias of a linear layer"),
        ({"actor.mu.1.weight": FOUR, "actor.mu.1.bias": FOUR}, "they must be (n_out, n_in) and (n_out,)"),
    ],
)  # fmt: skip
def test_an_actor_that_is_no_perceptron_is_refused(tmp_path, extra, message):
    with pytest.raises(ValueError) as caught:
        read_policy(policy(tmp_path / "a.zip", state_dict(SMALL | extra)))
    assert message in str(caught.value)


def test_an_unknown_algorithm_is_refused_with_what_is_known(tmp_path):
    said = problem(policy(tmp_path / "a.zip", state_dict({"net.weight": np.ones(2, np.float32)})))
    assert "no actor of a known algorithm (PPO, A2C; SAC, TQC; TD3, DDPG; DQN); its tensors are net.weight" in said


def test_a_zip_without_a_policy_is_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(archive({"data": "{}"}))
    assert "there is no entry 'policy.pth'" in problem(tmp_path / "a.zip")
    (tmp_path / "a.zip").write_bytes(b"hello")
    assert "not a zip file, or a damaged one" in problem(tmp_path / "a.zip")


def npy(header):
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (b"", "is no array of NumPy, or a damaged one"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"), "0 bytes for an array"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }") + b"\0" * 8, "damaged one"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "holds Python objects"),
        (npy("__import__('os').system('true')"), "damaged one"),
        (b"\x93NUMPY\x09\x00" + b"\0" * 20, "damaged one"),
    ],
)
def test_a_hostile_array_is_refused_before_it_is_made(tmp_path, entry, message):
    (tmp_path / "a.npz").write_bytes(archive({"W0.npy": entry}))
    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path / "a.npz")
    assert message in str(caught.value)


def test_a_damaged_safetensors_file_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(PolicyError, match="no safetensors file of real numbers"):
        load_policy(tmp_path / "a.safetensors")
