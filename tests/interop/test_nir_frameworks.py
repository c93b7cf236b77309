"""Graphs that snnTorch, Norse, Sinabs, SpikingJelly and Spyx exported give the spikes that they gave there.

The recordings are made by nir_frameworks.py and nir_spyx.py of tests/golden/make, which run the frameworks themselves.
"""

import io
import json
import zipfile
from pathlib import Path

import nir
import numpy as np
import pytest

from neurobot.interop.nir import PROFILES, from_nir, run
from neurobot.spec import Input

GOLDEN = Path(__file__).parents[1] / "golden"
STEP = {"snntorch": 1e-4, "norse": 1e-3, "sinabs": 1e-3, "spikingjelly": 1e-3, "spyx": 1e-3}
ARCHIVES = [GOLDEN / "nir_frameworks.zip", GOLDEN / "nir_spyx.zip"]
FILES: dict[str, bytes] = {}
for path in ARCHIVES:
    with zipfile.ZipFile(path) as archive:
        FILES |= {name: archive.read(name) for name in archive.namelist()}
CASES = sorted(name.removesuffix(".nir") for name in FILES if name.endswith(".nir"))
MADE_WITH = {"zero": {"reset": "value"}, "once": {"reset": "value", "late_reset": False}}
"""What a snnTorch file does not say of its neurons."""


def imported(tmp_path, case, **given):
    path = tmp_path / f"{case}.nir"
    path.write_bytes(FILES[f"{case}.nir"])
    framework = case.partition("_")[0]
    return from_nir(path, dt=STEP[framework], **({"compat": framework} | MADE_WITH.get(case[-4:], {}) | given))


def recorded(case):
    with np.load(io.BytesIO(FILES[f"{case}.npz"])) as arrays:
        return arrays["input"], [arrays[f"layer{k}"] for k in range(len(arrays) - 1)]


def layers(network, inputs, dtype="float64"):
    seen = run(network, inputs, dtype=dtype).spikes
    return [seen[p.name] for p in network.populations if p.name in seen and not p.name.startswith("bias of")]


def test_the_recordings_are_small_and_cover_the_frameworks():
    assert {case.partition("_")[0] for case in CASES} == set(STEP)
    assert len(CASES) == 23
    assert sum(path.stat().st_size for path in ARCHIVES) < 300_000


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_an_exported_graph_gives_the_spikes_of_its_framework(tmp_path, case, dtype):
    network, _ = imported(tmp_path, case)
    inputs, theirs = recorded(case)
    ours = layers(network, inputs, dtype)
    assert len(ours) == len(theirs)
    late = PROFILES[case.partition("_")[0]].latency  # Spyx gives a spike a step after its v crossed the threshold
    for mine, wanted in zip(ours, theirs, strict=True):
        assert wanted.sum() > 30
        mine, wanted = mine[: len(mine) - late], wanted[late:]
        np.testing.assert_array_equal(mine, wanted)


@pytest.mark.parametrize("case", ["snntorch_leaky_subtract", "norse_lif", "sinabs_iaf", "spikingjelly_if"])
def test_without_its_conventions_a_graph_does_something_else(tmp_path, case):
    network, _ = imported(tmp_path, case, compat=None)
    inputs, theirs = recorded(case)
    assert any((mine != wanted).any() for mine, wanted in zip(layers(network, inputs), theirs, strict=True))


def test_a_snntorch_graph_runs_alike_at_any_dt(tmp_path):
    first, _ = imported(tmp_path, "snntorch_rleaky_zero")
    second, _ = from_nir(tmp_path / "snntorch_rleaky_zero.nir", dt=1e-2, compat="snntorch", reset="value")
    inputs, _ = recorded("snntorch_rleaky_zero")
    for a, b in zip(layers(first, inputs), layers(second, inputs), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("snntorch_rleaky_zero", "v is held for one step after a spike"),
        ("snntorch_rleaky_zero", "recurrence takes one step"),
        ("snntorch_leaky_subtract", "v_subtract is v_threshold / decay"),
        ("norse_lif", "Norse (1.1.0) writes time constants multiplied by the dt"),
        ("norse_lif_box", "IF adds its input to v without a factor of dt"),
        ("sinabs_iaf", "MultiSpike"),
        ("sinabs_lif", "the next smaller float32"),
        ("spyx_rlif", "the input of a recurrent sub-graph does not pass its recurrent weights (layer_1.layer_1.w_rec)"),
        ("spyx_if", "a layer of Spyx emits a spike one step after"),
        ("spikingjelly_cubalif", "its bias passes the synapse"),
    ],
)
def test_the_report_says_what_was_assumed(tmp_path, case, words):
    _, report = imported(tmp_path, case)
    assert words in str(report)


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_the_published_example_gives_the_published_spikes(method):
    golden = json.loads((GOLDEN / "nir_lif.json").read_text())
    node = {
        "tau": golden["tau_mem"],
        "r": golden["r"],
        "v_leak": golden["v_leak"],
        "v_threshold": golden["v_threshold"],
    }
    weight = nir.Affine(np.array([[golden["weight"]]]), np.zeros(1))
    graph = nir.NIRGraph.from_list(weight, nir.LIF(**{k: np.array([x]) for k, x in node.items()}))
    network, _ = from_nir(graph, dt=golden["dt"], method=method)
    inputs = np.zeros((golden["steps"], 1))
    inputs[golden["input_steps"]] = 1.0
    assert golden["spike_steps"] == [460, 510, 710, 760]
    for given in (inputs, inputs * (1 + 1e-9)):  # as spikes, and as a signal
        assert np.flatnonzero(run(network, given).spikes["lif"][:, 0]).tolist() == golden["spike_steps"]


def test_the_report_names_inputs_outputs_and_the_order(tmp_path):
    network, report = imported(tmp_path, "norse_lif")
    assert (report.inputs, report.outputs) == ({"input": 6}, {"output": ("3",)})
    assert report.order == network.names
    assert [p.name for p in network.populations if isinstance(p.model, Input)] == ["input"]
