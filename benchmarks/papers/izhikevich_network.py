"""The distal reward problem in a network: of 100,000 synapses the one that is rewarded seconds later grows.

1,000 Izhikevich neurons with the constants of daspnet.m (ModelDB 84167), an hour. When the second of two chosen neurons
spikes within 20 ms after the first, dopamine comes 1 to 3 s later. What differs: noise is Gaussian with the variance
of 13 (rand - .5) and acts ahead of the step; an integral over 10 ms takes the place of a product at their end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot import HostCore
from neurobot.spec import Dopamine, Izhikevich, NetworkSpec, Noise, Population, Projection, RewardSTDP, Sparse

PAPER = "Izhikevich, Cerebral Cortex 17, 2007, Fig. 1d"
DT, SECOND = 1e-3, 1000
EXCITE, INHIBIT, SYNAPSES = 800, 200, 100
MOST, REWARD, COINCIDENCE = 4.0, 0.5, 20
"""Largest weight [mV], dopamine of a reward, and how late the second spike may be [ms]."""
CEILING = 0.99 * MOST


@dataclass(frozen=True, eq=False)
class Distal:
    """A run.

    Args:
        chosen: the rewarded synapse after every second [mV], (seconds,).
        weights: of all excitatory synapses on excitatory neurons at the end [mV], (n,).
        rate: mean over all neurons [Hz].
        rewards: how many came.
    """

    chosen: np.ndarray
    weights: np.ndarray
    rate: float
    rewards: int

    @property
    def reached(self) -> int | None:
        """The second after which the chosen synapse was at the ceiling first."""
        at = np.flatnonzero(self.chosen >= CEILING)
        return int(at[0]) + 1 if at.size else None


def decay(factor: float, steps: int = 1) -> float:
    """The time constant [s] of what is multiplied by a factor every few steps."""
    return -steps * DT / math.log(factor)


def network(rng: np.random.Generator) -> tuple[NetworkSpec, int]:
    """The network, and the neuron at which the synapse of neuron 0 ends that begins at 0; all others begin at 1."""
    tau = decay(0.95)
    rule = RewardSTDP(
        A_plus=0.1, A_minus=0.15 / 0.95, tau_plus=tau, tau_minus=tau, tau_e=decay(0.99, 10), rate=100.0, w_max=MOST,
        interval=10 * DT, modulator=Dopamine(tau_d=decay(0.995), baseline=0.002), pairing="nearest",
    )  # fmt: skip
    pre = np.repeat(np.arange(EXCITE + INHIBIT), SYNAPSES)
    anywhere = rng.integers(0, EXCITE + INHIBIT, EXCITE * SYNAPSES)
    post = np.concatenate([anywhere, rng.integers(0, EXCITE, INHIBIT * SYNAPSES)])
    post[0] = rng.integers(1, EXCITE)
    weight = np.where(pre < EXCITE, 1.0, -1.0)
    weight[0] = 0.0
    noise, up, at = Noise(std=13 / math.sqrt(12)), pre < EXCITE, post < EXCITE
    populations = (
        Population("excite", EXCITE, Izhikevich(a=0.02, d=8.0, scheme="half_steps"), noise=noise, v_init=-65.0),
        Population("inhibit", INHIBIT, Izhikevich(a=0.1, d=2.0, scheme="half_steps"), noise=noise, v_init=-65.0),
    )

    def between(a: str, b: str, chosen: np.ndarray, learns: RewardSTDP | None) -> Projection:
        first = EXCITE * np.array([b == "inhibit", a == "inhibit"])
        weights = Sparse(post[chosen] - first[0], pre[chosen] - first[1], weight[chosen])
        return Projection(a, b, weights, DT, rule=learns)

    projections = (
        between("excite", "excite", up & at, rule),
        between("excite", "inhibit", up & ~at, rule),
        between("inhibit", "excite", ~up, None),
    )
    return NetworkSpec(DT, populations, projections), int(post[0])


def measure(seed: int = 0, seconds: int = 3600) -> Distal:
    """Run it for some seconds; a second of it takes some hundredths of one."""
    rng = np.random.default_rng(seed)
    spec, second = network(rng)
    core = HostCore(
        neurobot.build(spec, seed=seed), "float32", seed=seed, learn=True, max_steps=SECOND,
        log_spikes=SECOND * (EXCITE + INHIBIT),
    )  # fmt: skip
    w = core.block("excite->excite.w").reshape(-1)
    mine = int(np.flatnonzero(w == 0)[0])
    chosen, due, spikes, rewards, before = np.zeros(seconds), np.zeros(0, np.int64), 0, 0, -SECOND
    for k in range(seconds):
        now = due[due < (k + 1) * SECOND]
        found = np.concatenate(list(_second(core, k * SECOND, now)))
        pairs, before = _coincidences(found, second, before)
        due = np.concatenate([due[now.size :], pairs + SECOND + 1 + rng.integers(0, 2000, pairs.size)])
        due.sort()
        chosen[k], spikes, rewards = w[mine], spikes + len(found), rewards + now.size
    return Distal(chosen, w.copy(), spikes / seconds / (EXCITE + INHIBIT), rewards)


def _second(core: HostCore, first: int, due: np.ndarray) -> Iterator[np.ndarray]:
    """Run a second from a step on; due are its steps with a reward, sorted. Yields (m, 2) spikes as (step, neuron)."""
    cuts = np.unique(np.append(due, first))
    for a, b in zip(cuts.tolist(), [*cuts[1:].tolist(), first + SECOND], strict=True):
        status = core.tick_in_place(b - a, REWARD * int((due == a).sum()))
        assert status == 0, status
        yield core.spikes + np.array([a, 0])


def _coincidences(spikes: np.ndarray, second: int, before: int) -> tuple[np.ndarray, int]:
    """Steps in which the second neuron spikes soon after neuron 0, and the last spike of that one; before: the same."""
    at = []
    for step, neuron in spikes[(spikes[:, 1] == 0) | (spikes[:, 1] == second)].tolist():
        if neuron == 0:
            before = step
        elif 0 < step - before < COINCIDENCE:
            at.append(step)
    return np.array(at, np.int64), before


def report(options: Options, figure: Any) -> list[Row]:
    """The chosen synapse and all others, of every seed; the first is drawn."""
    runs = [measure(seed, options.seconds) for seed in range(options.seeds)]
    left, right = figure.subplots(1, 2)
    left.plot(np.arange(1, options.seconds + 1), runs[0].chosen, color="#c1440e", linewidth=0.8)
    left.set(xlabel="time [s]", ylabel="the rewarded synapse [mV]", ylim=(0, MOST * 1.03))
    right.hist(runs[0].weights, 40, (0, MOST), color="#0b6e4f", log=True)
    right.axvline(runs[0].chosen[-1], color="#c1440e")
    right.set(xlabel="weight at the end [mV]", ylabel="synapses")
    half = options.seconds // 2
    numbers = (
        (
            "the rewarded synapse is at 4 mV first after [s]",
            "within the hour",
            [str(r.reached or "never") for r in runs],
        ),
        ("its mean over the second half [mV]", "4, the ceiling", [f"{r.chosen[half:].mean():.2f}" for r in runs]),
        ("mean of all synapses at the end [mV]", "low", [f"{r.weights.mean():.2f}" for r in runs]),
        ("share of all above 3.6 mV", "low", [f"{(r.weights > 0.9 * MOST).mean():.3f}" for r in runs]),
        ("rate of all neurons [Hz]; rewards", "–", [f"{r.rate:.2f}; {r.rewards}" for r in runs]),
    )
    return [Row(what, theirs, ", ".join(ours)) for what, theirs, ours in numbers]
