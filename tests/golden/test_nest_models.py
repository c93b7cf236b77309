"""NEST's other neuron models, over a second: 450 neurons, each with parameters of its own, delays from 0.1 to 6 ms."""

import numpy as np
import pytest

from tests.golden.networks import NETWORKS, uncoupled
from tests.golden.our_models import adex, alpha, coba, izhikevich
from tests.golden.ours import assert_same_spikes, recorded, run, spikes_of
from tests.golden.test_nest import SEED


def traces(network, spec_of_some, variables, unit=1.0, rtol=0.0, atol=0.0):
    """Compare variables of the first neurons, alone, with what was recorded after every step."""
    ours, theirs = variables
    two = uncoupled(network, 2)
    given = run(two, spec_of_some(two), (f"cells.{ours}",), len(theirs))
    np.testing.assert_allclose(given.traces[f"cells.{ours}"], theirs * unit, rtol=rtol, atol=atol)


@pytest.mark.parametrize(("convention", "later"), [("end", 0), ("start", 1)])
def test_alpha_currents_give_the_spikes_of_nest(convention, later):
    network = NETWORKS["psc_alpha"](SEED)
    ours = run(network, alpha(network, later, input=convention))
    assert_same_spikes(spikes_of(ours), recorded("nest_psc_alpha", network)["spikes"])


def test_membranes_and_alpha_currents_are_those_of_nest():
    network = NETWORKS["psc_alpha"](SEED)
    theirs = recorded("nest_psc_alpha", network)
    traces(network, lambda some: alpha(some, input="end"), ("v", theirs["V_m"]), 1e-3, atol=1e-14)
    traces(network, lambda some: alpha(some, input="end"), ("i", theirs["I_syn_ex"]), 1e-12, rtol=1e-11)


@pytest.mark.parametrize(
    ("scheme", "file", "same"), [("euler", "nest_izhikevich", 7000), ("half_steps", "nest_izhikevich_2003", 10_000)]
)
def test_izhikevich_neurons_spike_as_in_nest(scheme, file, same):
    """Alone to the last bit. Coupled, what arrives is added up in another order than in NEST, and chaos finds it."""
    network = NETWORKS["izhikevich"](SEED)
    theirs = recorded(file, network)
    alone = uncoupled(network, network.n)
    assert_same_spikes(spikes_of(run(alone, izhikevich(alone, scheme=scheme))), theirs["uncoupled"])
    ours, wanted = spikes_of(run(network, izhikevich(network, scheme=scheme))), theirs["spikes"]
    assert_same_spikes(ours[ours[:, 0] < same], wanted[wanted[:, 0] < same])
    assert len(ours) == pytest.approx(len(wanted), rel=0.01)
    for name, row in (("V_m", "v"), ("U_m", "u")):
        traces(network, lambda some: izhikevich(some, scheme=scheme), (row, theirs[name]))


@pytest.mark.parametrize(("name", "conductance"), [("aeif_psc_exp", False), ("aeif_cond_exp", True)])
def test_adex_neurons_spike_as_in_nest(name, conductance):
    """Coupled, spike for spike; alone, one of thousands of spikes falls into the step beside it.

    v against NEST with its tolerance at 1e-12, in mV; w in pA.
    """
    network = NETWORKS[name](SEED)
    theirs = recorded(f"nest_{name}", network)
    assert_same_spikes(spikes_of(run(network, adex(network, conductance))), theirs["spikes"])
    alone = uncoupled(network, network.n)
    by_time(spikes_of(run(alone, adex(alone, conductance))), theirs["uncoupled"], steps=1, moved=1)
    worst = (2e-3, 2e-4) if conductance else (2e-6, 2e-6)
    for variable, row, unit, atol in (("V_m", "v", 1e-3, worst[0]), ("w", "w", 1e-12, worst[1])):
        wanted = theirs[f"{variable}_tight"]
        traces(network, lambda some: adex(some, conductance), (row, wanted), unit, atol=atol * unit)


def by_time(ours, theirs, steps, moved):
    """Every neuron spikes as often as theirs, all but some times in the same step, and those within some steps."""
    off = []
    for j in np.union1d(ours[:, 1], theirs[:, 1]):
        a, b = ours[ours[:, 1] == j, 0], theirs[theirs[:, 1] == j, 0].astype(int)
        assert len(a) == len(b), j
        off += np.abs(a - b).tolist()
    assert max(off) <= steps
    assert np.count_nonzero(off) <= moved


def test_conductance_based_neurons_spike_as_in_nest():
    network = NETWORKS["cond_exp"](SEED)
    theirs = recorded("nest_cond_exp", network)
    alone = uncoupled(network, network.n)
    assert_same_spikes(spikes_of(run(network, coba(network))), theirs["spikes"])
    assert_same_spikes(spikes_of(run(alone, coba(alone))), theirs["uncoupled"])
    traces(network, coba, ("v", theirs["V_m"]), 1e-3, atol=2e-11)
    traces(network, coba, ("g", theirs["g_ex"]), 1e-9, atol=1e-18)
