"""Ours: one call into compiled code a tick, encoder and decoder included."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.tick.case import INPUTS, SUBSTEPS, program
from benchmarks.timing import per_call
from neurobot.core import HostCore
from neurobot.program import Program

VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


def prepare(data: dict[str, np.ndarray], p: Program | None = None) -> Any:
    """See `benchmarks`; ``p`` is another program that acts alike."""
    hidden = int(data["hidden"])
    p = p or program(hidden)
    core, logged = HostCore(p), HostCore(p, log_spikes=SUBSTEPS * p.neurons)
    observations = list(data["observations"])

    def count() -> dict[str, int]:
        logged.reset()
        neurons = []
        for observation in observations:
            logged.tick(observation)
            neurons.append(logged.spikes[:, 1].copy())
        spiking = np.concatenate(neurons)
        out = int((spiking >= INPUTS + hidden).sum())
        return {"hidden": int((spiking >= INPUTS).sum()) - out, "out": out}

    def run() -> dict[str, Any]:
        seconds = per_call(core.reset, core.tick, observations)
        assert np.array_equal(core.action, data["actions"][-1])
        return {"seconds": seconds, "spikes": count()}

    return run
