"""The window of a learning rule: what a pair of spikes does to a weight, by the time between them.

It is measured, not computed: for every time between the spikes there is a synapse of its own, whose two neurons are
made to spike, and one simulation runs them all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobot.program import build
from neurobot.simulation.run import simulate
from neurobot.spec import (
    IF,
    EProp,
    Homeostasis,
    Input,
    NetworkSpec,
    Population,
    Projection,
    Reward,
    RewardSTDP,
    Sparse,
    WeightPerturbation,
)
from neurobot.spec.check import Problems, whole_steps
from neurobot.spec.rules import RULES, LearningRule

WINDOWED = tuple(rule for rule in RULES if rule not in (Homeostasis, EProp, WeightPerturbation))
"""Rules that look at pairs of spikes."""
MOST_SPIKES = 200_000_000
"""Room for what is given: a byte for each step and synapse."""
WIDE = 1e6
"""Bounds that an eligibility of a few pairs does not reach."""


@dataclass(frozen=True, eq=False)
class Window:
    """What pairs of spikes do to a synapse.

    Args:
        rule: as it was measured.
        apart: times from the arrival to the postsynaptic spike [s], (n,), increasing; 0 is the same step.
        change: of the weight, after all pairs, in units of the weight, (n,); of `RewardSTDP` the eligibility.
        cut: whether the weight was at a bound at the end, (n,) bool.
        pairs: how many there were.
        every: time from one pair to the next [s].
    """

    rule: LearningRule
    apart: np.ndarray
    change: np.ndarray
    cut: np.ndarray
    pairs: int
    every: float


def measure_window(
    rule: LearningRule,
    *,
    span: float = 0.1,
    dt: float = 1e-3,
    pairs: int = 1,
    every: float = 1.0,
    weight: float | None = None,
) -> Window:
    """Measure the window of a rule in float64.

    What it does every `interval` is left out: `row_sum` is set to None. Of `RewardSTDP` the change is the eligibility
    at the end of the step of the last spike: it is made to move a weight by a reward of 1, with a rate of 1.

    Args:
        rule: any but `Homeostasis`, `EProp` and `WeightPerturbation`, which do not look at pairs.
        span: longest time between the two spikes [s], a multiple of dt.
        dt: length of a step [s], also what two times between spikes differ by.
        pairs: how many pairs there are, one after another.
        every: time from one pair to the next [s], a multiple of dt.
        weight: at the start; default midway between the bounds.

    Raises:
        SpecError: a rule without a window, times that are no multiples of dt, a weight out of bounds.
    """
    problems = Problems("measure_window")
    if not isinstance(rule, WINDOWED):
        problems.add(f"{rule!r:.60} has no window; give one of {', '.join(r.__name__ for r in WINDOWED)}")
    problems.number("dt", dt, above=0.0)
    problems.number("span", span, above=0.0)
    problems.number("every", every, above=0.0)
    problems.count("pairs", pairs)
    problems.done()
    problems.steps("span", span, dt)
    problems.steps("every", every, dt)
    problems.done()
    most, step = whole_steps(span, dt) or 0, whole_steps(every, dt) or 0
    steps = (pairs - 1) * step + most + 2
    if steps * (2 * most + 1) > MOST_SPIKES:
        problems.add(
            f"{2 * most + 1} synapses and {steps} steps are over {MOST_SPIKES:,} in all; give a shorter span, a larger "
            "dt or fewer pairs"
        )
    start = (rule.w_min + rule.w_max) / 2 if weight is None else weight
    problems.number("weight", start, low=rule.w_min, high=rule.w_max)
    problems.done()
    measured = _measurable(rule)
    start = 0.0 if isinstance(rule, RewardSTDP) else start
    apart = np.arange(-most, most + 1)
    after = _run(measured, apart, dt, np.arange(pairs) * step, start)
    cut = (after <= measured.w_min) | (after >= measured.w_max)
    return Window(rule, apart * dt, after - start, cut, pairs, every)


def _measurable(rule: Any) -> LearningRule:
    """The rule without what would hide the window of a single synapse."""
    if not isinstance(rule, RewardSTDP):
        alone: LearningRule = replace(rule, row_sum=None)
        return alone
    return replace(
        rule, row_sum=None, interval=None, modulator=Reward(), rate=1.0, bounds="hard", w_min=-WIDE, w_max=WIDE
    )


def _run(rule: LearningRule, apart: np.ndarray, dt: float, starts: np.ndarray, weight: float) -> np.ndarray:
    """Weights after pairs, (n,), from one weight at the start.

    The later spikes of a pair are in the same step at all synapses, so that one reward meets all eligibilities.

    Args:
        apart: (n,) steps from the arrival to the spike, from -m to m.
        starts: (pairs,) steps at which pairs begin.
    """
    n, same = len(apart), np.arange(len(apart))
    strong = 10.0 * (len(starts) + 1) * max(abs(rule.w_min), abs(rule.w_max))  # arrivals alone stay far below it
    populations = (
        Population("pre", n, Input()),
        Population("force", n, Input()),
        Population("post", n, IF(v_threshold=strong, input="jump")),
    )
    projections = (
        Projection("pre", "post", Sparse(same, same, np.full(n, weight)), rule=rule),
        Projection("force", "post", Sparse(same, same, np.full(n, 3 * strong))),
    )
    steps = int(starts[-1] + apart[-1]) + 2
    spikes = {name: np.zeros((steps, n), bool) for name in ("pre", "force")}
    for first in starts:
        spikes["pre"][first + apart[-1] - np.maximum(apart, 0), same] = True
        spikes["force"][first + apart[-1] + np.minimum(apart, 0), same] = True
    reward = np.eye(1, steps, steps - 1)[0] if isinstance(rule, RewardSTDP) else None
    program = build(NetworkSpec(dt, populations, projections))
    return simulate(program, spikes, steps * dt, reward=reward).program.weights("pre->post")[same, same]
