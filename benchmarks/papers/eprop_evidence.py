"""Evidence accumulation: on which side were more cues, asked after a delay that outlives every membrane.

The task of Bellec et al. 2020: cues of 100 ms, each on the left or on the right, then nothing but noise, then a recall
cue, during which the network says which side had more. Half of the neurons have adaptive thresholds, whose time
constant of 2 s is all the memory there is. The trial is shorter than that of the paper, which has seven cues and a
longer delay: here five cues and half a second. Weights are not rewired. Labels come in as spikes of an Input.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.core import HostCore
from neurobot.program import Program
from neurobot.spec import ALIF, LI, EProp, Input, NetworkSpec, Population, Projection, Sparse

PAPER = "Bellec et al., Nature Communications 11, 2020: evidence accumulation"
DT, GROUP, N, EPISODES = 1e-3, 10, 100, 32
CUES, CUE, GAP, RECALL = 5, 100, 50, 150
"""Number of cues; steps of each, of the pause after it, and of recall."""
CHANCE = {"cue": 0.04, "noise": 0.01}
"""Of a spike of an input neuron in a step."""
BETA, TAU_ADAPT = 0.0174, 2.0


@dataclass(frozen=True, eq=False)
class Course:
    """Whether each trial was right, by weights that had not seen it, (trials,) bool; rates [Hz] over each trial, and
    the CPU time of all [s]; then the share that was right in `tested` further trials with frozen weights."""

    right: np.ndarray
    rates: np.ndarray
    seconds: float
    final: float
    tested: int


def program(seed: int, adaptive: bool = True) -> Program:
    """The network, with weights drawn; without `adaptive` no threshold moves."""
    rng = np.random.default_rng([seed, 1])
    rule = EProp(
        readout="out", target="target", gate="gate", loss="cross_entropy", descent="adam", rate=5e-3,
        episodes=EPISODES, rate_reg=5e-3, tau_rate=1.0,
    )  # fmt: skip
    beta = BETA * adaptive * (np.arange(N) >= N // 2)
    cell = ALIF(
        tau_mem=20e-3, tau_theta=TAU_ADAPT, beta=tuple(beta), v_threshold=0.6, reset="subtract", t_ref=5e-3,
        input="jump",
    )  # fmt: skip
    exact = LI(tau_mem=DT / 40)
    populations = (
        Population("in", 4 * GROUP, Input()), Population("told", 3, Input()), Population("rec", N, cell),
        Population("out", 2, LI(tau_mem=20e-3, input="jump")), Population("target", 2, exact),
        Population("gate", 1, exact),
    )  # fmt: skip
    post, pre = np.nonzero(~np.eye(N, dtype=bool))
    projections = (
        Projection("in", "rec", rng.normal(0, 1, (N, 4 * GROUP)) / np.sqrt(4 * GROUP), rule=rule),
        Projection("rec", "rec", Sparse(post, pre, rng.normal(0, 1, post.size) / np.sqrt(N)), delay=DT, rule=rule),
        Projection("rec", "out", rng.normal(0, 1, (2, N)) / np.sqrt(N), rule=rule),
        Projection("told", "target", np.eye(2, 3)),
        Projection("told", "gate", np.array([[0.0, 0.0, 1 / RECALL]])),
    )
    return neurobot.build(NetworkSpec(DT, populations, projections))


def trial(rng: np.random.Generator, delay: int, cues: int = CUES) -> tuple[np.ndarray, int]:
    """Input spikes (steps, 4 GROUP + 3): left, right, recall, noise, labels, and when they count; and the label."""
    sides = rng.random(cues) < rng.choice([0.3, 0.7])
    begin = cues * (CUE + GAP) + delay
    chance = np.zeros((begin + RECALL, 4 * GROUP))
    chance[:, 3 * GROUP :] = CHANCE["noise"]
    for k, side in enumerate(sides):
        chance[k * (CUE + GAP) : k * (CUE + GAP) + CUE, side * GROUP : (side + 1) * GROUP] = CHANCE["cue"]
    chance[begin:, 2 * GROUP : 3 * GROUP] = CHANCE["cue"]
    label = int(sides.sum() > cues / 2)
    told = np.zeros((len(chance), 3))
    told[begin:, [label, 2]] = 1
    return np.column_stack([rng.random(chance.shape) < chance, told]), label


def measure(
    trials: int, seed: int = 0, delay: int = 500, cues: int = CUES, tested: int = 200, adaptive: bool = True
) -> Course:
    """Learn for a number of trials, all of them new, then test with frozen weights."""
    rng, started, made = np.random.default_rng([seed, 2]), time.process_time(), program(seed, adaptive)
    steps = cues * (CUE + GAP) + delay + RECALL
    probe = made.blocks["state"]["out.v"].words().astype(np.int32)
    core = HostCore(made, "float32", probe=probe, max_steps=steps, log_spikes=steps * made.neurons, learn=True)
    found = [_run(core, *trial(rng, delay, cues), steps) for _ in range(trials)]
    core.learn = False
    final = [_run(core, *trial(rng, delay, cues), steps)[0] for _ in range(tested)]
    right, rates = (np.array(x) for x in zip(*found, strict=True))
    return Course(right, rates, time.process_time() - started, float(np.mean(final)), tested)


def _run(core: HostCore, given: np.ndarray, label: int, steps: int) -> tuple[bool, float]:
    """A trial: whether the answer was right, and the neurons' rate [Hz]."""
    core.reset()
    core.observation[: given.size] = given.reshape(-1)
    core.tick_in_place(steps)
    first = 4 * GROUP + 3
    fired = ((core.spikes[:, 1] >= first) & (core.spikes[:, 1] < first + N)).sum()
    answer = core.trace[steps - RECALL : steps].sum(axis=0).argmax()
    core.end(0.0)
    return bool(answer == label), float(fired / N / steps / DT)


def report(options: Options, figure: Any) -> list[Row]:
    """Share of right answers over the trials, and at the end."""
    courses = [measure(options.trials, seed) for seed in range(options.seeds)]
    fixed = measure(options.trials, adaptive=False)
    axes, window = figure.subplots(), min(200, options.trials)
    named = {f"seed {seed}": course for seed, course in enumerate(courses)} | {"no adaptation": fixed}
    for name, course in named.items():
        mean = np.convolve(course.right, np.ones(window) / window, "valid")
        axes.plot(np.arange(window, len(course.right) + 1), mean, label=name)
    axes.axhline(0.5, color="#999999", linewidth=0.8)
    axes.set(xlabel="trial", ylabel=f"right, of the last {window}", ylim=(0.4, 1.02))
    axes.legend(fontsize="small")
    ours = ", ".join(f"{course.final:.3f}" for course in courses)
    rates = ", ".join(f"{course.rates[-window:].mean():.1f}" for course in courses)
    return [
        Row(f"right, of {courses[0].tested} new trials after {options.trials}", "chance .5", ours),
        Row("the same of seed 0 where all thresholds are fixed", "", f"{fixed.final:.3f}"),
        Row("rate of the neurons in the last trials [Hz]", "10 is the target", rates),
        Row("CPU time [s]", "", ", ".join(f"{course.seconds:.0f}" for course in courses)),
    ]
