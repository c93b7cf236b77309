"""`neurobot check`."""

import json
import shutil

import pytest

from neurobot.config import load_experiment
from neurobot.program import Program, build
from neurobot.program.file import load

FAST = ("cartpole", "balancer", "pendulum", "reach_plastic")
DEAD = ("tau_mem = 0.02}\n\n[[network.projections]]", "tau_mem = 0.02, v_threshold = 1e6}\n\n[[network.projections]]")


@pytest.fixture
def program(tmp_path):
    """Writes the bundled program of CartPole with another provenance; returns its path."""

    def write(**provenance):
        made = load(load_experiment("cartpole").program)
        path = tmp_path / "mine.safetensors"
        Program(**{**vars(made), "provenance": provenance}).save(path)
        return path

    return write


@pytest.mark.parametrize("name", FAST)
def test_programs_that_ship_and_work_are_healthy(command, name):
    result = command("check", name, "--seconds", 4)
    assert result.code == 0
    title, *_ = result.out.splitlines()
    assert title.startswith(f"{name} in ") and ": healthy, " in title
    assert "nothing moves" not in result.out and "risky" not in result.out


def test_a_network_that_is_silent_is_told_with_its_evidence_and_what_to_try(command, launch):
    result = command("check", launch(*DEAD), "--seconds", 1)
    assert result.code == 1
    assert "no trained program: the network runs untrained" in result.err
    lines = result.out.splitlines()
    assert "healthy" not in lines[0] and " in CartPole-v1: " in lines[0]
    assert lines[2].startswith("nothing moves: population 'output' never spiked: the activity ends here")
    assert lines[3].startswith("  seen  0 spikes of 2 neurons in ") and "threshold of 1e+06" in lines[3]
    assert lines[4].startswith("  try   make the weights of hidden->output larger")


def test_the_guard_of_the_launch_file_is_in_force_but_for_its_switch(command, launch):
    guarded = DEAD[1] + "\n\n[guard]\nsilence = 0.1\ndead_man = 0.2\n\n[[network.projections]]"
    result = command("check", launch(DEAD[0], guarded.replace("\n\n[[network.projections]]", "", 1)), "--seconds", 8)
    assert result.code == 1
    assert "held" in result.out and "the network is silent" in result.out
    assert "dead-man" not in result.out


def test_findings_as_json(command, launch):
    result = command("check", launch(*DEAD), "--seconds", 1, "--json")
    data = json.loads(result.out)
    assert result.code == 1
    assert (data["how"], data["env"], data["control_period"]) == ("run", "CartPole-v1", 0.02)
    assert data["ticks"] >= 50 and data["episodes"] >= 2
    assert set(data["findings"][0]) == {"severity", "what", "evidence", "try_next"}
    assert data["findings"][0]["severity"] == "nothing moves"


def test_a_recorded_run_is_looked_at_as_it_is(command, launch):
    assert command("run", launch(*DEAD), "--out", "dead", "--episodes", 1).code == 0
    for what in ("dead", "dead/recording"):
        result = command("check", what)
        assert result.code == 1
        assert result.out.startswith(f"{what} as recorded: ") and "1 episode\n" in result.out
        assert "nothing moves: population 'output' never spiked" in result.out


def test_what_a_recording_cannot_do_is_refused(command, launch):
    command("run", launch(), "--out", "done", "--episodes", 1)
    result = command("check", "done", "--seconds", 3)
    assert result.code == 3
    assert "--seconds is for programs that are run, and done is recorded; leave it out" in result.err
    assert "--seed is for programs that are run" in command("check", "done", "--seed", 3).err
    shutil.move("done/recording", "alone")
    result = command("check", "alone")
    assert result.code == 3
    assert "alone: a recording without program.safetensors beside it; give a run folder, or the program" in result.err


def test_a_run_folder_without_recording_is_run_again(command, launch):
    command("run", launch(), "--out", "done", "--episodes", 1)
    shutil.rmtree("done/recording")
    assert command("check", "done", "--seconds", 1).out.startswith("done in CartPole-v1: ")


def test_a_program_is_run_in_the_environment_that_it_was_made_for(command, program):
    result = command("check", program(env="CartPole-v1"), "--seconds", 4)
    assert result.code == 0 and "mine.safetensors in CartPole-v1: " in result.out


def test_a_program_without_a_known_environment_is_fed_and_that_is_said(command, program):
    path = program(method="by hand")
    result = command("check", path, "--seconds", 4)
    assert "mine.safetensors without a known environment, fed observations drawn from its field: 200 " in result.out
    data = json.loads(command("check", path, "--seconds", 4, "--json").out)
    assert (data["how"], data["env"], data["latency"]) == ("fed", None, None)


def test_a_network_alone_cannot_be_checked(command, tmp_path):
    path = tmp_path / "net.safetensors"
    made = load(load_experiment("cartpole").program)
    build(made.network).save(path)
    result = command("check", path)
    assert result.code == 3 and "the program has no encoder and decoder" in result.err


def test_an_interrupted_check_reports_what_ran(command, launch, fakes):
    path = launch('"CartPole-v1"', f'"{fakes}:fake/interrupt-v0"')
    result = command("check", path, "--allow-import", fakes, "--seconds", 4)
    assert result.code == 130 and ": 3 ticks of 20 ms in 1 episode" in result.out


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--seconds", 0), "seconds is 0"), (("--seed", -1), "seed is -1"), (("--seconds", "nan"), "seconds is nan")],
)
def test_options_that_make_no_sense_are_refused(command, options, told):
    result = command("check", "cartpole", *options)
    assert result.code == 2 and told in result.err


def test_what_does_not_exist_gets_near_matches(command):
    result = command("check", "cartpol")
    assert result.code == 3 and "did you mean 'cartpole'" in result.err
