"""`neurobot train`; the training itself has tests of its own."""

import json
import os
import signal

import pytest

from neurobot.cli.train import described, time_left
from neurobot.program import Program
from neurobot.train.evolution.run import Evolution
from neurobot.train.runs.drive import Progress


def test_training_writes_a_folder_that_runs(command, launch, tmp_path):
    result = command("train", launch(), "--out", "a", "--json", "--seed", "4")
    data = json.loads(result.out)
    assert result.code == 0
    assert (data["rounds"], data["interrupted"], data["folder"]) == (2, False, "a")
    assert data["best"] == pytest.approx(
        Program.load(tmp_path / "a/program.safetensors").provenance["validation_return"]
    )
    events = [json.loads(line) for line in (tmp_path / "a/events.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events].count("round") == 2
    assert (tmp_path / "a/learning.png").stat().st_size > 1000
    assert command("run", "a", "--no-record").code == 0


def test_the_summary_says_how_to_measure(command, launch):
    result = command("train", launch(), "--out", "a")
    assert "neurobot eval a/program.safetensors" in result.out
    assert "2 generations" in result.out


def test_settings_can_be_changed(command, launch, tmp_path):
    command("train", launch(), "--out", "a", "--train.sigma", "0.05", "--encode.field.per-dim", "3")
    config = json.loads((tmp_path / "a/config.json").read_text())
    assert config["train"]["sigma"] == 0.05
    assert config["encode"]["field"]["per_dim"] == 3
    assert Program.load(tmp_path / "a/program.safetensors").provenance["settings"]["sigma"] == 0.05


def interrupt_after(generations, monkeypatch):
    """Lets Ctrl-C come in the middle of a generation."""
    calls, step = [], Evolution.step

    def counting(self):
        calls.append(1)
        if len(calls) == generations:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self)

    monkeypatch.setattr(Evolution, "step", counting)


def test_ctrl_c_saves_and_says_how_to_go_on(command, launch, tmp_path, monkeypatch):
    whole = json.loads(command("train", launch(), "--out", "whole", "--json").out)
    with monkeypatch.context() as patch:
        interrupt_after(1, patch)
        result = command("train", launch(), "--out", "a")
    assert result.code == 130
    assert "go on with: neurobot train a --resume a" in result.err
    resumed = command("train", "a", "--resume", "a", "--json")
    assert resumed.code == 0
    assert json.loads(resumed.out)["best"] == whole["best"]
    first, second = (Program.load(tmp_path / f / "program.safetensors").params for f in ("whole", "a"))
    assert first.tolist() == second.tolist()


def test_the_budget_that_a_run_was_resumed_with_is_in_its_folder(command, launch, tmp_path):
    command("train", launch(), "--out", "a", "--json")
    assert command("train", "a", "--resume", "a", "--train.sigma", "0.9").code != 0
    before = json.loads((tmp_path / "a/config.json").read_text())["train"]
    assert command("train", "a", "--resume", "a", "--train.generations", "3", "--json").code == 0
    after = json.loads((tmp_path / "a/config.json").read_text())["train"]
    assert after == before | {"generations": 3} != before


@pytest.mark.parametrize("where", ["neurobot.train.evolution.run.Evolution.step", "neurobot.core.BatchCore.__init__"])
def test_an_interruption_before_any_checkpoint_says_how_to_begin_anew(command, launch, monkeypatch, where):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Evolution, "atomic", False)
    monkeypatch.setattr(where, interrupted)
    result = command("train", launch(), "--out", "a", "--json")
    assert result.code == 130
    assert "begin anew with: neurobot train a --resume a" in result.err
    assert json.loads(result.out)["program"] is None


def test_a_damaged_checkpoint_is_passed_over_and_named(command, launch, tmp_path):
    command("train", launch(), "--out", "a", "--train.evaluate-every", "1", "--json")
    newest = tmp_path / "a/checkpoint-000002.safetensors"
    newest.write_bytes(newest.read_bytes()[:200])
    result = command("train", "a", "--resume", "a", "--json")
    assert result.code == 0
    assert "checkpoint-000002.safetensors" in result.err
    assert "going on from checkpoint-000001.safetensors instead" in result.err
    assert json.loads(result.out)["rounds"] == 2


def test_what_is_kept_and_where_it_is_reported_can_be_changed(command, launch, tmp_path):
    command("train", launch(), "--out", "a", "--train.evaluate-every", "1", "--log.keep", "1", "--log.tensorboard")
    assert len(list((tmp_path / "a").glob("checkpoint-*"))) == 1
    assert len(list((tmp_path / "a/tensorboard").iterdir())) == 1
    assert json.loads((tmp_path / "a/config.json").read_text())["log"]["keep"] == 1


def progress(**changes):
    """A report of a training."""
    numbers = {"return_mean": 81.25, "spikes_per_tick": 12.0, "length_mean": 3.0}
    values = {
        "unit": "generation", "rounds": 7, "steps": 4000, "core_seconds": 2.0, "share": 0.5, "seconds_left": 3725.2,
        "steps_per_second": 2000.0, "numbers": numbers, "best": float("nan"),
    }  # fmt: skip
    return Progress(**(values | changes))


def test_progress_tells_return_spikes_speed_and_time_left():
    assert described(progress()) == "generation 7  return 81.25  spikes/tick 12  2,000 steps/s"
    assert described(progress(unit="epoch", steps=0, numbers={"loss": 0.5})) == "epoch 7  loss 0.5"
    assert time_left(3725.2) == "1:02:05 left"
    assert time_left(float("nan")) == ""


def test_a_launch_file_without_training_is_refused(command, launch, tmp_path):
    path = launch()
    path.write_text(path.read_text().split("[train]")[0])
    result = command("train", path)
    assert result.code == 3
    assert "has no [train] part" in result.err


def test_another_control_period_is_refused_with_both_before_anything_is_written(command, launch, tmp_path):
    result = command("train", launch("substeps = 4", "substeps = 5"), "--out", "a")
    assert result.code == 3
    assert "every 0.025 s (5 substeps of 0.005 s), the environment every 0.02 s" in result.err
    assert not (tmp_path / "a").exists()


def test_an_environment_without_a_batched_task_is_refused(command, launch):
    result = command("train", launch("CartPole-v1", "CartPole-v0"))
    assert result.code == 3
    assert "no batched task has the id 'CartPole-v0'" in result.err


def test_the_module_of_a_task_may_stand_before_its_id(command, launch):
    assert command("train", launch("CartPole-v1", "neurobot.envs:CartPole-v1"), "--out", "a").code == 0


def test_resuming_needs_a_checkpoint_and_no_new_folder(command, launch, tmp_path):
    (tmp_path / "a").mkdir()
    assert "there is no checkpoint" in command("train", launch(), "--resume", "a").err
    command("run", launch(), "--out", "r")
    before = (tmp_path / "r/program.safetensors").read_bytes()
    assert "there is no checkpoint" in command("train", "r", "--resume", "r").err
    assert (tmp_path / "r/program.safetensors").read_bytes() == before
    result = command("train", launch(), "--resume", "a", "--out", "b")
    assert result.code == 3
    assert "give one of them" in result.err


def test_a_folder_with_nothing_but_its_config_begins_at_the_beginning(command, launch, tmp_path):
    command("train", launch(), "--out", "a", "--json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/config.json").write_bytes((tmp_path / "a/config.json").read_bytes())
    result = command("train", "b", "--resume", "b", "--json")
    assert result.code == 0
    assert "b: there is no checkpoint yet; it starts from the beginning" in result.err
    first, second = (Program.load(tmp_path / f / "program.safetensors").params for f in ("a", "b"))
    assert first.tolist() == second.tolist()


def test_the_summary_is_left_in_the_folder(command, launch, tmp_path):
    printed = json.loads(command("train", launch(), "--out", "a", "--json").out)
    summary = json.loads((tmp_path / "a/summary.json").read_text())
    assert summary.items() <= printed.items()
    assert summary["interrupted"] is False
    assert summary["last"]["return_mean"] > 0


def test_an_engine_that_makes_no_sense_is_refused_before_anything_is_written(command, launch, tmp_path):
    result = command("train", launch(), "--out", "a", "--address", "auto")
    assert result.code == 3
    assert "give --engine ray with it" in result.err
    assert not (tmp_path / "a").exists()


def test_without_matplotlib_it_trains_and_says_how_to_get_it(command, launch, tmp_path, monkeypatch):
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
    result = command("train", launch(), "--out", "a")
    assert result.code == 0
    assert "pip install 'neurobot[plot]'" in result.err
    assert not (tmp_path / "a/learning.png").exists()
