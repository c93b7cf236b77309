"""`neurobot run --black-box`: what a run leaves, and what the other commands make of it."""

import json

import pytest

from tests.cli.test_cli_learn import FIXED, PLASTIC


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    """They take seconds."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


@pytest.fixture
def ran(command, launch, fakes):
    """Runs one of the fake environments with a black box."""

    def run(env, *args, path=None):
        options = ("--env.id", f"fake/{env}-v0", "--allow-import", fakes, "--out", "a", "--black-box", "0.1")
        return command("run", path or launch(), *options, *args)

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_fault_leaves_a_run_folder_that_is_replayed_and_checked(command, ran, tmp_path):
    result = ran("physics")
    assert result.code == 4
    told = "the last seconds before the fault are in a/fault-000; `neurobot replay a/fault-000` lets them happen again"
    assert told in result.err
    assert names(tmp_path / "a") == [
        "config.json", "fault-000", "fault-001", "program.safetensors", "summary.json", "versions.json"
    ]  # fmt: skip
    assert names(tmp_path / "a/fault-001") == ["config.json", "program.safetensors", "recording", "versions.json"]
    result = command("replay", "a/fault-001")
    assert result.code == 0
    assert result.out.startswith("the same, 6 ticks, ")
    assert "it begins with tick 0 of its run, and ends in a fault: the simulation broke down: it exploded" in result.err
    assert command("replay", "a/fault-000", "--diff", "a/fault-000").out.startswith("the same, 3 ticks")
    result = command("check", "a/fault-001", "--json")
    assert result.code in (0, 1)
    data = json.loads(result.out)
    assert (data["how"], data["ticks"], data["episodes"]) == ("recorded", 6, 2)
    assert any("it exploded" in finding["evidence"] for finding in data["findings"])


def test_a_dump_of_a_run_that_learns_is_replayed(command, ran, launch):
    path = launch(FIXED, PLASTIC)
    assert ran("blind", "--learn", "--freeze-at", "0.06", "--guard.hold-for", "0.1", path=path).code == 4
    assert command("replay", "a/fault-000").out.startswith("the same, ")


def test_json_names_the_dumps(ran, tmp_path):
    data = json.loads(ran("blind", "--guard.hold-for", "0.1", "--json").out)
    assert data["faults"] == {"count": 1, "dumps": ["a/fault-000"], "problem": ""}
    assert json.loads((tmp_path / "a/summary.json").read_text())["faults"] == data["faults"]


def test_an_error_is_told_with_the_dump_that_it_left(command, ran, monkeypatch):
    monkeypatch.delenv("NEUROBOT_TRACEBACK", raising=False)
    result = ran("broken")
    assert result.code == 1
    assert "the last seconds before the fault are in a/fault-000" in result.err
    assert "unexpected KeyError: 'a bug'" in result.err
    assert "nothing to compare; there are no ticks" in command("replay", "a/fault-000").err


def test_many_faults_are_told_in_few_lines(ran):
    result = ran("physics", "--episodes", "12")
    assert "there are 10 of such folders, up to a/fault-009" in result.err
    assert "2 faults left no folder; so many are kept of a run" in result.err


def test_a_run_without_fault_leaves_none(command, ran, tmp_path):
    result = ran("plain")
    assert result.code == 0
    assert "fault" not in result.err
    assert names(tmp_path / "a") == ["config.json", "program.safetensors", "summary.json", "versions.json"]
    result = command("replay", "a")
    assert result.code == 6
    assert "records unless it was told --no-record, or has a --black-box and no fault" in result.err


def test_replay_of_the_run_itself_names_its_dumps(command, ran):
    ran("physics")
    result = command("replay", "a")
    assert result.code == 6
    assert "its black box wrote fault-000, fault-001; give one of them: a/fault-000" in result.err


def test_a_dump_as_launch_file_repeats_its_run(command, ran, fakes):
    ran("physics")
    result = command("run", "a/fault-001", "--allow-import", fakes, "--no-record", "--json")
    assert json.loads(result.out)["ticks"] == 6


def test_without_a_run_folder_there_is_no_black_box(command, launch):
    result = command("run", launch(), "--no-record", "--black-box", "5")
    assert result.code == 3
    assert "--black-box needs a run folder for what it writes, and --no-record makes none" in result.err


@pytest.mark.parametrize(
    ("seconds", "code", "told"),
    [("0", 3, "seconds is 0, it must be greater than 0"), ("1e9", 6, "GiB of memory, more than 2; give at most")],
)
def test_a_black_box_that_cannot_be_is_refused_before_a_folder_is_made(command, launch, tmp_path, seconds, code, told):
    result = command("run", launch(), "--black-box", seconds, "--out", "b")
    assert (result.code, told in result.err) == (code, True)
    assert not (tmp_path / "b").exists()
