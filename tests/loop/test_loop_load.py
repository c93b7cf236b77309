"""Reading a recording back: damaged and foreign files are refused with one clear error."""

import json
import struct

import numpy as np
import pytest
from loop_fakes import FakeController
from safetensors import safe_open
from safetensors.numpy import save_file

from neurobot.errors import RecordingError
from neurobot.loop import load_recording
from neurobot.loop.record import header_of
from neurobot.loop.recording import tick_dtype
from neurobot.loop.writer import ChunkWriter

TICKS = 6


@pytest.fixture
def folder(tmp_path):
    """A recording of two chunks, made without a process."""
    header = header_of(FakeController(), 2048)
    chunks = ChunkWriter(tmp_path, header, chunk_ticks=4)
    for first, count in ((0, 4), (4, 2)):
        records = np.zeros(count, tick_dtype(header))
        records["tick"] = np.arange(first, first + count)
        records["kept"] = 1
        records["spikes"][:, 0] = (2, 5)
        chunks.append(records)
    chunks.close()
    (tmp_path / "events.jsonl").write_text('{"event": "recording_start"}\n')
    return tmp_path


def rewrite(path, arrays=None, metadata=None):
    """Write a chunk again with some arrays (None removes one) or metadata changed."""
    with safe_open(str(path), framework="numpy") as file:
        old = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        meta = file.metadata() | (metadata or {})
    new = {name: array for name, array in (old | (arrays or {})).items() if array is not None}
    save_file(new, str(path), {key: value for key, value in meta.items() if value is not None})


def first(folder):
    return folder / "ticks-000000.safetensors"


def refuse(folder, match):
    with pytest.raises(RecordingError, match=match):
        load_recording(folder)


def test_chunks_are_joined(folder):
    recording = load_recording(folder)
    np.testing.assert_array_equal(recording.tick, np.arange(TICKS))
    np.testing.assert_array_equal(recording.spikes, [(k, 2, 5) for k in range(TICKS)])
    assert recording.events == ({"event": "recording_start"},)


def test_a_folder_without_recording_is_refused(tmp_path):
    refuse(tmp_path, r"no recording here; give the folder that holds its ticks-\*.safetensors")
    refuse(tmp_path / "nowhere", "nowhere: there is no such folder; give the folder of a run, or of its recording")


@pytest.mark.parametrize("data", [b"", b"neurobot", struct.pack("<Q", 2**60) + b"{}", b"\x80\x04\x95pickle" * 100])
def test_what_is_no_safetensors_file_is_refused(folder, data):
    first(folder).write_bytes(data)
    refuse(folder, "ticks-000000.safetensors: not a safetensors file, or a damaged one")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(folder, share):
    data = first(folder).read_bytes()
    first(folder).write_bytes(data[: int(share * len(data))])
    refuse(folder, "not a safetensors file, or a damaged one")


@pytest.mark.parametrize(("version", "told"), [("1", "a recording of format 1"), (None, "no recording")])
def test_another_format_is_refused(folder, version, told):
    rewrite(first(folder), metadata={"neurobot_recording": version})
    refuse(folder, f"this is {told}; this version of neurobot reads format 2")


def header_with(**changes):
    return json.dumps(json.loads(header_of(FakeController(), 2048).to_json()) | changes)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "[]", "{}", "[" * 100_000, header_with(substeps=1.5), header_with(substeps=True),
        header_with(observations=-1), header_with(dt="0.002"), header_with(control_period=0), header_with(extra=1),
        header_with(populations=[["p0", 0]]), header_with(populations=[["p0", 0, "3"]]), header_with(populations=3),
    ],
)  # fmt: skip
def test_a_damaged_header_is_refused(folder, header):
    rewrite(first(folder), metadata={"header": header})
    refuse(folder, "ticks-000000.safetensors: its header is damaged")


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        ("reward", None, "a recording holds tick, episode, spike_count"),
        ("extra", np.zeros(4), "it holds episode, extra, held"),
        ("reward", np.zeros(3), r"reward is float64 of shape \(3,\), it should be float64 of shape \(4,\)"),
        ("reward", np.zeros(4, np.float32), "reward is float32 of shape"),
        ("tick", np.array(4), r"tick is int64 of shape \(\), it should be int64 of shape \(0,\)"),
        ("spikes", np.zeros((4, 2), np.int32), r"spikes is int32 of shape \(4, 2\)"),
        ("spikes", np.array([[4, 0, 0]], np.int32), "a spike names a tick, a step or a neuron that does not exist"),
        ("spikes", np.array([[0, 5, 0]], np.int32), "a spike names"),
        ("spikes", np.array([[0, 0, 7]], np.int32), "a spike names"),
        ("spikes", np.array([[-1, 0, 0]], np.int32), "a spike names"),
        ("spikes", np.array([[1, 0, 0], [0, 0, 0]], np.int32), "its spikes are not in the order of their ticks"),
    ],
)
def test_arrays_that_do_not_fit_the_header_are_refused(folder, name, array, told):
    rewrite(first(folder), arrays={name: array})
    refuse(folder, told)


def test_a_chunk_of_another_recording_is_refused(folder):
    header = header_with(dt=0.001)
    rewrite(folder / "ticks-000001.safetensors", metadata={"header": header})
    refuse(folder, "ticks-000001.safetensors: it belongs to another recording than ticks-000000.safetensors")


@pytest.mark.parametrize("text", ["{]\n", "\xff\n", "[" * 100_000 + "\n"])
def test_damaged_events_are_refused(folder, text):
    (folder / "events.jsonl").write_text(text, encoding="latin-1")
    refuse(folder, r"events.jsonl: it cannot be read")


def test_missing_events_are_refused(folder):
    (folder / "events.jsonl").unlink()
    refuse(folder, r"events.jsonl: it cannot be read")


def test_an_event_that_is_no_object_is_refused(folder):
    (folder / "events.jsonl").write_text("3\n")
    refuse(folder, "every line must be a JSON object")


def test_a_line_that_a_crash_cut_short_is_left_out(folder):
    (folder / "events.jsonl").write_text('{"event": "recording_start"}\n{"event": "epis')
    assert load_recording(folder).events == ({"event": "recording_start"},)
