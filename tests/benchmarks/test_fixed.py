"""The table of fixed point, and what it is about: programs that ship keep their returns in integers."""

import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize("name", ["balancer", "reach"])
def test_programs_that_ship_keep_97_percent_of_their_return(name, capsys):
    main(["fixed", name, "--episodes", "2"])
    row = [cell.strip() for cell in capsys.readouterr().out.splitlines()[2].split("|")[1:-1]]
    assert row[0] == name and len(row) == 8
    assert float(row[3].removesuffix(" %")) >= 97.0
    assert row[6].endswith(" us") and row[7].endswith(" us")
