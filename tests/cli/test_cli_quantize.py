"""`neurobot quantize`, and the core `fixed` of the other commands."""

import json
import re

import pytest

from neurobot.program import Program

QUICK = ("--episodes", "1", "--calibration", "1")


def test_a_launch_file_becomes_a_program_with_an_image_and_a_report(command, launch, tmp_path):
    result = command("quantize", launch(), *QUICK, "--out", "q.safetensors", "--report", "q.json")
    assert result.code == 0
    assert "no trained program: the network runs untrained" in result.err
    title, header, hidden, output, *_ = result.out.splitlines()
    assert title.endswith("ticks of CartPole-v1") and header.split() == (
        ["neurons", "spikes", "a", "step", "in", "integers", "1", "of", "v", "largest", "weight"]
    )
    assert (hidden.split()[:2], output.split()[:2]) == (["hidden", "8"], ["output", "2"])
    assert "100.0 % kept" in result.out and "fits in RAM" in result.out
    assert re.search(
        r"instructions +[\d,]+ on a Cortex-M3, [\d,]+ on a Cortex-M0, a tick; estimated, within 10 %", result.out
    )
    assert "q.safetensors; run it: neurobot eval q.safetensors --core fixed" in result.out
    data = json.loads((tmp_path / "q.json").read_text())
    assert data["returns_before"] == data["returns_after"] and data["kept"] == 1.0
    assert (data["saturated"], data["action_error"]) == (0, 0.0)
    assert 1000 < data["instructions"]["Cortex-M3"] < data["instructions"]["Cortex-M0"]
    assert data["image_bytes"] == Program.load(tmp_path / "q.safetensors").image.size
    evaluated = json.loads(command("eval", "q.safetensors", "--core", "fixed", "--episodes", "1", "--json").out)
    assert (evaluated["core"], evaluated["returns"]) == ("fixed", data["returns_after"])


def test_the_report_can_be_json_and_do_without_episodes(command, launch):
    data = json.loads(command("quantize", launch(), "--episodes", "0", "--calibration", "1", "--json").out)
    assert (data["kept"], data["returns_after"], data["program"]) == (None, None, None)
    assert data["wire"]["request_bytes"] == 2 + 1 + 6 + 11 + 4 * 2
    assert len(data["boards"]) == 5


def test_a_run_on_core_fixed_quantizes_on_the_fly_and_replays(command, launch, tmp_path):
    result = command("run", launch(), "--core", "fixed", "--out", "r", "--json")
    assert result.code == 0
    assert "not quantized yet: done on the fly, by" in result.err
    assert "neurobot quantize PROGRAM --out FILE, which `run` and `stream` take as LAUNCH --program FILE" in result.err
    data = json.loads(result.out)
    assert data["core"] == "fixed" and Program.load(tmp_path / "r" / "program.safetensors").image is not None
    again = command("run", "r", "--out", "s", "--json")
    assert "not quantized yet" not in again.err
    assert json.loads(again.out)["returns"] == data["returns"]
    assert command("replay", "r").code == 0
    assert command("check", "r").code in (0, 1)


def test_other_commands_take_the_core_too(command, launch):
    path = launch("substeps = 4", 'core = "fixed"\nsubsteps = 4')
    assert "not quantized yet" in command("check", path, "--seconds", "1").err
    result = command("bench", "latency", path, "--seconds", "0.2", "--json")
    assert result.code == 0 and json.loads(result.out)["core"] == "fixed"


def test_what_integers_do_not_have_is_refused_before_the_calibration_run(command, launch):
    noisy = launch("n = 8\nmodel", "n = 8\nnoise = {std = 0.1}\nmodel")
    for words in (("quantize", noisy), ("run", noisy, "--core", "fixed", "--no-record")):
        result = command(*words)
        assert result.code == 3
        assert "population 'hidden' has noise, which integers do not have" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--episodes", "-1"), "episodes is -1, it must be at least 0"),
        (("--calibration", "0"), "calibration is 0, it must be at least 1"),
        (("--out", "q.npz"), "--out q.npz: a program is a .safetensors file; give it that suffix"),
    ],
)
def test_wrong_options_are_told(command, launch, words, said):
    result = command("quantize", launch(), *words)
    assert result.code in (2, 3)
    assert said in result.err


def test_a_program_that_names_no_environment_needs_one(command, launch, tmp_path):
    from dataclasses import replace

    command("run", launch(), "--out", "r", "--json")
    program = Program.load(tmp_path / "r" / "program.safetensors")
    replace(program, provenance={}).save(tmp_path / "bare.safetensors")
    assert (
        "the program does not say which environment it was made for; give --env ID"
        in command("quantize", "bare.safetensors").err
    )
    assert command("quantize", "bare.safetensors", "--env", "CartPole-v1", "--episodes", "0").code == 0


def test_what_ended_fresh_episodes_before_their_time_is_told_and_has_its_exit_code(command, launch, fakes):
    result = command("quantize", launch(), *QUICK, "--env", "fake/physics-v0", "--allow-import", fakes)
    assert result.code == 4
    assert result.err.count("the simulation broke down: it exploded") == 2


def test_an_image_that_is_damaged_is_refused_with_the_code_of_files(command, launch, tmp_path):
    from dataclasses import replace

    command("quantize", launch(), "--episodes", "0", "--calibration", "1", "--out", "q.safetensors")
    program = Program.load(tmp_path / "q.safetensors")
    image = program.image.copy()
    image[300] ^= 1
    replace(program, image=image).save(tmp_path / "d.safetensors")
    result = command("eval", "d.safetensors", "--core", "fixed")
    assert result.code == 6
    assert "image: the checksum does not match, it is damaged" in result.err
