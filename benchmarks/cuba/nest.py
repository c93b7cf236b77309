"""NEST: iaf_psc_exp with C_m = tau_m, so that a current in pA drives as many mV; timed is `Run`."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import nest
import numpy as np

VERSIONS = {"NEST": nest.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": float(data["dt"]), "local_num_threads": 1})
    cells = nest.Create("iaf_psc_exp", len(data["v"]), _model(data))
    excites = data["pre"] < data["n_e"]
    for mine, weight in ((excites, data["w_e"]), (~excites, data["w_i"])):
        number = int(mine.sum())
        synapse = {"weight": np.full(number, float(weight)), "delay": np.full(number, float(data["delay"]))}
        nest.Connect(data["pre"][mine] + 1, data["post"][mine] + 1, "one_to_one", synapse)
    watched = nest.Create("spike_recorder")
    nest.Connect(cells, watched)

    def run() -> dict[str, Any]:
        cells.V_m = data["v"]
        watched.n_events = 0
        nest.Prepare()
        start = perf_counter()
        nest.Run(1e3 * float(data["seconds"]))
        seconds = perf_counter() - start
        nest.Cleanup()
        return {"seconds": seconds, "spikes": {"all": watched.n_events}}

    return run


def _model(data: dict[str, np.ndarray]) -> dict[str, float]:
    return {
        "tau_m": float(data["tau"]),
        "C_m": float(data["tau"]),
        "tau_syn_ex": float(data["tau_e"]),
        "tau_syn_in": float(data["tau_i"]),
        "E_L": float(data["rest"]),
        "V_th": float(data["threshold"]),
        "V_reset": float(data["reset"]),
        "t_ref": float(data["refractory"]),
    }
