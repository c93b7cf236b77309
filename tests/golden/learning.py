"""Networks, trains and rules that other simulators and ours both run while weights change. Imports numpy only.

Steps are of 0.1 ms, as in `tests.golden.networks`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.golden.networks import DT, STEPS, Network, Synapses, lif, random_synapses

SEED = 3
RECURRENT_DELAY, EXTERNAL_DELAY = 15, 1
"""Ours; theirs is a step less in Brian2."""
MOST = {"recurrent": 1.0e-3, "external": 0.5e-3}
"""Largest weights [V]."""
TAUS = {"tau_plus": 17e-3, "tau_minus": 34e-3, "tau_x": 0.1, "tau_y": 0.11}
PAIRS = {"A_plus": 0.02, "A_minus": 0.015}
TRIPLETS = {"A2_plus": 0.005, "A3_plus": 0.03, "A2_minus": 0.006, "A3_minus": 0.004}
"""In units of the largest weight, in Brian2's count of time; see `tests.golden.test_brian2_learning`."""


def learning_network(n: int = 50, sources: int = 60, rate: float = 30.0) -> Network:
    """Neurons that excite each other, each fifth pair, and sources that reach all of them; one delay each."""
    rng = np.random.default_rng(SEED)
    cell = lif(rng, n)
    recurrent = random_synapses(rng, n, n, 0.2, (0.6e-3, 0.0))
    external = random_synapses(rng, sources, n, 1.0, (0.25e-3, 0.0))
    train = np.argwhere(rng.random((STEPS, sources)) < rate * DT)
    return Network(n, cell, one_delay(recurrent, RECURRENT_DELAY), one_delay(external, EXTERNAL_DELAY), train, sources)


def one_delay(synapses: Synapses, steps: int) -> Synapses:
    """The same synapses with one delay."""
    return replace(synapses, delay=np.full(synapses.pre.size, steps))


DENDRITE = 10
"""Delay of NEST's synapses, which are dendritic [steps]."""
NEST_STEPS = 30_000
NEST_RULES: dict[str, tuple[str, dict[str, Any], float]] = {
    "pairs": ("stdp_synapse", {"lambda": 0.05, "alpha": 1.1, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": 100.0}, 40.0),
    "soft": ("stdp_synapse", {"lambda": 0.05, "alpha": 1.1, "mu_plus": 1.0, "mu_minus": 1.0, "Wmax": 100.0}, 40.0),
    "guetig": ("stdp_synapse", {"lambda": 0.05, "alpha": 1.1, "mu_plus": 0.4, "mu_minus": 0.2, "Wmax": 100.0}, 40.0),
    "nearest": ("stdp_nn_symm_synapse", {"lambda": 0.05, "alpha": 1.1, "mu_plus": 0.4, "mu_minus": 0.2}, 40.0),
    "triplet": ("stdp_triplet_synapse", {"Wmax": 100.0, "Aplus": 0.5, "Aminus": 0.4}, 40.0),
    "vogels": ("vogels_sprekeler_synapse", {"eta": 0.02, "alpha": 0.3, "Wmax": 10.0, "tau": 20.0}, 0.5),
    "dopamine": ("stdp_dopamine_synapse", {"A_plus": 1.0, "A_minus": 1.1, "b": 0.05, "tau_c": 300.0}, 40.0),
}
"""By name: NEST's synapse, its parameters in ms, and the weight at the start."""


def nest_trains(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps of a presynaptic train, of a postsynaptic one as it reaches the synapse, and of dopamine; no two alike.

    The first is presynaptic: NEST's nearest-neighbour synapse takes time 0 for a spike.
    """
    rng = np.random.default_rng(seed)
    steps = rng.permutation(np.arange(100, NEST_STEPS - 500))[:170]
    pre, post, dopamine = (np.sort(part) for part in np.split(steps, [80, 150]))
    return pre, post[post > pre[0]], dopamine


def izhikevich_spikes() -> tuple[np.ndarray, np.ndarray]:
    """(m, 2) (step, neuron) that Brian2's example Izhikevich_2007 stimulates, and the steps of its dopamine."""
    times = np.array([500, 550, 1000, 1010, 1500, 1510, 3500, 3550, 4000, 4010, 4500, 4510])
    neurons = np.array([0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0])
    return np.column_stack([times * 10, neurons]), np.array([3520, 4020, 4520]) * 10
