"""Ours: `simulate` in float32, all of it: what it checks, allocates and sorts is in the time."""

from __future__ import annotations

from importlib.metadata import version
from time import perf_counter
from typing import Any, Literal

import numpy as np

import neurobot as nb
from neurobot.program import Program
from neurobot.spec import CubaLIF, NetworkSpec, Population, Projection, Sparse

VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    program, seconds = network(data), float(data["seconds"])

    def run() -> dict[str, Any]:
        start = perf_counter()
        result = nb.simulate(program, {}, seconds, dtype="float32")
        return {"seconds": perf_counter() - start, "spikes": {"all": int(result.counts("cells").sum())}}

    return run


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
        _projection(data, excites, float(data["w_e"]), "excitatory"),
        _projection(data, ~excites, float(data["w_i"]), "inhibitory"),
    )
    cells = Population("cells", len(data["v"]), model, v_init=tuple(data["v"]))
    return nb.build(NetworkSpec(float(data["dt"]) / 1e3, (cells,), projections))


def _projection(
    data: dict[str, np.ndarray], mine: np.ndarray, weight: float, receptor: Literal["excitatory", "inhibitory"]
) -> Projection:
    weights = Sparse(data["post"][mine], data["pre"][mine], np.full(mine.sum(), weight))
    return Projection("cells", "cells", weights, delay=float(data["delay"]) / 1e3, receptor=receptor)
