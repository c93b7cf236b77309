"""Spike for spike and weight for weight with Brian2 while all weights of a network change, and Izhikevich's figure.

In Brian2 a spike that arrives in step k moves v in the next one, so our delay is theirs + dt, and so the arrival is a
step later for the rule too. Pairs that Brian2 sees t apart are t - dt apart for us: what is later than its arrival has
its weight with A_plus exp(-dt / tau_plus), what is earlier with A_minus exp(dt / tau_minus). What Brian2 sees at once
depresses here, so there `synapses.post.order = -2` takes the place of the default order.
"""

import math

import numpy as np
import pytest

import neurobot as nb
from neurobot.core import HostCore
from neurobot.program import build
from neurobot.simulation import SpikeTrain
from neurobot.spec import (
    IF,
    STDP,
    Dopamine,
    Input,
    NetworkSpec,
    Population,
    Projection,
    RewardSTDP,
    Sparse,
    TripletSTDP,
)
from tests.golden.learning import (
    EXTERNAL_DELAY,
    MOST,
    PAIRS,
    RECURRENT_DELAY,
    TAUS,
    TRIPLETS,
    izhikevich_spikes,
    learning_network,
)
from tests.golden.networks import DT
from tests.golden.ours import assert_same_spikes, jump_model, recorded, spikes_of


def rule_of(name, most):
    """Brian2's numbers in our count of time."""
    later, earlier = math.exp(-DT / TAUS["tau_plus"]), math.exp(DT / TAUS["tau_minus"])
    taus = {"tau_plus": TAUS["tau_plus"], "tau_minus": TAUS["tau_minus"]}
    if name == "triplet":
        a = {key: most * value * (later if key.endswith("plus") else earlier) for key, value in TRIPLETS.items()}
        return TripletSTDP(w_max=most, tau_x=TAUS["tau_x"], tau_y=TAUS["tau_y"], **taus, **a)
    pairing = "nearest" if name == "nearest" else "all"
    a_plus, a_minus = most * PAIRS["A_plus"] * later, most * PAIRS["A_minus"] * earlier
    return STDP(w_max=most, A_plus=a_plus, A_minus=a_minus, pairing=pairing, **taus)


def ours(network, name):
    """Our network, its recurrent synapses indexed and the external ones dense."""
    cells = Population("cells", network.n, jump_model(network, input="jump_then_decay"), v_init=network.cell["v_init"],
                       bias=network.cell["drive"])  # fmt: skip
    populations = Population("in", network.sources, Input()), cells
    r, e = network.recurrent, network.external
    dense = np.zeros((network.n, network.sources))
    dense[e.post, e.pre] = e.weight
    between = (
        Projection("cells", "cells", Sparse(r.post, r.pre, r.weight), RECURRENT_DELAY * DT,
                   rule=rule_of(name, MOST["recurrent"])),
        Projection("in", "cells", dense, EXTERNAL_DELAY * DT, rule=rule_of(name, MOST["external"])),
    )  # fmt: skip
    return NetworkSpec(DT, populations, between)


@pytest.mark.parametrize("name", ["pairs", "nearest", "triplet"])
def test_a_network_that_learns_spikes_as_in_brian2_and_ends_with_its_weights(name):
    network = learning_network()
    theirs = recorded("brian2_learning", network)
    train = SpikeTrain(times=network.train[:, 0] * DT, neurons=network.train[:, 1])
    result = nb.simulate(build(ours(network, name)), {"in": train}, 1.0)
    assert_same_spikes(spikes_of(result), theirs[f"{name}_spikes"])
    for part, projection in (("recurrent", "cells->cells"), ("external", "in->cells")):
        synapses, weights = getattr(network, part), theirs[f"{name}_{part}"]
        learnt = result.program.weights(projection)[synapses.post, synapses.pre]
        np.testing.assert_allclose(learnt, weights, rtol=0, atol=1e-12 * MOST[part])
        assert np.abs(weights - synapses.weight).mean() > 0.02 * MOST[part]


def test_dopamine_makes_weights_of_what_went_before_as_in_izhikevichs_figure():
    """Fig. 1c of Izhikevich (2007) by Brian2's example, whose Euler steps leave some tenths of a per cent."""
    theirs, (stimuli, dopamine) = recorded("brian2_izhikevich_2007"), izhikevich_spikes()
    rule = RewardSTDP(
        A_plus=1e-4, A_minus=1.05e-4, tau_e=1.0, rate=1e3, modulator=Dopamine(tau_d=0.2), w_min=-1.0, w_max=1.0
    )
    populations = Population("a", 1, Input()), Population("force", 1, Input()), Population("b", 1, IF(input="jump"))
    between = Projection("a", "b", [[0.0]], rule=rule), Projection("force", "b", [[2.0]])
    core = HostCore(build(NetworkSpec(DT, populations, between)), "float64", learn=True)
    s, c = np.zeros((2, 600))
    fired = {tuple(row) for row in stimuli.tolist()}
    for k in range(60_000):
        if k % 100 == 0:
            s[k // 100] = core.block("a->b.w")[0, 0]
            c[k // 100] = core.block("a->b.e")[0, 0] * core.block("a->b.factor")[0]
        core.tick(np.array([(k, 0) in fired, (k, 1) in fired]), 5e-3 * (k in dopamine))
    np.testing.assert_allclose(c, theirs["c"], rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(s, theirs["s"], rtol=3e-3, atol=1e-7)
    assert theirs["s"].max() > 5e-5
