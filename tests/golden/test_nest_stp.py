"""Short-term plasticity is that of NEST's tsodyks2_synapse."""

import numpy as np
import pytest

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import LIF, CubaLIF, Input, NetworkSpec, Population, Projection, TsodyksMarkram
from tests.golden.networks import DT, STP, stp_train
from tests.golden.ours import recorded

MODELS = {
    "psc_delta": (LIF(tau_mem=10e-3, v_threshold=1e6, input="jump"), 100.0),
    "psc_exp": (CubaLIF(tau_mem=10e-3, tau_syn=3e-3, r=40.0, v_threshold=1e6, input="end"), 100e-3),
}
"""In mV, and where r is in megohm in nA."""


@pytest.mark.parametrize("name", MODELS)
def test_postsynaptic_potentials_are_those_of_nest(name):
    nest, (model, weight) = recorded("nest_stp")[f"tsodyks2_{name}"], MODELS[name]
    names = [f"cells{k}" for k in range(len(STP))]
    projections = [
        Projection("in", to, [[weight]], delay=3 * DT, stp=TsodyksMarkram(u=u, tau_rec=rec, tau_facil=facil))
        for to, (u, rec, facil) in zip(names, STP, strict=True)
    ]
    cells = [Population(to, 1, model) for to in names]
    core = HostCore(build(NetworkSpec(DT, (Population("in", 1, Input()), *cells), tuple(projections))), "float64")
    ours, train = np.zeros_like(nest), set(stp_train().tolist())
    for k in range(len(nest)):
        core.tick(np.array([k in train]))
        ours[k] = [core.block(f"{to}.v")[0] for to in names]
    assert nest.max() > 0.4
    np.testing.assert_allclose(ours, nest, rtol=1e-10, atol=1e-12)
