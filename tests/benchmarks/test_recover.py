"""Robots that recover: small runs of what `python -m benchmarks recover` measures."""

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.recover import reach, rover, wire
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


def test_a_rover_learns_from_bumps_alone(tmp_path):
    plastic, until, frozen = results = rover.measure(1, minutes=3)
    assert frozen.bumps.min() >= 20
    assert plastic.bumps[2] <= 5
    assert plastic.bumps[5] <= 5  # the motors are swapped
    np.testing.assert_array_equal(plastic.bumps[:3], until.bumps[:3])
    assert plastic.cells[2] >= 15  # it does not turn on the spot
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in rover.table(results).splitlines()]
    assert rows[0][1:5] == ["minute 1", "minute 2", "swapped, 1", "swapped, 2"]
    assert [row[0] for row in rows[2:]] == ["plastic", "frozen at the swap", "frozen"]
    assert rows[2][2] == f"{plastic.bumps[1, 0]:.1f}"
    rover.plot(results, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["reach", "rover"])
def test_the_shipped_program_is_the_one_that_is_wired(name):
    made, shipped = getattr(wire, name)(), Program.load(wire.LAUNCH / f"{name}_plastic.safetensors")
    assert made.spec == shipped.spec
    np.testing.assert_array_equal(made.params, shipped.params)


def test_the_command_prints_table_and_figure(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "WORLDS", {"mirrored": {"mirror": True}})
    monkeypatch.setattr(rover, "TICKS", 5)
    main(["recover", "reach", "--seeds", "1", "--before", "1", "--after", "1", "--out", str(tmp_path)])
    main(["recover", "rover", "--seeds", "1", "--minutes", "1", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert "| mirrored | plastic |" in said
    assert "| frozen at the swap |" in said
    assert str(tmp_path / "recover_reach.png") in said
    assert str(tmp_path / "recover_rover.png") in said


def test_wiring_writes_programs_beside_their_launch_files(capsys, tmp_path, monkeypatch):
    for name in ("reach_plastic", "rover_plastic"):
        (tmp_path / f"{name}.toml").write_text((wire.LAUNCH / f"{name}.toml").read_text())
    monkeypatch.setattr(wire, "LAUNCH", tmp_path)
    main(["recover", "wire"])
    said = capsys.readouterr().out
    for name in ("reach_plastic", "rover_plastic"):
        assert str(tmp_path / f"{name}.safetensors") in said
        assert "wired by hand" in Program.load(tmp_path / f"{name}.safetensors").provenance["method"]
