"""`neurobot run --learn`: what it writes, says, repeats and refuses."""

import json

import numpy as np
import pytest

from neurobot.loop import load_recording
from neurobot.program import Program

FIXED = '{type = "FanIn", gain = 8.0}}\n\n[decode]'
PLASTIC = """{type = "Uniform", low = 0.0, high = 2.0}}
rule = {type = "RewardSTDP", w_max = 4.0, tau_e = 0.2, tau_mean = 0.2, rate = 0.02}

[decode]"""
PREDICTS = """{type = "FanIn", gain = 8.0}}
rule = {type = "EProp", readout = "guess", target = "truth", feedback = "random", rate = 0.05}

[[network.populations]]
name = "guess"
n = 1
model = {type = "LI", tau_mem = 0.05}

[[network.populations]]
name = "truth"
n = 1
model = {type = "LI", tau_mem = 0.05}

[[network.projections]]
pre = "hidden"
post = "guess"
weights = {type = "AllToAll", weight = 0.0}
rule = {type = "EProp", readout = "guess", target = "truth", rate = 0.05}

[[network.projections]]
pre = "input"
post = "truth"
weights = {type = "AllToAll", weight = 0.5}

[decode]"""
NAME = "hidden->output"


@pytest.fixture(autouse=True)
def _pictures(request, monkeypatch):
    """Only where a test asks for them: they take seconds."""
    if "pictures" not in request.node.name:
        monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


@pytest.fixture
def plastic(launch):
    """A launch file with a rule."""
    return launch(FIXED, PLASTIC)


def test_a_run_that_learns_writes_weights_and_pictures_and_says_how_far_they_moved(command, plastic, tmp_path):
    result = command("run", plastic, "--learn", "--out", "a", "--episodes", "3")
    assert result.code == 0
    for word in ("learnt", NAME, "weights moved by", "at the lower bound", "a/learnt.safetensors", "a/weights.png"):
        assert word in result.out
    assert {"learnt.safetensors", "weights.png", "learning.png"} <= {p.name for p in (tmp_path / "a").iterdir()}
    before, after = (Program.load(tmp_path / "a" / f"{name}.safetensors") for name in ("program", "learnt"))
    assert before.spec == after.spec
    moved = np.abs(after.weights(NAME) - before.weights(NAME)).mean()
    assert moved > 0
    said = json.loads((tmp_path / "a/summary.json").read_text())["learning"]
    assert said["projections"][NAME]["moved"] == pytest.approx(moved, abs=1e-6)


@pytest.fixture(params=["rewards", "e-prop"])
def learner(request, launch):
    """A launch file with a rule that takes rewards, or with one that predicts what the robot sees."""
    if request.param == "rewards":
        return launch(FIXED, PLASTIC)
    path = launch(FIXED, PREDICTS)
    path.write_text(path.read_text().replace("tau_mem = 0.02}", 'tau_mem = 0.02, reset = "subtract"}'))
    return path


def test_a_run_folder_repeats_what_was_learnt_bit_for_bit(command, learner, tmp_path):
    settings = ("--learn", "--freeze-at", "0.5", "--episodes", "4", "--seed", "3")
    first = json.loads(command("run", learner, *settings, "--out", "a", "--json").out)
    again = json.loads(command("run", "a", "--out", "b", "--json").out)
    assert again["returns"] == first["returns"]
    assert again["learning"] == first["learning"]
    assert first["learning"]["frozen"]
    a, b = (load_recording(tmp_path / name / "recording") for name in "ab")
    for name in ("observation", "sent", "membrane", "spikes", "reward"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    told = first["learning"]["projections"]
    if "hidden->guess" in told:
        assert min(projection["moved"] for projection in told.values()) > 0
    learnt = [Program.load(tmp_path / name / "learnt.safetensors").params for name in "ab"]
    np.testing.assert_array_equal(*learnt)


def test_learning_can_be_asked_for_where_it_is_on_and_not_where_it_is_off(command, plastic):
    command("run", plastic, "--learn", "--out", "a")
    assert json.loads(command("run", "a", "--learn", "--dry-run").out)["learn"]
    assert not json.loads(command("run", plastic, "--no-learn", "--dry-run").out)["learn"]


def test_what_was_learnt_can_be_run(command, plastic):
    command("run", plastic, "--learn", "--out", "a")
    result = command("run", plastic, "--program", "a/learnt.safetensors", "--no-record", "--json")
    assert result.code == 0
    assert json.loads(result.out)["learning"] is None


def test_without_a_recording_it_learns_the_same(command, plastic):
    with_folder = json.loads(command("run", plastic, "--learn", "--out", "a", "--json").out)
    without = json.loads(command("run", plastic, "--learn", "--no-record", "--json").out)
    assert without["learning"] == with_folder["learning"]
    assert without["learnt"] is None


def test_ctrl_c_keeps_what_was_learnt(command, plastic, fakes, tmp_path):
    args = ("--env.id", "fake/interrupt-v0", "--allow-import", fakes, "--learn", "--out", "a")
    assert command("run", plastic, *args).code == 130
    assert (tmp_path / "a/learnt.safetensors").exists()


def test_a_runaway_is_told(command, launch):
    strong = PLASTIC.replace("w_max = 4.0", "w_max = 4.0, row_sum = 1000.0")
    result = command("run", launch(FIXED, strong), "--learn", "--episodes", "10", "--no-record")
    assert result.code == 0
    assert "then stopped: a runaway" in result.out
    assert f"learning was stopped: at 1 s all weights of '{NAME}' came to their upper bound" in result.err


def test_learning_without_a_rule_is_refused(command, launch, tmp_path):
    result = command("run", launch(), "--learn", "--out", "a")
    assert result.code == 3
    assert "no projection has a rule; give one" in result.err
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--freeze-at", "2"), "freeze_at is 2.0, and learn is off; switch it on, or leave freeze_at out"),
        (("--learn", "--freeze-at", "-1"), "freeze_at is -1, it must be"),
        (("--learn", "--freeze-at", "0"), "freeze_at is 0, it must be"),
    ],
)
def test_a_time_to_freeze_that_makes_no_sense_is_refused(command, plastic, args, said):
    result = command("run", plastic, *args, "--no-record")
    assert result.code == 3
    assert said in result.err
