"""Settings, randomisation and perturbations on the command line, and whose environment is made."""

import json

import numpy as np
import pytest

import neurobot.envs
from neurobot.cli.arguments import perturbed
from neurobot.cli.environment import make_env
from neurobot.config import EnvConfig
from neurobot.envs import Perturbation, PerturbedEnv, TaskEnv
from neurobot.errors import ConfigError, EnvError
from neurobot.loop import load_recording

ENV = 'id = "CartPole-v1"'
VARIED = (
    ENV
    + """

[env.randomize]
noise = [0.0, 0.05]

[[env.perturb]]
kind = "loss"
at = [0.0, 0.1]
probability = 0.5

[[env.perturb]]
kind = "reversed"
at = [0.04, 0.1]
"""
)


@pytest.fixture(autouse=True)
def _no_picture(monkeypatch):
    """It takes a second, and has tests of its own."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)


def test_words_say_what_a_table_of_a_file_says():
    file = ({"kind": "frozen"},)
    texts = ("dead at=5 index=0,2 until=8", "mass body=torso mass=1.5 at=1,2.5")
    assert perturbed(EnvConfig(id="Hopper-v5", perturb=file), texts).perturb == (
        {"kind": "frozen"},
        {"kind": "dead", "at": 5, "index": [0, 2], "until": 8},
        {"kind": "mass", "body": "torso", "mass": 1.5, "at": [1, 2.5]},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dead at=5 index", r"--perturb \"dead at=5 index\": 'index' is no key=value; write it as in \"dead at=5 i"),
        ("dead at=", "'at=' is no key=value"),
        ("dead at=5 at=6", "'at=6' comes a second time"),
        ("dead kind=frozen", "'kind=frozen' comes a second time"),
        ("", r"--perturb \"\": perturbation: kind is ''; known: biased"),
        ("ded at=5", r"--perturb \"ded at=5\": perturbation: kind is 'ded'; did you mean 'dead'"),
        ("dead index=0,", r"index is \(0, ''\); it must be one or several whole numbers"),
        ("dead idx=0", "unknown key 'idx', did you mean 'index'"),
        ("biased value=nan", "value is nan; it must be a finite number"),
    ],
)  # fmt: skip
def test_words_that_describe_no_perturbation_are_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        perturbed(EnvConfig(id="Hopper-v5"), [text])


@pytest.mark.parametrize("name", ["run", "train", "eval"])
def test_every_command_that_runs_a_robot_refuses_a_bad_perturbation(command, launch, tmp_path, name):
    for words, said in (("ded", "did you mean 'dead'"), ("frozen index=4", "CartPole-v1 has 4 numbers of the obs")):
        done = command(name, launch(), "--perturb", words)
        assert done.code == 3 and said in done.err
    assert not (tmp_path / "runs").exists()


def test_a_run_folder_repeats_a_perturbed_run_exactly(command, launch, tmp_path):
    path = launch(ENV, VARIED)
    first = json.loads(command("run", path, "--out", "a", "--json", "--seed", "3", "--perturb", "frozen at=0.1").out)
    config = json.loads((tmp_path / "a/config.json").read_text())
    assert [p["kind"] for p in config["env"]["perturb"]] == ["loss", "reversed", "frozen"]
    assert config["env"]["randomize"] == {"noise": [0.0, 0.05]}
    again = json.loads(command("run", "a", "--out", "b", "--json").out)
    assert again["returns"] == first["returns"]
    a, b, plain = (load_recording(tmp_path / name / "recording") for name in ("a", "b", _plain(command, launch)))
    np.testing.assert_array_equal(a.observation, b.observation)
    assert len(a.observation) != len(plain.observation) or (a.observation != plain.observation).any()


def _plain(command, launch):
    command("run", launch(), "--out", "c", "--seed", "3")
    return "c"


def test_what_the_file_says_can_be_changed_on_the_command_line(command, launch):
    args = ("--env.randomize.noise", "0.1", "0.2", "--env.perturb.0.probability", "0.25")
    env = json.loads(command("run", launch(ENV, VARIED), "--dry-run", *args).out)["env"]
    assert env["randomize"]["noise"] == [0.1, 0.2] and env["perturb"][0]["probability"] == 0.25
    refused = command("run", launch(ENV, VARIED), "--dry-run", "--env.perturb.0.probability", "25")
    assert refused.code == 2 and "probability is 25.0; it must be a finite number from 0 to 1" in refused.err


def test_eval_perturbs_a_program_as_it_is_told_and_a_run_folder_as_that_says(command, launch):
    path = launch(ENV, VARIED)
    command("run", path, "--out", "made")
    plain, mirrored = (
        json.loads(command("eval", "made/program.safetensors", "--episodes", "3", "--json", *more).out)["returns"]
        for more in ((), ("--perturb", "reversed at=0.1"))
    )
    assert plain != mirrored
    folder = json.loads(command("eval", "made", "--episodes", "3", "--json").out)["returns"]
    assert folder not in (plain, mirrored)
    assert json.loads(command("eval", path, "--episodes", "3", "--json").out)["returns"] == folder


@pytest.mark.parametrize("name", ["eval", "quantize"])
def test_another_environment_has_what_goes_wrong_and_not_the_settings_of_a_task(command, launch, fakes, name):
    more = '\n\n[env.settings]\ntilt = 0.25\n\n[[env.perturb]]\nkind = "mass"\nbody = 1\nmass = 1.0'
    result = command(name, launch(ENV, ENV + more), "--env", "fake/plain-v0", "--allow-import", fakes)
    assert result.code == 3
    assert "fake/plain-v0: mass can be added in the tasks of neurobot.envs only" in result.err


def test_training_goes_on_with_what_differs_and_goes_wrong_and_with_nothing_else(command, launch, tmp_path):
    path = launch(ENV, VARIED)
    path.write_text(path.read_text().replace("generations = 2", "generations = 2\nevaluate_every = 1"))
    assert command("train", path, "--out", "whole", "--json").code == 0
    assert command("train", path, "--out", "parts", "--train.generations", "1").code == 0
    other = command("train", "parts", "--resume", "parts", "--env.perturb.0.probability", "0.1")
    assert other.code == 3
    assert "of another run: env.perturb[0].probability: 0.5 against 0.1" in other.err
    assert command("train", "parts", "--resume", "parts", "--train.generations", "2").code == 0
    command("train", launch(), "--out", "plain")
    whole, parts, plain = (returns(tmp_path / name) for name in ("whole", "parts", "plain"))
    assert whole == parts
    assert whole["round"][0] != plain["round"][0] and whole["evaluation"][-1] != plain["evaluation"][-1]


def returns(folder):
    """Mean returns of rounds and of evaluations."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return {kind: [e["return_mean"] for e in events if e["event"] == kind] for kind in ("round", "evaluation")}


def test_a_task_of_this_project_is_its_own_and_equals_gymnasiums():
    env = make_env(EnvConfig(id="Hopper-v5", randomize={"mass": [0.8, 1.2]}, perturb=({"kind": "dead"},)))
    assert isinstance(env, TaskEnv) and env.spec.kwargs["perturb"] == (Perturbation(kind="dead"),)
    env.close()


def test_settings_reach_the_makers_of_a_task(command, launch, monkeypatch):
    seen, real, real_vec = [], neurobot.envs.make, neurobot.envs.make_vec
    monkeypatch.setattr(neurobot.envs, "make", lambda name, *, tilt, **more: seen.append(tilt) or real(name, **more))
    monkeypatch.setattr(
        neurobot.envs, "make_vec", lambda *args, tilt, **more: seen.append(tilt) or real_vec(*args, **more)
    )
    path = launch(ENV, ENV + "\n\n[env.settings]\ntilt = 0.25\n")
    for args in (("run", path, "--no-record"), ("eval", path), ("train", path, "--env.settings.tilt", "0.5")):
        assert command(*args).code == 0
    assert seen[:2] == [0.25, 0.25] and set(seen[2:]) == {0.5}


def test_settings_reach_a_foreign_environment_and_it_can_be_perturbed(fakes):
    made = make_env(
        EnvConfig(id="fake/plain-v0", settings={"fault": "physics"}, perturb=({"kind": "biased", "value": 0.5},)),
        [fakes],
    )
    assert isinstance(made, PerturbedEnv) and made.unwrapped.fault == "physics"
    assert made.reset(seed=0)[0].tolist() == [0.5, 0.5, 0.5, 0.5]


def test_what_a_foreign_environment_cannot_do_is_refused(fakes):
    with pytest.raises(
        EnvError, match=r"fake/plain-v0 cannot be randomised; these can: Ant-v5, .*Leave env.randomize out"
    ):
        make_env(EnvConfig(id="fake/plain-v0", randomize={"noise": [0.0, 1.0]}), [fakes])
    with pytest.raises(EnvError, match=r"fake/plain-v0: mass can be added in the tasks of neurobot.envs only"):
        make_env(EnvConfig(id="fake/plain-v0", perturb=({"kind": "mass", "body": 1, "mass": 1.0},)), [fakes])


def test_pictures_that_only_gymnasium_makes_show_the_same_perturbed_episode():
    config = EnvConfig(id="CartPole-v1", perturb=({"kind": "loss", "probability": 0.5},))
    ours, drawn = make_env(config), make_env(config, render_mode="rgb_array")
    assert not isinstance(drawn, TaskEnv)
    np.testing.assert_array_equal(ours.reset(seed=1)[0], drawn.reset(seed=1)[0])
    for action in (1, 0, 0, 1, 1, 0, 1, 0):
        np.testing.assert_array_equal(ours.step(action)[0], drawn.step(action)[0])
    assert drawn.render().ndim == 3
    drawn.close()
    with pytest.raises(
        EnvError, match=r"CartPole-v1: its pictures are made by gymnasium's own .*leave out the video or"
    ):
        make_env(EnvConfig(id="CartPole-v1", randomize={"noise": [0.0, 1.0]}), render_mode="rgb_array")


def test_a_task_that_can_draw_itself_makes_its_own_pictures():
    env = make_env(EnvConfig(id="Hopper-v5", randomize={"mass": [0.8, 1.2]}), render_mode="rgb_array")
    assert isinstance(env, TaskEnv) and env.render_mode == "rgb_array"
    env.close()
