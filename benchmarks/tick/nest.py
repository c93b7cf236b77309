"""NEST: iaf_psc_delta, fed by spike generators that know all spikes beforehand; timed is `Run` of 10 ms alone."""

from __future__ import annotations

from typing import Any

import nest
import numpy as np

from benchmarks.timing import per_call

VERSIONS = {"NEST": nest.__version__}
STEP = 1.0
"""Of the simulation [ms]; a connection takes one at least, so the output comes two steps later."""


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": STEP, "local_num_threads": 1})
    ticks, substeps, _ = data["spikes"].shape
    given, hidden, out, watched = _network(data)
    spikes = data["spikes"].reshape(ticks * substeps, -1).T
    times = [STEP * (1 + np.flatnonzero(row)) for row in spikes]
    before = np.zeros(2, int)
    nest.Prepare()

    def restart() -> None:
        nest.Run(4 * STEP)  # nothing is on its way any more
        for group in (hidden, out):
            group.V_m = 0.0
        before[:] = watched.n_events
        now = nest.biological_time
        given.set([{"spike_times": now + t} for t in times])

    def tick(_: int) -> None:
        nest.Run(substeps * STEP)

    def run() -> dict[str, Any]:
        seconds = per_call(restart, tick, range(ticks))
        hidden_spikes, out_spikes = (np.array(watched.n_events) - before).tolist()
        return {"seconds": seconds, "spikes": {"hidden": hidden_spikes, "out": out_spikes}}

    return run


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any, Any, Any]:
    lif = {"V_th": float(data["theta"]), "V_reset": 0.0, "E_L": 0.0, "V_m": 0.0, "t_ref": 0.0, "I_e": 0.0}
    lif["tau_m"] = -STEP / float(np.log(data["alpha"]))
    given = nest.Create("spike_generator", len(data["w_in"]))
    hidden = nest.Create("iaf_psc_delta", len(data["w_rec"]), lif)
    out = nest.Create("iaf_psc_delta", data["w_out"].shape[1], lif)
    for pre, post, name in ((given, hidden, "w_in"), (hidden, hidden, "w_rec"), (hidden, out, "w_out")):
        nest.Connect(pre, post, "all_to_all", {"weight": data[name].T.astype(float), "delay": STEP})
    watched = nest.Create("spike_recorder", 2, {"record_to": "memory"})
    nest.Connect(hidden, watched[0])
    nest.Connect(out, watched[1])
    return given, hidden, out, watched
