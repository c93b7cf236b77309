"""What the loop costs: the tables, of few ticks."""

import pytest

from benchmarks import loop
from benchmarks.__main__ import main


@pytest.mark.parametrize("name", ["halfcheetah", "cartpole"])
def test_costs_and_soaks_are_tables(name, monkeypatch, capsys):
    monkeypatch.setattr(loop, "TICKS", 50)
    main(["loop", f"launch/{name}.safetensors", "--rounds", "2", "--seconds", "0.1"])
    costs, soaks, _ = capsys.readouterr().out.strip().split("\n\n")
    assert costs.startswith(f"| {name}, a tick of |")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in costs.splitlines()[2:]]
    assert [row[0] for row in rows] == [
        "the controller alone", "the loop: clock, guard, timing", "with the recorder's ring", "and with every detector",
    ]  # fmt: skip
    assert all(float(row[1]) > 0 for row in rows)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in soaks.splitlines()[2:]]
    assert len(rows) == 3
    for _, ticks, missed, skipped, slots, *_ in rows:
        assert int(ticks) == 50 and int(missed) <= int(skipped)
        assert int(slots) >= int(ticks) + int(skipped)
