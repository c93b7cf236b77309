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


def zoo_of(monkeypatch, interrupted=False, **changes):
    """Let the evaluation, which takes a while, come to this."""
    known = tuple(replace(row, measured=row.program and MEASURED) for row in rows())
    known = (replace(known[1], **changes), *known[2:])
    found = Zoo(rows=known, episodes=7, seed=5000, interrupted=interrupted)
    monkeypatch.setattr(shipped, "shipped", lambda episodes, seed: found if (episodes, seed) == (7, 5000) else None)
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
