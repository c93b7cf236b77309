"""Competition between synapses: of 1,000 that learn by STDP some end near 0 and some near their most.

The network is Brian2's example of the paper (examples/synapses/STDP.py): conductances, Poisson inputs at 15 Hz, 100 s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.simulation import PoissonSpikes
from neurobot.spec import STDP, AllToAll, CobaLIF, Input, NetworkSpec, Population, Projection, Uniform

PAPER = "Song, Miller & Abbott, Nature Neuroscience 3, 2000"
DT, SECONDS = 1e-4, 100.0
MOST = 0.01
"""Largest weight, in units of the leak."""
BRIAN2 = {"low": (0.258, 0.234), "high": (0.198, 0.185), "rate": (24.5, 26.4), "last": (23.6, 19.9)}
"""What Brian2 2.9.0 gives with seeds 0 and 1; see `Competition`."""


@dataclass(frozen=True, eq=False)
class Competition:
    """What is left after a run.

    Args:
        weights: (1000,) from 0 to 1.
        low: share of the weights in the lowest tenth.
        high: share in the highest tenth.
        rate: of the neuron over all the time [Hz].
        last: its rate over the last tenth of the time [Hz].
    """

    weights: np.ndarray
    low: float
    high: float
    rate: float
    last: float


def network() -> NetworkSpec:
    """1,000 inputs and a neuron: tau 10 ms, rest -74, threshold -54, reset -60 mV; conductances of 5 ms to 0 mV."""
    cell = CobaLIF(
        c_m=10e-3, g_leak=1.0, v_leak=-74e-3, v_threshold=-54e-3, v_reset=-60e-3, e_ex=0.0, tau_syn=5e-3, input="end",
        e_in=-74e-3, tau_syn_in=5e-3,
    )  # fmt: skip
    rule = STDP(A_plus=0.01 * MOST, A_minus=0.0105 * MOST, w_max=MOST)
    populations = Population("in", 1000, Input()), Population("cell", 1, cell)
    between = Projection("in", "cell", AllToAll(weight=Uniform(low=0.0, high=MOST)), rule=rule)
    return NetworkSpec(DT, populations, (between,))


def measure(seed: int = 0, seconds: float = SECONDS) -> Competition:
    """Run it for a time [s]; weights begin uniform."""
    program = neurobot.build(network(), seed=seed)
    result = neurobot.simulate(program, {"in": PoissonSpikes(rate=15.0)}, seconds, seed=seed)
    w, times = result.program.weights("in->cell")[0] / MOST, result.spikes["cell"].times
    low, high = float((w < 0.1).mean()), float((w > 0.9).mean())
    return Competition(w, low, high, len(times) / seconds, float((times > 0.9 * seconds).sum() / (0.1 * seconds)))


def report(options: Options, figure: Any) -> list[Row]:
    """Shares and rates of every seed, and the histogram of the first."""
    runs = [measure(seed) for seed in range(options.seeds)]
    axes = figure.subplots()
    axes.hist(runs[0].weights, 20, (0, 1), color="#0b6e4f")
    axes.set(xlabel="weight / largest", ylabel="synapses", title=f"1,000 synapses after {SECONDS:g} s")
    words = {
        "low": "share of weights in the lowest tenth",
        "high": "share in the highest tenth",
        "rate": "output rate [Hz]",
        "last": "output rate in the last 10 s [Hz]",
    }
    rows = []
    for name, what in words.items():
        theirs, ours = BRIAN2[name], [getattr(run, name) for run in runs]
        form = "{:.3f}" if max(theirs) < 1 else "{:.1f}"
        published, here = (", ".join(map(form.format, numbers)) for numbers in (theirs, ours))
        rows.append(Row(what, f"{published} (Brian2, seeds 0, 1)", here))
    return rows
