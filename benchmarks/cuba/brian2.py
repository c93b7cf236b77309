"""Brian2 as C++ standalone in float32, compiled with its fastest flags; timed is its run, in wall time.

What it says itself is the processor's time, which a busy machine does not show.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import brian2 as b
import numpy as np

VERSIONS = {"Brian2": b.__version__}
FLAGS = ["-O3", "-march=native", "-ffast-math", "-std=c++11", "-w"]
WALL = "wall.txt"
BEFORE = "timespec before, after; clock_gettime(CLOCK_MONOTONIC, &before);"
AFTER = f"""clock_gettime(CLOCK_MONOTONIC, &after);
std::ofstream("{WALL}") << (after.tv_sec - before.tv_sec) + 1e-9 * (after.tv_nsec - before.tv_nsec);"""
MODEL = """
dv/dt = (ge + gi - (v - rest)) / tau : 1 (unless refractory)
dge/dt = -ge / tau_e : 1
dgi/dt = -gi / tau_i : 1
"""


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    folder = tempfile.TemporaryDirectory()
    b.prefs.core.default_float_dtype = np.float32
    b.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
    b.set_device("cpp_standalone", build_on_run=False)
    b.defaultclock.dt = float(data["dt"]) * b.ms
    b.device.insert_code("before_network_run", BEFORE)
    b.device.insert_code("after_network_run", AFTER)
    network, watched = _network(data)
    network.run(float(data["seconds"]) * b.second)
    b.device.build(directory=folder.name, compile=True, run=False, clean=False)

    def run() -> dict[str, Any]:
        b.device.run(folder.name, with_output=False, run_args=[])
        seconds = float(Path(folder.name, WALL).read_text())
        return {"seconds": seconds, "spikes": {"all": int(watched.num_spikes)}}

    run.folder = folder  # type: ignore[attr-defined]  # it lives as long as `run`
    return run


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any]:
    namespace = {name: float(data[name]) for name in ("rest", "threshold", "reset", "w_e", "w_i")}
    namespace |= {name: float(data[name]) * b.ms for name in ("tau", "tau_e", "tau_i")}
    cells = b.NeuronGroup(
        len(data["v"]),
        MODEL,
        threshold="v > threshold",
        reset="v = reset",
        refractory=float(data["refractory"]) * b.ms,
        method="exact",
        namespace=namespace,
    )
    cells.v = data["v"]
    excites = data["pre"] < data["n_e"]
    synapses = []
    for mine, effect in ((excites, "ge_post += w_e"), (~excites, "gi_post += w_i")):
        synapse = b.Synapses(cells, cells, on_pre=effect, delay=float(data["delay"]) * b.ms, namespace=namespace)
        synapse.connect(i=data["pre"][mine], j=data["post"][mine])
        synapses.append(synapse)
    watched = b.SpikeMonitor(cells)
    return b.Network(cells, synapses, watched), watched
