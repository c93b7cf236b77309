"""`neurobot run`: what it prints, writes, repeats and refuses."""

import json

import numpy as np
import pytest

from neurobot.loop import load_recording
from neurobot.program import Program


def test_a_run_prints_a_summary_and_writes_a_folder(command, launch, tmp_path):
    result = command("run", launch(), "--out", "here")
    assert result.code == 0
    assert "over 2 episodes" in result.out
    for word in ("return", "deadlines", "spikes", "tick time", "here/raster.png"):
        assert word in result.out
    assert "untrained" in result.err
    written = {p.name for p in (tmp_path / "here").iterdir()}
    assert written == {
        "config.json", "program.safetensors", "recording", "summary.json", "versions.json", "raster.png"
    }  # fmt: skip


def test_json_is_one_object_on_stdout(command, launch):
    result = command("run", launch(), "--json", "--no-record", "--episodes", "3", "--seed", "5")
    data = json.loads(result.out)
    assert (data["episodes"], data["seed"], data["env"], data["folder"]) == (3, 5, "CartPole-v1", None)
    assert data["ticks"] == sum(data["returns"])  # CartPole pays 1 a tick
    assert data["control_period"] == pytest.approx(0.02)


def test_a_run_folder_repeats_its_run_exactly(command, launch, tmp_path):
    first = json.loads(command("run", launch(), "--out", "a", "--json", "--seed", "3").out)
    again = json.loads(command("run", "a", "--out", "b", "--json").out)
    assert again["returns"] == first["returns"]
    a, b = (load_recording(tmp_path / name / "recording") for name in "ab")
    for name in ("observation", "sent", "membrane", "spikes", "reward"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert len(a.spikes) > 0
    assert Program.load(tmp_path / "a/program.safetensors").params.tolist() == (
        Program.load(tmp_path / "b/program.safetensors").params.tolist()
    )


def test_the_default_folder_has_the_launch_files_name(command, launch, tmp_path):
    command("run", launch())
    command("run", launch())
    folders = [p.name for p in (tmp_path / "runs").iterdir()]
    assert len(folders) == 2
    assert all(name.startswith("pole-") for name in folders)


def test_settings_can_be_changed_on_the_command_line(command, launch):
    result = command("run", launch(), "--dry-run", "--encode.field.per-dim", "12", "--network.populations.1.n", "20")
    data = json.loads(result.out)
    assert data["encode"]["field"]["per_dim"] == 12
    assert data["network"]["populations"][1]["n"] == 20
    assert data["episodes"] == 2


def test_a_code_and_its_settings_come_from_the_launch_file_or_the_command_line(command, launch):
    given = launch("[network]", '[encode.code]\ntype = "Burst"\nt_min = 0.005\n\n[network]')
    result = command("run", given, "--dry-run", "--encode.code.max-spikes", "3", "--encode.code.t-max", "0.01")
    code = json.loads(result.out)["encode"]["code"]
    assert code == {"type": "Burst", "max_spikes": 3, "t_min": 0.005, "t_max": 0.01, "threshold": 0.01}
    assert command("run", given, "--no-record").code == 0


def test_a_decoder_and_its_settings_come_from_the_launch_file_or_the_command_line(command, launch):
    first = command("run", launch("WinnerTakeAll", "FirstSpike"), "--json", "--no-record", "--decode.rest", "1")
    assert first.code == 0
    assert json.loads(first.out)["ticks"] > 0
    given = launch("WinnerTakeAll", "PopulationVector")
    result = command("run", given, "--dry-run", "--env.id", "Pendulum-v1", "--decode.preferred", "-1", "0", "0.5")
    assert json.loads(result.out)["decode"]["preferred"] == [-1.0, 0.0, 0.5]


def test_a_dry_run_writes_nothing(command, launch, tmp_path):
    launch()
    before = set(tmp_path.rglob("*"))
    assert command("run", "pole.toml", "--dry-run").code == 0
    assert set(tmp_path.rglob("*")) == before


def test_help_with_a_launch_file_shows_its_settings(command, launch):
    result = command("run", launch(), "--help")
    assert result.code == 0
    assert "--encode.field.per-dim" in result.out
    assert "[s]" in result.out
    assert "(default: 4)" in result.out


def test_help_shows_no_default_for_what_turns_something_off(command, launch):
    path = launch('type = "WinnerTakeAll"', 'type = "Rate"')
    for args, switch in (
        (("run", path), "--no-record"),
        (("run", path), "--decode.no-push-pull"),
        (("envs",), "--no-"),
    ):
        out = command(*args, "--help").out
        assert switch in out
        assert "(default: True)" not in out
    assert "(default: False)" in command("run", path, "--help").out  # --json


def test_help_without_a_launch_file_says_where_its_settings_are(command):
    for name in ("run", "train", "stream", "sweep"):
        assert f"`neurobot {name} LAUNCH --help` shows them all" in command(name, "--help").out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--encode.field.per-dim", "1"], "per_dim is 1, it must be at least 2"),
        (["--encode.fild.per-dim", "3"], "--encode.field.per-dim"),
        (["--episodes", "1.5"], "--episodes"),
        (["--relatime"], "--realtime"),
    ],
)
def test_wrong_options_are_usage_errors_with_a_hint(command, launch, args, said):
    result = command("run", launch(), *args)
    assert result.code == 2
    assert said in result.err


def test_what_a_trained_program_fixes_cannot_be_changed(command, launch, tmp_path):
    command("run", launch(), "--out", "a")
    result = command("run", "a", "--carry", "0.5", "--encode.field.per-dim", "8", "--no-record")
    assert result.code == 3
    assert "encode.field.per_dim, carry: fixed by the trained program a/program.safetensors" in result.err
    assert command("run", "a", "--carry", "0.5", "--program", "None", "--no-record").code == 0


def test_a_launch_file_that_says_something_else_than_its_program_is_mentioned(command, launch, tmp_path):
    command("run", launch(), "--out", "a")
    result = command("run", launch("per_dim = 4", "per_dim = 5"), "--program", "a/program.safetensors", "--no-record")
    assert result.code == 0
    assert "encode.field.per_dim, network.populations.0.n: the program was made with other settings" in result.err
    assert "made with other settings" not in command("run", "a", "--no-record").err


def test_a_missing_program_is_a_file_error(command, launch):
    result = command("run", launch("substeps = 4", 'substeps = 4\nprogram = "none.safetensors"'))
    assert result.code == 6
    assert "none.safetensors" in result.err


def test_another_control_period_than_the_environments_is_refused_with_both(command, launch, tmp_path):
    result = command("run", launch("substeps = 4", "substeps = 5"), "--out", "a")
    assert result.code == 3
    assert "0.025 s" in result.err
    assert "0.02 s" in result.err
    assert not (tmp_path / "a").exists()


def test_a_folder_in_use_is_refused(command, launch, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").touch()
    result = command("run", launch(), "--out", "a")
    assert result.code == 3
    assert "--out a: it exists and is not an empty folder" in result.err


def test_a_folder_that_cannot_be_made_is_a_file_error(command, launch):
    assert command("run", launch(), "--out", "/dev/null/x").code == 6


def test_out_without_a_recording_is_refused(command, launch):
    result = command("run", launch(), "--out", "a", "--no-record")
    assert result.code == 3
    assert "--no-record writes none" in result.err


def test_without_matplotlib_it_runs_and_says_how_to_get_it(command, launch, tmp_path, monkeypatch):
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
    result = command("run", launch(), "--out", "a")
    assert result.code == 0
    assert "pip install 'neurobot[plot]'" in result.err
    assert not (tmp_path / "a/raster.png").exists()


def test_real_time_counts_deadlines(command, launch):
    data = json.loads(command("run", launch(), "--realtime", "--no-record", "--episodes", "1", "--json").out)
    assert data["timing"]["slack"]["max"] > 0


def test_real_time_with_what_the_system_grants_says_what_it_does_not(command, launch, monkeypatch):
    def refuse():
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("neurobot.loop.realtime.come_first", refuse)
    result = command("run", launch(), "--rt", "--no-record", "--episodes", "1", "--json")
    data = json.loads(result.out)
    assert data["timing"]["slack"]["max"] > 0
    assert "SCHED_FIFO" not in data["rt"]["granted"] and len(data["rt"]["refused"]) >= 1
    assert "--rt: SCHED_FIFO was refused (Operation not permitted): give the user an rtprio limit" in result.err


def test_ctrl_c_ends_the_run_with_its_summary(command, launch, fakes):
    args = ("--env.id", "fake/interrupt-v0", "--allow-import", fakes, "--episodes", "9", "--json", "--no-record")
    result = command("run", launch(), *args)
    data = json.loads(result.out)
    assert result.code == 130
    assert data["interrupted"]
    assert data["ticks"] == 3


def test_a_simulation_that_breaks_down_is_told_and_has_its_exit_code(command, launch, fakes):
    args = ("--env.id", "fake/physics-v0", "--allow-import", fakes, "--no-record")
    result = command("run", launch(), *args)
    assert result.code == 4
    assert "the simulation broke down: it exploded" in result.err


def test_a_robot_that_goes_blind_is_held_then_stopped_and_the_run_says_why(command, launch, fakes):
    args = ("--env.id", "fake/blind-v0", "--allow-import", fakes, "--no-record", "--episodes", "3")
    result = command("run", launch(), *args, "--guard.hold-for", "0.1")
    assert result.code == 4
    assert "the guard stopped it: entry 0 of the observation is nan; it must be finite" in result.err
    assert "ticks; the first: entry 0 of the observation is nan" in result.out
    data = json.loads(command("run", launch(), *args, "--guard.hold-for", "0.1", "--json").out)
    assert data["stopped"].startswith("entry 0 of the observation is nan")
    assert (data["episodes"], data["holds"]) == (1, 5)


def test_an_environment_whose_observations_are_a_dictionary_runs(command, launch, fakes):
    args = ("--env.id", "fake/named-v0", "--allow-import", fakes, "--no-record", "--episodes", "1", "--json")
    assert json.loads(command("run", launch(), *args).out)["ticks"] == 10


def test_what_is_done_after_a_missed_deadline_can_be_said_in_short(command, launch):
    shown = json.loads(command("run", launch(), "--dry-run", "--overrun", "hold").out)
    assert shown["guard"]["overrun"] == "hold"
    assert json.loads(command("run", launch(), "--dry-run").out)["guard"]["overrun"] == "skip"
    assert command("run", launch(), "--overrun", "jump").code == 2


def test_a_bug_in_an_environment_is_no_traceback(command, launch, fakes, monkeypatch):
    monkeypatch.delenv("NEUROBOT_TRACEBACK", raising=False)
    result = command("run", launch(), "--env.id", "fake/broken-v0", "--allow-import", fakes, "--no-record")
    assert result.code == 1
    assert "unexpected KeyError: 'a bug'" in result.err


def test_a_run_that_ends_in_an_error_says_where_its_recording_is(command, launch, fakes, tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROBOT_TRACEBACK", raising=False)
    folder = tmp_path / "run"
    args = ("--env.id", "fake/torn-v0", "--allow-import", fakes, "--out", str(folder))
    assert f"until then is in {folder}; `neurobot replay {folder}`" in command("run", launch(), *args).err
    assert "the same, 2 ticks" in command("replay", str(folder)).out


def test_a_cold_compile_is_announced(command, launch, monkeypatch):
    monkeypatch.setattr("neurobot.kernels.compiled.is_warm", lambda name: False)
    assert "compiling kernels, once" in command("run", launch(), "--no-record").err


def test_options_may_come_before_the_launch_file(command, launch):
    first = command("run", "--episodes", "1", "--no-record", "--seed", "3", launch(), "--json")
    last = command("run", launch(), "--episodes", "1", "--no-record", "--seed", "3", "--json")
    assert first.code == last.code == 0
    assert json.loads(first.out)["returns"] == json.loads(last.out)["returns"]
