"""The zoo's files: records of trainings, what others have published, and a row for everything that ships."""

import json
import re
from dataclasses import replace

import pytest

import neurobot.config
from neurobot.cli.zoo_table import PROGRAMS, TRAININGS, markdown_of, programs, trainings
from neurobot.config import PUBLISHED, bundled_launches, launch_folder
from neurobot.errors import ConfigError
from neurobot.zoo import Measured, Record, Trained, Zoo, read_published, read_records, rows, task_of, write_record

RUNS = (
    Trained(seed=0, return_mean=10.0, return_std=1.0, steps=100, core_minutes=0.5, spikes_per_tick=7.5),
    Trained(seed=1, return_mean=20.0, steps=300, core_minutes=1.5),
)
RECORD = Record(
    env="CartPole-v1", method="evolve", settings={}, episodes=5, command="python -m benchmarks train pole",
    versions={"numpy": "2.0"}, runs=RUNS,
)  # fmt: skip
OTHER = replace(RECORD, settings={"train.sigma": 0.2, "train.algorithm": "ars"}, note="on busy cores", runs=RUNS[:1])
KINDS = ("spiking", "ann")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty zoo."""
    monkeypatch.setattr(neurobot.config, "launch_folder", lambda: tmp_path)
    (tmp_path / "zoo.json").write_text("{}")
    return tmp_path


def test_a_record_comes_back_as_it_was_written(folder):
    assert write_record("pole", RECORD) is None
    assert write_record("cart", OTHER) is None
    assert read_records() == {"cart": (OTHER,), "pole": (RECORD,)}
    assert list(json.loads((folder / "zoo.json").read_text())) == ["cart", "pole"]


def test_a_record_takes_the_place_of_the_one_with_the_same_settings(folder):
    write_record("pole", OTHER)
    write_record("pole", RECORD)
    better = replace(RECORD, runs=RUNS[1:])
    assert write_record("pole", better) == RECORD
    assert read_records()["pole"] == (better, OTHER)


def test_a_record_may_join_the_seeds_of_the_one_before(folder):
    write_record("pole", replace(RECORD, note="quiet"))
    again = Trained(seed=1, return_mean=30.0)
    later = replace(
        RECORD, command="python -m benchmarks train pole --folders a", versions={"numpy": "2.1"}, note="busy"
    )
    assert write_record("pole", replace(later, runs=(again,)), join=True).runs == RUNS
    (joined,) = read_records()["pole"]
    assert joined.runs == (RUNS[0], again)
    assert (joined.note, joined.versions) == ("quiet; busy", {"numpy": "2.0, 2.1"})
    assert joined.command == "python -m benchmarks train pole; python -m benchmarks train pole --folders a"


def test_what_is_said_already_is_not_said_again_when_a_third_record_joins(folder):
    runs = [replace(RUNS[1], seed=seed) for seed in range(3)]
    for run, word, version in zip(runs, "abb", ("2.0", "2.1", "2.1"), strict=True):
        record = replace(RECORD, command=f"train {word}", versions={"numpy": version}, note=word, runs=(run,))
        write_record("pole", record, join=True)
    (joined,) = read_records()["pole"]
    assert joined.runs == tuple(runs)
    assert (joined.command, joined.note) == ("train a; train b", "a; b")
    assert joined.versions == {"numpy": "2.0, 2.1"}


def test_a_record_that_has_every_seed_of_the_one_before_is_not_joined(folder):
    write_record("pole", replace(RECORD, note="quiet"))
    write_record("pole", RECORD, join=True)
    assert read_records()["pole"] == (RECORD,)


def test_records_of_other_numbers_of_episodes_are_not_joined(folder):
    write_record("pole", RECORD)
    with pytest.raises(ConfigError, match=r"3 episodes, but .* over 5; measure over as many"):
        write_record("pole", replace(RECORD, episodes=3, runs=RUNS[1:]), join=True)
    assert read_records()["pole"] == (RECORD,)


def test_means_are_over_seeds_and_unknown_where_one_is():
    assert (RECORD.return_mean, RECORD.return_std) == (15.0, 5.0)
    assert RECORD.mean("steps") == 200
    assert RECORD.mean("spikes_per_tick") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"pole": [{"seeds": 3}]}', "unknown key 'seeds'"),
        ('{"pole": 3}', "zoo.json: "),
        ("[]", "must be a table"),
        ("{", "zoo.json: Expecting property name"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(folder, text, problem):
    (folder / "zoo.json").write_text(text)
    with pytest.raises(ConfigError, match=re.escape(problem)) as told:
        read_records()
    assert str(folder / "zoo.json") in str(told.value)


def test_an_installation_without_launch_files_says_so(monkeypatch):
    monkeypatch.setattr(neurobot.config, "launch_folder", lambda: None)
    with pytest.raises(ConfigError, match="no launch files, so there is no zoo; install neurobot again"):
        rows()


def test_everything_that_ships_has_a_row_and_quickstart_is_another_ones():
    names = [row.experiment.name for row in rows()]
    assert names == sorted(set(bundled_launches()) - {"quickstart"})
    shipped = {path.stem for path in launch_folder().glob("*.safetensors")}
    assert shipped == {row.experiment.name for row in rows() if row.program is not None}


def test_every_shipped_program_says_how_it_was_trained():
    for row in rows():
        if row.program is not None and row.experiment.train is not None:  # others are wired by hand
            about = row.to_dict()["training"]
            assert about["core_minutes"] > 0 and isinstance(about["seed"], int), row.experiment.name
            assert row.program.provenance["method"] == row.experiment.train.method


def test_every_record_is_of_a_launch_file_and_has_each_seed_once():
    known = {row.experiment.name: row.experiment for row in rows()}
    for name, records in read_records().items():
        for record in records:
            assert (record.env, record.method) == (known[name].env.id, known[name].train.method)
            assert record.command.startswith(f"python -m benchmarks train {name}")
            seeds = [run.seed for run in record.runs]
            assert len(set(seeds)) == len(seeds) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_have_published_has_a_source_a_version_and_tasks_of_the_zoo(kind):
    tasks = {task_of(row.experiment.env.id) for row in rows()}
    entries = getattr(read_published(), kind)
    assert entries
    for entry in entries:
        assert entry.source and entry.method
        assert re.fullmatch(r"v\d( or v\d)?", entry.version)
        assert entry.returns.keys() <= tasks
        assert all(not isinstance(x, tuple) or len(x) == 2 for x in entry.returns.values())


def test_the_best_that_was_published_is_the_highest_mean():
    (row,) = [row for row in rows() if row.experiment.name == "hopper"]
    for kind in KINDS:
        entries = [e for e in getattr(read_published(), kind) if "Hopper" in e.returns]
        values = [e.returns["Hopper"] for e in entries]
        assert getattr(row, kind).return_mean == max(x[0] if isinstance(x, tuple) else x for x in values)


def test_a_task_that_nobody_published_has_no_best():
    (row,) = [row for row in rows() if row.experiment.name == "rover"]
    assert row.spiking is row.ann is None
    assert row.to_dict()["published"] == {"spiking": None, "ann": None}


def test_published_returns_are_no_launch_file():
    assert (launch_folder() / PUBLISHED).is_file()
    assert "published" not in bundled_launches()


def a_row(**changes):
    (row,) = [row for row in rows() if row.experiment.name == "cartpole"]
    return replace(row, **changes)


def cells(row, episodes=10):
    ((*line,),) = programs(Zoo(rows=(row,), episodes=episodes, seed=0))
    return dict(zip(PROGRAMS, line, strict=True))


MEASURED = Measured(
    return_mean=-1234.5, return_std=0.123, episodes=10, seed=0, spikes_per_tick=12.4, synops_per_tick=3456.7
)


def test_a_row_of_the_table_has_the_program_its_trainings_and_the_published():
    row = cells(a_row(measured=MEASURED, records=(OTHER, RECORD)))
    assert (row["launch file"], row["task"], row["method"]) == ("cartpole", "CartPole-v1", "evolve")
    assert (row["return"], row["recorded seeds"]) == ("-1,234 ± 0.12", "2 seeds: 15 ± 5")
    assert (row["spikes / tick"], row["synops / tick"], row["bytes"]) == ("12", "3,457", "3,848")
    assert (row["published, spiking"], row["published, ANN"]) == ("–", "500 (v1)")
    assert (row["steps"], row["core-minutes"]) == ("2,209,385", "0.17")


def test_a_row_without_a_program_has_what_its_trainings_cost():
    row = cells(a_row(program=None, records=(replace(RECORD, runs=RUNS[:1]),)))
    assert row["return"] == "no program; train it: neurobot train cartpole"
    assert (row["recorded seeds"], row["steps"], row["core-minutes"]) == ("1 seed: 10", "100", "0.5")
    assert row["bytes"] == row["spikes / tick"] == "–"


def test_a_row_says_why_there_is_no_return():
    assert cells(a_row(problem="it is\n  broken"))["return"] == "it is broken"
    assert cells(a_row())["return"] == "not measured"
    assert cells(a_row(measured=MEASURED), episodes=20)["return"] == "-1,234 ± 0.12 (10 episodes)"


def test_every_seed_is_listed_with_the_settings_that_were_other_ones():
    shown = Zoo(rows=(a_row(records=(RECORD, OTHER)),), episodes=10, seed=0)
    first, second = [dict(zip(TRAININGS, line, strict=True)) for line in trainings(shown)]
    assert (first["training"], first["seeds"], first["return of each"]) == ("cartpole", "0, 1", "10; 20")
    assert (first["mean ± std"], first["steps"], first["core-minutes"]) == ("15 ± 5", "200", "1")
    assert second["training"] == "cartpole, train.sigma=0.2, train.algorithm=ars"
    assert "- cartpole, train.sigma=0.2, train.algorithm=ars: on busy cores" in markdown_of(shown)


def test_a_cell_cannot_break_the_markdown():
    lines = markdown_of(Zoo(rows=(a_row(problem="a | b\nc", records=()),), episodes=10, seed=0)).splitlines()
    assert "| a \\| b c |" in lines[2]
    assert lines[3] == ""


def test_the_markdown_names_the_sources_of_the_published():
    text = markdown_of(Zoo(rows=tuple(rows()), episodes=10, seed=3))
    assert "published, spiking: Ant, HalfCheetah, Hopper, Walker2d: MDC-SAN, TD3 [Zhang et al., AAAI 2022" in text
    assert "compares only roughly with v5" in text
    assert "over 10 episodes from seed 3" in text
