"""Ours: `simulate` in float32, all of it: inputs are drawn, spikes recorded and sorted within the time."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurobot as nb
from benchmarks.cuba.ours import VERSIONS as VERSIONS
from benchmarks.cuba.ours import rule, timed
from benchmarks.plasticity.moved import moved
from neurobot.program import Program
from neurobot.simulation import PoissonSpikes
from neurobot.spec import LIF, Dense, Input, NetworkSpec, Population, Projection


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    program, given = network(data), {"inputs": PoissonSpikes(rate=float(data["rate"]))}

    def run() -> dict[str, Any]:
        seconds, result = timed(program, given, float(data["seconds"]))
        learnt = result.program.weights("inputs->cells")
        return {
            "seconds": seconds,
            "spikes": {"cells": len(result.spikes["cells"])},
            "measures": moved(data, learnt, data["w"].T),
        }

    return run


def network(data: dict[str, np.ndarray]) -> Program:
    """The network; seconds instead of ms."""
    cell = LIF(tau_mem=float(data["tau"]) / 1e3, v_threshold=1.0, input="jump")
    n_pre, n_post = data["w"].shape
    populations = (Population("inputs", n_pre, Input()), Population("cells", n_post, cell))
    projection = Projection("inputs", "cells", Dense(data["w"].T), rule=rule(data))
    return nb.build(NetworkSpec(float(data["dt"]) / 1e3, populations, (projection,)))
