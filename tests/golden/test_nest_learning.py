"""Weights of NEST's synapses after every presynaptic spike.

NEST's delay is dendritic: what leaves the presynaptic neuron is at the synapse at once, what the postsynaptic neuron
does is there a delay later. Ours is axonal. So with our delay 0 postsynaptic spikes have to come NEST's delay later,
which is how `nest_trains` has them.
"""

import numpy as np
import pytest

import neurobot as nb
from neurobot.program import build
from neurobot.spec import (
    IF,
    STDP,
    Dopamine,
    InhibitorySTDP,
    Input,
    NetworkSpec,
    Population,
    Projection,
    RewardSTDP,
    TripletSTDP,
)
from tests.golden.learning import NEST_RULES, NEST_STEPS, nest_trains
from tests.golden.networks import DT
from tests.golden.ours import recorded

LATER = 2
"""Steps between a neuron's spike and its dopamine in NEST: one of the volume transmitter, and one because a spike is at
its synapse at the end of our step, and a reward at the beginning."""
TAUS = {"tau_plus": 20e-3, "tau_minus": 33.7e-3}


def rule_of(name):
    """NEST's rule in our words; times in seconds."""
    synapse, theirs, _ = NEST_RULES[name]
    if synapse == "vogels_sprekeler_synapse":
        tau = theirs["tau"] * 1e-3
        return InhibitorySTDP(rate=theirs["eta"], target=theirs["alpha"] / (2 * tau), tau=tau, w_max=theirs["Wmax"])
    if synapse == "stdp_triplet_synapse":
        return TripletSTDP(A2_plus=theirs["Aplus"], A2_minus=theirs["Aminus"], w_max=100.0)
    if synapse == "stdp_dopamine_synapse":
        dopamine = Dopamine(tau_d=0.2, baseline=-theirs["b"])
        return RewardSTDP(
            A_plus=theirs["A_plus"], A_minus=theirs["A_minus"], tau_e=theirs["tau_c"] * 1e-3, rate=1e3, w_max=200.0,
            modulator=dopamine, **TAUS,
        )  # fmt: skip
    a_plus = theirs["lambda"] * 100.0
    soft = {"bounds": "soft", "mu_plus": theirs["mu_plus"], "mu_minus": theirs["mu_minus"]}
    pairing = "nearest" if name == "nearest" else "all"
    return STDP(A_plus=a_plus, A_minus=theirs["alpha"] * a_plus, w_max=100.0, pairing=pairing, **soft, **TAUS)


@pytest.mark.parametrize("name", NEST_RULES)
def test_weights_are_those_of_nest_after_every_presynaptic_spike(name):
    seed = list(NEST_RULES).index(name)
    theirs, (pre, post, dopamine) = recorded("nest_learning"), nest_trains(seed)
    populations = (
        Population("in", 1, Input()),
        Population("force", 1, Input()),
        Population("out", 1, IF(input="jump", v_threshold=1e9)),
    )
    between = Projection("in", "out", [[NEST_RULES[name][2]]], rule=rule_of(name)), Projection("force", "out", [[2e9]])
    spikes = np.zeros((NEST_STEPS, 2), bool)
    spikes[pre, 0], spikes[post, 1] = True, True
    reward = np.zeros(NEST_STEPS)
    reward[dopamine + LATER] = 1 / 200
    given = {"reward": reward} if name == "dopamine" else {}
    inputs = {"in": spikes[:, :1], "force": spikes[:, 1:]}
    result = nb.simulate(
        build(NetworkSpec(DT, populations, between)), inputs, NEST_STEPS * DT, record=["in->out.w"], **given
    )
    ours = result.traces["in->out.w"][pre, 0]
    assert len(theirs[f"{name}_weights"]) == pre.size
    np.testing.assert_allclose(ours, theirs[f"{name}_weights"], rtol=1e-10, atol=0)
    assert np.ptp(ours) > 0.05 * ours.max()
