"""Noise currents have the statistics of NEST's noise_generator."""

import numpy as np

from neurobot.program import build
from neurobot.simulation import simulate
from neurobot.spec import LIF, NetworkSpec, Noise, Population
from tests.golden.ours import recorded


def test_mean_and_variance_of_v_are_those_of_nest():
    """Into iaf_psc_delta with tau_m = 10 ms and C_m = 250 pF, so r = 40 megohm: 100 +- 200 pA, anew every 0.1 ms."""
    nest = recorded("nest_noise")
    model = LIF(tau_mem=10e-3, r=40e6, v_threshold=1e3, input="jump")
    cells = Population("cells", 4000, model, bias=100e-12, noise=Noise(std=200e-12))
    result = simulate(build(NetworkSpec(1e-4, (cells,))), {}, 0.4, record=["cells.v"], every=500)
    v = result.traces["cells.v"][2:] * 1e3  # 100 ms apart from the start, then every 50 ms
    mean, variance = (float(f(v)) for f in (np.mean, np.var))
    errors = np.sqrt(variance / v.size), variance * np.sqrt(2 / v.size)
    for ours, error, name in ((mean, errors[0], "mean_0.1ms"), (variance, errors[1], "variance_0.1ms")):
        theirs, their_error = nest[name]
        assert abs(ours - theirs) < 4 * np.hypot(error, their_error)
