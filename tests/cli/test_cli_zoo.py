"""`neurobot eval --zoo`, on a small zoo, and what `python -m benchmarks train --record` puts into it."""

import importlib
import json
import re
import shutil
import sys

import pytest

import neurobot.config
from benchmarks import train
from benchmarks.__main__ import main
from neurobot.cli.environment import make_env
from neurobot.cli.subject import untrained
from neurobot.config import EnvConfig, load_experiment
from neurobot.program import Program
from neurobot.zoo import read_records

PUBLISHED = """
[[spiking]]
method = "spikes"
version = "v0"
source = "a paper"
returns = {CartPole = [400, 3]}

[[ann]]
method = "reals"
version = "v1"
source = "a page"
seeds = 2
steps = 1000
returns = {CartPole = 450}
"""
ZOO = ("eval", "--zoo", "--episodes", "2", "--seed", "10")
IN_A_PROCESS = train._neurobot


@pytest.fixture
def zoo(launch, tmp_path, monkeypatch):
    """A zoo of pole, which has a program; recipe, which has none; and quick, which runs that of pole. Its folder."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    monkeypatch.setattr(neurobot.config, "launch_folder", lambda: folder)
    (folder / "zoo.json").write_text("{}")
    (folder / "published.toml").write_text(PUBLISHED)
    program = made(launch())
    add(folder, launch, "pole", program)
    add(folder, launch, "quick", program, named="pole")
    shutil.move(launch(name="recipe.toml"), folder)
    return folder


def made(path):
    """An untrained program for a launch file."""
    env = make_env(EnvConfig(id="CartPole-v1"))
    program = untrained(load_experiment(path), env)
    env.close()
    return program


def add(folder, launch, name, program, env="CartPole-v1", named=None):
    """Put a launch file and its program into a zoo."""
    path = launch("substeps = 4", f'program = "{named or name}.safetensors"\nsubsteps = 4', name=f"{name}.toml")
    path.write_text(path.read_text().replace("CartPole-v1", env))
    shutil.move(path, folder / path.name)
    if named is None:
        program.save(folder / f"{name}.safetensors")


def test_the_json_has_a_row_for_every_launch_file(command, zoo):
    result = command(*ZOO, "--json")
    data = json.loads(result.out)
    assert result.code == 0
    assert (data["episodes"], data["seed"], data["interrupted"]) == (2, 10, False)
    pole, recipe = data["programs"]
    assert pole.keys() == recipe.keys() == {
        "name", "env", "method", "program", "footprint_bytes", "problem", "measured", "training", "recorded",
        "published",
    }  # fmt: skip
    assert (pole["name"], pole["env"], pole["method"], pole["program"]) == (
        "pole", "CartPole-v1", "evolve", "pole.safetensors",
    )  # fmt: skip
    assert pole["published"]["spiking"] == {
        "return_mean": 400, "return_std": 3, "method": "spikes", "version": "v0", "source": "a paper", "seeds": None,
        "steps": None,
    }  # fmt: skip
    assert (pole["published"]["ann"]["return_mean"], pole["published"]["ann"]["steps"]) == (450, 1000)
    assert recipe["program"] is recipe["measured"] is recipe["training"] is recipe["footprint_bytes"] is None


def test_a_program_is_measured_as_it_is_alone(command, zoo):
    pole = json.loads(command(*ZOO, "--json").out)["programs"][0]
    alone = json.loads(command("eval", "pole", "--episodes", "2", "--seed", "10", "--json").out)
    keys = ("return_mean", "return_std", "episodes", "seed", "spikes_per_tick", "synops_per_tick")
    assert pole["measured"] == {key: alone[key] for key in keys}
    assert pole["footprint_bytes"] == alone["footprint_bytes"]


def test_what_is_piped_is_markdown(command, zoo):
    result = command(*ZOO)
    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0].startswith("| launch file | task | method | return |")
    assert lines[2].startswith("| pole | CartPole-v1 | evolve | ")
    assert lines[3].startswith("| recipe | CartPole-v1 | evolve | no program; train it: neurobot train recipe | – |")
    assert len({line.count("|") for line in lines[:4]}) == 1


def test_a_terminal_gets_columns_unless_markdown_is_asked_for(command, zoo, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    result = command(*ZOO)
    assert re.sub(r"\x1b\[\d+m", "", result.out).startswith("what ships\nlaunch file ")
    assert "| pole |" not in result.out
    assert "| pole |" in command(*ZOO, "--markdown").out


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ((), "nothing to evaluate; give a PROGRAM or LAUNCH, or --zoo for all that ship"),
        (("pole", "--zoo"), "both pole and --zoo are given, which is all that ship; give one of them"),
        (("--zoo", "--env", "CartPole-v1"), "--env does not go with --zoo"),
        (("--zoo", "--perturb", "dead at=1 index=0"), "--perturb does not go with --zoo"),
        (("--zoo", "--allow-import", "os"), "--allow-import does not go with --zoo"),
        (("pole", "--markdown"), "--markdown is for the table of --zoo; leave it out, or give --json"),
        (("--zoo", "--json", "--markdown"), "both --markdown and --json are given; give one of them"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(command, args, problem):
    result = command("eval", *args)
    assert result.code == 2
    assert problem in " ".join(result.err.replace("│", "").split())


def test_what_cannot_be_measured_says_why_in_its_row_and_in_the_exit_code(command, zoo, launch):
    add(zoo, launch, "lost", Program.load(zoo / "pole.safetensors"), env="Nothing-v7")
    result = command(*ZOO, "--json")
    lost, pole, _ = json.loads(result.out)["programs"]
    assert result.code == 3
    assert "no environment has the id 'Nothing-v7'" in lost["problem"]
    assert lost["measured"] is None and pole["measured"]["episodes"] == 2
    assert "no environment has the id 'Nothing-v7'" in command(*ZOO).out


def test_a_damaged_program_and_a_missing_package_are_rows_too(command, zoo, monkeypatch):
    def missing(config):
        raise ImportError("No module named 'eyes'")

    monkeypatch.setattr("neurobot.cli.zoo.make_env", missing)
    result = command(*ZOO, "--json")
    assert (result.code, json.loads(result.out)["programs"][0]["problem"]) == (1, "No module named 'eyes'")
    (zoo / "pole.safetensors").write_bytes(b"not a program")
    result = command(*ZOO, "--json")
    pole = json.loads(result.out)["programs"][0]
    assert result.code == 6
    assert (pole["program"], pole["measured"]) == ("pole.safetensors", None) and "pole.safetensors" in pole["problem"]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ("fake/physics-v0", "the simulation broke down: it exploded"),
        ("fake/blind-v0", "the guard stopped it: entry 0 of the observation is nan; it must be finite"),
    ],
)
def test_what_ended_episodes_before_their_time_is_told_in_the_row(command, zoo, launch, fakes, env, told):
    importlib.import_module(fakes)
    add(zoo, launch, "weak", Program.load(zoo / "pole.safetensors"), env=env)
    result = command(*ZOO, "--json")
    weak = json.loads(result.out)["programs"][-1]
    assert result.code == 4
    assert weak["problem"].startswith(told)


def test_ctrl_c_keeps_what_was_measured(command, zoo, launch, fakes):
    importlib.import_module(fakes)
    program = Program.load(zoo / "pole.safetensors")
    add(zoo, launch, "quit", program, env="fake/interrupt-v0")
    add(zoo, launch, "zero", program)
    result = command(*ZOO, "--json")
    data = json.loads(result.out)
    assert result.code == 130
    assert data["interrupted"] is True
    assert [(p["name"], p["measured"] is not None) for p in data["programs"]] == [
        ("pole", True), ("quit", False), ("recipe", False), ("zero", False),
    ]  # fmt: skip
    assert "interrupted: 1 of 3 programs were measured" in result.err


def test_ctrl_c_between_programs_keeps_them_too(command, zoo, launch, monkeypatch):
    add(zoo, launch, "zero", Program.load(zoo / "pole.safetensors"))

    def interrupted(config):
        monkeypatch.setattr("neurobot.cli.zoo.make_env", stop)
        return make_env(config)

    def stop(config):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurobot.cli.zoo.make_env", interrupted)
    result = command(*ZOO)
    assert result.code == 130
    assert "| zero | CartPole-v1 | evolve | not measured |" in result.out


@pytest.fixture
def trained(command, zoo, tmp_path, monkeypatch, capsys):
    """Trains pole with a seed and settings; the folder. What `benchmarks` starts is done in this process instead."""
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)

    def here(words):
        told = capsys.readouterr()
        result = command(*words)
        sys.stdout.write(told.out)
        sys.stderr.write(told.err)
        assert result.code == 0, result.err
        return json.loads(result.out)

    monkeypatch.setattr("benchmarks.train._neurobot", here)

    def make(seed, *settings):
        folder = tmp_path / f"pole-{seed}"
        assert command("train", "pole", "--out", folder, "--seed", str(seed), *settings).code == 0
        return folder

    return make


def record(*folders, launch="pole", words=()):
    main(["train", launch, "--record", "--jobs", "1", "--episodes", "2", *words, "--folders", *map(str, folders)])


def test_finished_runs_are_measured_and_recorded(trained, command, capsys):
    a, b = trained(4), trained(2)
    record(a, b, words=("--note", "a note"))
    told = capsys.readouterr().out
    (found,) = read_records()["pole"]
    assert (found.env, found.method, found.settings, found.note) == ("CartPole-v1", "evolve", {}, "a note")
    assert found.command == "python -m benchmarks train pole --folders pole-4 pole-2 --episodes 2 --record"
    assert found.versions["numpy"] == json.loads((a / "versions.json").read_text())["numpy"]
    assert "platform" not in found.versions
    assert [run.seed for run in found.runs] == [2, 4]
    summary = json.loads((a / "summary.json").read_text())
    assert (found.runs[1].steps, found.runs[1].core_minutes) == (summary["steps"], summary["core_seconds"] / 60)
    alone = IN_A_PROCESS(["eval", str(a / "program.safetensors"), "--episodes", "2", "--seed", "1000", "--json"])
    for key in ("return_mean", "return_std", "spikes_per_tick", "synops_per_tick"):
        assert getattr(found.runs[1], key) == alone[key]
    assert "| CartPole-v1 | 2 seeds | | | **" in told
    assert "2 seeds: " in command(*ZOO).out


def test_settings_that_are_not_the_launch_files_are_in_the_record(trained, capsys):
    record(trained(0, "--train.sigma", "0.2", "--train.threads", "2"))
    record(trained(1))
    assert [r.settings for r in read_records()["pole"]] == [{}, {"train.sigma": 0.2}]
    record(trained(2))
    assert "pole: joins what was recorded of 1 seeds" in capsys.readouterr().err
    assert [[run.seed for run in r.runs] for r in read_records()["pole"] if not r.settings] == [[1, 2]]


def test_a_budget_is_no_setting_of_runs_in_folders(trained):
    record(trained(0, "--train.generations", "1"), trained(1))
    record(trained(2, "--train.generations", "1"))
    assert [(r.settings, len(r.runs)) for r in read_records()["pole"]] == [({}, 3)]


def refused(problem, capsys, *folders, **options):
    with pytest.raises(SystemExit):
        record(*folders, **options)
    assert problem in capsys.readouterr().err
    assert read_records() == {}


def test_runs_that_do_not_belong_together_are_refused(trained, capsys, tmp_path, zoo):
    a, other = trained(0), trained(1, "--train.sigma", "0.2")
    refused("settings {'train.sigma': 0.2}, but", capsys, a, other)
    refused("seed 0 comes more than once in", capsys, a, a)
    refused(f"{tmp_path / 'none'}: no training that is finished", capsys, a, tmp_path / "none")
    (a / "events.jsonl").rename(a / "events")
    refused(f"{a}: no training that is finished", capsys, a)
    (a / "events").rename(a / "events.jsonl")
    (a / "summary.json").write_text(json.dumps({"interrupted": True}))
    refused("no training that is finished; give the folder of one, or resume it first", capsys, a)


def test_runs_of_another_task_are_refused(trained, capsys, zoo):
    a = trained(0)
    path = zoo / "pole.toml"
    path.write_text(path.read_text().replace("CartPole-v1", "Pendulum-v1"))
    refused("a training of ('CartPole-v1', 'evolve'), but pole is one of ('Pendulum-v1', 'evolve')", capsys, a)


def test_only_what_is_in_the_zoo_can_be_recorded(trained, capsys, launch):
    a = trained(0)
    refused(
        "the zoo has no launch file of this name; did you mean 'pole'?", capsys, a, launch=str(launch(name="pol.toml"))
    )
    refused("give its name, and neither --seeds nor --set", capsys, a, words=("--seeds", "3"))
    with pytest.raises(SystemExit):
        main(["train", "pole", "--note", "x"])
    assert "--note is for the record; give --record too" in capsys.readouterr().err


def test_seeds_are_trained_and_recorded_in_one_command(trained):
    words = "train pole --seeds 2 --jobs 1 --out o --episodes 2 --record --set train.sigma=0.3"
    main(words.split())
    (found,) = read_records()["pole"]
    assert [run.seed for run in found.runs] == [0, 1]
    assert found.settings == {"train.sigma": 0.3}
    assert found.command == "python -m benchmarks train pole --seeds 2 --set train.sigma=0.3 --episodes 2 --record"


def test_when_training_first_reached_a_bar_is_told(trained, capsys):
    folder = trained(0)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    first = next(e["core_seconds"] for e in events if e["event"] == "evaluation")
    for bar, when in (("0", f"{first:.1f}"), ("501", "never")):
        main(["train", "pole", "--episodes", "2", "--bar", bar, "--folders", str(folder)])
        assert f"core-seconds to an evaluation of {bar} or more: {when}\n" in capsys.readouterr().out
