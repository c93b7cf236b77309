"""The record of what ships, and the README's tables made of it."""

import json
from dataclasses import replace

import pytest

from benchmarks import shipped
from benchmarks.__main__ import main
from neurobot.cli.zoo_table import markdown_of
from neurobot.zoo import Measured, Zoo, rows

MEASURED = Measured(return_mean=5.0, return_std=1.0, episodes=7, seed=5000, spikes_per_tick=3.0, synops_per_tick=9.0)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A README and a record of our own; their folder."""
    (tmp_path / "README.md").write_text("before\n<!-- zoo -->\nold\n<!-- end of zoo -->\nafter\n")
    (tmp_path / "shipped.json").write_text(shipped.RECORD.read_text())
    monkeypatch.setattr(shipped, "README", tmp_path / "README.md")
    monkeypatch.setattr(shipped, "RECORD", tmp_path / "shipped.json")
    return tmp_path


def zoo_of(monkeypatch, interrupted=False, asked=None, **changes):
    """Let the evaluation, which takes a while, come to this."""
    known = tuple(replace(row, measured=row.program and MEASURED) for row in rows())
    known = (replace(known[1], **changes), *known[2:])
    found = Zoo(rows=known, episodes=7, seed=5000, interrupted=interrupted)
    monkeypatch.setattr(shipped, "shipped", lambda *args, names: found if (*args, names) == (7, 5000, asked) else None)
    return found


def test_tables_are_put_between_the_marks_of_the_readme(here, monkeypatch, capsys):
    tables = markdown_of(shipped.recorded())
    for _ in range(2):
        main(["shipped", "--tables"])
        assert (here / "README.md").read_text() == (f"before\n<!-- zoo -->\n\n{tables}\n\n<!-- end of zoo -->\nafter\n")
    assert tables in capsys.readouterr().out


def test_what_was_measured_is_the_record_and_in_the_tables(here, monkeypatch, capsys):
    found = zoo_of(monkeypatch)
    main(["shipped", "--episodes", "7"])
    record = json.loads((here / "shipped.json").read_text())
    assert record.keys() == {row.experiment.name for row in found.rows if row.program is not None}
    assert record["cartpole"]["return_mean"] == 5.0
    assert "| cartpole | CartPole-v1 | evolve | 5 ± 1 |" in (here / "README.md").read_text()
    assert "over 7 episodes from seed 5000" in capsys.readouterr().out


def test_of_some_programs_only_theirs_is_recorded_anew(here, monkeypatch):
    before = json.loads((here / "shipped.json").read_text())
    found = zoo_of(monkeypatch, asked=["cartpole"])
    only = [replace(row, measured=row.measured if row.experiment.name == "cartpole" else None) for row in found.rows]
    monkeypatch.setattr(shipped, "shipped", lambda *args, names: replace(found, rows=tuple(only)))
    main(["shipped", "cartpole", "--episodes", "7"])
    record = json.loads((here / "shipped.json").read_text())
    assert record.pop("cartpole")["return_mean"] == 5.0
    assert before.pop("cartpole")["return_mean"] != 5.0
    assert record == before


def test_a_program_that_there_is_not_is_refused(here):
    with pytest.raises(SystemExit, match="no launch file is called 'cartpool'; did you mean 'cartpole'"):
        main(["shipped", "cartpool"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"problem": "it broke"}, "nothing is recorded; balancer: it broke"), ({"interrupted": True}, "interrupted")],
)
def test_half_a_measurement_is_not_recorded(here, monkeypatch, changes, problem):
    before = (here / "shipped.json").read_text(), (here / "README.md").read_text()
    zoo_of(monkeypatch, **changes)
    with pytest.raises(SystemExit, match=problem):
        main(["shipped", "--episodes", "7"])
    assert before == ((here / "shipped.json").read_text(), (here / "README.md").read_text())
