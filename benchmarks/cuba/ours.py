"""Ours: `simulate` in float32, all of it: what it checks, allocates and sorts is in the time.

Where a rule is given the excitatory synapses learn.
"""

from __future__ import annotations

from importlib.metadata import version
from time import perf_counter
from typing import Any, Literal

import numpy as np

import neurobot as nb
from benchmarks.plasticity.moved import moved
from neurobot.program import Program
from neurobot.simulation import PoissonSpikes, Simulation
from neurobot.spec import STDP, CubaLIF, NetworkSpec, Population, Projection, Sparse

VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    program = network(data)

    def run() -> dict[str, Any]:
        seconds, result = timed(program, {}, float(data["seconds"]))
        answer = {"seconds": seconds, "spikes": {"all": int(result.counts("cells").sum())}}
        if "A_plus" in data:
            answer["measures"] = moved(data, result.program.param("cells->cells.weights"), float(data["w_e"]))
        return answer

    return run


def timed(program: Program, inputs: dict[str, PoissonSpikes], seconds: float) -> tuple[float, Simulation]:
    """How long `simulate` takes [s], and what it returns."""
    start = perf_counter()
    result = nb.simulate(program, inputs, seconds, dtype="float32")
    return perf_counter() - start, result


def rule(data: dict[str, np.ndarray]) -> STDP | None:
    """The rule that is given, if one is; seconds instead of ms."""
    if "A_plus" not in data:
        return None
    numbers = {name: float(data[name]) for name in ("A_plus", "A_minus", "w_max")}
    return STDP(**numbers, tau_plus=float(data["tau_plus"]) / 1e3, tau_minus=float(data["tau_minus"]) / 1e3)


def network(data: dict[str, np.ndarray]) -> Program:
    """The network; mV, and seconds instead of ms."""
    model = CubaLIF(
        tau_mem=float(data["tau"]) / 1e3,
        tau_syn=float(data["tau_e"]) / 1e3,
        tau_syn_in=float(data["tau_i"]) / 1e3,
        v_leak=float(data["rest"]),
        v_threshold=float(data["threshold"]),
        v_reset=float(data["reset"]),
        t_ref=float(data["refractory"]) / 1e3,
    )
    excites = data["pre"] < data["n_e"]
    projections = (
        _projection(data, excites, float(data["w_e"]), "excitatory", rule(data)),
        _projection(data, ~excites, float(data["w_i"]), "inhibitory", None),
    )
    cells = Population("cells", len(data["v"]), model, v_init=tuple(data["v"]))
    return nb.build(NetworkSpec(float(data["dt"]) / 1e3, (cells,), projections))


def _projection(
    data: dict[str, np.ndarray],
    mine: np.ndarray,
    weight: float,
    receptor: Literal["excitatory", "inhibitory"],
    learns: STDP | None,
) -> Projection:
    weights = Sparse(data["post"][mine], data["pre"][mine], np.full(mine.sum(), weight))
    return Projection("cells", "cells", weights, delay=float(data["delay"]) / 1e3, receptor=receptor, rule=learns)
