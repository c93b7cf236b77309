"""`neurobot run`, Ctrl-C, and `neurobot run FOLDER --resume`."""

import io
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from neurobot.cli import INTERRUPTED, main
from neurobot.loop import load_recording
from neurobot.loop.replay import compare
from neurobot.program import Program
from tests.cli.conftest import LAUNCH
from tests.cli.test_cli_learn import FIXED, NAME, PLASTIC
from tests.loop.suspending import interrupting

TIMES = ("timing", "rt")


TICK = 12
"""In the second of three episodes."""


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """They take longer than all the rest."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with two runs that learn: "whole", and "a", which is suspended; and what was said of "a"."""
    folder, said = tmp_path_factory.mktemp("made"), io.StringIO()
    (folder / "pole.toml").write_text(LAUNCH.replace(FIXED, PLASTIC))
    args = ("run", "pole.toml", "--learn", "--episodes", "3", "--out")
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said), redirect_stdout(said):
        patch.chdir(folder)
        patch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
        assert main([*args, "whole"]) == 0
        said.seek(0)
        said.truncate()
        with interrupting(TICK):
            assert main([*args, "a", "--json"]) == INTERRUPTED
    return folder, said.getvalue()


@pytest.fixture
def suspended(made, command, tmp_path):
    """Both runs, in the folder where commands are called; gives what was said of "a"."""
    for name in ("whole", "a"):
        shutil.copytree(made[0] / name, tmp_path / name)
    return made[1]


def assert_same_run(folder, other):
    """Recordings, summaries and learnt programs are the same to the bit."""
    found = compare(load_recording(folder / "recording"), load_recording(other / "recording"))
    assert (found.difference, found.rest) == (None, "")
    first, second = (json.loads((f / "summary.json").read_text()) for f in (folder, other))
    assert {k: v for k, v in first.items() if k not in TIMES} == {k: v for k, v in second.items() if k not in TIMES}
    first, second = (Program.load(f / "learnt.safetensors") for f in (folder, other))
    assert first.params.tobytes() == second.params.tobytes()


def test_a_suspended_run_goes_on_in_another_process_as_if_it_had_not_stopped(command, suspended, tmp_path):
    assert "ticks of episode 2 of 3; go on with: neurobot run a --resume" in suspended
    assert '"suspended": true' in suspended
    assert json.loads((tmp_path / "a/summary.json").read_text())["interrupted"]
    done = subprocess.run(
        [sys.executable, "-m", "neurobot", "run", "a", "--resume", "--json"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["suspended"] is False
    assert_same_run(tmp_path / "a", tmp_path / "whole")
    assert not (tmp_path / "a/suspended.safetensors").exists()
    files = [{p.name for p in (tmp_path / name).iterdir() if p.suffix != ".png"} for name in ("a", "whole")]
    assert files[0] == files[1]
    events = [json.loads(line) for line in (tmp_path / "a/recording/events.jsonl").read_text().splitlines()]
    places = [(e["event"], e["tick"]) for e in events if e["event"] in ("suspended", "recording_resumed")]
    assert places == [("suspended", TICK), ("recording_resumed", TICK)]
    assert command("replay", "a").out == command("replay", "whole").out


def test_a_run_that_goes_on_can_be_suspended_again(command, suspended, tmp_path):
    for tick in (1, 2, 5):
        with interrupting(tick):
            result = command("run", "a", "--resume")
        assert result.code == 130
        assert "go on with: neurobot run a --resume" in result.err
    assert command("run", "a", "--resume").code == 0
    assert_same_run(tmp_path / "a", tmp_path / "whole")


def test_a_run_that_was_killed_while_it_went_on_goes_on_from_where_it_was_suspended(command, suspended, tmp_path):
    shutil.copy(tmp_path / "a/suspended.safetensors", tmp_path / "kept")
    with interrupting(7):
        command("run", "a", "--resume")
    shutil.copy(tmp_path / "kept", tmp_path / "a/suspended.safetensors")  # as if it had not come to write the new one
    (tmp_path / "a/recording/.ticks-000009.safetensors.part").write_bytes(b"half")
    assert command("run", "a", "--resume").code == 0
    assert_same_run(tmp_path / "a", tmp_path / "whole")
    assert list((tmp_path / "a/recording").glob(".*")) == []


def test_a_suspended_run_is_replayed_as_far_as_it_went(command, suspended):
    result = command("replay", "a")
    assert "the run is suspended; what it recorded until then is replayed" in result.err
    assert result.out.startswith(f"the same, {TICK} ticks")


def test_where_nothing_is_suspended_it_says_what_became_of_the_run(command, suspended, launch, fakes, tmp_path):
    result = command("run", "whole", "--resume")
    assert result.code == 3
    assert "whole: this run has finished, see summary.json; repeat it with: neurobot run whole" in result.err
    args = ("--env.id", "fake/interrupt-v0", "--allow-import", fakes)
    assert command("run", launch(), *args, "--out", "ended").code == 130
    result = command("run", "ended", "--resume", "--allow-import", fakes)
    assert result.code == 3
    assert "ended: Ctrl-C ended this run, and it was not suspended" in result.err
    (tmp_path / "ended/summary.json").unlink()
    assert "no suspended run here, nor one" in command("run", "ended", "--resume", "--allow-import", fakes).err


def test_what_is_no_run_folder_cannot_go_on(command, launch):
    result = command("run", launch(), "--resume")
    assert result.code == 3
    assert "--resume goes on with a run folder, and " in result.err
    assert command("run", "nowhere", "--resume").code == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--realtime",), "leave --realtime out"),
        (("--out", "b"), "leave --out out"),
        (("--no-record", "--video", "a.mp4", "--rt"), "leave --rt, --video, --no-record out"),
        (("--episodes", "9"), "leave out what changes it: episodes: 3 against 9"),
        (("--overrun", "hold"), "leave out what changes it: guard.overrun: 'skip' against 'hold'"),
        (("--perturb", "loss probability=0.1"), "leave out what changes it: env.perturb"),
    ],
)
def test_what_changes_the_run_is_refused_with_resume(command, suspended, tmp_path, more, said):
    before = files_of(tmp_path / "a")
    result = command("run", "a", "--resume", *more)
    assert result.code == 3
    assert said in result.err
    assert files_of(tmp_path / "a") == before


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change_config(folder):
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"episodes": 3', '"episodes": 4'))


def change_program(folder):
    program = Program.load(folder / "program.safetensors")
    params = program.params.copy()
    program.blocks["params"][f"{NAME}.weights"].of(params)[...] *= 1.5
    program.with_params(params).save(folder / "program.safetensors")


def change_recording(folder):
    for path in (folder / "recording").glob("ticks-*"):
        path.unlink()


def damage(folder):
    path = folder / "suspended.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (change_config, 3, "its experiment then and now differ: episodes: 3 against 4; put config.json back as it was"),
        (change_program, 3, "the suspended run is another one than this loop is made for: program: "),
        (change_recording, 6, "it does not end with tick 11 of the suspended run"),
        (damage, 6, "the suspended run is damaged (its checksum does not match)"),
    ],
)
def test_what_was_changed_since_is_noticed_and_nothing_is_written(command, suspended, tmp_path, change, code, said):
    change(tmp_path / "a")
    before = files_of(tmp_path / "a")
    result = command("run", "a", "--resume")
    assert result.code == code
    assert said in result.err
    assert files_of(tmp_path / "a") == before


def test_other_versions_are_refused_and_named(command, suspended, monkeypatch):
    monkeypatch.setattr("neurobot.cli.suspend.packages", lambda: {"mujoco": "9.9"})
    result = command("run", "a", "--resume")
    assert result.code == 3
    assert "its versions then and now differ: " in result.err
    assert "against '9.9'" in result.err
    assert "install those again, or begin anew with: neurobot run a" in result.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--no-record",), "ended, and not suspended: --no-record leaves no run folder to go on from"),
        (("--out", "b"), "ended, and not suspended: fake_environments:Fake has no get_state and set_state"),
        (("--out", "b", "--realtime"), "ended, and not suspended: it keeps to real time"),
    ],
)
def test_ctrl_c_that_cannot_suspend_ends_the_run_and_says_why(command, launch, fakes, tmp_path, more, said):
    args = ("--env.id", "fake/interrupt-v0", "--allow-import", fakes, *more)
    result = command("run", launch(), *args)
    assert result.code == 130
    assert said in result.err
    assert not (tmp_path / "b/suspended.safetensors").exists()


def test_a_run_that_is_ended_while_it_goes_on_keeps_what_it_went_on_from(command, suspended, tmp_path):
    with interrupting(5, times=2):
        result = command("run", "a", "--resume")
    assert result.code == 130
    assert "ended, and not suspended: a second Ctrl-C came before the tick was over" in result.err
    assert "where it was suspended before, it can still go on with: neurobot run a --resume" in result.err
    assert command("run", "a", "--resume").code == 0
    assert_same_run(tmp_path / "a", tmp_path / "whole")


def test_modules_that_were_allowed_are_in_the_advice(command, launch, fakes):
    with interrupting(3):
        result = command("run", launch(), "--allow-import", fakes, "--out", "a")
    assert "go on with: neurobot run a --resume --allow-import fake_environments" in result.err
