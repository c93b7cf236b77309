"""Spike for spike with single layers of snnTorch, Norse and SpikingJelly over 600 steps in float64.

Their decays are factors per step or Euler's, so time constants are -dt / ln(decay). Each case is a row of
docs/conventions.md.
"""

import math

import numpy as np
import pytest

import neurobot as nb
from neurobot.spec import IF, LIF, CubaLIF, Input, NetworkSpec, Population, Projection
from tests.golden.layers import DT, STEPS, layer
from tests.golden.ours import assert_same_spikes, recorded


def tau(decay):
    return -DT / math.log(decay)


def at_or_above(threshold):
    """The threshold that makes our `>` their `>=`."""
    return np.nextafter(threshold, -np.inf)


BETA, ALPHA = 0.9, 0.8
NORSE = {"tau_mem": tau(1 - DT * 100.0), "v_leak": 0.1, "v_reset": -0.1}  # 1 / tau_mem = 100, 1 / tau_syn = 200
NORSE_CURRENT = {"tau_syn": tau(1 - DT * 200.0), "w_in": DT * 100.0, "input": "unscaled"}
JELLY = {"tau_mem": tau(1 - 1 / 5.0), "v_leak": -0.1, "v_reset": -0.1}

MODELS = {
    "snntorch_leaky_subtract": LIF(
        tau_mem=tau(BETA), v_threshold=2.0, input="jump", reset="subtract", v_subtract=2.0 / BETA
    ),
    "snntorch_leaky_zero": LIF(tau_mem=tau(BETA), v_threshold=2.0, input="jump"),
    "snntorch_synaptic_subtract": CubaLIF(
        tau_mem=tau(BETA), tau_syn=tau(ALPHA), v_threshold=8.0, input="unscaled", reset="subtract",
        v_subtract=8.0 / BETA,
    ),
    "snntorch_synaptic_zero": CubaLIF(
        tau_mem=tau(BETA), tau_syn=tau(ALPHA), v_threshold=8.0, input="unscaled", t_ref=DT
    ),
    "norse_lif": CubaLIF(**NORSE, **NORSE_CURRENT, v_threshold=1.0),
    "norse_lif_box": LIF(**NORSE, v_threshold=0.5, input="current"),
    "norse_lif_recurrent": CubaLIF(tau_mem=NORSE["tau_mem"], **NORSE_CURRENT, v_threshold=1.0),
    "spikingjelly_lif": LIF(**JELLY, v_threshold=at_or_above(0.5), input="current"),
    "spikingjelly_lif_free": LIF(**JELLY, v_threshold=at_or_above(2.0), input="jump"),
    "spikingjelly_lif_soft": LIF(
        tau_mem=JELLY["tau_mem"], v_threshold=at_or_above(0.5), input="current", reset="subtract", v_subtract=0.5
    ),
    "spikingjelly_if": IF(v_threshold=at_or_above(3.0), input="jump"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_layer_spikes_as_in_its_framework(name):
    given, theirs = layer(), recorded("frameworks")[name]
    n, n_in = given.weights.shape
    assert 0.02 < len(theirs) / (n * STEPS) < 0.6
    between = [Projection("in", "cells", given.weights)]
    if name == "norse_lif_recurrent":
        between.append(Projection("cells", "cells", given.recurrent, delay=DT))
    spec = NetworkSpec(DT, (Population("in", n_in, Input()), Population("cells", n, MODELS[name])), tuple(between))
    result = nb.simulate(nb.build(spec), {"in": given.spikes}, STEPS * DT, dtype="float64")
    spikes = result.spikes["cells"]
    assert_same_spikes(np.stack([spikes.steps, spikes.neurons], 1), theirs)
