"""Robots that recover: small runs of what `python -m benchmarks recover` measures."""

import shutil

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.recover import board, reach, returns, robots, rover, wire
from neurobot.core import BatchCore
from neurobot.program import Program


@pytest.fixture(scope="module")
def results():
    """One seed, a view that turns by 90 degrees."""
    return reach.measure(1, before=15, after=150, worlds=["rotated by 90°"])


@pytest.mark.xdist_group("reach")  # whose results are made once
def test_who_learns_finds_the_goals_again_and_who_does_not_finds_none(results):
    plastic, frozen = results
    assert (plastic.plastic, frozen.plastic) == (True, False)
    for r in results:
        assert r.before.mean() >= 0.9
    assert frozen.after.mean() <= 0.05
    assert plastic.after[:20].mean() <= 0.5  # both lose it at first
    assert plastic.after[100:].mean() >= 0.7


@pytest.mark.xdist_group("reach")  # whose results are made once
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


def test_a_rover_learns_in_integers_what_it_learns_in_floats():
    floats, fixed, frozen = results = board.measure(1, minutes=3)
    assert frozen.bumps.min() >= 20
    for learning in (floats, fixed):
        assert learning.bumps[1:].mean() <= 10
        assert learning.cells[2] >= 15  # it does not turn on the spot
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in board.table(results).splitlines()]
    assert rows[0] == ["arithmetic", "minute 1", "minute 2", "every seed, minutes 2 to 3", "squares"]
    assert [row[0] for row in rows[2:]] == ["floating point", "fixed point", "fixed point, frozen"]
    assert rows[3][1] == f"{fixed.bumps[0, 0]:.1f}"


@pytest.mark.parametrize("name", wire.PLASTIC)
def test_the_shipped_program_is_the_one_that_is_wired(name):
    made, shipped = wire.PLASTIC[name](), Program.load(wire.LAUNCH / f"{name}_plastic.safetensors")
    assert made.spec == shipped.spec
    np.testing.assert_allclose(made.params, shipped.params, rtol=1e-14)  # processors round exp in their own ways


def test_the_command_prints_table_and_figure(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "WORLDS", {"mirrored": {"mirror": True}})
    monkeypatch.setattr(rover, "TICKS", 5)
    main(["recover", "reach", "--seeds", "1", "--before", "1", "--after", "1", "--out", str(tmp_path)])
    main(["recover", "rover", "--seeds", "1", "--minutes", "1", "--out", str(tmp_path)])
    main(["recover", "board", "--seeds", "1", "--minutes", "1"])
    said = capsys.readouterr().out
    assert "| mirrored | plastic |" in said
    assert "| frozen at the swap |" in said
    assert "| fixed point, frozen |" in said
    assert str(tmp_path / "recover_reach.png") in said
    assert str(tmp_path / "recover_rover.png") in said


def test_wiring_writes_programs_beside_their_launch_files(capsys, tmp_path, monkeypatch):
    for name in wire.PLASTIC:
        (tmp_path / f"{name}_plastic.toml").write_text((wire.LAUNCH / f"{name}_plastic.toml").read_text())
    for trained in ("halfcheetah", "inverted_pendulum"):
        shutil.copy(wire.LAUNCH / f"{trained}.safetensors", tmp_path)
    monkeypatch.setattr(wire, "LAUNCH", tmp_path)
    main(["recover", "wire"])
    said = capsys.readouterr().out
    for name in wire.PLASTIC:
        path = tmp_path / f"{name}_plastic.safetensors"
        assert str(path) in said
        method = Program.load(path).provenance["method"]
        assert "wired by hand" in method or "learns while it runs" in method


@pytest.fixture(scope="module")
def pendulum():
    """One seed, a motor that is reversed."""
    return returns.measure(robots.ROBOTS["pendulum"], 1, before=1, after=60)


@pytest.mark.xdist_group("pendulum")
def test_a_pendulum_learns_that_its_motor_is_reversed(pendulum):
    fault = "reversed motor"
    healthy, reversed_ = (returns.one(pendulum, world, False).after.mean() for world in (returns.HEALTHY, fault))
    assert healthy == 1000
    assert reversed_ <= 20
    learning = returns.one(pendulum, fault, True)
    assert learning.before.min() >= 900
    assert 500 <= learning.after[0, 0] <= 700  # 20 s go well, then it falls
    assert learning.after[1:6].mean() <= 50
    assert returns.regained(pendulum, fault)[0] >= 0.5


@pytest.mark.xdist_group("pendulum")
def test_returns_have_a_row_a_world_and_a_panel_each(pendulum, tmp_path):
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in returns.table(pendulum).splitlines()]
    assert rows[0][:5] == ["world", "frozen", "learning, before", "episodes to 10", "episodes to 20"]
    assert [row[0] for row in rows[2:]] == ["as before", "reversed motor"]
    assert rows[2][-1] == "–"
    assert rows[3][-1] == f"{returns.regained(pendulum, 'reversed motor')[0]:.2f}"
    returns.plot(pendulum, tmp_path / "new" / "figure.png")
    assert (tmp_path / "new" / "figure.png").stat().st_size > 1000


def test_unseen_episodes_are_others(monkeypatch):
    asked = {False: set(), True: set()}
    for unseen, numbers in asked.items():
        monkeypatch.setattr(
            returns, "episodes", lambda core, _, some, __, to=numbers: to.update(some) or np.zeros((len(some), core.n))
        )
        returns.measure(robots.ROBOTS["pendulum"], 1, before=3, after=12, unseen=unseen)
    assert asked == {False: set(range(15)), True: set(range(5000, 5015))}


def test_the_share_regained_is_one_of_what_was_lost():
    frozen, healthy, plastic = (np.full((10, 2), x) for x in (100.0, 500.0, 400.0))
    results = [
        reach.Result(returns.HEALTHY, True, healthy, healthy), reach.Result("fault", True, healthy, plastic),
        reach.Result(returns.HEALTHY, False, healthy, healthy), reach.Result("fault", False, healthy, frozen),
    ]  # fmt: skip
    np.testing.assert_allclose(returns.regained(results, "fault"), [0.75, 0.75])
    words = "nothing wrong, all 10 episodes: learning gets 1.000 ± 0.000 of the frozen return"
    assert returns.idle(results) == words


def test_a_cheetah_is_perturbed_as_much_as_it_limps_and_hardly_while_it_does_not():
    robot, noise, gets = robots.ROBOTS["halfcheetah"], [], []
    for fault in ((), (robot.faults["dead back foot"],)):
        core = BatchCore(Program.load(robot.program), 1, learn=True)
        gets.append(returns.episodes(core, robot, range(1), fault)[0, 0])
        noise.append(core.program.blocks["state"]["input->hidden.xi"].of(core.state[0]).std() / 0.4)
    core.learn = False
    assert gets[0] > 0.97 * returns.episodes(core, robot, range(1), ())[0, 0]
    assert noise[0] < 0.05
    assert noise[1] == pytest.approx(1 - gets[1] / 1000 / 4, abs=0.15)


@pytest.mark.parametrize("joint", ["dead back thigh", "dead front foot"])
def test_a_joint_that_is_dead_costs_the_cheetah_return(joint):
    robot = robots.ROBOTS["halfcheetah"]
    core = BatchCore(Program.load(robot.program), 1)
    healthy = returns.episodes(core, robot, range(1), ())
    assert 300 < returns.episodes(core, robot, range(1), (robot.faults[joint],))[0, 0] < healthy[0, 0] - 200
