"""Dopamine that comes seconds later makes weights of what was eligible: the two neurons of Fig. 1c.

Spikes and dopamine are those of Brian2's example (examples/frompapers/Izhikevich_2007.py): pairs 50, 10 and -10 ms
apart, once without dopamine, and once with it 20 ms after each pair began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import neurobot
from benchmarks.papers.row import Options, Row
from neurobot.simulation import SpikeTrain
from neurobot.spec import IF, AllToAll, Dopamine, Input, NetworkSpec, Population, Projection, RewardSTDP

PAPER = "Izhikevich, Cerebral Cortex 17, 2007, Fig. 1c"
DT, SECONDS, EVERY = 1e-4, 6.0, 100
PRE = (0.5, 1.0, 1.51, 3.5, 4.0, 4.51)
POST = (0.55, 1.01, 1.5, 3.55, 4.01, 4.5)
DOPAMINE = (3.52, 4.02, 4.52)
"""Times [s]."""
EPSILON = 5e-3
BRIAN2 = {"most": 5.72918e-05, "end": 3.47805e-05}
"""Synaptic strength that Brian2 2.9.0 gives: the largest, and the last recorded one."""


@dataclass(frozen=True, eq=False)
class Strength:
    """A synapse over time: `times` [s] and its `strength`, (600,) each."""

    times: np.ndarray
    strength: np.ndarray


def measure() -> Strength:
    """Run it; there is no chance in it."""
    rule = RewardSTDP(
        A_plus=1e-4, A_minus=1.05e-4, tau_e=1.0, rate=1e3, modulator=Dopamine(tau_d=0.2), w_min=-1.0, w_max=1.0
    )
    populations = Population("a", 1, Input()), Population("force", 1, Input()), Population("b", 1, IF(input="jump"))
    between = Projection("a", "b", AllToAll(weight=0.0), rule=rule), Projection("force", "b", AllToAll(weight=2.0))
    steps = round(SECONDS / DT)
    reward = np.zeros(steps)
    reward[np.round(np.array(DOPAMINE) / DT).astype(int)] = EPSILON
    trains = {name: SpikeTrain(t, np.zeros(len(t), int)) for name, t in (("a", PRE), ("force", POST))}
    program = neurobot.build(NetworkSpec(DT, populations, between))
    result = neurobot.simulate(program, trains, SECONDS, record=["a->b.w"], every=EVERY, reward=reward)
    return Strength(result.times, result.traces["a->b.w"][:, 0])


def report(options: Options, figure: Any) -> list[Row]:
    """The strength at its most and at the end, and its course."""
    found = measure()
    axes = figure.subplots()
    axes.plot(found.times, found.strength, color="#0b6e4f")
    for k, time in enumerate(DOPAMINE):
        axes.axvline(time, color="#c1440e", linewidth=0.8, label=None if k else "dopamine")
    for times, name, place in ((PRE, "pre", 0.03), (POST, "post", 0.08)):
        axes.plot(times, [place] * len(times), "|", transform=axes.get_xaxis_transform(), label=name)
    axes.set(xlabel="time [s]", ylabel="synaptic strength")
    axes.legend(fontsize="small", loc="upper left")
    ours = {"most": found.strength.max(), "end": found.strength[-1]}
    words = {"most": "largest strength of the synapse", "end": "its strength after 6 s"}
    return [Row(words[name], f"{BRIAN2[name]:.4e} (Brian2)", f"{ours[name]:.4e}") for name in words]
