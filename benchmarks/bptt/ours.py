"""Ours: event by event where few neurons spike, by BLAS elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.bptt.case import NAMES, stack
from benchmarks.bptt.check import per_step
from neurobot.train.surrogate import Adam, cross_entropy, logits, logits_back

VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    s = stack()
    start = {name: value.copy() for name, value in s.values.items()}
    spikes, labels = {"in": data["spikes"]}, data["labels"]
    trace = s.forward(spikes)
    adam = Adam(s.values)

    def restart() -> None:
        nonlocal adam
        for name, value in start.items():
            s.values[name][...] = value
        adam = Adam(s.values, float(data["rate"]))

    def step() -> None:
        s.forward(spikes, into=trace)
        _, g = cross_entropy(logits(trace, "out"), labels)
        adam.step(s.backward(trace, logits_back(trace, "out", g)).values)

    def run() -> dict[str, Any]:
        seconds = per_step(restart, step)
        restart()
        s.forward(spikes, into=trace)
        return {"seconds": seconds, "spikes": {name: int(trace.spikes(name).sum()) for name in NAMES[1:]}}

    return run
