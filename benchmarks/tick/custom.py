"""Ours with its LIF written again as a `Custom`: what a neuron of one's own costs. It must act alike, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import neurobot
from benchmarks.tick import ours
from benchmarks.tick.case import program
from neurobot.program import Program, build
from neurobot.spec import ControllerSpec, Custom, Population

VERSIONS = ours.VERSIONS
ARGUMENTS = {"alpha": "alpha", "lam": "lam", "b": "b", "theta": "theta", "reset": "to"}


@neurobot.neuron("benchmark_lif")
def lif(v, s, spike, alpha, lam, b, theta, reset):  # type: ignore[no-untyped-def]
    """LIF as `neurobot.spec.LIF(input="jump")` has it."""
    for j in range(v.size):
        x = alpha[j] * v[j] + lam[j] * s[j] + b[j]
        fired = x > theta[j]
        spike[j] = fired
        v[j] = reset[j] if fired else x


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    return ours.prepare(data, rewritten(program(int(data["hidden"]))))


def rewritten(p: Program) -> Program:
    """A program with its populations of LIF as a Custom with the same numbers."""
    assert isinstance(p.spec, ControllerSpec)

    def custom(q: Population) -> Population:
        numbers = {name: tuple(p.param(f"{q.name}.{block}").tolist()) for name, block in ARGUMENTS.items()}
        return replace(q, model=Custom(id="benchmark_lif", params=numbers))

    populations = tuple(q if q.name == "in" else custom(q) for q in p.network.populations)
    weights = {q.name: p.weights(q.name) for q in p.network.projections}
    return build(replace(p.spec, network=replace(p.network, populations=populations)), weights=weights)
