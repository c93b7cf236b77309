"""NEST: iaf_psc_delta behind stdp_synapse; devices have no plastic synapses, so parrots repeat the Poisson spikes."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import nest
import numpy as np

from benchmarks.cuba.nest import VERSIONS as VERSIONS
from benchmarks.cuba.nest import learning
from benchmarks.plasticity.moved import moved


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": float(data["dt"]), "local_num_threads": 1})
    cells, synapses, watched = _network(data)
    places = np.array([synapses.source, synapses.target])
    places -= places.min(axis=1, keepdims=True)
    start = data["w"][places[0], places[1]]

    def run() -> dict[str, Any]:
        cells.V_m, synapses.weight, watched.n_events = 0.0, start, 0
        nest.Prepare()
        begin = perf_counter()
        nest.Run(1e3 * float(data["seconds"]))
        seconds = perf_counter() - begin
        nest.Cleanup()
        measures = moved(data, np.array(synapses.weight), start)
        return {"seconds": seconds, "spikes": {"cells": watched.n_events}, "measures": measures}

    return run


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any, Any]:
    n_pre, n_post = data["w"].shape
    model = {"V_th": 1.0, "V_reset": 0.0, "E_L": 0.0, "V_m": 0.0, "I_e": 0.0}
    model |= {"tau_m": float(data["tau"]), "t_ref": 0.0, "tau_minus": float(data["tau_minus"])}
    source = nest.Create("poisson_generator", params={"rate": float(data["rate"])})
    inputs, cells = nest.Create("parrot_neuron", n_pre), nest.Create("iaf_psc_delta", n_post, model)
    nest.Connect(source, inputs)
    nest.Connect(inputs, cells, "all_to_all", {"weight": data["w"].T, "delay": float(data["dt"])} | learning(data))
    watched = nest.Create("spike_recorder")
    nest.Connect(cells, watched)
    return cells, nest.GetConnections(inputs, cells), watched
