"""Large arrays of checkpoints: what has not changed is not written again, and nothing damaged is read."""

import numpy as np
import pytest
from train_walk import Walk

from neurobot.errors import ProgramFileError, TrainingError
from neurobot.train.method import State
from neurobot.train.runs import blocks
from neurobot.train.runs.checkpoint import Checkpoint, checkpoints, load, newest

ABOUT = {"train": {}}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 64)


def checkpoint(folder, rounds, array, keep=2):
    Checkpoint(ABOUT, State({"memory": array, "few": np.arange(3)}, {}), rounds, 0, 0.0).save(folder, keep)


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "blocks").iterdir()}


@pytest.mark.parametrize("array", [np.arange(100.0).reshape(20, 5), np.arange(101, dtype=np.uint8), np.zeros((16, 1))])
def test_a_large_array_comes_back(tmp_path, array):
    checkpoint(tmp_path, 1, array)
    found = load(checkpoints(tmp_path)[0]).state.arrays
    np.testing.assert_array_equal(found["memory"], array)
    assert found["memory"].dtype == array.dtype
    assert found["few"].tolist() == [0, 1, 2]


def test_blocks_that_did_not_change_are_not_written_again(tmp_path):
    array = np.arange(40.0)
    checkpoint(tmp_path, 1, array)
    before = files(tmp_path)
    array[33] = -1.0
    checkpoint(tmp_path, 2, array)
    after = files(tmp_path)
    assert len(before) == 5 and len(after) == 6
    assert all(after[name] == before[name] for name in before)


def test_blocks_that_no_checkpoint_needs_are_deleted(tmp_path):
    for rounds in range(1, 6):
        checkpoint(tmp_path, rounds, np.full(8, float(rounds)))
    assert len(files(tmp_path)) == 2
    for path, rounds in zip(checkpoints(tmp_path), (5, 4), strict=True):
        assert (load(path).state.arrays["memory"] == rounds).all()


def test_a_damaged_or_missing_block_is_found(tmp_path):
    checkpoint(tmp_path, 1, np.arange(16.0))
    path = sorted((tmp_path / "blocks").iterdir())[0]
    data = path.read_bytes()
    for wrong in (data[:-1], data + b"\0", bytes([data[0] ^ 1]) + data[1:]):
        path.write_bytes(wrong)
        with pytest.raises(ProgramFileError, match=rf"{path.name}: a block of a checkpoint is damaged"):
            load(checkpoints(tmp_path)[0])
    path.unlink()
    with pytest.raises(ProgramFileError, match=rf"{path.name}: a block of a checkpoint cannot be read \(No such file"):
        load(checkpoints(tmp_path)[0])


def test_a_checkpoint_with_a_damaged_block_is_passed_over(tmp_path):
    checkpoint(tmp_path, 1, np.arange(8.0))
    before = files(tmp_path)
    checkpoint(tmp_path, 2, np.arange(8.0) + 1)
    (new,) = set(files(tmp_path)) - set(before)
    (tmp_path / "blocks" / new).write_bytes(b"")
    notices = []
    assert newest(tmp_path, ABOUT, Walk.may_change, notices.append).rounds == 1
    assert "is damaged (its checksum does not match); going on from checkpoint-000001.safetensors" in notices[0]
    for path in (tmp_path / "blocks").iterdir():
        path.unlink()
    with pytest.raises(TrainingError, match=r"(?s)every checkpoint is damaged.*cannot be read"):
        newest(tmp_path, ABOUT, Walk.may_change, notices.append)
