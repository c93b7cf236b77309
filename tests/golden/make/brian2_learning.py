"""What is recorded of Brian2 while weights change; see `tests.golden.make` for the format of the files."""

from __future__ import annotations

import brian2 as b2
import numpy as np

from tests.golden.learning import MOST, PAIRS, TAUS, TRIPLETS, izhikevich_spikes, learning_network
from tests.golden.make.brian2_run import RESETS_FIRST, cells, sources
from tests.golden.make.save import save
from tests.golden.networks import DT, STEPS, Network, Synapses

MADE_BY = f"Brian2 {b2.__version__}"
TRACES = """
w : volt
w_max : volt (constant)
dx/dt = -x / tau_plus : 1 (event-driven)
dy/dt = -y / tau_minus : 1 (event-driven)
dx_slow/dt = -x_slow / tau_x : 1 (event-driven)
dy_slow/dt = -y_slow / tau_y : 1 (event-driven)
"""
RULES = {
    "pairs": (
        "v_post += w; x += 1; w = clip(w - A_minus * w_max * y, 0 * volt, w_max)",
        "y += 1; w = clip(w + A_plus * w_max * x, 0 * volt, w_max)",
    ),
    "nearest": (
        "v_post += w; x = 1; w = clip(w - A_minus * w_max * y, 0 * volt, w_max)",
        "y = 1; w = clip(w + A_plus * w_max * x, 0 * volt, w_max)",
    ),
    "triplet": (
        "v_post += w; x += 1; w = clip(w - w_max * y * (A2_minus + A3_minus * x_slow), 0 * volt, w_max); x_slow += 1",
        "y += 1; w = clip(w + w_max * x * (A2_plus + A3_plus * y_slow), 0 * volt, w_max); y_slow += 1",
    ),
}


def connect(pre: b2.Group, post: b2.Group, synapses: Synapses, rule: str, most: float) -> b2.Synapses:
    """Synapses that learn: Brian2's delay is ours - dt; within a step postsynaptic spikes come ahead of arrivals."""
    on_pre, on_post = RULES[rule]
    names = {name: value * b2.second for name, value in TAUS.items()} | PAIRS | TRIPLETS
    out = b2.Synapses(pre, post, TRACES, on_pre=on_pre, on_post=on_post, namespace=names)
    out.connect(i=synapses.pre, j=synapses.post)
    out.w_, out.w_max_ = synapses.weight, most
    out.post.order = -2  # pre has -1
    out.pre.delay_ = (synapses.delay - 1) * DT
    return out


def run(network: Network, rule: str) -> dict[str, np.ndarray]:
    """Spikes as (m, 2) (step, neuron), and weights at the end, in order of the network's synapses."""
    b2.start_scope()
    b2.defaultclock.dt = DT * b2.second
    group, outside = cells("jump", network), sources(network)
    recurrent = connect(group, group, network.recurrent, rule, MOST["recurrent"])
    external = connect(outside, group, network.external, rule, MOST["external"])
    spikes = b2.SpikeMonitor(group)
    simulation = b2.Network(group, outside, recurrent, external, spikes)
    simulation.schedule = RESETS_FIRST
    simulation.run(STEPS * DT * b2.second)
    found = np.stack([np.rint(np.asarray(spikes.t) / DT), np.asarray(spikes.i)], 1).astype(np.int32)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    return {f"{rule}_spikes": found, f"{rule}_recurrent": recurrent.w_[:], f"{rule}_external": external.w_[:]}


def izhikevich() -> dict[str, np.ndarray]:
    """s and c every 10 ms in Brian2's example Izhikevich_2007, Fig. 1c of the paper, its second phase alone."""
    b2.start_scope()
    b2.defaultclock.dt = DT * b2.second
    stimuli, dopamine = izhikevich_spikes()
    neurons = b2.SpikeGeneratorGroup(2, stimuli[:, 1], stimuli[:, 0] * DT * b2.second)
    reward = b2.SpikeGeneratorGroup(1, np.zeros(len(dopamine), int), dopamine * DT * b2.second)
    equations = """
    dc/dt = -c / (1000*ms) : 1 (clock-driven)
    dd/dt = -d / (200*ms) : 1 (clock-driven)
    ds/dt = c * d / (1*ms) : 1 (clock-driven)
    dApre/dt = -Apre / (20*ms) : 1 (event-driven)
    dApost/dt = -Apost / (20*ms) : 1 (event-driven)
    """
    # the example cuts c and s off at 0.01, which neither reaches
    synapse = b2.Synapses(
        neurons, neurons, equations, method="euler",
        on_pre="Apre += 1e-4; c += Apost", on_post="Apost -= 1.05e-4; c += Apre",
    )  # fmt: skip
    synapse.connect(i=0, j=1)
    release = b2.Synapses(reward, synapse, on_pre="d_post += 5e-3")
    release.connect()
    monitor = b2.StateMonitor(synapse, ["s", "c", "d"], record=True, dt=10 * b2.ms)
    b2.Network(neurons, reward, synapse, release, monitor).run(6 * b2.second)
    return {name: getattr(monitor, name)[0] for name in ("s", "c", "d")}


def main() -> None:
    """Record everything."""
    network = learning_network()
    out: dict[str, np.ndarray] = {}
    for rule in RULES:
        out |= run(network, rule)
    save("brian2_learning", f"{MADE_BY} exact", network.digest, out)
    save("brian2_izhikevich_2007", f"{MADE_BY} euler, steps of 0.1 ms", "", izhikevich())
