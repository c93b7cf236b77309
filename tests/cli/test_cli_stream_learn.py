"""`neurobot stream --learn`: what a board learns, `neurobot run --core fixed --learn` learns, and it is written."""

import json

import numpy as np
import pytest

from neurobot.loop import load_recording
from neurobot.program import Program
from tests.cli.test_cli_learn import FIXED, NAME, PLASTIC
from tests.cli.test_cli_stream import cache, need_gcc  # noqa: F401


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    """They take seconds."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


@pytest.mark.parametrize("port", ["emulator", "posix"])
def test_a_board_learns_what_core_fixed_learns(command, launch, tmp_path, port):
    need_gcc()
    plastic, learns = launch(FIXED, PLASTIC), ("--learn", "--episodes", "3", "--json", "--out")
    here = json.loads(command("run", plastic, "--core", "fixed", *learns, "here").out)
    result = command("stream", plastic, "--port", port, *learns, "there")
    assert result.code == 0, result.err
    there = json.loads(result.out)
    for name in ("returns", "ticks", "spikes_per_tick", "learning"):
        assert there[name] == here[name]
    assert there["learning"]["projections"][NAME]["moved"] > 0
    a, b = (load_recording(tmp_path / name / "recording") for name in ("here", "there"))
    for name in ("observation", "sent", "membrane", "spikes", "reward"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist()
    one, other = (Program.load(tmp_path / name / "learnt.safetensors") for name in ("here", "there"))
    assert np.array_equal(one.params, other.params)
    assert np.array_equal(one.image, other.image)
    assert not np.array_equal(one.image, Program.load(tmp_path / "here" / "program.safetensors").image)


def test_a_run_that_learnt_in_fixed_point_is_repeated_and_replayed(command, launch):
    plastic = launch(FIXED, PLASTIC)
    first = json.loads(command("run", plastic, "--core", "fixed", "--learn", "--out", "a", "--json").out)
    again = json.loads(command("run", "a", "--out", "b", "--json").out)
    assert again["learning"] == first["learning"]
    result = command("replay", "a")
    assert result.code == 0, result.out + result.err


def test_what_was_learnt_goes_on_in_fixed_point(command, launch):
    plastic = launch(FIXED, PLASTIC)
    command("run", plastic, "--core", "fixed", "--learn", "--out", "a")
    result = command("run", plastic, "--core", "fixed", "--program", "a/learnt.safetensors", "--no-record")
    assert result.code == 0
    assert "not quantized yet" not in result.err
