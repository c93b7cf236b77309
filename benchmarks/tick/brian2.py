"""Brian2 on its Cython target: one long run, in which a network operation reads the output every 10 ms.

Its order of a step is changed so that an input in the step of a reset is not lost: synapses before thresholds.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import brian2 as b
import numpy as np

VERSIONS = {"Brian2": b.__version__}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    b.prefs.codegen.target = "cython"
    b.defaultclock.dt = float(data["dt"]) * b.second
    network, out = _network(data)
    tick = data["spikes"].shape[1] * b.defaultclock.dt
    stamps: list[float] = []
    read = np.zeros(out.source.N, int)

    @b.network_operation(dt=tick, when="start")  # type: ignore[untyped-decorator]
    def operation() -> None:
        read[:] = out.count
        stamps.append(perf_counter())

    network.add(operation)
    network.store()

    def run() -> dict[str, Any]:
        network.restore()
        stamps.clear()
        network.run((len(data["spikes"]) + 1) * tick)
        spikes = {name: int(network[name].num_spikes) for name in ("hidden", "out")}
        return {"seconds": float(np.median(np.diff(stamps))), "spikes": spikes}

    return run


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any]:
    tau = -b.defaultclock.dt / np.log(data["alpha"])
    ticks, substeps, _ = data["spikes"].shape
    steps, neurons = np.nonzero(data["spikes"].reshape(ticks * substeps, -1))
    given = b.SpikeGeneratorGroup(len(data["w_in"]), neurons, steps * b.defaultclock.dt)
    lif = {
        "model": "dv/dt = -v / tau : 1",
        "threshold": f"v > {float(data['theta'])!r}",
        "reset": "v = 0",
        "method": "exact",
        "namespace": {"tau": tau},
    }
    hidden, outs = b.NeuronGroup(len(data["w_rec"]), **lif), b.NeuronGroup(data["w_out"].shape[1], **lif)
    synapses = []
    for pre, post, name in ((given, hidden, "w_in"), (hidden, hidden, "w_rec"), (hidden, outs, "w_out")):
        synapse = b.Synapses(pre, post, "w : 1", on_pre="v_post += w")
        synapse.connect()
        synapse.w = data[name].ravel()
        synapses.append(synapse)
    watched = [b.SpikeMonitor(group, record=False, name=name) for group, name in ((hidden, "hidden"), (outs, "out"))]
    network = b.Network(given, hidden, outs, synapses, watched)
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    return network, watched[1]
