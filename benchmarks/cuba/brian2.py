"""Brian2 as C++ standalone in float32, compiled with its fastest flags; timed is its run, in wall time.

What it says itself is the processor's time, which a busy machine does not show. Where a rule is given the excitatory
synapses learn, as its documentation writes STDP.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2 as b
import numpy as np

from benchmarks.plasticity.moved import moved

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


PAIRS = """
w : 1
dx/dt = -x / tau_plus : 1 (event-driven)
dy/dt = -y / tau_minus : 1 (event-driven)
"""


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    return standalone(data, _network)


def standalone(
    data: dict[str, np.ndarray], describe: Callable[..., tuple[Any, Callable[[], dict[str, Any]]]]
) -> Callable[[], dict[str, Any]]:
    """Compile a network; ``describe(data)`` returns it and what says of a run its results."""
    folder = tempfile.TemporaryDirectory()
    b.prefs.core.default_float_dtype = np.float32
    b.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
    b.set_device("cpp_standalone", build_on_run=False)
    b.defaultclock.dt = float(data["dt"]) * b.ms
    b.device.insert_code("before_network_run", BEFORE)
    b.device.insert_code("after_network_run", AFTER)
    network, results = describe(data)
    network.run(float(data["seconds"]) * b.second)
    b.device.build(directory=folder.name, compile=True, run=False, clean=False)

    def run() -> dict[str, Any]:
        b.device.run(folder.name, with_output=False, run_args=[])
        return {"seconds": float(Path(folder.name, WALL).read_text()), **results()}

    run.folder = folder  # type: ignore[attr-defined]  # it lives as long as `run`
    return run


def learning(source: Any, target: Any, effect: str, data: dict[str, np.ndarray], **options: Any) -> Any:
    """Synapses with weights ``w`` that learn; ``effect`` is what a spike does to its target."""
    numbers = {name: float(data[name]) for name in ("A_plus", "A_minus", "w_max")}
    numbers |= {name: float(data[name]) * b.ms for name in ("tau_plus", "tau_minus")}
    return b.Synapses(
        source,
        target,
        PAIRS,
        on_pre=f"{effect}\nx += 1\nw = clip(w - A_minus * y, 0, w_max)",
        on_post="y += 1\nw = clip(w + A_plus * x, 0, w_max)",
        namespace=numbers,
        **options,
    )


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Callable[[], dict[str, Any]]]:
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
    excites, delay, synapses = data["pre"] < data["n_e"], float(data["delay"]) * b.ms, []
    for mine, effect in ((excites, "ge_post += w_e"), (~excites, "gi_post += w_i")):
        if "A_plus" in data and mine is excites:
            synapse = learning(cells, cells, "ge_post += w", data, delay={"pre": delay})
        else:
            synapse = b.Synapses(cells, cells, on_pre=effect, delay=delay, namespace=namespace)
        synapse.connect(i=data["pre"][mine], j=data["post"][mine])
        synapses.append(synapse)
    if "A_plus" in data:
        synapses[0].w = float(data["w_e"])
    watched = b.SpikeMonitor(cells)

    def results() -> dict[str, Any]:
        answer: dict[str, Any] = {"spikes": {"all": int(watched.num_spikes)}}
        if "A_plus" in data:
            answer["measures"] = moved(data, np.asarray(synapses[0].w[:]), float(data["w_e"]))
        return answer

    return b.Network(cells, synapses, watched), results
