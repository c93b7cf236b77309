"""What may happen to the folder of a training: full disks, damaged files, killed processes, two at once."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from train_walk import Walk, Walking, events, saved, walk

from neurobot.errors import ProgramFileError, SpecError, TrainingError
from neurobot.program import Program
from neurobot.train.runs.checkpoint import checkpoints, load
from neurobot.train.runs.lock import LOCK, locked
from neurobot.train.runs.log import EventLog, Log

FULL = OSError(28, "No space left on device")


def test_the_last_few_checkpoints_are_kept(tmp_path):
    walk(tmp_path, Walk(hops=9), log=Log(keep=2))
    assert saved(tmp_path) == ["checkpoint-000008.safetensors", "checkpoint-000009.safetensors"]


def test_checkpoints_may_have_a_least_time_between_them(tmp_path):
    walk(tmp_path, Walk(hops=9), log=Log(interval=1000.0))
    assert saved(tmp_path) == ["checkpoint-000009.safetensors"]


@pytest.mark.parametrize("settings", [{"keep": 0}, {"interval": -1.0}, {"interval": float("nan")}])
def test_log_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(SpecError, match=next(iter(settings))):
        Log(**settings)


def test_a_checkpoint_cut_short_anywhere_is_damaged(tmp_path):
    walk(tmp_path)
    path = checkpoints(tmp_path)[0]
    data = path.read_bytes()
    for size in range(0, len(data), 64):
        path.write_bytes(data[:size])
        with pytest.raises(ProgramFileError, match=re.escape(path.name)):
            load(path)


def test_a_checkpoint_with_a_wrong_bit_anywhere_is_damaged(tmp_path):
    walk(tmp_path, Walk(length=0.1 + 0.2))  # written with more digits than tell it from its neighbours
    path = checkpoints(tmp_path)[0]
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(ProgramFileError, match=re.escape(path.name)):
            load(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a safetensors file, or a truncated one"),
        (b"\x80\x04\x95" + bytes(100), "not a safetensors file, or a truncated one"),
        (struct.pack("<Q", 1 << 40) + bytes(100), "not a safetensors file, or a truncated one"),
        (struct.pack("<Q", 2) + b"{}", "not a checkpoint of this version"),
        (struct.pack("<Q", 9) + b"{'a': 1} ", "the checkpoint is damaged"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, data, said):
    path = tmp_path / "checkpoint-000001.safetensors"
    path.write_bytes(data)
    with pytest.raises(ProgramFileError, match=said):
        load(path)


def test_a_program_is_no_checkpoint(tmp_path):
    walk(tmp_path)
    with pytest.raises(ProgramFileError, match="not a checkpoint of this version"):
        load(tmp_path / "program.safetensors")


def test_where_the_newest_is_damaged_the_one_before_is_resumed_from_and_the_notice_says_what_is_wrong(tmp_path):
    whole = walk(tmp_path / "whole")
    walk(tmp_path / "a", Walk(hops=4))
    newest = tmp_path / "a/checkpoint-000004.safetensors"
    newest.write_bytes(newest.read_bytes()[:-10])
    notices: list[str] = []
    resumed = walk(tmp_path / "a", resume=True, notice=notices.append)
    (notice,) = notices
    assert "checkpoint-000004.safetensors: the checkpoint is damaged" in notice
    assert notice.endswith("going on from checkpoint-000002.safetensors instead")
    assert np.array_equal(whole.params, resumed.params)
    assert events(tmp_path / "whole", "round", "evaluation") == events(tmp_path / "a", "round", "evaluation")


def test_where_all_are_damaged_every_one_is_named(tmp_path):
    walk(tmp_path)
    for path in checkpoints(tmp_path):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match=r"(?s)every checkpoint is damaged.*-000006.*-000004.*-000002"):
        walk(tmp_path, resume=True)


def test_resuming_where_there_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint to resume from; start without resume"):
        walk(tmp_path, resume=True)


def test_on_a_full_disk_training_goes_on_warns_once_and_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    whole = walk(tmp_path / "whole", Walk(hops=12))
    notices, step, seen = [], Walking.step, {}

    def full(fd: int) -> None:
        raise FULL

    def stepping(self):
        if self.hops == 3:
            patch.setattr("neurobot.files.os.fsync", full)
        if self.hops == 9:  # after failures at 4, 6 and 8
            seen[9] = saved(tmp_path / "a"), load(tmp_path / "a/checkpoint-000002.safetensors").rounds
            patch.undo()
        return step(self)

    monkeypatch.setattr(Walking, "step", stepping)
    patch = pytest.MonkeyPatch()
    program = walk(tmp_path / "a", Walk(hops=12), notice=notices.append)
    assert seen[9] == (["checkpoint-000002.safetensors"], 2)
    assert len(notices) == 2
    assert "no checkpoint: " in notices[0]
    assert "checkpoint-000004.safetensors: cannot be written (No space left on device)" in notices[0]
    assert notices[1] == "checkpoints can be written again"
    assert np.array_equal(program.params, whole.params)
    assert list((tmp_path / "a").glob(".*")) == []


def test_a_program_that_cannot_be_written_at_the_end_is_an_error(tmp_path, monkeypatch):
    def full(fd: int) -> None:
        raise FULL

    real = os.fsync
    monkeypatch.setattr("neurobot.files.os.fsync", lambda fd: None if counting(fd) else full(fd))
    calls: list[int] = []

    def counting(fd: int) -> bool:
        calls.append(fd)
        real(fd)
        return len(calls) <= 2  # the events' file, and its folder

    notices: list[str] = []
    with pytest.raises(ProgramFileError, match=r"program\.safetensors: cannot be written \(No space left"):
        walk(tmp_path, notice=notices.append)
    assert len(notices) == 1


def test_events_wait_for_room_on_the_disk_and_come_in_order(tmp_path, monkeypatch):
    notices: list[str] = []
    log = EventLog(tmp_path / "events.jsonl", notice=notices.append)
    log.write("round", round=1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(FULL))
        log.write("round", round=2)
        log.write("round", round=3)
    log.write("round", round=4)
    assert [e["round"] for e in events(tmp_path, "round")] == [1, 2, 3, 4]
    assert [n.partition("events.jsonl: ")[2] for n in notices] == [
        "cannot be written (No space left on device); the training goes on",
        "can be written again",
    ]


def test_a_log_that_cannot_be_begun_is_refused(tmp_path):
    (tmp_path / "events.jsonl").mkdir()
    with pytest.raises(TrainingError, match=r"events\.jsonl: cannot be written"):
        walk(tmp_path)


def test_a_line_that_was_cut_short_is_written_again_by_a_resumed_run(tmp_path):
    walk(tmp_path / "whole")
    walk(tmp_path / "a", Walk(hops=4))
    path = tmp_path / "a/events.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event": "round", "rou\xff')
    walk(tmp_path / "a", resume=True)
    assert events(tmp_path / "whole", "round", "evaluation") == events(tmp_path / "a", "round", "evaluation")


def test_two_trainings_in_one_folder_are_refused_with_who_was_first(tmp_path):
    with (
        locked(tmp_path, pytest.fail),
        pytest.raises(TrainingError, match=rf"a training \(process {os.getpid()}, begun 20.*is at work in this folder"),
    ):
        walk(tmp_path)
    assert (tmp_path / LOCK).read_bytes() == b""
    walk(tmp_path)


def test_the_lock_of_a_killed_training_is_taken_over_with_a_notice(tmp_path):
    script = f"""
        import os, signal
        from pathlib import Path
        from neurobot.train.runs.lock import locked
        with locked(Path({str(tmp_path)!r}), print):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    assert child.wait() == -9
    notices: list[str] = []
    walk(tmp_path, notice=notices.append)
    (notice,) = notices
    assert f"a training (process {child.pid}, begun 20" in notice
    assert notice.endswith("ended in this folder without a word; its lock is taken over")


def test_a_lock_file_with_nonsense_in_it_is_taken_over(tmp_path):
    (tmp_path / LOCK).write_bytes(b"[1, 2]")
    notices: list[str] = []
    walk(tmp_path, notice=notices.append)
    assert "a training ended in this folder without a word" in notices[0]


def test_a_folder_that_cannot_be_locked_is_refused(tmp_path):
    (tmp_path / LOCK).mkdir()
    with pytest.raises(TrainingError, match=r"lock\.json: cannot be written"):
        walk(tmp_path)


KILLED = """
import os, signal, stat, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from neurobot.errors import TrainingError
from train_walk import Walk, walk

root, count = Path({root!r}), 0


def deadly(function, kill_at, half):
    def call(first, *args, **options):
        global count
        count += 1
        if count == kill_at:
            if half and isinstance(first, int) and stat.S_ISREG(os.fstat(first).st_mode):
                os.ftruncate(first, os.fstat(first).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(first, *args, **options)

    return call


def killed(folder, kill_at, half):
    pid = os.fork()
    if not pid:
        os.fsync = deadly(os.fsync, kill_at, half)
        Path.replace, Path.unlink = deadly(Path.replace, kill_at, half), deadly(Path.unlink, kill_at, half)
        walk(folder, Walk(hops=4))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


for half in (False, True):
    for kill_at in range(1, 1000):
        folder = root / f"{{half}}-{{kill_at}}"
        if not killed(folder, kill_at, half):
            break
        notices = []
        try:
            walk(folder, Walk(hops=4), resume=True, notice=notices.append)
        except TrainingError as error:
            assert "there is no checkpoint" in str(error), error
            walk(folder, Walk(hops=4), notice=notices.append)
        print(folder, *notices, sep="|")
"""


def test_a_training_killed_at_any_write_goes_on_from_the_newest_whole_checkpoint(tmp_path):
    whole = walk(tmp_path / "whole", Walk(hops=4))
    script = KILLED.format(here=str(Path(__file__).parent), root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    runs = [line.split("|") for line in done.stdout.splitlines()]
    assert len(runs) == 2 * 18
    for folder, *notices in runs:
        assert np.array_equal(Program.load(Path(folder) / "program.safetensors").params, whole.params)
        assert events(Path(folder), "round", "evaluation") == events(tmp_path / "whole", "round", "evaluation")
        assert all("taken over" in n or "was cut short while it was written; deleted" in n for n in notices)
    assert any("checkpoint-000004.safetensors.part: was cut short" in n for _, *notices in runs for n in notices)
