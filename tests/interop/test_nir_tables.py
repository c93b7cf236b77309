"""Recordings from CSV and NIRData, and how two of them compare."""

import nir
import numpy as np
import pytest

import neurobot.interop.nir.tables as tables
from neurobot.errors import NIRError
from neurobot.interop.nir.compare import compare
from neurobot.interop.nir.tables import read_table
from tests.interop.nir_graphs import DT

TWO = {"a": 2, "b": 1}
GRID = np.array([[1.0, 0, 0], [0, 0, 1], [0, 1, 1]])
TEXTS = {
    "plain": "1,0,0\n0,0,1\n0,1,1\n",
    "with a header": "a0,a1,b0\n1,0,0\n0,0,1\n0,1,1\n",
    "spaces and empty lines": "1, 0, 0\n\n0, 0, 1\n0, 1, 1",
    "events by step": "step,population,neuron\n0,a,0\n1,b,0\n2,a,1\n2,b,0\n",
    "events by time": "time,neuron,population\n0.0,0,a\n0.001,0,b\n0.002,1,a\n0.002,0,b\n",
}


def table(tmp_path, text, wanted=TWO, **given):
    (tmp_path / "t.csv").write_text(text)
    return read_table(tmp_path / "t.csv", wanted, DT, **given)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_csv_holds_steps_or_events(tmp_path, text):
    np.testing.assert_array_equal(table(tmp_path, text), GRID)


def test_columns_are_chosen_by_name(tmp_path):
    got = table(tmp_path, "input,v,spike\n1,0.2,0\n0,0.1,1\n", {"a": 1}, columns=("spike",))
    np.testing.assert_array_equal(got, [[0], [1]])


def test_events_of_one_population_need_no_name_and_fill_the_steps(tmp_path):
    np.testing.assert_array_equal(table(tmp_path, "step,neuron\n1,1\n", {"a": 2}, steps=3), [[0, 0], [0, 1], [0, 0]])


def test_a_time_belongs_to_the_step_that_covers_it(tmp_path):
    got = table(tmp_path, "time,neuron\n0.0015,0\n0.0025,0\n0.0039,0\n0.0069999999999,0\n", {"a": 1})
    np.testing.assert_array_equal(np.flatnonzero(got), [1, 2, 3, 7])


def recording(tmp_path, **observables):
    data = nir.NIRGraphData({name: nir.NIRNodeData(seen) for name, seen in observables.items()})
    nir.write_data(tmp_path / "d.h5", data)
    return tmp_path / "d.h5"


def gridded(array, dt=DT):
    return {"spikes": nir.TimeGriddedData(np.array([array], bool), dt)}


def events(idx, time, n, t_max):
    return {"spikes": nir.EventData(np.array([idx]), np.array([time], float), n, t_max)}


def test_nir_data_holds_grids_and_events(tmp_path):
    path = recording(tmp_path, a=gridded(GRID[:, :2]), b=events([0, 0, -1], [DT, 2 * DT, np.inf], 1, 3 * DT))
    np.testing.assert_array_equal(read_table(path, TWO, DT), GRID)


def test_a_signal_need_not_be_called_spikes(tmp_path):
    path = recording(tmp_path, a={"x": nir.TimeGriddedData(np.array([[[0.5], [0.25]]]), DT)})
    np.testing.assert_array_equal(read_table(path, {"a": 1}, DT), [[0.5], [0.25]])


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("1,2\n", {}, "the table has 2 columns, but a, b have 3 neurons; choose columns by their names"),
        ("step,neuron\n0,0\n", {"wanted": {}}, "there is no population that a table could be of; add an Input node"),
        ("1,2,3\n1,2\n", {}, "row 1 has 2 columns, the first has 3"),
        ("1,2,3\nx,2,3\n", {}, "the table must hold numbers"),
        ("1,nan,3\n", {}, "the value of step 0, column 1 is nan, it must be finite"),
        ("1,0,0\n", {"steps": 4}, "the table has 1 steps, but there are 4"),
        ("p,q,r\n1,0,0\n", {"columns": ("s",)}, "there is no column 's'; known: p, q, r"),
        ("step,neuron\n1,1\n", {}, "the events need a column 'population', one of a, b"),
        ("step,neuron,population\n1,1,c\n", {}, "there is no population 'c'; known: a, b"),
        ("step,neuron,population\n1,2,a\n", {}, "an event of neuron 2 in step 1, but 'a' has 2 neurons"),
        ("step,neuron,population\n1000000000,0,a\n", {}, "1,000,000,001 steps of 3 neurons are too many"),
        ("step,neuron,population\n1.4,0,a\n", {}, r"a step is 1\.4, it must be a whole number"),
        ("step,neuron,population\nnan,0,a\n", {}, "a step is nan, it must be a whole number"),
        ("step,neuron,population\ninf,0,a\n", {}, "a step is inf, it must be a whole number"),
        ("step,neuron,population\n1,0.5,a\n", {}, r"a neuron is 0\.5, it must be a whole number"),
        ("step,neuron,population\n1,nan,a\n", {}, "a neuron is nan, it must be a whole number"),
        ("time,neuron,population\nnan,0,a\n", {}, r"a time is nan s, it must lie within 134,217,728 steps of 0\.001 s"),
        ("time,neuron,population\n1e300,0,a\n", {}, r"a time is 1e\+300 s, it must lie within"),
        ("time,neuron,population\n-0.001,0,a\n", {}, "an event of neuron 0 in step -1"),
        ("step,neuron,population\n1,0,a\n1,0,a\n", {}, "neuron 0 of 'a' has two events in step 1, which holds one"),
        ("time,neuron,population\n0.001,0,b\n0.0015,0,b\n", {}, "neuron 0 of 'b' has two events in step 1"),
        ("", {}, "the table has no steps, it must have at least one"),
        ("a0,a1,b0\n", {}, "the table has no steps"),
        ("step,neuron,population\n", {}, "the table has no steps"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path, text, given, words):
    with pytest.raises(NIRError, match=words):
        table(tmp_path, text, **given)


def test_files_that_are_no_tables_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "t"
    with pytest.raises(NIRError, match="there is no such file"):
        read_table(path, TWO, DT)
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(NIRError, match="this is neither CSV nor HDF5"):
        read_table(path, TWO, DT)
    monkeypatch.setattr(tables, "MAX_TABLE_BYTES", 3)
    with pytest.raises(NIRError, match="the table has 4 bytes, at most 3 are allowed"):
        read_table(path, TWO, DT)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"b": gridded(GRID[:, 2:])}, "there is no recording of 'a'; known: b"),
        ({"a": gridded(GRID[:, :2], 2 * DT)}, r"has dt = 0\.002 s, but dt is 0\.001 s"),
        ({"a": gridded(GRID[:, :2], np.nan)}, r"has dt = nan s, but dt is 0\.001 s"),
        ({"a": gridded(GRID)}, "has 3 neurons, it must have 2"),
        ({"a": events([0], [np.nan], 2, DT)}, "a time is nan s, it must lie within"),
        ({"a": events([0], [0.0], 2, np.inf)}, "a time is inf s, it must lie within"),
        ({"a": events([1, 1], [0.0, DT / 2], 2, DT)}, "neuron 1 of 'a' has two events in step 0"),
        ({"a": {"spikes": nir.TimeGriddedData(np.zeros((2, 3, 2)), DT)}}, "has 2 samples, it must have one"),
        ({"a": gridded(GRID[:, :2]), "b": gridded(GRID[:2, 2:])}, r"have \[2, 3\] steps, they must be of one length"),
        (
            {"a": {k: nir.TimeGriddedData(np.zeros((1, 3, 2)), DT) for k in "vw"}},
            "the recording of 'a' has no 'spikes'; known: v, w",
        ),
    ],
)
def test_nir_data_that_does_not_fit_is_refused(tmp_path, made, words):
    with pytest.raises(NIRError, match=words):
        read_table(recording(tmp_path, **made), TWO, DT)


def test_hdf5_that_is_no_recording_is_refused(tmp_path):
    nir.write(tmp_path / "a.nir", nir.NIRGraph.from_list(nir.Scale(np.ones(2))))
    with pytest.raises(NIRError, match="this is HDF5 but no NIRGraphData"):
        read_table(tmp_path / "a.nir", TWO, DT)


def test_equal_recordings_are_equal():
    found = compare(GRID, GRID)
    assert found.equal
    assert str(found) == "equal, spike for spike (4 spikes)"


def test_a_difference_is_described():
    other = GRID.copy()
    other[1, 2], other[2, 0] = 0, 1
    found = compare(GRID, other)
    assert (found.ours, found.theirs, found.counts_differ, found.firsts_differ) == (4, 4, 2, 1)
    assert found.first == (1, 2, True)
    assert str(found).endswith("first difference in step 1, neuron 2: here but not in the table")
    assert str(compare(other, GRID)).endswith("in the table but not here")
    assert found.to_data()["first"] == [1, 2, True]


@pytest.mark.parametrize("shift", [-2, -1, 1, 3])
def test_a_table_that_is_only_shifted_is_recognised(shift):
    spikes = np.random.default_rng(0).random((50, 3)) < 0.3
    table = np.roll(spikes, shift, axis=0)
    if shift > 0:
        table[:shift] = False
    else:
        table[shift:] = False
    found = compare(spikes, table)
    assert found.shift == shift
    assert f"{shift:+d} steps later" in str(found)


def test_recordings_without_steps_are_equal():
    assert compare(np.zeros((0, 2), bool), np.zeros((0, 2), bool)).equal
