"""Program files: what was saved is what is loaded; anything else is one clear error, and nothing half-written."""

import errno
import json
import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as parse
from safetensors.numpy import save as to_bytes

from neurobot.errors import NeurobotError, ProgramFileError, SpecError
from neurobot.program import Program, build, file
from neurobot.spec import LIF, CubaLIF, Input, NetworkSpec, Population, Sparse
from tests.unit.strategies import examples
from tests.unit.test_controller import spec, through


def sparse_program():
    """A program with delays per synapse, so that its file has all kinds of arrays."""
    controller = spec()
    network = controller.network
    rng = np.random.default_rng(0)
    post, pre = rng.integers(0, 9, 20), rng.integers(0, 9, 20)
    weights = Sparse(post, pre, rng.normal(0, 1, 20), rng.integers(1, 5, 20) * 1e-3)
    first, _, last = network.projections
    changed = NetworkSpec(network.dt, network.populations, (first, type(first)("h", "h", weights), last))
    return build(
        type(controller)(encoder=controller.encoder, network=changed, decoder=controller.decoder, substeps=3), seed=7
    )


PROGRAM = sparse_program()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "p.safetensors"
    PROGRAM.save(path)
    return path.read_bytes()


@pytest.fixture
def load(tmp_path):
    def load(content):
        path = tmp_path / "p.safetensors"
        path.write_bytes(content)
        return Program.load(path)

    return load


def refused(load, content, message="."):
    with pytest.raises(ProgramFileError, match=message) as caught:
        load(content)
    assert "p.safetensors" in str(caught.value)
    assert caught.value.exit_code == 6


def forge(data, change):
    """The file with header and arrays as `change(header, arrays)` leaves them, and a checksum that fits."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["neurobot"])
    arrays = {name: array.copy() for name, array in parse(data).items()}
    change(header, arrays)
    text = json.dumps(header, sort_keys=True)
    try:
        digest = file.digest_of(file.semantic(header), arrays)
    except AttributeError:  # a header that is no table
        digest = ""
    return to_bytes(arrays, {"neurobot": text, "sha256": digest})


def equal(a, b):
    return a.spec == b.spec and a.seed == b.seed and all(
        x.tobytes() == y.tobytes() for x, y in ((a.layout, b.layout), (a.params, b.params))
    )  # fmt: skip


def test_a_forged_file_without_changes_loads(data, load):
    assert equal(load(forge(data, lambda h, a: None)), PROGRAM)


def test_numpy_numbers_in_spec_and_provenance_are_saved(tmp_path):
    network = NetworkSpec(np.float32(0.5), (Population("in", np.int64(3), Input()),))
    program = build(network, seed=np.int64(5), provenance={"return": np.float32(1.5), "n": np.int64(2)})
    program.save(tmp_path / "p")
    loaded = Program.load(tmp_path / "p")
    assert equal(loaded, program)
    assert loaded.provenance == {"return": 1.5, "n": 2}


def test_provenance_that_is_no_data_is_refused_and_nothing_written(tmp_path):
    program = build(spec(), provenance={"env": object()})
    with pytest.raises(TypeError, match="in the provenance is a object; give numbers, texts, lists and dicts"):
        program.save(tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


@given(at=st.integers(0, 10**9))
@examples(60)
def test_a_truncated_file_is_refused(data, tmp_path_factory, at):
    path = tmp_path_factory.mktemp("t") / "p.safetensors"
    path.write_bytes(data[: at % len(data)])
    with pytest.raises(ProgramFileError):
        Program.load(path)


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 9, 100, -1, -100])
def test_a_file_cut_at_its_seams_is_refused(data, load, keep):
    refused(load, data[:keep])


@pytest.mark.parametrize("extra", [b"\0", b"x" * 100])
def test_a_file_with_more_behind_it_is_refused(data, load, extra):
    refused(load, data + extra)


@given(at=st.integers(0, 10**9), flip=st.integers(1, 255))
@examples(300)
def test_a_flipped_byte_is_refused_or_changes_nothing_that_runs(data, tmp_path_factory, at, flip):
    """Blanks between the header's words and the provenance, which is for people, are not in the checksum."""
    broken = bytearray(data)
    broken[at % len(data)] ^= flip
    path = tmp_path_factory.mktemp("t") / "p.safetensors"
    path.write_bytes(broken)
    try:
        loaded = Program.load(path)
    except ProgramFileError:
        return
    assert equal(loaded, PROGRAM)


def test_every_flipped_byte_of_an_array_is_refused(data, load):
    first = 8 + struct.unpack("<Q", data[:8])[0]
    for at in range(first, len(data), 97):
        refused(load, data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :], "checksum|not finite|arrays|in")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a safetensors file, or a truncated one"),
        (b"PK\x03\x04" + bytes(100), "not a safetensors file"),
        (pickle.dumps({"weights": [1, 2, 3] * 99}), "not a safetensors file"),
        (struct.pack("<Q", 2**63) + bytes(100), "not a safetensors file, or a truncated one"),
        (struct.pack("<Q", 4) + b"null", "not a safetensors file"),
        (struct.pack("<Q", 2) + b"{}", "not a neurobot program"),
        (to_bytes({"a": np.zeros(2)}), "a safetensors file, but not a neurobot program"),
        (to_bytes({"a": np.zeros(2)}, {"neurobot": "{}"}), "not a neurobot program"),
        (to_bytes({}, {"neurobot": "{", "sha256": ""}), "the header is not JSON"),
        (to_bytes({}, {"neurobot": "[" * 100_000, "sha256": ""}), "the header is not JSON"),
        (to_bytes({}, {"neurobot": "[]", "sha256": ""}), "the header is not JSON"),
        (to_bytes({}, {"neurobot": "{}", "sha256": ""}), "format None; this version of neurobot reads format 1"),
    ],
    ids=range(12),
)
def test_what_is_no_program_is_refused(load, content, message):
    refused(load, content, message)


def test_size_and_header_are_bounded(load, tmp_path, monkeypatch):
    path = tmp_path / "big"
    with path.open("wb") as f:
        f.write(struct.pack("<Q", file.MAX_HEADER + 1))
        f.truncate(file.MAX_HEADER + 100)
    with pytest.raises(ProgramFileError, match="a header of 67108865 bytes, at most 67108864 are read"):
        Program.load(path)
    monkeypatch.setattr(file, "MAX_FILE", 50)
    with pytest.raises(ProgramFileError, match="bytes, at most 50 are read"):
        Program.load(path)


def test_a_path_that_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none", tmp_path / "none" / "p"):
        with pytest.raises(ProgramFileError, match="cannot be read"):
            Program.load(path)


def put(name, value):
    def change(header, arrays):
        arrays[name] = value(arrays[name]) if callable(value) else value

    return change


def head(*path, to):
    def change(header, arrays):
        for key in path[:-1]:
            header = header[key]
        header[path[-1]] = to

    return change


def at(index, value):
    def changed(array):
        array[index] = value
        return array

    return changed


W, INDPTR, INDICES, DELAYS = "params/h->h.weights", "layout/h->h.indptr", "layout/h->h.indices", "layout/h->h.delays"
FORGED = {
    "another format": (head("format", to=99), "format 99; this version"),
    "no kind": (head("kind", to="robot"), "describes no valid program"),
    "a kind that is a list": (head("kind", to=[]), "describes no valid program"),
    "no seed": (head("seed", to="x"), "no provenance or seed"),
    "a seed that is true": (head("seed", to=True), "no provenance or seed"),
    "no provenance": (head("provenance", to=[]), "no provenance or seed"),
    "a spec that is a number": (head("spec", to=5), "describes no valid program"),
    "an unknown key": (head("spec", "x", to=5), "unknown key 'x'"),
    "substeps of 1.5": (head("spec", "substeps", to=1.5), "is 1.5, it must be a whole number"),
    "dt of NaN": (head("spec", "network", "dt", to=float("nan")), "dt is nan, it must be finite"),
    "dt of almost 0": (head("spec", "network", "dt", to=1e-320), "describes no valid program"),
    "a large population": (head("spec", "network", "populations", 1, "n", to=10_000_000), "array .* the spec asks for"),
    "a huge population": (head("spec", "network", "populations", 1, "n", to=10**12), "at most 10000000 are allowed"),
    "an unresolved spec": (head("spec", "encoder", "size", to=None), "encoder: size is not known"),
    "no range": (head("spec", "encoder", "field", "range", to=None), "the field has no range"),
    "no limits": (head("spec", "decoder", "limits", "low", to=None), "limits.low is not known"),
    "an array too few": (lambda h, a: a.pop("params/h.b"), r"array 'params/h.b' has shape None, the spec asks for"),
    "an array too many": (put("params/x", np.zeros(3)), r"array 'params/x' has shape \(3,\), the spec asks for None"),
    "another shape": (put("params/h.b", np.zeros(8)), r"array 'params/h.b' has shape \(8,\)"),
    "NaN": (put("params/h.b", at(0, np.nan)), "array 'params/h.b' has entries that are not finite"),
    "infinite weights": (put(W, at(0, np.inf)), "has entries that are not finite"),
    "whole numbers for weights": (put(W, lambda x: x.astype(np.int32)), "has dtype int32, it must be float"),
    "half precision": (put(W, lambda x: x.astype(np.float16)), "has dtype float16"),
    "wide indices": (put(INDICES, lambda x: x.astype(np.int64)), "has dtype int64, it must be int32"),
    "bool indices": (put(INDICES, lambda x: x.astype(bool)), "has dtype bool, it must be int32"),
    "an index too large": (put(INDICES, at(3, 9)), "h->h.indices point outside the 9 neurons"),
    "a negative index": (put(INDICES, at(3, -1)), "h->h.indices point outside the 9 neurons"),
    "indptr that falls": (put(INDPTR, at(1, 15)), "h->h.indptr does not rise"),
    "indptr that starts late": (put(INDPTR, at(0, 1)), "h->h.indptr does not rise"),
    "indptr past the end": (put(INDPTR, at(-1, 21)), "h->h.indptr does not rise"),
    "a delay past the ring": (put(DELAYS, at(0, 5)), r"h->h.delays must be 1..4 steps"),
    "a delay of 0 to itself": (put(DELAYS, at(0, 0)), r"h->h.delays must be 1..4 steps"),
    "a negative delay": (put(DELAYS, at(0, -1)), r"h->h.delays must be 1..4 steps"),
    "longest delays that are a list": (head("max_delays", to=[]), "longest delays"),
    "no longest delays": (lambda h, a: h.pop("max_delays"), "describes no valid program"),
    "a longest delay of 1.5": (head("max_delays", "h->h", to=1.5), "longest delay 1.5"),
    "a longest delay of -1": (head("max_delays", "h->h", to=-1), "longest delay -1"),
    "an enormous longest delay": (head("max_delays", "h->h", to=10**9), "longest delay 1000000000"),
    "weights without dimensions": (put(W, np.zeros(())), r"weights of shape \(\)"),
    "weights without entries": (put(W, np.zeros((1_000_000_000, 0), np.float32)), "array|describes"),
    "no weights": (lambda h, a: a.pop(W), "describes no valid program"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_refused(data, load, name):
    change, message = FORGED[name]
    content = forge(data, change)
    tracemalloc.start()
    try:
        refused(load, content, message)
        assert tracemalloc.get_traced_memory()[1] < 600e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("model", [LIF(tau_mem=0.01), CubaLIF(tau_mem=0.01, tau_syn=0.005)])
def test_a_population_without_neurons_is_refused(load, tmp_path, model):
    build(NetworkSpec(1e-3, (Population("x", 1, model),))).save(tmp_path / "p")

    def change(header, arrays):
        header["spec"]["populations"][0]["n"] = 0
        arrays |= {name: array[:0] for name, array in arrays.items()}

    refused(load, forge((tmp_path / "p").read_bytes(), change), "population 'x' has 0 neurons; give their number")


def test_a_type_that_numpy_does_not_have_is_refused(data, load):
    length = struct.unpack("<Q", data[:8])[0]
    header = data[8 : 8 + length]
    for code in (b"BF16", b"F8_E4M3"):
        for old in (b'"F32"', b'"F64"'):
            changed = header.replace(old, b'"' + code + b'"')
            refused(load, struct.pack("<Q", len(changed)) + changed + data[8 + length :])


# --- saving ---------------------------------------------------------------------------------------------------------


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.open"])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, where):
    path = tmp_path / "p.safetensors"
    PROGRAM.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(where, full)
    with pytest.raises(ProgramFileError, match=r"cannot be written \(No space left on device\); what was there before"):
        build(through()).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.safetensors"]


def test_an_interrupted_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "p.safetensors"
    PROGRAM.save(path)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build(through()).save(path)
    monkeypatch.undo()
    assert equal(Program.load(path), PROGRAM)
    assert [p.name for p in tmp_path.iterdir()] == ["p.safetensors"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "p", tmp_path / "file" / "p", tmp_path / "folder", tmp_path / ("x" * 300)):
        with pytest.raises(NeurobotError, match="cannot be written"):
            PROGRAM.save(path)
    monkeypatch.setattr("pathlib.Path.open", full)
    with pytest.raises(ProgramFileError, match="cannot be written"):
        PROGRAM.save(tmp_path / "p")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_params_that_are_not_finite_are_not_written(tmp_path):
    params = PROGRAM.params.copy()
    params[0] = np.nan
    with pytest.raises(ProgramFileError, match=r"not written, 'params/h.alpha' has entries that are not finite"):
        PROGRAM.with_params(params).save(tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_numbers_beyond_float32_survive(tmp_path):
    params = PROGRAM.params.copy()
    params[:3] = [1e300, np.pi, -1e-300]
    PROGRAM.with_params(params).save(tmp_path / "p")
    assert Program.load(tmp_path / "p").params.tobytes() == params.tobytes()


def test_a_state_too_large_is_refused_in_building_and_in_loading(load, monkeypatch, data):
    monkeypatch.setattr("neurobot.program.lowered.MAX_STATE", PROGRAM.state_words - 1)
    with pytest.raises(SpecError, match=rf"state needs over {PROGRAM.state_words - 1} words"):
        sparse_program()
    refused(load, data, rf"state needs over {PROGRAM.state_words - 1} words")
