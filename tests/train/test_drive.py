"""What every training has in common: steps, logs, Ctrl-C, going on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from train_walk import Walk, Walking, events, interrupt_at, saved, walk

from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.train.runs.log import Log


def test_a_training_steps_until_its_budget_is_used_and_logs_every_step(tmp_path):
    seen = []
    program = walk(tmp_path, report=seen.append)
    assert [p.rounds for p in seen] == [1, 2, 3, 4, 5, 6, 6]
    assert [round(p.share, 3) for p in seen] == [0.167, 0.333, 0.5, 0.667, 0.833, 1.0, 1.0]
    assert [e["round"] for e in events(tmp_path, "round")] == [1, 2, 3, 4, 5, 6]
    assert [e["round"] for e in events(tmp_path, "evaluation")] == [2, 4, 6]
    assert seen[-1].steps == 60
    assert seen[-1].best == program.provenance["validation_distance"] == float(np.abs(program.params).sum())


def test_time_left_follows_from_the_share_that_this_process_has_used(tmp_path):
    seen = []
    walk(tmp_path, report=seen.append)
    half = seen[2]
    assert half.share == 0.5
    assert half.seconds_left > 0
    assert seen[-1].seconds_left == 0
    assert half.steps_per_second > 0


def test_a_number_that_is_not_finite_is_null_in_the_log(tmp_path):
    walk(tmp_path)
    assert {e["loss"] for e in events(tmp_path, "round")} == {None}


def test_the_first_event_says_which_run_it_is(tmp_path):
    walk(tmp_path)
    (start,) = events(tmp_path, "start")
    about = start["about"]
    assert start["unit"] == "hop"
    assert (about["method"], about["seed"], about["env"]["id"]) == ("walk", 3, "none")
    assert about["train"] == {"hops": 6, "evaluate_every": 2, "length": 1.0}
    assert len(about["params_sha256"]) == 64


def test_the_program_says_where_it_came_from(tmp_path):
    walk(tmp_path)
    provenance = Program.load(tmp_path / "program.safetensors").provenance
    assert (provenance["method"], provenance["seed"], provenance["rounds"], provenance["steps"]) == ("walk", 3, 6, 60)
    assert provenance["core_seconds"] >= 0 and provenance["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize("hops", [1, 2, 3, 5])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, hops):
    whole = walk(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        walk(tmp_path / "parts", report=interrupt_at(hops))
    parts = walk(tmp_path / "parts", resume=True)
    assert np.array_equal(whole.params, parts.params)
    assert events(tmp_path / "whole", "round", "evaluation") == events(tmp_path / "parts", "round", "evaluation")


def test_a_budget_may_change_when_resuming_and_other_settings_may_not(tmp_path):
    longer = walk(tmp_path / "long", Walk(hops=9))
    walk(tmp_path / "a")
    with pytest.raises(TrainingError, match=r"another run: train\.length: 1\.0 against 2\.0"):
        walk(tmp_path / "a", Walk(hops=9, length=2.0), resume=True)
    assert np.array_equal(longer.params, walk(tmp_path / "a", Walk(hops=9), resume=True).params)


def test_an_exception_in_the_middle_of_a_step_saves_no_half_done_state(tmp_path, monkeypatch):
    step = Walking.step

    def interrupted(self):
        report = step(self)
        if self.hops == 5:
            raise KeyboardInterrupt
        return report

    with monkeypatch.context() as patch:
        patch.setattr(Walking, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            walk(tmp_path / "parts")
    assert saved(tmp_path / "parts")[-1] == "checkpoint-000004.safetensors"
    assert np.array_equal(walk(tmp_path / "whole").params, walk(tmp_path / "parts", resume=True).params)


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Curves in TensorBoard's files, in the order they were written."""
    from tensorboardX.proto.event_pb2 import Event

    curves: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.iterdir()):
        data, at = path.read_bytes(), 0
        while at < len(data):  # a record: length, its checksum, the event, its checksum
            length = int.from_bytes(data[at : at + 8], "little")
            event = Event.FromString(data[at + 12 : at + 12 + length])
            for value in event.summary.value:
                curves.setdefault(value.tag, []).append((event.step, value.simple_value))
            at += 16 + length
    return curves


def test_tensorboard_gets_the_numbers_of_the_log(tmp_path):
    walk(tmp_path, log=Log(tensorboard=True))
    curves = scalars(tmp_path / "tensorboard")
    assert set(curves) == {"round/distance", "evaluation/distance"}
    for kind in ("round", "evaluation"):
        logged = [(e["steps"], np.float32(e["distance"])) for e in events(tmp_path, kind)]
        assert curves[f"{kind}/distance"] == logged


def test_without_tensorboardx_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(TrainingError, match=r"pip install 'neurobot\[tensorboard\]', or leave log\.tensorboard out"):
        walk(tmp_path, log=Log(tensorboard=True))
