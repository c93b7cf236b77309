"""The arithmetic of the tables, and the plot."""

import math

import numpy as np
import pytest
from matplotlib.image import imread

from benchmarks.peers import Row
from benchmarks.table import Table, plot, versions


@pytest.fixture
def table():
    rows = [
        Row("ours", [1e-6, 2e-6, 4e-6], {"all": 100}, {"a": "1"}),
        Row("peer", [3e-6, 4e-6, 20e-6], {"all": 98}, {"B": "2"}),
        Row("gone", problem="not installed"),
    ]
    return Table("a title", rows, "us", 1e6, {"all": 20.0})


def test_a_ratio_is_the_median_of_the_ratios_of_rounds(table):
    assert table.ratio(table.rows[1]) == 3.0  # of 3, 2 and 5; that of the medians is 2
    assert table.ratio(table.rows[0]) == 1.0
    assert math.isnan(table.ratio(table.rows[2]))


def test_a_table_has_medians_ranges_rates_and_reasons(table):
    assert table.markdown().splitlines() == [
        "**a title**",
        "",
        "|  | median [us] | ratio | least – most | all [Hz] |",
        "| --- | --- | --- | --- | --- |",
        "| ours | 2.00 | 1.00 | 1.00 – 4.00 | 5.00 |",
        "| peer | 4.00 | 3.00 | 3.00 – 20.0 | 4.90 (-2.0 %) |",
        "| gone | – | – | – | – |",
        "",
        "- gone: not installed",
    ]


def test_notes_stand_below_and_spikes_that_nobody_counted_are_dashes(table):
    table.rows[1].note, table.rows[1].spikes = "gradients are equal", {}
    lines = table.markdown().splitlines()
    assert "| peer | 4.00 | 3.00 | 3.00 – 20.0 | – |" in lines
    assert lines[-2:] == ["- peer: gradients are equal", "- gone: not installed"]


def test_what_else_ours_measured_has_a_column(table):
    table.rows[0].measures, table.rows[1].measures = {"moved": -0.5}, {"other": 1.0}
    lines = table.markdown().splitlines()
    assert lines[2].endswith("| all [Hz] | moved |")
    assert lines[4].endswith("| 5.00 | -0.500 |") and lines[5].endswith("| 4.90 (-2.0 %) | – |")
    assert lines[6].count("|") == lines[2].count("|")


def test_without_ours_the_others_are_shown_without_ratio(table):
    table.rows[0].problem = "failed"
    assert "| peer | 4.00 | – | 3.00 – 20.0 | 4.90 |" in table.markdown()


def test_versions_are_listed_once_in_alphabetical_order(table):
    assert versions([table, table]).startswith("a 1, B 2; Python 3.")


def test_a_plot_has_a_panel_for_each_table(table, tmp_path):
    plot([table], tmp_path / "new" / "one.png")
    plot([table, table], tmp_path / "two.png")
    one, two = imread(tmp_path / "new" / "one.png"), imread(tmp_path / "two.png")
    assert two.shape[1] == pytest.approx(2 * one.shape[1], abs=2)
    assert np.ptp(one) > 0


def test_a_plot_leaves_out_who_has_no_numbers(table, tmp_path):
    table.rows[0].problem = "failed"
    plot([table], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 0
