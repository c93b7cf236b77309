"""Files that point elsewhere, grow, contain themselves or are no graphs are refused before an array is read."""

import contextlib
import sys

import h5py
import nir
import numpy as np
import pytest

import neurobot.interop.nir.reading as reading
from neurobot.errors import ConfigError, NIRError, SpecError
from neurobot.interop.nir import from_nir, read
from tests.interop.nir_graphs import DT, chain, lif, sink, source


@pytest.fixture
def path(tmp_path):
    nir.write(tmp_path / "a.nir", chain(source(2), lif(2), sink(2)))
    return tmp_path / "a.nir"


def test_a_good_file_is_read(path):
    assert set(read(str(path)).nodes) == {"n0", "n1", "n2"}
    assert from_nir(path, dt=DT)[1].source == str(path)


def soft_link(file, path):
    file["node/nodes/n1/r"] = h5py.SoftLink("/node/nodes/n1/tau")


def external_link(file, path):
    file["node/nodes/n1/r"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_root(file, path):
    del file["node"]
    file["node"] = h5py.ExternalLink("other.nir", "/node")


def external_storage(file, path):
    (path.parent / "raw").write_bytes(bytes(16))
    file.create_dataset("node/nodes/n1/r", (2,), "f8", external=[(str(path.parent / "raw"), 0, 16)])


def virtual(file, path):
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
    file.create_virtual_dataset("node/nodes/n1/r", layout)


def itself(file, path):
    file["node/nodes/n1/inner"] = file["node"]


def twice(file, path):
    file["node/nodes/n1/r"] = file["node/nodes/n1/tau"]


def deep(file, path):
    file.create_group("node/" + "/".join("g" * 60))


def declared(file, path):
    file.create_dataset("node/nodes/n1/r", (2**40,), "f8", chunks=(1024,))


def hollow(file, path):
    file.create_dataset("node/nodes/n1/r", (2**20,), "f8", chunks=(1024,))


def bomb(file, path):
    file.create_dataset("node/nodes/n1/r", data=np.zeros(2**21), compression="gzip", compression_opts=9)


def chunk(file, path):
    file.create_dataset("node/nodes/n1/r", (2,), "f4", maxshape=(None,), chunks=(2**29,))


def reference(file, path):
    file.create_dataset("node/nodes/n1/r", (2,), h5py.ref_dtype)


def compound(file, path):
    file.create_dataset("node/nodes/n1/r", (2,), np.dtype([("a", "f8"), ("b", "f8")]))


def no_shape(file, path):
    file["node/nodes/n1/r"] = h5py.Empty("f8")


def named_type(file, path):
    file["node/nodes/n1/r"] = np.dtype("f8")


def unknown_type(file, path):
    del file["node/nodes/n1/type"]
    file["node/nodes/n1/type"] = "LIFF"


def many_texts(file, path):
    file.create_dataset("node/nodes/n1/r", (300_000,), h5py.string_dtype())


def long_texts(file, path):
    file["node/nodes/n1/long"] = ["a" * 2**20] * 20


def no_edges(file, path):
    del file["node/edges"]


def no_node(file, path):
    del file["node"]


def wrong_root(file, path):
    del file["node"]
    node = file.create_group("node")
    node["type"] = "Scale"
    node["scale"] = np.ones(2)


HOSTILE = {
    soft_link: "/node/nodes/n1/r: a soft or external link",
    external_link: "/node/nodes/n1/r: a soft or external link",
    external_root: "there is no group 'node'",
    external_storage: "an array that lies in other files",
    virtual: "an array that lies in other files",
    itself: "the same object under a second name",
    twice: "the same object under a second name",
    deep: "groups are nested deeper than 40",
    declared: "the arrays take 8,796,093,022,",
    hollow: "8,388,608 bytes are declared but 0 are stored",
    bomb: "16,777,216 bytes are declared but",
    chunk: "the arrays take 2,147,483,",
    reference: "numbers and texts are allowed",
    compound: "numbers and texts are allowed",
    no_shape: "an array without a shape",
    named_type: "a named datatype",
    unknown_type: "an unknown node type 'LIFF'; did you mean 'LIF'",
    many_texts: "300,000 texts, at most 200,000 are allowed",
    long_texts: "the texts take more than 16,777,216 bytes",
    no_edges: "this is HDF5 but no NIR graph",
    no_node: "there is no group 'node'",
    wrong_root: "this is HDF5 but no NIR graph",
}


@pytest.mark.parametrize("change", HOSTILE, ids=lambda f: f.__name__)
def test_a_file_that_could_hurt_is_refused(path, change, monkeypatch):
    with h5py.File(path, "a") as file:
        if change in (soft_link, external_link, twice, declared, hollow, bomb, chunk, reference, compound, no_shape,
                      named_type, many_texts, external_storage, virtual):  # fmt: skip
            del file["node/nodes/n1/r"]
        change(file, path)
    if change not in (no_edges, wrong_root):
        monkeypatch.setattr(nir, "read", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(NIRError, match=HOSTILE[change]):
        read(path)


def test_too_many_objects_are_refused(path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_OBJECTS", 5)
    with pytest.raises(NIRError, match="more than 5 objects"):
        read(path)


def test_a_file_too_large_is_refused(path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 100)
    with pytest.raises(NIRError, match="bytes, at most 100 are allowed"):
        read(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NIRError, match="there is no such file"):
        read(tmp_path / "b.nir")


@pytest.mark.parametrize("cut", [0, 10, 700])
def test_what_is_no_hdf5_is_told(path, cut):
    path.write_bytes(path.read_bytes()[:cut] if cut != 10 else b"hello")
    with pytest.raises(NIRError, match="this is no HDF5 file, or a damaged one"):
        read(path)


def test_a_flipped_byte_never_ends_in_another_error(path):
    good = path.read_bytes()
    rng = np.random.default_rng(3)
    for at in rng.integers(0, len(good), 150):
        bad = bytearray(good)
        bad[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(bad))
        with contextlib.suppress(NIRError, SpecError):
            from_nir(path, dt=DT)


def test_the_missing_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(ConfigError, match=r"NIR needs the package 'nir': pip install 'neurobot\[nir\]'"):
        read(path)
