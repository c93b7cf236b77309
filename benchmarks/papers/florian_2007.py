"""Exclusive or from rewards alone: a network of 60 inputs, 60 hidden neurons and one that answers by its rate.

Constants are those of Spikey's florian2007_XOR (SpikeyCNS/spikey), but neurons do not fire at random, and weights begin
anywhere within their bounds. Two lines of 30 inputs are silent (0) or spike at 40 Hz (1), half of each inhibits. Every
spike of the output is rewarded by 1 when one line is active, and by -1 when both or none are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.program import Program
from neurobot.spec import LIF, AllToAll, Input, NetworkSpec, Population, Projection, RewardSTDP, Uniform

PAPER = "Florian, Neural Computation 19, 2007, rate-coded XOR"
DT, PATTERN, RATE, MOST = 1e-3, 500, 40.0, 5.0
"""Step [s], steps of a pattern, rate of an active input [Hz], largest weight [mV]."""
PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TRAINING, TESTS = 800, 20
"""Patterns in training, and how often each is shown before and after."""


@dataclass(frozen=True, eq=False)
class Xor:
    """Rates of the output for 00, 01, 10, 11 [Hz], (4,) each, without learning before and after training."""

    before: np.ndarray
    after: np.ndarray

    @property
    def solved(self) -> bool:
        """Whether both patterns with one active line have a higher rate than both others."""
        return bool(self.after[1:3].min() > self.after[[0, 3]].max())


def network() -> NetworkSpec:
    """Weights begin uniform between 0 and their bound; gamma is 0.625, of which a step of 1 ms and tau_z leave 0.025.

    The equations are those of signed weights: of a synapse that inhibits, what strengthens others makes it weaker. Ours
    act on its size, so A_plus and A_minus change their signs.
    """
    cell = LIF(tau_mem=20e-3, v_threshold=16.0, input="jump")
    up = RewardSTDP(rate=0.625 / 25, tau_e=25e-3, w_max=MOST)
    down = RewardSTDP(rate=0.625 / 25, tau_e=25e-3, w_min=-MOST, w_max=0.0, A_plus=-1.0, A_minus=-1.0)
    populations = (
        Population("excite", 30, Input()),
        Population("inhibit", 30, Input()),
        Population("hidden", 60, cell),
        Population("out", 1, cell),
    )
    above, below = AllToAll(weight=Uniform(low=0.0, high=MOST)), AllToAll(weight=Uniform(low=-MOST, high=0.0))
    projections = (
        Projection("excite", "hidden", above, rule=up),
        Projection("inhibit", "hidden", below, rule=down),
        Projection("hidden", "out", above, rule=up),
    )
    return NetworkSpec(DT, populations, projections)


def trains(order: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Spikes of the inputs while patterns are shown, (steps, 30) bool each; even inputs are of the first line."""
    active = np.repeat(PATTERNS[order], PATTERN, axis=0)[:, np.arange(30) % 2] > 0
    return {name: active & (rng.random(active.shape) < RATE * DT) for name in ("excite", "inhibit")}


def rates(program: Program, rng: np.random.Generator) -> np.ndarray:
    """Rates of the output without learning [Hz], (4,)."""
    order = np.repeat(np.arange(4), TESTS)
    result = neurobot.simulate(program, trains(order, rng), len(order) * PATTERN * DT, learn=False)
    counts = np.bincount(result.spikes["out"].steps // (PATTERN * TESTS), minlength=4)
    return counts / (TESTS * PATTERN * DT)


def measure(seed: int = 0, patterns: int = TRAINING) -> Xor:
    """Train on all four patterns, in a new order every four, and test."""
    rng, tests = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    program = neurobot.build(network(), seed=seed)
    order = np.concatenate([rng.permutation(4) for _ in range(patterns // 4)])
    worth = np.where(PATTERNS[order].sum(axis=1) == 1, 1.0, -1.0)

    def reward(step: int, spikes: Any) -> float:
        return float(worth[(step - 1) // PATTERN] * len(spikes["out"]))

    before = rates(program, tests)
    learnt = neurobot.simulate(program, trains(order, rng), len(order) * PATTERN * DT, reward=reward).program
    return Xor(before, rates(learnt, tests))


def report(options: Options, figure: Any) -> list[Row]:
    """Rates after training of every seed, which of them solve it, and bars for the mean."""
    runs = [measure(seed) for seed in range(options.seeds)]
    axes = figure.subplots()
    for k, run in enumerate(runs):
        colour = "#0b6e4f" if run.solved else "#bbbbbb"
        axes.plot(range(4), run.after, "o-", color=colour, markersize=4, linewidth=0.8, label=f"seed {k}")
    axes.set_xticks(range(4), ["00", "01", "10", "11"])
    axes.set(xlabel="pattern", ylabel="rate of the output [Hz]", title="after 800 patterns; grey: not solved")
    rows = []
    for k, run in enumerate(runs):
        before, after = (", ".join(f"{rate:.0f}" for rate in found) for found in (run.before, run.after))
        theirs = ".69, .86, .90, .69 a step (Spikey, once)" if k == 0 else ""
        rows.append(Row(f"seed {k}: rates for 00, 01, 10, 11 [Hz]", theirs, f"{after} (before {before})"))
    return [*rows, Row("seeds that solve it", "–", f"{sum(run.solved for run in runs)} of {len(runs)}")]
