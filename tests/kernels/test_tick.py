"""The interpreter with all of its ops: a few whole ticks, here also plain and with bounds checked."""

import numpy as np
import pytest
from hypothesis import given

from neurobot.core import BatchCore, HostCore
from neurobot.kernels import ops
from neurobot.kernels.status import BAD_ACTION, BAD_OBSERVATION, OK
from neurobot.spec import Membrane
from tests.twins.controller import Twin
from tests.unit.strategies import cases, examples, observations


@pytest.mark.small
@given(case=cases())
@examples(25)
def test_a_tick_equals_the_twin(case):
    core = HostCore(case.program, "float64")
    twin = Twin(case.spec, case.synapses, seed=case.program.seed)
    for x in observations(2, 3, case.spec.encoder.size):
        assert core.tick(x) == OK
        np.testing.assert_allclose(core.action, twin.tick(x), rtol=0, atol=1e-12)
        assert core.ints[ops.SPIKES] == len(twin.events)


@pytest.mark.small
@given(case=cases())
@examples(10)
def test_a_batch_equals_the_host(case):
    core, batch = HostCore(case.program, instance=1), BatchCore(case.program, 2)
    for x in observations(2, 2, case.spec.encoder.size):
        core.tick(x)
        batch.tick(np.stack([x, x]))
        assert core.state.tobytes() == batch.state[1].tobytes()


@pytest.mark.small
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@given(case=cases())
@examples(5)
def test_a_bad_observation_changes_nothing(bad, case):
    core = HostCore(case.program)
    x = observations(2, 1, case.spec.encoder.size)[0]
    core.tick(x)
    before, action = core.snapshot(), core.action.copy()
    x[-1] = bad
    assert core.tick(x) == BAD_OBSERVATION
    assert core.state.tobytes() == before.tobytes()
    assert core.action.tobytes() == action.tobytes()


@pytest.mark.small
@given(case=cases().filter(lambda c: isinstance(c.spec.decoder, Membrane)))
@examples(8)
def test_a_read_out_that_is_not_finite_sends_nothing_and_carry_0_ends_it(case):
    core = HostCore(case.program)
    core.block("out.v")[:] = np.nan
    before = core.action.copy()
    status = core.tick(observations(2, 1, case.spec.encoder.size)[0])
    assert status == (BAD_ACTION if case.spec.carry else OK)
    assert np.isfinite(core.action).all()
    assert status == OK or core.action.tobytes() == before.tobytes()
