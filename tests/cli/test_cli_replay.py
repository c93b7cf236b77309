"""`neurobot replay`: a run and its replay, two runs side by side, and what cannot be replayed."""

import json
import shutil

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from neurobot.spec import custom
from tests.cli.test_cli_learn import FIXED, PLASTIC

MODULE = """
import neurobot


@neurobot.neuron("replayed_neuron")
def update(v, s, spike, fall):
    for j in range(v.size):
        v[j] = fall[j] * v[j] + s[j]
        if v[j] > 1:
            spike[j] = 1
            v[j] = 0
"""
HIDDEN = 'name = "hidden"\nn = 8\nmodel = {type = "LIF", tau_mem = 0.02}'
MINE = 'name = "hidden"\nn = 8\nmodel = {type = "Custom", id = "replayed_neuron", params = {fall = 0.8}}'


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    """They take seconds."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


@pytest.fixture
def ran(command, launch):
    """Makes a run folder; returns the summary."""

    def run(folder, *settings, path=None):
        result = command("run", path or launch(), "--out", folder, "--json", *settings)
        return json.loads(result.out)

    return run


def change(folder, **arrays):
    """Write the recording's only chunk again, each array changed by a function."""
    path = folder / "recording/ticks-000000.safetensors"
    with safe_open(str(path), framework="numpy") as file:
        old = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        metadata = file.metadata()
    for name, make in arrays.items():
        make(old[name])
    save_file(old, str(path), metadata)


@pytest.mark.parametrize("settings", [(), ("--core", "host64", "--seed", "5", "--episodes", "3")])
def test_a_run_is_replayed_from_its_folder_and_from_its_recording(command, ran, monkeypatch, tmp_path, settings):
    ticks = ran("a", *settings)["ticks"]
    result = command("replay", "a")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"the same, {ticks} ticks, ")
    assert command("replay", "a/recording").out == result.out
    monkeypatch.chdir(tmp_path / "a/recording")
    assert command("replay", ".").out == result.out


def test_a_run_that_learns_is_replayed(command, ran, launch):
    path = launch(FIXED, PLASTIC)
    ticks = ran("a", "--learn", "--freeze-at", "0.5", "--episodes", "4", path=path)["ticks"]
    assert command("replay", "a").out.startswith(f"the same, {ticks} ticks, ")


def test_json_is_one_object_on_stdout(command, ran, tmp_path):
    ticks = ran("a")["ticks"]
    data = json.loads(command("replay", "a", "--json").out)
    spikes = data.pop("spikes")
    assert data == {"same": True, "ticks": ticks, "difference": None, "rest": "", "words": None}
    assert spikes > 100
    change(tmp_path / "a", membrane=lambda v: v.__setitem__((5, 20), np.nan))
    result = command("replay", "a", "--json")
    data = json.loads(result.out)
    assert (result.code, data["same"], data["ticks"]) == (1, False, 5)
    place = {"what": "membrane", "episode": 0, "tick": 5, "first": None}
    assert place.items() <= data["difference"].items()
    assert data["words"].startswith("episode 0, 0.1 s into it (tick 5): the membrane of neuron ")
    assert "is nan in the recording" in data["words"]


def test_a_difference_is_told_with_its_place_and_has_the_exit_code_1(command, ran, tmp_path):
    ran("a")
    change(tmp_path / "a", sent=lambda sent: sent.__setitem__(7, 5.0))
    result = command("replay", "a")
    assert result.code == 1
    said = "different after 7 ticks: episode 0, 0.14 s into it (tick 7): entry 0 of the action that was sent is 5.0 in"
    assert result.out.startswith(said)
    assert result.err == ""


def test_a_difference_comes_with_the_versions_that_have_changed(command, ran, tmp_path):
    ran("a")
    change(tmp_path / "a", sent=lambda sent: sent.__setitem__(7, 5.0))
    path = tmp_path / "a/versions.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"numba": "0.1"}))
    assert "the run was made with numba 0.1, now " in command("replay", "a").err
    for text in ("3", "{", ""):
        path.write_text(text)
        assert command("replay", "a").err == ""


def test_the_program_beside_the_recording_is_what_is_replayed(command, ran, tmp_path):
    ran("a")
    ran("b", "--seed", "4")
    shutil.copy(tmp_path / "b/program.safetensors", tmp_path / "a")
    result = command("replay", "a")
    assert result.code == 1
    assert "in the recording, not in the replay" in result.out or "in the replay, not in the recording" in result.out


def test_two_runs_are_compared(command, ran):
    ran("a")
    ran("same", path="a")
    ran("seed", "--program", "a/program.safetensors", "--seed", "4")
    ran("weights", "--seed", "4")
    assert command("replay", "a", "--diff", "same").out == command("replay", "a").out
    result = command("replay", "a", "--diff", "seed/recording")
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "different after 0 ticks: episode 0, 0 s into it (tick 0): "
        "the seed of the episode is 0 in a, 4 in seed/recording\n"
    )
    result = command("replay", "seed", "--diff", "weights", "--json")
    data = json.loads(result.out)
    assert (result.code, data["difference"]["what"]) == (1, "spike")
    assert "of 'hidden' spikes in step" in data["words"]


def test_a_run_of_which_ticks_were_dropped_is_replayed_up_to_there(command, ran, tmp_path):
    ran("a")
    change(tmp_path / "a", tick=lambda tick: tick.__setitem__(slice(6, None), tick[6:] + 2))
    result = command("replay", "a")
    assert (result.code, result.out.split(", ")[:2]) == (0, ["the same", "6 ticks"])
    assert "what follows these 6 ticks was not compared: tick 6 was dropped by the recorder" in result.err
    assert json.loads(command("replay", "a", "--json").out)["rest"] == "tick 6 was dropped by the recorder"


def test_a_run_whose_first_tick_was_dropped_is_an_error(command, ran, tmp_path):
    ran("a")
    change(tmp_path / "a", tick=lambda tick: tick.__setitem__(slice(None), tick + 1))
    result = command("replay", "a")
    assert (result.code, result.out) == (6, "")
    assert "a: nothing to compare; tick 0 was dropped by the recorder" in result.err


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("interrupt", "the run was interrupted with Ctrl-C; what it recorded until then is replayed"),
        ("broken", "the run ended in an error: KeyError: 'a bug'"),
    ],
)
def test_a_run_that_was_cut_short_is_replayed_as_far_as_it_went(command, launch, fakes, env, said):
    path = launch("CartPole-v1", f"fake/{env}-v0")
    command("run", path, "--allow-import", fakes, "--out", "a")
    result = command("replay", "a")
    assert said in result.err
    if env == "interrupt":
        assert (result.code, result.out.split(", ")[:2]) == (0, ["the same", "3 ticks"])
    else:
        assert result.code == 6
        assert "a: nothing to compare; there are no ticks" in result.err


def test_a_recording_without_an_end_is_replayed(command, ran, tmp_path):
    ran("a")
    path = tmp_path / "a/recording/events.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    result = command("replay", "a")
    assert result.code == 0
    assert "the recording has no end, since the run or its disk gave out" in result.err
    assert "was not compared: the recording does not say how episode 0 ended" in result.err


def test_a_neuron_of_ones_own_is_replayed_with_its_module(command, launch, monkeypatch, tmp_path):
    (tmp_path / "replayed_neurons.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    command("run", launch(HIDDEN, MINE), "--allow-import", "replayed_neurons", "--out", "a")
    assert command("replay", "a", "--allow-import", "replayed_neurons").code == 0
    custom._REGISTERED.pop("replayed_neuron")
    result = command("replay", "a")
    assert result.code in (3, 6)
    assert "--allow-import MODULE" in result.err


def test_a_folder_without_recording_is_refused_with_what_to_do(command, ran, tmp_path):
    ran("a")
    shutil.copytree(tmp_path / "a/recording", tmp_path / "alone/recording")
    shutil.rmtree(tmp_path / "a/recording")
    result = command("replay", "a")
    assert result.code == 6
    assert "a: no recording here; give the folder of a `neurobot run`, which records unless" in result.err
    for path in ("nowhere", "alone", "a/config.json"):
        result = command("replay", path)
        assert result.code in (3, 6)
    assert "no recording here; give the folder that holds its ticks-*.safetensors" in result.err
    assert "no recording here" in command("replay", "alone", "--diff", "a").err


@pytest.mark.parametrize("words", [("replay", "nope"), ("replay", "ran", "--diff", "nope"), ("plot", "nope")])
def test_a_folder_that_does_not_exist_is_said_not_to(command, ran, words):
    ran("ran")
    result = command(*words)
    assert (result.code, "nope: there is no such folder" in result.err) == (6, True)


@pytest.mark.parametrize("path", ["alone", "alone/recording"])
def test_a_recording_without_its_run_can_only_be_compared(command, ran, tmp_path, path):
    ran("a")
    shutil.copytree(tmp_path / "a/recording", tmp_path / "alone/recording")
    result = command("replay", path)
    assert result.code == 3
    assert "alone: no config.json here, which says what ran; give a whole run folder, or compare" in result.err
    assert command("replay", path, "--diff", "a").code == 0


def test_a_run_whose_program_is_gone_or_not_named_is_refused(command, ran, tmp_path):
    ran("a")
    (tmp_path / "a/program.safetensors").unlink()
    result = command("replay", "a")
    assert result.code == 6
    assert "program.safetensors" in result.err
    path = tmp_path / "a/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"program": None}))
    result = command("replay", "a")
    assert result.code == 3
    assert "a/config.json: it names no program" in result.err
