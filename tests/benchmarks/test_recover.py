"""Reaching under a view that turns: a small run of what `python -m benchmarks recover reach` measures."""

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.recover import reach, wire
from neurobot.program import Program


@pytest.fixture(scope="module")
def results():
    """One seed, a view that turns by 90 degrees."""
    return reach.measure(1, before=15, after=150, worlds=["rotated by 90°"])


def test_who_learns_finds_the_goals_again_and_who_does_not_finds_none(results):
    plastic, frozen = results
    assert (plastic.plastic, frozen.plastic) == (True, False)
    for r in results:
        assert r.before.mean() >= 0.9
    assert frozen.after.mean() <= 0.05
    assert plastic.after[:20].mean() <= 0.5  # both lose it at first
    assert plastic.after[100:].mean() >= 0.7


def test_the_table_has_a_row_for_each_and_the_figure_a_line_for_every_seed(results, tmp_path):
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in reach.table(results).splitlines()]
    assert rows[0] == ["world", "", "before", "0–50", "50–100", "100–150", "every seed, 100–150"]
    assert [row[:2] for row in rows[2:]] == [["rotated by 90°", "plastic"], ["rotated by 90°", "frozen"]]
    assert rows[2][-1] == f"{results[0].after[100:].mean():.2f}"
    reach.plot(results, tmp_path / "new" / "figure.png")
    assert (tmp_path / "new" / "figure.png").stat().st_size > 1000


def test_seeds_are_independent_of_how_many_there_are():
    one, two = (reach.measure(n, before=3, after=3, worlds=["mirrored"])[0] for n in (1, 2))
    np.testing.assert_array_equal(one.before[:, 0], two.before[:, 0])
    np.testing.assert_array_equal(one.after[:, 0], two.after[:, 0])


def test_the_shipped_program_is_the_one_that_is_wired():
    made, shipped = wire.program(), Program.load(reach.PROGRAM)
    assert made.spec == shipped.spec
    np.testing.assert_array_equal(made.params, shipped.params)


def test_the_command_prints_table_and_figure(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "WORLDS", {"mirrored": {"mirror": True}})
    main(["recover", "reach", "--seeds", "1", "--before", "1", "--after", "1", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert "| mirrored | plastic |" in said
    assert str(tmp_path / "recover_reach.png") in said


def test_wiring_writes_the_program_beside_its_launch_file(capsys, tmp_path, monkeypatch):
    launch = tmp_path / "reach_plastic.toml"
    launch.write_text(wire.LAUNCH.read_text())
    monkeypatch.setattr(wire, "LAUNCH", launch)
    main(["recover", "wire"])
    assert str(launch.with_suffix(".safetensors")) in capsys.readouterr().out
    assert Program.load(launch.with_suffix(".safetensors")).provenance["method"] == "wired by hand"
