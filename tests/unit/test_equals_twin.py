"""A compiled tick does what the spec says: random controllers against the twin."""

import numpy as np
from hypothesis import given

from neurobot.core import HostCore
from neurobot.spec import Input
from tests.twins.controller import Twin
from tests.unit.strategies import cases, examples, observations


def log(core):
    """Spikes of the last tick as (substep, population, neuron)."""
    names = [(p.name, j) for p in core.program.network.populations for j in range(p.n)]
    return sorted((int(substep), *names[neuron]) for substep, neuron in core.spikes)


@given(case=cases())
@examples(200)
def test_float64_core_equals_the_twin_spike_for_spike(case):
    core = HostCore(case.program, "float64", instance=2, log_spikes=100_000)
    twin = Twin(case.spec, case.synapses, seed=case.program.seed, instance=2)
    for x in observations(1, 6, case.spec.encoder.size):
        assert core.tick(x) == 0
        action = twin.tick(x)
        assert log(core) == sorted(twin.events)
        np.testing.assert_allclose(core.action, action, rtol=0, atol=1e-12)
        for p in twin.populations:
            if not isinstance(p.model, Input):
                np.testing.assert_allclose(core.block(f"{p.name}.v"), p.v, rtol=1e-12, atol=1e-12)
            for name in ("i", "i_in"):
                if f"{p.name}.{name}" in case.program.blocks["state"]:
                    np.testing.assert_allclose(core.block(f"{p.name}.{name}"), getattr(p, name), rtol=1e-12, atol=1e-12)
