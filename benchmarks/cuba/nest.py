"""NEST: iaf_psc_exp with C_m = tau_m, so that a current in pA drives as many mV; timed is `Run`.

Where a rule is given the excitatory synapses are of the kind stdp_synapse.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import nest
import numpy as np

from benchmarks.plasticity.moved import moved

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
        synapse |= learning(data) if mine is excites else {}
        nest.Connect(data["pre"][mine] + 1, data["post"][mine] + 1, "one_to_one", synapse)
    plastic = nest.GetConnections(synapse_model="stdp_synapse") if "A_plus" in data else None
    watched = nest.Create("spike_recorder")
    nest.Connect(cells, watched)

    def run() -> dict[str, Any]:
        cells.V_m = data["v"]
        watched.n_events = 0
        if plastic is not None:
            plastic.weight = float(data["w_e"])
        nest.Prepare()
        start = perf_counter()
        nest.Run(1e3 * float(data["seconds"]))
        seconds = perf_counter() - start
        nest.Cleanup()
        answer: dict[str, Any] = {"seconds": seconds, "spikes": {"all": watched.n_events}}
        if plastic is not None:
            answer["measures"] = moved(data, np.array(plastic.weight), float(data["w_e"]))
        return answer

    return run


def learning(data: dict[str, np.ndarray]) -> dict[str, Any]:
    """What makes a synapse learn by the rule that is given, if one is; tau_minus is the neuron's."""
    if "A_plus" not in data:
        return {}
    w_max, a_plus, a_minus = (float(data[name]) for name in ("w_max", "A_plus", "A_minus"))
    speed = {"Wmax": w_max, "lambda": a_plus / w_max, "alpha": a_minus / a_plus, "mu_plus": 0.0, "mu_minus": 0.0}
    return {"synapse_model": "stdp_synapse", "tau_plus": float(data["tau_plus"])} | speed


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
        "tau_minus": float(data.get("tau_minus", 20.0)),
    }
