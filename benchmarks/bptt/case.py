"""A training step: 64 -> 256 -> 256 -> 8 LIF, T steps of 1 ms, forward, backward and Adam, in float32 on one thread.

Every peer has the same spikes, labels and weights, the fast sigmoid of slope 25 as surrogate, a reset to 0 that no
gradient flows through, the cross-entropy of the outputs' spike counts, and gradients that are compared with ours on a
few instances. A round is some steps from the same start; what is told is their median, in CPU time of the process,
which a busy machine disturbs less than the clock on the wall. The row of sgemm is the products of a dense step alone.
Ours cuts the batch into parts that fit into a cache (`Stack.gradients`) and gives one gradient of the whole batch, as
they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Peer, compare
from benchmarks.table import Table
from neurobot.program import Program, build
from neurobot.spec import LIF, AllToAll, Input, NetworkSpec, Normal, Population, Projection
from neurobot.train.surrogate import FastSigmoid, Stack, cross_entropy, logits, logits_back

PEERS = (
    Peer("ours", "benchmarks.bptt.ours"),
    Peer("ours, all products by BLAS", "benchmarks.bptt.dense"),
    Peer("sgemm of a dense step", "benchmarks.bptt.sgemm"),
    Peer("JAX, jitted scan", "benchmarks.bptt.jax", "jax"),
    Peer("SpikingJelly, multi-step", "benchmarks.bptt.spikingjelly", "torch"),
    Peer("torch, by hand", "benchmarks.bptt.torch", "torch"),
    Peer("snnTorch", "benchmarks.bptt.snntorch", "torch"),
    Peer("Norse", "benchmarks.bptt.norse", "torch"),
)
SIZES = (64, 256, 256, 8)
NAMES = ("in", "one", "two", "out")
LINKS = tuple(f"{a}->{b}" for a, b in pairwise(NAMES))
BATCHES = {25: 64, 50: 128, 100: 256}
"""Instances by number of steps."""
DT, SLOPE, RATE, CHECKED = 1e-3, 25.0, 1e-3, 4


def tables(peers: Sequence[Peer], steps: Sequence[int], rounds: int, environments: Path) -> list[Table]:
    """Measure, one table for each number of steps."""
    found = []
    for t in steps:
        batch = BATCHES.get(t, 2 * t)
        rows = compare(peers, data(t, batch), rounds, environments)
        exposure = {name: n * t * batch * DT for name, n in zip(NAMES[1:], SIZES[1:], strict=True)}
        found.append(Table(f"T = {t}, batch {batch}", rows, "ms", 1e3, exposure))
    return found


def program() -> Program:
    """The network; 3 to 6 % of its neurons spike in a step."""
    cell = LIF(tau_mem=10e-3, input="jump")
    populations = [Population("in", SIZES[0], Input())]
    populations += [Population(name, n, cell) for name, n in zip(NAMES[1:], SIZES[1:], strict=True)]
    sizes = [Normal(mean=m, std=s / n**0.5) for m, s, n in ((0.02, 1.05, 64), (0.003, 1.5, 256), (0.003, 1.5, 256))]
    pairs = zip(NAMES, NAMES[1:], sizes, strict=False)
    return build(NetworkSpec(DT, tuple(populations), tuple(Projection(a, b, AllToAll(weight=w)) for a, b, w in pairs)))


def stack() -> Stack:
    """Ours; the peers have no biases either."""
    return Stack(program(), FastSigmoid(slope=SLOPE), train=("weights",))


def gradients(s: Stack, spikes: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Gradients of the loss."""
    trace = s.forward({"in": spikes})
    _, g = cross_entropy(logits(trace, "out"), labels)
    return s.backward(trace, logits_back(trace, "out", g)).values


def data(steps: int, batch: int) -> dict[str, Any]:
    """What every peer is given.

    Returns:
        ``spikes`` (T, B, 64) bytes; ``labels`` (B,); weights ``w0 w1 w2`` [post, pre]; ``alpha`` of
        v <- alpha v + input, spike where v > 1, reset to 0; ``slope``; Adam's ``rate``; gradients ``g0 g1 g2``
        [post, pre] of the first ``checked`` instances.
    """
    rng = np.random.default_rng(0)
    spikes, labels, s = rng.random((steps, batch, SIZES[0])) < 0.06, rng.integers(0, SIZES[-1], batch), stack()
    few = gradients(s, spikes[:, :CHECKED], labels[:CHECKED])
    out = {"spikes": spikes.view(np.uint8), "labels": labels, "alpha": s.program.param("one.alpha")[0], "slope": SLOPE}
    for k, link in enumerate(LINKS):
        out[f"w{k}"] = np.ascontiguousarray(s.values[f"{link}.weights"].T)
        out[f"g{k}"] = np.ascontiguousarray(few[f"{link}.weights"].T)
    return out | {"rate": RATE, "checked": CHECKED}
