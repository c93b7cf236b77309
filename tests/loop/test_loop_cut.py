"""A recording is taken back to where its run was suspended; what is not that recording is left alone."""

import json

import numpy as np
import pytest

from neurobot.errors import RecordingError
from neurobot.loop.cut import cut_back
from neurobot.loop.recording import EVENTS, Header, Position, tick_dtype
from neurobot.loop.writer import ChunkWriter

HEADER = Header(
    populations=(("a", 0, 2),), dt=0.001, substeps=2, control_period=0.002, observations=1, actions=1, max_spikes=4
)
SUSPENDED = {"event": "suspended", "episode": 0, "tick": 6}


def records(first, stop):
    made = np.zeros(stop - first, tick_dtype(HEADER))
    made["tick"] = np.arange(first, stop)
    return made


def recording(folder, *parts, header=HEADER):
    """A recording of ticks 0 to 6 in chunks of at most 4, that goes on with some parts from the second chunk on."""
    chunks = 0
    for first, stop in ((0, 6), *parts):
        writer = ChunkWriter(folder, header, 4, chunks)
        for at in range(first, stop, 4):
            writer.append(records(at, min(at + 4, stop)))
        writer.close()
        chunks = len(list(folder.glob("ticks-*")))
    lines = [{"event": "recording_start"}, {"event": "episode_start", "tick": 0}, SUSPENDED, {"event": "recording_end"}]
    (folder / EVENTS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("parts", [(), ((6, 7),), ((6, 15),), ((6, 9), (9, 11))])
def test_chunks_and_events_that_follow_are_deleted(tmp_path, parts):
    folder = recording(tmp_path, *parts)
    (folder / ".ticks-000004.safetensors.part").write_bytes(b"half")
    assert cut_back(folder, HEADER, Position(tick=6)) == 2
    assert names(folder) == [EVENTS, "ticks-000000.safetensors", "ticks-000001.safetensors"]
    assert json.loads((folder / EVENTS).read_text().splitlines()[-1]) == SUSPENDED


def test_a_run_that_was_suspended_before_its_first_tick_has_one_chunk_without_ticks(tmp_path):
    ChunkWriter(tmp_path, HEADER, 4).close()
    ChunkWriter(tmp_path, HEADER, 4, 1).append(records(0, 4))
    (tmp_path / EVENTS).write_text(json.dumps(SUSPENDED | {"tick": 0}) + "\n")
    assert cut_back(tmp_path, HEADER, Position()) == 1
    assert names(tmp_path) == [EVENTS, "ticks-000000.safetensors"]


@pytest.mark.parametrize(
    ("position", "said"),
    [
        (Position(tick=8), "it does not end with tick 7 of the suspended run"),
        (Position(tick=5), "it goes on after tick 4, where the run was suspended"),
        (Position(tick=6, episode=1), "it does not say that the run was suspended at tick 6"),
    ],
)
def test_another_place_is_refused_and_nothing_is_deleted(tmp_path, position, said):
    folder = recording(tmp_path)
    before = contents(folder)
    with pytest.raises(RecordingError, match=said):
        cut_back(folder, HEADER, position)
    assert contents(folder) == before


def another_header(folder):
    for path in folder.glob("ticks-*"):
        path.unlink()
    recording(folder, header=Header.from_json(HEADER.to_json().replace('"a"', '"b"')))


def damaged_chunk(folder):
    (folder / "ticks-000001.safetensors").write_bytes(b"12345678 none")


def no_chunks(folder):
    for path in folder.glob("ticks-*"):
        path.unlink()


def missing_chunk(folder):
    (folder / "ticks-000001.safetensors").unlink()


def damaged_events(folder):
    (folder / EVENTS).write_text('{"event": "suspended"\n')


def no_events(folder):
    (folder / EVENTS).unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_header, "it is a recording of another controller"),
        (damaged_chunk, "not a safetensors file, or a damaged one"),
        (no_chunks, "it does not end with tick 5"),
        (missing_chunk, "it does not end with tick 5"),
        (damaged_events, "events.jsonl: it cannot be read"),
        (no_events, "events.jsonl: it cannot be read"),
    ],
)
def test_what_is_not_the_recording_of_the_run_is_refused_and_nothing_is_deleted(tmp_path, change, said):
    folder = recording(tmp_path)
    change(folder)
    before = contents(folder)
    with pytest.raises(RecordingError, match=said):
        cut_back(folder, HEADER, Position(tick=6))
    assert contents(folder) == before
