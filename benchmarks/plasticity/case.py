"""Pair STDP, additive, all pairs: 1,000 Poisson inputs to 100 neurons, dt 1 ms; and CUBA with it on all excitation.

Every peer draws its own Poisson spikes, and has axonal or dendritic delays of a step as it has them, so single spikes
differ; rates, and the mean and the spread of what weights moved by, should not. A peer in which they do has no number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cuba import case as cuba
from benchmarks.peers import Peer, Row, compare
from benchmarks.plasticity.moved import MEAN, SPREAD
from benchmarks.table import Table

FEED = (
    Peer("ours, float32", "benchmarks.plasticity.ours"),
    Peer("Brian2, C++ standalone, float32", "benchmarks.plasticity.brian2", "brian2"),
    Peer("NEST, stdp_synapse", "benchmarks.plasticity.nest", "nest"),
    Peer("BindsNET, PostPre", "benchmarks.plasticity.bindsnet", "bindsnet"),
)
CUBA = (
    Peer("ours, float32", "benchmarks.cuba.ours"),
    Peer("ours, without STDP", "benchmarks.cuba.frozen"),
    Peer("Brian2, C++ standalone, float32", "benchmarks.cuba.brian2", "brian2"),
    Peer("NEST, stdp_synapse", "benchmarks.cuba.nest", "nest"),
)
RATE, SPREADS, MEANS = 0.1, 0.2, 0.5
"""How far from ours a peer may be: rates and spread of changes relatively, their means in spreads of ours."""
INPUTS, CELLS, TOP = 1000, 100, 0.0073


def tables(
    feed: Sequence[Peer], recurrent: Sequence[Peer], rounds: int, seconds: float, neurons: int, folder: Path
) -> list[Table]:
    """Measure both; ``seconds`` are of biological time a round, ``neurons`` those of CUBA."""
    given, large = feed_data(seconds), cuba_data(neurons, seconds)
    plastic = int((large["pre"] < large["n_e"]).sum())
    titles = (
        f"{INPUTS:,} Poisson inputs, {CELLS} neurons, {INPUTS * CELLS:,} plastic synapses",
        f"CUBA, {neurons:,} neurons, {plastic:,} of {len(large['pre']):,} synapses plastic",
    )
    found = []
    for title, peers, data, sizes in zip(
        titles, (feed, recurrent), (given, large), ({"cells": CELLS}, {"all": neurons}), strict=True
    ):
        rows = compare(peers, data, rounds, folder)
        refuse_other_work(rows)
        exposure = {name: n * seconds for name, n in sizes.items()}
        found.append(Table(title, rows, "ms per biological s", 1e3 / seconds, exposure))
    return found


def feed_data(seconds: float, seed: int = 0) -> dict[str, Any]:
    """What every peer is given of the layer: weights ``w`` (n_pre, n_post), a threshold of 1 above rest, times in ms,
    ``rate`` of each input [Hz], and the rule."""
    weights = np.random.default_rng(seed).uniform(0, TOP, (INPUTS, CELLS)).astype(np.float32)
    own = {"w": weights, "rate": 15.0, "dt": 1.0, "tau": 20.0, "seconds": seconds}
    return own | _rule(TOP)


def cuba_data(neurons: int, seconds: float) -> dict[str, Any]:
    """CUBA, and the rule; weights begin in the middle of what is allowed."""
    data = cuba.data(neurons, seconds)
    return data | _rule(2 * data["w_e"])


def _rule(w_max: float) -> dict[str, float]:
    """Song, Miller & Abbott's (2000), a fifth as fast: within seconds weights move, and rates stay."""
    return {"A_plus": 0.002 * w_max, "A_minus": 0.0021 * w_max, "tau_plus": 20.0, "tau_minus": 20.0, "w_max": w_max}


def refuse_other_work(rows: Sequence[Row]) -> None:
    """Say of peers whose rate or changes of weights are not like ours that they have no number.

    What does not learn moves no weights and is held against the rate alone.
    """
    ours = rows[0]
    if ours.problem:
        return
    for row in rows[1:]:
        if row.problem:
            continue
        off = [
            f"{name} spike {n} times, ours {ours.spikes[name]}"
            for name, n in row.spikes.items()
            if not math.isclose(n, ours.spikes[name], rel_tol=RATE)
        ]
        off += [
            f"{name} is {row.measures[name]:.3f}, ours {ours.measures[name]:.3f}"
            for name, share in ((MEAN, MEANS), (SPREAD, SPREADS))
            if row.measures and abs(row.measures[name] - ours.measures[name]) > share * ours.measures[SPREAD]
        ]
        if off:
            row.problem = f"other work: {'; '.join(off)}"
