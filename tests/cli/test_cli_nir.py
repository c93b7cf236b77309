"""`neurobot nir`."""

import json
from typing import get_args

import nir
import numpy as np
import pytest

from neurobot.cli import main
from neurobot.cli.nir import Compat
from neurobot.interop.nir import PROFILES


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A relay of two neurons: what comes in goes out."""
    monkeypatch.chdir(tmp_path)
    cells = nir.Threshold(np.array([0.5, 0.5]))
    nir.write("net.nir", nir.NIRGraph.from_list(nir.Affine(np.eye(2), np.zeros(2)), cells))
    (tmp_path / "in.csv").write_text("a,b\n1,0\n0,0\n1,1\n")
    (tmp_path / "out.csv").write_text("step,neuron\n0,0\n2,0\n2,1\n")
    return tmp_path


def said(capsys, *args):
    code = main(["nir", *args])
    return code, *capsys.readouterr()


VERIFY = ("verify", "net.nir", "--dt", "1e-3", "--input", "in.csv")


def test_show_lists_nodes_and_edges(files, capsys):
    code, out, _ = said(capsys, "show", "net.nir")
    assert code == 0
    assert "affine     Affine    2\n" in out
    assert "affine -> threshold\n" in out


def test_verify_prints_the_report_and_the_spikes(files, capsys):
    code, out, _ = said(capsys, *VERIFY)
    assert code == 0
    assert out.startswith("NIR import of net.nir: dt = 0.001 s, compat = none\n")
    assert out.endswith(
        "input: 3 spikes in 3 steps\n"
        "threshold: 3 spikes of 2 neurons in 3 steps\nstep,population,neuron\n0,threshold,0\n2,threshold,0\n"
        "2,threshold,1\n"
    )


def test_verify_says_when_its_input_is_no_spikes(files, capsys):
    (files / "in.csv").write_text("0.6,0.4\n0.2,0.9\n")
    code, out, _ = said(capsys, *VERIFY)
    assert code == 0
    assert "input: signals in 2 steps, weighted and held over each step as a current, not spikes\n" in out
    assert out.endswith("0,threshold,0\n1,threshold,1\n")


def test_verify_compares_with_a_table(files, capsys):
    code, out, _ = said(capsys, *VERIFY, "--expect", "out.csv", "--out", "mine.csv", "--most", "1")
    assert code == 0
    assert "... 2 more; --out FILE writes all\n" in out
    assert out.endswith("threshold: equal, spike for spike (3 spikes)\n")
    assert said(capsys, *VERIFY, "--expect", "mine.csv")[0] == 0
    (files / "out.csv").write_text("step,neuron\n0,0\n2,0\n")
    code, out, _ = said(capsys, *VERIFY, "--expect", "out.csv")
    assert code == 1
    assert "threshold: differs: 3 spikes, 2 in the table" in out


def test_verify_takes_columns_and_populations(files, capsys):
    (files / "in.csv").write_text("x,a,b\n9,1,0\n9,0,0\n9,1,1\n")
    given = ("--input-column", "a", "b", "--population", "threshold", "--expect", "in.csv", "--expect-column", "a", "b")
    assert said(capsys, *VERIFY, *given)[0] == 0


def test_verify_gives_json(files, capsys):
    code, out, _ = said(capsys, *VERIFY, "--expect", "out.csv", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["spikes"] == {"threshold": [[0, 0], [2, 0], [2, 1]]}
    assert data["compared"]["threshold"]["equal"] is True
    assert data["report"]["inputs"] == {"input": 2}


@pytest.mark.parametrize(
    ("args", "words", "code"),
    [
        ((), "usage: neurobot nir", 2),
        (("--help",), "usage: neurobot nir", 0),
        (("shwo",), "neurobot nir has no 'shwo'; did you mean 'show'", 2),
        (("verify", "net.nir", "--input", "in.csv"), "--dt", 2),
        (("show", "none.nir"), "error: none.nir: there is no such file", 6),
        (
            (*VERIFY, "--population", "thresold"),
            "nothing that spikes is called 'thresold'; did you mean 'threshold'",
            3,
        ),
        ((*VERIFY, "--most", "-3"), "--most is -3, it must be at least 0", 3),
        (("verify", "net.nir", "--dt", "1e-3", "--input", "none.csv"), "none.csv: the table has no steps", 6),
        ((*VERIFY, "--expect", "bad.csv"), "spikes are 0 or 1; choose the columns of spikes by --expect-column", 6),
        (("verify", "li.nir", *VERIFY[2:], "--expect", "out.csv"), "no Output gives spikes; choose by --population", 3),
    ],
)
def test_what_is_wrong_is_said(files, capsys, args, words, code):
    (files / "bad.csv").write_text("1,0\n0,0\n2,0\n")
    (files / "none.csv").write_text("a,b\n")
    one = np.ones(2)
    nir.write("li.nir", nir.NIRGraph.from_list(nir.LI(tau=one, r=one, v_leak=one)))
    got, out, err = said(capsys, *args)
    assert got == code
    assert words in " ".join((out + err).split())


def test_the_frameworks_of_the_command_are_those_of_the_import():
    assert set(get_args(Compat)) == set(PROFILES)
