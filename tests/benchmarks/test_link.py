"""The line to a board: the tables, of few ticks, with what has to hold of them however busy the machine is."""

import shutil

import pytest

from benchmarks.__main__ import main
from benchmarks.link import trips

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no cc here")


def tables(capsys):
    """All tables but their titles, cell by cell."""
    blocks = [b for b in capsys.readouterr().out.split("\n\n") if b.lstrip().startswith("|")]
    return [[[c.strip() for c in r.split("|")[1:-1]] for r in b.strip().splitlines()[2:]] for b in blocks]


def test_round_trips_of_both_hosts_and_the_time_of_an_image(monkeypatch, capsys):
    monkeypatch.setattr(trips, "TICKS", 10)
    monkeypatch.setattr(trips, "has_qemu", lambda: False)
    main(["link", "trips", "load", "--rounds", "2"])
    ours, naive = tables(capsys)[0]
    assert float(ours[1]) > 0 and float(naive[1]) > 0 and float(naive[5]) > 0


def test_faults_change_nothing_and_hosts_that_are_gone_leave_a_board_at_rest(capsys):
    main(["link", "faults", "safety", "--ticks", "60", "--rounds", "1"])
    faults, safety = tables(capsys)
    assert [row[6] for row in faults] == ["equal"] * 9
    made = {row[0]: int(row[1]) for row in faults}
    assert made.pop("none") == 0 and all(made.values())
    assert len(safety) == 9
    assert {row[5] for row in safety} == {"SAFE, at rest, armed anew by an operator"}


def test_an_unknown_part_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        main(["link", "trip"])
    assert "no part is called 'trip'; did you mean 'trips'" in capsys.readouterr().err
