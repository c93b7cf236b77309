"""`neurobot sweep`: grids, seeds, shards, going on."""

import csv
import json

import pytest

from neurobot.cli.sweep import parse_shard
from neurobot.program import Program
from neurobot.train.engines.work import command_here

GRID = ("--seeds", "2", "--set", "train.sigma=0.05,0.1", "--out", "s")


@pytest.fixture
def here(monkeypatch):
    """Runs are done in this process, which is quicker; gives the folders of those that were."""
    done = []

    def command(task):
        done.append(task.decode().split("\n")[1].rpartition("/")[2])
        return command_here(task)

    monkeypatch.setattr("neurobot.train.engines.work.command", command)
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    return done


NAMES = ["sigma=0.05-seed=0", "sigma=0.05-seed=1", "sigma=0.1-seed=0", "sigma=0.1-seed=1"]


def test_every_combination_is_trained_with_every_seed(command, launch, tmp_path, here):
    result = command("sweep", launch(), *GRID, "--json")
    data = json.loads(result.out)
    assert result.code == 0
    assert here == NAMES == [row["folder"] for row in data["runs"]]
    assert data["runs"] == json.loads((tmp_path / "s/results.json").read_text())
    for row in data["runs"]:
        provenance = Program.load(tmp_path / "s" / row["folder"] / "program.safetensors").provenance
        assert provenance["settings"]["sigma"] == float(row["set"]["train.sigma"])
        assert (provenance["seed"], provenance["validation_return"]) == (row["seed"], row["best"])
    with (tmp_path / "s/results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["train.sigma"], r["seed"], float(r["best"])) for r in rows] == [
        (r["set"]["train.sigma"], str(r["seed"]), r["best"]) for r in data["runs"]
    ]


def test_a_run_of_a_sweep_is_that_of_train(command, launch, tmp_path, here):
    command("sweep", launch(), *GRID)
    command("train", launch(), "--out", "a", "--seed", "1", "--train.sigma", "0.1")
    first, second = (Program.load(tmp_path / f / "program.safetensors").params for f in ("a", f"s/{NAMES[3]}"))
    assert first.tolist() == second.tolist()


def test_the_table_has_mean_and_deviation_over_the_seeds_of_a_point(command, launch, tmp_path, here):
    result = command("sweep", launch(), *GRID)
    rows = json.loads((tmp_path / "s/results.json").read_text())
    header, first, second, last = result.out.splitlines()
    assert header.split()[:2] == ["train.sigma", "seeds"]
    a, b = rows[0]["best"], rows[1]["best"]
    assert first.split()[:5] == ["0.05", "2", f"{(a + b) / 2:.4g}", "±", f"{abs(a - b) / 2:.4g}"]
    assert second.split()[0] == "0.1"
    assert last == "4 of 4 runs are finished"


def test_what_is_finished_is_not_done_again_and_what_was_interrupted_goes_on(command, launch, tmp_path, here):
    command("sweep", launch(), *GRID)
    programs = {name: (tmp_path / "s" / name / "program.safetensors").read_bytes() for name in NAMES}
    here.clear()
    for name, checkpoint in ((NAMES[1], True), (NAMES[2], False)):
        folder = tmp_path / "s" / name
        summary = json.loads((folder / "summary.json").read_text())
        (folder / "summary.json").write_text(json.dumps(summary | {"interrupted": True}))
        if not checkpoint:
            for path in (*folder.glob("checkpoint-*"), folder / "program.safetensors"):
                path.unlink()
    result = command("sweep", launch(), *GRID)
    assert here == NAMES[1:3]
    assert result.out.endswith("4 of 4 runs are finished\n")
    for name in NAMES:
        program = Program.load(tmp_path / "s" / name / "program.safetensors")
        (tmp_path / "old.safetensors").write_bytes(programs[name])
        assert program.params.tolist() == Program.load(tmp_path / "old.safetensors").params.tolist()


def test_shards_share_the_runs_and_collecting_makes_the_table(command, launch, tmp_path, here):
    one = command("sweep", launch(), *GRID, "--shard", "1/2")
    assert here == NAMES[::2]
    assert "2 of 4 runs are finished" in one.out
    here.clear()
    command("sweep", launch(), *GRID, "--shard", "2/2")
    assert here == NAMES[1::2]
    here.clear()
    assert "4 of 4 runs are finished" in command("sweep", launch(), *GRID, "--collect").out
    assert here == []


def test_with_nothing_to_collect_nothing_is_written(command, launch, tmp_path, here):
    (tmp_path / "s").mkdir()
    result = command("sweep", launch(), *GRID, "--collect")
    assert result.out == "0 of 4 runs are finished\n"
    assert list((tmp_path / "s").iterdir()) == []


def test_a_run_that_fails_is_told_and_the_others_are_done(command, launch, tmp_path, here):
    (tmp_path / "s" / NAMES[1] / "lock.json").mkdir(parents=True)
    result = command("sweep", launch(), *GRID)
    assert result.code == 1
    assert f"s/{NAMES[1]}: failed with exit code 3" in result.err
    assert "lock.json: cannot be written" in result.err.splitlines()[-1]
    assert result.out.endswith("3 of 4 runs are finished\n")


def test_a_folder_with_other_settings_is_refused_before_anything_is_done(command, launch, tmp_path, here):
    command("sweep", launch(), *GRID, "--shard", "4/4")
    here.clear()
    result = command("sweep", launch("generations = 2", "generations = 3"), *GRID)
    assert result.code == 3
    assert f"s/{NAMES[3]}: it holds a run with other settings (train.generations); give another --out" in result.err
    assert here == []


def test_ctrl_c_ends_it_and_says_how_to_go_on(command, launch, monkeypatch, here):
    def interrupted(task):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurobot.train.engines.work.command", interrupted)
    result = command("sweep", launch(), *GRID)
    assert result.code == 130
    assert "interrupted; the same command goes on" in result.err


def test_runs_are_processes_of_their_own_side_by_side(command, launch, tmp_path):
    result = command("sweep", launch(), "--seeds", "2", "--workers", "2", "--json", "--train.generations", "1")
    assert result.code == 0
    assert [row["folder"] for row in json.loads(result.out)["runs"]] == ["seed=0", "seed=1"]
    assert (tmp_path / "runs/pole-sweep/seed=1/program.safetensors").exists()


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--shard", "3/2"], 2, "shard is '3/2', it must be I/N with I from 1 to N"),
        (["--seeds", "0"], 2, "seeds is 0"),
        (["--set", "train.sigma"], 2, "set is 'train.sigma', it must be KEY=A,B"),
        (["--set", "train.sigma=1,,2"], 2, "it must be KEY=A,B"),
        (["--set", "train.sigma=0.1,-1"], 2, "sigma is -1, it must be greater than 0"),
        (["--set", "train.sigma=1", "--set", "train.sigma=2"], 3, "--set train.sigma is given twice"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(command, launch, args, code, said, here):
    result = command("sweep", launch(), *args)
    assert result.code == code
    assert said in " ".join(result.err.split())
    assert here == []


@pytest.mark.parametrize("value", ["train.sigmaa=1", "train.sigma=often"])
def test_a_setting_that_does_not_exist_or_a_value_of_another_kind_is_a_wrong_command_line(command, launch, value, here):
    result = command("sweep", launch(), "--set", value)
    assert result.code == 2
    assert "sigma" in result.err
    assert here == []


def test_a_launch_file_without_training_is_refused(command, launch):
    path = launch()
    path.write_text(path.read_text().split("[train]")[0])
    assert "has no [train] part" in command("sweep", path).err


@pytest.mark.parametrize(
    ("text", "shard"), [("1/1", (0, 1)), ("2/4", (1, 4)), ("0/2", None), ("2", None), ("a/b", None), ("-1/2", None)]
)
def test_shards_are_counted_from_one(text, shard):
    assert parse_shard(text) == shard


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_there_is_nothing_to_collect_where_there_is_no_folder(command, launch, tmp_path, more):
    result = command("sweep", launch(), "--collect", "--out", "nope", *more)
    assert (result.code, result.out) == (6, "")
    assert "nope: there is no such folder to collect from; give --out the folder of a sweep" in result.err
    assert not (tmp_path / "nope").exists()
