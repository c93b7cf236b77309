"""GeNN on its CPU back-end in float32, compiled with optimisation; timed are all steps, `step_time` one by one."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
import pygenn

VERSIONS = {"PyGeNN": version("pygenn")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    folder = tempfile.TemporaryDirectory()
    steps = round(1e3 * float(data["seconds"]) / float(data["dt"]))
    model = pygenn.GeNNModel("float", "cuba", backend="single_threaded_cpu", optimize_code=True)
    model.dt = float(data["dt"])
    cells = _cells(model, data)
    model.build(folder.name)
    model.load(num_recording_timesteps=steps)

    def run() -> dict[str, Any]:
        cells.vars["V"].view[:] = data["v"]
        cells.vars["V"].push_to_device()
        start = perf_counter()
        for _ in range(steps):
            model.step_time()
        seconds = perf_counter() - start
        model.pull_recording_buffers_from_device()
        return {"seconds": seconds, "spikes": {"all": int(cells.spike_recording_data[0][1].size)}}

    run.folder = folder  # type: ignore[attr-defined]  # it lives as long as `run`
    return run


def _cells(model: Any, data: dict[str, np.ndarray]) -> Any:
    parameters = {
        "C": float(data["tau"]),  # as large as TauM, so that a current drives as many mV
        "TauM": float(data["tau"]),
        "Vrest": float(data["rest"]),
        "Vreset": float(data["reset"]),
        "Vthresh": float(data["threshold"]),
        "Ioffset": 0.0,
        "TauRefrac": float(data["refractory"]),
    }
    cells = model.add_neuron_population("cells", len(data["v"]), "LIF", parameters, {"V": data["v"], "RefracTime": 0.0})
    cells.spike_recording_enabled = True
    excites = data["pre"] < data["n_e"]
    for name, mine, weight, tau in (("e", excites, "w_e", "tau_e"), ("i", ~excites, "w_i", "tau_i")):
        synapses = model.add_synapse_population(
            name,
            "SPARSE",
            cells,
            cells,
            pygenn.init_weight_update("StaticPulseConstantWeight", {"g": float(data[weight])}),
            pygenn.init_postsynaptic("ExpCurr", {"tau": float(data[tau])}),
        )
        synapses.set_sparse_connections(data["pre"][mine], data["post"][mine])
        synapses.axonal_delay_steps = round(float(data["delay"]) / float(data["dt"]))
    return cells
