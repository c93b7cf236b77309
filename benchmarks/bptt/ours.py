"""Ours: event by event where few neurons spike, by BLAS elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.bptt.case import NAMES, stack
from benchmarks.bptt.check import per_step
from neurobot.train.surrogate import Adam, Seeds, Trace, cross_entropy, logits, logits_back

VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    s = stack()
    start = {name: value.copy() for name, value in s.values.items()}
    spikes, labels = {"in": data["spikes"]}, data["labels"]
    adam = Adam(s.values)

    def restart() -> None:
        nonlocal adam
        for name, value in start.items():
            s.values[name][...] = value
        adam = Adam(s.values, float(data["rate"]))

    def loss(part: Trace, some: slice) -> tuple[float, Seeds]:
        value, g = cross_entropy(logits(part, "out"), labels[some])
        return value, logits_back(part, "out", g)

    def step() -> None:
        adam.step(s.gradients(spikes, loss)[1].values)

    def run() -> dict[str, Any]:
        seconds = per_step(restart, step)
        restart()
        trace = s.forward(spikes)
        return {"seconds": seconds, "spikes": {name: int(trace.spikes(name).sum()) for name in NAMES[1:]}}

    return run
