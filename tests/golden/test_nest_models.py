"""NEST's other neuron models, over a second: 450 neurons, each with parameters of its own, delays from 0.1 to 6 ms."""

import numpy as np
import pytest

from neurobot.spec import AlphaLIF
from tests.golden.networks import NETWORKS, uncoupled
from tests.golden.ours import assert_same_spikes, membranes, recorded, run, spec_of, spikes_of
from tests.golden.test_nest import DT, SEED, bias

UNITS = {"V_m": 1e-3, "I_syn_ex": 1e-12}


def traces(network, spec_of_some, variables, rtol=0.0, atol=0.0):
    """Compare variables of the first neurons, alone, with what was recorded after every step."""
    name, ours, theirs = variables
    two = uncoupled(network, 2)
    given = run(two, spec_of_some(two), (f"cells.{ours}",), len(theirs))
    np.testing.assert_allclose(given.traces[f"cells.{ours}"], theirs * UNITS[name], rtol=rtol, atol=atol)


def alpha(network, later=0, **kind):
    cell = network.cell
    model = AlphaLIF(
        **membranes(network), tau_syn=cell["tau_syn"], tau_syn_in=cell["tau_syn_in"], r=cell["tau_mem"] / cell["c_mem"],
        t_ref=cell["refractory"] * DT, **kind,
    )  # fmt: skip
    return spec_of(network, model, later, receptors=True, bias=bias(network))


@pytest.mark.parametrize(("convention", "later"), [("end", 0), ("start", 1)])
def test_alpha_currents_give_the_spikes_of_nest(convention, later):
    network = NETWORKS["psc_alpha"](SEED)
    ours = run(network, alpha(network, later, input=convention))
    assert_same_spikes(spikes_of(ours), recorded("nest_psc_alpha", network)["spikes"])


def test_membranes_and_alpha_currents_are_those_of_nest():
    network = NETWORKS["psc_alpha"](SEED)
    theirs = recorded("nest_psc_alpha", network)
    traces(network, lambda some: alpha(some, input="end"), ("V_m", "v", theirs["V_m"]), atol=1e-14)
    traces(network, lambda some: alpha(some, input="end"), ("I_syn_ex", "i", theirs["I_syn_ex"]), rtol=1e-11)
