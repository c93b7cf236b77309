"""Pattern generation: a recurrent network learns to draw sums of sines, from one frozen input.

The task of Bellec et al. 2020 (supplement) with the sizes of NEST's tutorial: 100 inputs, 100 recurrent LIF neurons, a
second of steps of 1 ms, target waves of periods 1000, 500, 333 and 200 ms with amplitudes and phases drawn. Weights
change at the end of each iteration by Adam. `twin_losses` does the same in NumPy, with a number for every
synapse and every variable of its eligibility; both losses are compared iteration by iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.core import HostCore
from neurobot.program import Program
from neurobot.spec import LI, LIF, EProp, Input, NetworkSpec, Population, Projection, Sparse

PAPER = "Bellec et al., Nature Communications 11, 2020: pattern generation"
DT, N_IN, N, STEPS = 1e-3, 100, 100, 1000
TAU, THRESHOLD = 30e-3, 0.03
PERIODS = (1000, 500, 333, 200)
RATE, RATE_REG = 2e-3, 0.3
COMPARED = 10
"""Iterations that the twin does too."""


@dataclass(frozen=True, eq=False)
class Task:
    """Weights to begin with, [post, pre]; frozen input (steps, n_in) bool; targets (steps, n_out)."""

    w: dict[str, np.ndarray]
    x: np.ndarray
    target: np.ndarray


@dataclass(frozen=True, eq=False)
class Learnt:
    """Loss before each change of weights, (iterations,); the last outputs (steps, n_out); rate then [Hz]."""

    losses: np.ndarray
    output: np.ndarray
    rate: float


def task(seed: int, n_out: int = 3, steps: int = STEPS) -> Task:
    """What a seed draws."""
    rng, t = np.random.default_rng([seed, 3]), np.arange(1, steps + 1)
    w = {"in": rng.normal(0, 1, (N, N_IN)) / np.sqrt(N_IN), "rec": rng.normal(0, 1, (N, N)) / np.sqrt(N)}
    w["rec"] *= 1 - np.eye(N)
    w["out"] = rng.normal(0, 1, (n_out, N)) / np.sqrt(N)
    amplitude, phase = rng.uniform(0.5, 2, (n_out, 4, 1)), rng.uniform(0, 2 * np.pi, (n_out, 4, 1))
    waves = (amplitude * np.sin(2 * np.pi * t / np.array(PERIODS)[:, None] + phase)).sum(axis=1)
    return Task(w, rng.random((steps, N_IN)) < 0.05, (waves / np.abs(waves).max(axis=1, keepdims=True)).T)


def rule() -> EProp:
    """Of all three projections."""
    return EProp(readout="out", target="target", episodes=1, descent="adam", rate=RATE, rate_reg=RATE_REG, tau_rate=1.0)


def program(given: Task) -> Program:
    """The network of a task."""
    n_out, exact = len(given.w["out"]), LI(tau_mem=DT / 40)
    post, pre = np.nonzero(~np.eye(N, dtype=bool))
    cell = LIF(tau_mem=TAU, v_threshold=THRESHOLD, reset="subtract", v_subtract=THRESHOLD / exp(-DT / TAU))
    populations = (
        Population("in", N_IN, Input()), Population("rec", N, cell), Population("out", n_out, LI(tau_mem=TAU)),
        Population("target", n_out, exact),
    )  # fmt: skip
    projections = (
        Projection("in", "rec", given.w["in"], rule=rule()),
        Projection("rec", "rec", Sparse(post, pre, given.w["rec"][post, pre]), delay=DT, rule=rule()),
        Projection("rec", "out", given.w["out"], rule=rule()),
    )
    return neurobot.build(NetworkSpec(DT, populations, projections))


def measure(iterations: int, seed: int = 0, **options: int) -> Learnt:
    """Learn; options as of `task`."""
    given = task(seed, **options)
    made, (steps, n_out) = program(given), given.target.shape
    core = HostCore(made, "float64", learn=True, log_spikes=made.neurons)
    losses, output, spikes = np.zeros(iterations), np.zeros((steps, n_out)), 0
    y, wanted, x = core.block("out.v"), core.param("target.b"), given.x.astype(float)
    for k in range(iterations):
        core.reset()
        spikes = 0
        for step in range(steps):
            wanted[...] = given.target[step]
            core.tick(x[step])
            output[step] = y
            spikes += int((core.spikes[:, 1] >= N_IN).sum())
        losses[k] = 0.5 * ((output - given.target) ** 2).sum()
        core.end(0.0)
    return Learnt(losses, output, spikes / N / steps / DT)


def twin_losses(iterations: int, seed: int = 0, **options: int) -> np.ndarray:
    """The same losses, (iterations,), by the NumPy twin of the tests; it keeps no code of the package."""
    from tests.twins.eprop import Net, Twin

    given, alpha = task(seed, **options), exp(-DT / TAU)
    own = rule()
    keep, target_rate = exp(-DT / own.tau_rate), own.target_rate * DT
    net = Net(
        alpha, 1 - alpha, alpha, 1 - alpha, THRESHOLD, THRESHOLD / alpha, rate_reg=RATE_REG, keep_rate=keep,
        target_rate=target_rate,
    )  # fmt: skip
    learns = {key: np.ones(w.shape, bool) for key, w in given.w.items()} | {"rec": ~np.eye(N, dtype=bool)}
    twin, losses = Twin(net, given.w, learns), np.zeros(iterations)
    for k in range(iterations):
        twin.reset()
        for x, target in zip(given.x.astype(float), given.target, strict=True):
            losses[k] += 0.5 * (twin.step(x, target) ** 2).sum()
        twin.descend(RATE, adam=(own.beta_1, own.beta_2, own.epsilon))
    return losses


def report(options: Options, figure: Any) -> list[Row]:
    """Losses, beside those of the twin, and what is drawn in the end."""
    found = [measure(options.iterations, seed) for seed in range(options.seeds)]
    theirs = [twin_losses(min(COMPARED, options.iterations), seed) for seed in range(options.seeds)]
    left, right = figure.subplots(1, 2)
    for seed, one in enumerate(found):
        left.semilogy(one.losses, label=f"seed {seed}")
    left.set(xlabel="iteration", ylabel="loss")
    left.legend(fontsize="small")
    for k, colour in enumerate(("#0b6e4f", "#c1440e", "#1f4e8c")):
        right.plot(found[0].output[:, k], color=colour)
        right.plot(task(0).target[:, k], "--", color=colour, linewidth=0.8)
    right.set(xlabel="step", ylabel="read-outs, and targets (dashed)")
    away = max(float(np.abs(a.losses[: len(b)] / b - 1).max()) for a, b in zip(found, theirs, strict=True))
    ends = ", ".join(f"{one.losses[0]:.1f} to {one.losses[-1]:.2f}" for one in found)
    return [
        Row(f"loss from the first to iteration {options.iterations}", "", ends),
        Row(f"loss of {len(theirs[0])} iterations, largest relative difference", "0 (NumPy twin)", f"{away:.1e}"),
        Row("rate in the last iteration [Hz]", "10 is the target", ", ".join(f"{one.rate:.1f}" for one in found)),
    ]
