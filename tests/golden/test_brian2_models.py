"""Brian2's neurons with adaptation, exact, over a second: 450 neurons, delays from 0 to 5.9 ms."""

import numpy as np
import pytest

from neurobot.spec import ALIF
from tests.golden.networks import DT, NETWORKS, uncoupled
from tests.golden.ours import assert_same_spikes, membranes, recorded, run, spec_of, spikes_of
from tests.golden.test_brian2 import SEED

CASES = {
    "brian2_adaptive_current": (("b", "tau_w"), {"v": "v", "a": "w"}),
    "brian2_adaptive_threshold": (("beta", "tau_theta"), {"v": "v", "theta": "theta"}),
    "brian2_adaptive_both": (("b", "tau_w", "beta", "tau_theta"), {"v": "v", "a": "w", "theta": "theta"}),
}
"""By file: our parameters, and our names of its traces."""


def adaptive(network, names):
    cell = network.cell
    given = {name: cell[name] for name in names} | {"t_ref": cell["refractory"] * DT}
    model = ALIF(**membranes(network), **given, input="jump_then_decay")
    return spec_of(network, model, bias=cell["drive"])


@pytest.mark.parametrize("file", CASES)
def test_neurons_with_adaptation_spike_as_in_brian2(file):
    network = NETWORKS["adaptive"](SEED)
    names, traces = CASES[file]
    theirs = recorded(file, network)
    assert_same_spikes(spikes_of(run(network, adaptive(network, names))), theirs["spikes"])
    two = uncoupled(network, 2)
    for name, row in traces.items():
        ours = run(two, adaptive(two, names), (f"cells.{row}",), len(theirs[name])).traces[f"cells.{row}"]
        np.testing.assert_allclose(ours, theirs[name], rtol=0, atol=1e-14)
