"""Windows of pairs, and triplets, against the closed forms of Song et al. and of NEST's test of its triplet synapse."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.simulation import SpikeTrain, measure_window
from neurobot.spec import IF, STDP, AllToAll, Input, NetworkSpec, Population, Projection, TripletSTDP
from neurobot.view.window import draw_window

PAPER = "Song, Miller & Abbott, Nature Neuroscience 3, 2000; Pfister & Gerstner, J. Neurosci. 26, 2006"
DT = 1e-3
NEST = {((2, 6), (4,)): 4.893263428904107, ((2, 6, 8), (4,)): 4.625885515882967}
"""Weights after trains of both sides [ms], from 5, with all A = 0.1 (test_stdp_triplet_synapse.py)."""
DENDRITE = 1
"""NEST's delay, which is dendritic: a postsynaptic spike is at the synapse so many steps later."""
RATES = (1.0, 10.0, 20.0, 50.0)
"""Of the pairs that triplets are drawn for [Hz]."""


def song(apart: np.ndarray) -> np.ndarray:
    """The window of pairs, A_plus = .01, A_minus = .0105, 20 ms, by the time between them [s]."""
    return np.asarray(np.where(apart >= 0, 0.01, -0.0105) * np.exp(-np.abs(apart) / 20e-3))


def triplet(pre: tuple[int, ...], post: tuple[int, ...]) -> float:
    """The weight after two trains [ms]."""
    rule = TripletSTDP(A2_plus=0.1, A3_plus=0.1, A2_minus=0.1, A3_minus=0.1, w_max=100.0)
    populations = (
        Population("pre", 1, Input()),
        Population("force", 1, Input()),
        Population("post", 1, IF(v_threshold=1e9, input="jump")),
    )
    projections = (
        Projection("pre", "post", AllToAll(weight=5.0), rule=rule),
        Projection("force", "post", AllToAll(weight=2e9)),
    )
    times = {"pre": np.array(pre) * DT, "force": (np.array(post) + DENDRITE) * DT}
    trains = {name: SpikeTrain(t, np.zeros(len(t), int)) for name, t in times.items()}
    program = neurobot.build(NetworkSpec(DT, populations, projections))
    return float(neurobot.simulate(program, trains, 15 * DT).program.weights("pre->post")[0, 0])


def report(options: Options, figure: Any) -> list[Row]:
    """Numbers, and the windows of pairs and of 60 pairs of the triplet rule at several rates."""
    left, right = figure.subplots(1, 2)
    pairs = measure_window(STDP())
    draw_window(left, pairs)
    for rate in RATES:
        found = measure_window(TripletSTDP(w_min=-9.0, w_max=9.0), span=10e-3, pairs=60, every=1 / rate)
        right.plot(found.apart * 1e3, found.change, "o-", markersize=3, label=f"{rate:g} Hz")
    right.legend(fontsize="small")
    right.set(title="TripletSTDP, visual cortex, 60 pairs", xlabel="from the arrival to the spike [ms]")
    off = float(np.abs(pairs.change - song(pairs.apart)).max())
    rows = [Row("largest difference from the window of pairs, 201 times", "0 (its equation)", f"{off:.1e}")]
    for (pre, post), weight in NEST.items():
        what = f"triplets, pre at {', '.join(map(str, pre))} and post at {post[0]} ms: weight"
        rows.append(Row(what, f"{weight!r} (NEST)", repr(triplet(pre, post))))
    return rows
