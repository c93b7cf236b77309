"""`neurobot convert`; conversion itself and the reading of policies have tests of their own."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurobot.program import Program
from neurobot.train.convert.conversion import CHOICES

POLICIES = Path(__file__).parents[1] / "golden" / "policies"
POLE = (POLICIES / "ppo_tanh.zip", "--env", "CartPole-v1", "--out", "a.safetensors")
QUICK = ("--calibration", "2", "--episodes", "2", "--compare", "5")


def test_a_policy_becomes_a_program_that_runs(command, tmp_path):
    result = command("convert", *POLE, *QUICK, "--report", "report.json")
    assert result.code == 0
    header, ann, five, ten, written, *more = result.out.splitlines()[1:]
    assert header.split()[:2] == ["return", "kept"]
    assert ann.startswith("ANN") and ann.endswith("352 MAC")
    assert five.startswith("5 sub-steps") and ten.startswith("10 sub-steps") and ten.endswith("synaptic")
    assert written == "written: a.safetensors, 10 sub-steps; run it: neurobot eval a.safetensors"
    assert more[1] == "neurobot run LAUNCH --program a.safetensors, neurobot stream LAUNCH --program a.safetensors"
    data = json.loads((tmp_path / "report.json").read_text())
    assert (data["env"], data["units"], data["split"]) == ("CartPole-v1", [16, 16, 2], 4)
    assert [row["substeps"] for row in data["conversions"]] == [5, 10]
    evaluated = json.loads(command("eval", "a.safetensors", "--episodes", "2", "--seed", "10000", "--json").out)
    assert evaluated["returns"] == data["conversions"][1]["returns"]


def test_the_report_goes_to_stdout_as_json_and_can_be_left_out(command, tmp_path):
    data = json.loads(command("convert", *POLE, *QUICK, "--json", "--split", "2", "--substeps", "5").out)
    assert data["ann"]["operations_per_tick"] == 352
    assert (data["split"], [row["substeps"] for row in data["conversions"]]) == (2, [5])
    (row,) = data["conversions"]
    assert row["kept"] == pytest.approx(row["return_mean"] / data["ann"]["return_mean"])
    result = command("convert", *POLE, "--calibration", "1", "--episodes", "0")
    assert result.out.splitlines()[:1] == ["written: a.safetensors, 10 sub-steps; run it: neurobot eval a.safetensors"]


def test_carry_is_a_share_or_tuned(command, tmp_path, monkeypatch):
    monkeypatch.setitem(CHOICES, "carry", (0.0, 0.3))
    for word in ("0.3", "tune"):
        assert command("convert", *POLE, "--calibration", "2", "--episodes", "0", "--carry", word).code == 0
        about = Program.load(tmp_path / "a.safetensors").provenance
        assert (
            about["carry"] == 0.3
            if word == "0.3"
            else about["carry"] == float(max(about["tried"]["carry"], key=about["tried"]["carry"].get))
        )


def test_arrays_and_statistics_come_from_files_of_their_own(command, tmp_path):
    rng = np.random.default_rng(0)
    layers = {"W0": rng.normal(size=(6, 3)), "b0": np.zeros(6), "W1": rng.normal(size=(1, 6)), "b1": np.zeros(1)}
    np.savez(tmp_path / "net.npz", **layers)
    np.savez(tmp_path / "norm.npz", mean=[0.1, 0.2, 0.3], std=[1.0, 1.0, 4.0], clip=5.0)
    given = ("net.npz", "--env", "Pendulum-v1", "--out", "a.safetensors", "--episodes", "0", "--calibration", "1")
    result = command("convert", *given)
    assert (result.code, "give squash: tanh, none or argmax" in result.err) == (6, True)
    assert command("convert", *given, "--squash", "tanh", "--statistics", "norm.npz").code == 0
    span = Program.load(tmp_path / "a.safetensors").spec.encoder.field.range
    assert (span.mean, span.std, span.clip) == ((0.1, 0.2, 0.3), (1.0, 1.0, 4.0), 5.0)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--carry", "much"), 2, "carry is 'much', it must be a number, or tune"),
        (("--percentile", "most"), 2, "percentile is 'most', it must be a number, or tune"),
        (("--carry", "2"), 3, "carry is 2, it must be at most 1"),
        (("--episodes", "-1"), 2, "episodes is -1, it must be at least 0"),
        (("--episodes", "0", "--report", "r.json"), 2, "report needs episodes to report on; leave episodes 0 out"),
        (("--compare", "0"), 2, "compare is 0, it must be at least 1"),
        (("--seed", "-1"), 2, "seed is -1, it must be at least 0"),
        (("--out", "a.npz"), 3, "--out a.npz: a program is a .safetensors file; give it that suffix"),
        (("--env", "Pendulum-v1"), 3, "the ANN takes 4 values, but the observation space is Box"),
        (("--env", "CartPole-v7"), 3, "no environment has the id 'CartPole-v7'; did you mean 'CartPole-v1'"),
        (("--activation", "relu"), 6, "the file says activation 'tanh' and squash 'argmax'; leave both out"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(command, tmp_path, words, code, message):
    result = command("convert", *POLE, *words)
    assert result.code == code
    assert message in " ".join(result.err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_hostile_policy_is_refused_with_the_code_for_files(command, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x05\x06 nothing")
    result = command("convert", "bad.zip", *POLE[1:])
    assert (result.code, "not a zip file, or a damaged one" in result.err) == (6, True)
