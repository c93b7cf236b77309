"""The table of conversions: what is measured is tested with the command; here, words and rows."""

from pathlib import Path

import pytest

from benchmarks import convert
from benchmarks.__main__ import main

POLICY = Path(__file__).parents[1] / "golden" / "policies" / "td3.zip"


def test_a_policy_is_an_environment_and_a_file_with_options():
    assert convert.parse("Hopper-v5=a/b.zip") == ("Hopper-v5", "a/b.zip", {})
    assert convert.parse("A-v1=b.npz,split=3,squash=tanh")[2] == {"split": "3", "squash": "tanh"}


@pytest.mark.parametrize("word", ["a.zip", "=a.zip", "A-v1=", "A-v1=a.zip,split", "A-v1=a.zip,seed=3"])
def test_another_form_is_refused_with_the_right_one(word):
    with pytest.raises(
        ValueError, match=r"is not ENV=FILE, with any of split, percentile, statistics, squash, activation behind it"
    ):
        convert.parse(word)


def test_a_row_for_the_ann_and_for_every_number_of_steps_and_carry(capsys):
    given = [f"Pendulum-v1={POLICY},split=2", "--episodes", "1", "--substeps", "4", "6", "--carry", "0", "0.5"]
    main(["convert", *given])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:7]]
    assert rows[0][0] == "Pendulum-v1, td3.zip"
    assert rows[0][-1] == "78 MAC"
    assert [row[1:4] for row in rows[1:]] == [["2", t, c] for c in ("0", "0.5") for t in ("4", "6")]
