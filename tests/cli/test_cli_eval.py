"""`neurobot eval`."""

import json

import gymnasium
import pytest

from neurobot.controller import Controller
from neurobot.program import Program

KEYS = {
    "return_mean", "return_std", "episodes", "seed", "env", "spikes_per_tick", "synops_per_tick", "footprint_bytes"
}  # fmt: skip


@pytest.fixture
def program(command, launch, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)  # no picture, which takes a second
        command("run", launch(), "--out", "made", "--seed", "1")
    return tmp_path / "made" / "program.safetensors"


def test_json_has_the_promised_keys_and_is_right(command, program):
    data = json.loads(command("eval", program, "--episodes", "3", "--seed", "10", "--json").out)
    assert set(data) >= KEYS
    assert (data["episodes"], data["seed"], data["env"]) == (3, 10, "CartPole-v1")
    assert data["footprint_bytes"] == Program.load(program).footprint_bytes
    assert data["versions"]["gymnasium"] == gymnasium.__version__
    assert data["returns"] == [episode(program, seed) for seed in (10, 11, 12)]


def episode(path, seed):
    """The return of one episode, by a loop of our own."""
    env, controller = gymnasium.make("CartPole-v1"), Controller(path)
    observation, _ = env.reset(seed=seed)
    controller.reset(seed)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(controller.step(observation))
        total, over = total + reward, terminated or truncated
    env.close()
    return total


def test_a_launch_file_evaluates_its_program(command, program):
    direct = json.loads(command("eval", program, "--json", "--episodes", "2").out)
    folder = json.loads(command("eval", program.parent, "--json", "--episodes", "2").out)
    assert folder["returns"] == direct["returns"]


def test_an_untrained_launch_file_can_be_evaluated_and_says_so(command, launch):
    result = command("eval", launch(), "--episodes", "2")
    assert result.code == 0
    assert "over 2 episodes" in result.out
    assert "untrained" in result.err


def test_another_environment_can_be_given(command, program, fakes):
    result = command("eval", program, "--env", "fake/plain-v0", "--allow-import", fakes, "--json", "--episodes", "1")
    assert json.loads(result.out)["env"] == "fake/plain-v0"


def test_an_untrained_network_is_fed_observations_that_are_a_dictionary(command, launch, fakes):
    args = ("--env", "fake/named-v0", "--allow-import", fakes, "--episodes", "1")
    assert command("eval", launch(), *args).code == 0


def test_an_environment_that_does_not_fit_is_refused(command, program):
    result = command("eval", program, "--env", "MountainCar-v0")
    assert result.code == 3
    assert "made for another environment" in result.err


def test_a_program_that_names_no_environment_needs_one(command, program, tmp_path):
    loaded = Program.load(program)
    loaded.with_params(loaded.params, env=None).save(tmp_path / "bare.safetensors")
    result = command("eval", "bare.safetensors")
    assert result.code == 3
    assert "give --env ID" in result.err


def test_a_damaged_program_is_a_file_error(command, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"not a program")
    assert command("eval", "x.safetensors").code == 6


@pytest.mark.parametrize("args", [("--episodes", "0"), ("--seed", "-1"), ("--core", "gpu")])
def test_wrong_numbers_are_usage_errors(command, program, args):
    assert command("eval", program, *args).code == 2


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ("fake/physics-v0", "the simulation broke down: it exploded"),
        ("fake/blind-v0", "the guard stopped it: entry 0 of the observation is nan; it must be finite"),
    ],
)
def test_what_ended_episodes_before_their_time_is_told_and_has_its_exit_code(command, program, fakes, env, told):
    result = command("eval", program, "--env", env, "--allow-import", fakes)
    assert (result.code, told in result.err) == (4, True)


def test_ctrl_c_prints_what_was_measured(command, program, fakes):
    args = ("--env", "fake/interrupt-v0", "--allow-import", fakes, "--episodes", "5", "--json")
    result = command("eval", program, *args)
    assert result.code == 130
    assert json.loads(result.out)["ticks"] == 3


def test_a_launch_file_says_how_many_episodes_and_what_computes(command, launch):
    data = json.loads(command("eval", launch("substeps = 4", 'core = "host64"\nsubsteps = 4'), "--json").out)
    assert (data["episodes"], data["core"]) == (2, "host64")
    data = json.loads(command("eval", launch(), "--episodes", "1", "--core", "host", "--json").out)
    assert (data["episodes"], data["core"]) == (1, "host")
