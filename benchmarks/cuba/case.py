"""CUBA: the network of Vogels and Abbott (2005), as in the review of Brette et al. (2007), dt 0.1 ms, delay 0.8 ms.

Integrate-and-fire neurons with two exponential currents, a fifth of them inhibitory, each with about 80 synapses of two
fixed weights. Every peer is given the same synapses and the same potentials at the start, and records all spikes. The
dynamics are chaotic, so single spikes differ between peers and the rates should not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Peer, compare
from benchmarks.table import Table

PEERS = (
    Peer("ours, float32", "benchmarks.cuba.ours"),
    Peer("Brian2, C++ standalone, float32", "benchmarks.cuba.brian2", "brian2"),
    Peer("NEST, one thread", "benchmarks.cuba.nest", "nest"),
)
SYNAPSES = 80
"""Per neuron in the original; a larger network here has more and, in proportion, weaker ones."""


def tables(peers: Sequence[Peer], neurons: Sequence[int], seconds: float, rounds: int, folder: Path) -> list[Table]:
    """Measure, one table for each number of neurons; ``seconds`` are of biological time a round."""
    found = []
    for n in neurons:
        given = data(n, seconds)
        title = f"{n:,} neurons, {len(given['pre']):,} synapses"
        rows = compare(peers, given, rounds, folder)
        found.append(Table(title, rows, "s per biological s", 1 / seconds, {"all": n * seconds}))
    return found


def data(n: int, seconds: float, seed: int = 0) -> dict[str, Any]:
    """What every peer is given; mV and ms throughout.

    Returns:
        Numbers by name; ``seconds`` to simulate; ``v`` (n,) of neurons, the first ``n_e`` excitatory; ``pre``, ``post``
        (synapses,) sorted by pre; ``w_e``, ``w_i``, what a spike adds to a current.
    """
    rng = np.random.default_rng(seed)
    fan = SYNAPSES * max(1, round(n / 8000))
    fans = rng.binomial(n, fan / n, n)
    post = np.concatenate([np.sort(rng.choice(n, k, replace=False)) for k in fans]).astype(np.int32)
    scale = SYNAPSES / fan
    return {
        "seconds": seconds, "n_e": n * 4 // 5, "pre": np.repeat(np.arange(n, dtype=np.int32), fans), "post": post,
        "v": rng.uniform(-60.0, -50.0, n), "dt": 0.1, "delay": 0.8, "tau": 20.0, "tau_e": 5.0, "tau_i": 10.0,
        "rest": -49.0, "threshold": -50.0, "reset": -60.0, "refractory": 5.0,
        "w_e": 60 * 0.27 / 10 * scale, "w_i": -20 * 4.5 / 10 * scale,
    }  # fmt: skip
