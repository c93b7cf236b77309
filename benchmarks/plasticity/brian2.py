"""Brian2 as C++ standalone in float32, with STDP as its documentation writes it; timed is its run, in wall time.

Its order of a step is changed so that an input in the step of a reset is not lost: synapses before thresholds.
"""

from __future__ import annotations

from typing import Any

import brian2 as b
import numpy as np

from benchmarks.cuba.brian2 import VERSIONS as VERSIONS
from benchmarks.cuba.brian2 import learning, standalone
from benchmarks.plasticity.moved import moved


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    return standalone(data, _network)


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any]:
    n_pre, n_post = data["w"].shape
    inputs = b.PoissonGroup(n_pre, float(data["rate"]) * b.Hz)
    cells = b.NeuronGroup(
        n_post,
        "dv/dt = -v / tau : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        namespace={"tau": float(data["tau"]) * b.ms},
    )
    synapse = learning(inputs, cells, "v_post += w", data)
    synapse.connect()
    synapse.w = data["w"].ravel()
    watched = b.SpikeMonitor(cells)

    def results() -> dict[str, Any]:
        learnt = np.asarray(synapse.w[:]).reshape(n_pre, n_post)
        return {"spikes": {"cells": int(watched.num_spikes)}, "measures": moved(data, learnt, data["w"])}

    network = b.Network(inputs, cells, synapse, watched)
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    return network, results
