"""The integer kernel is its twin, bit for bit: spikes, actions, state; and what is refused changes nothing."""

import numpy as np
import pytest

from neurobot.core.fixed_network import FixedNetwork
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.kernels.fixed_networks import random_input, random_network
from tests.twins.fixed import FixedTwin


def same_run(image, ticks, seed):
    """Neuron-steps that a run compared."""
    rng = np.random.default_rng(seed)
    core, twin = FixedNetwork(image, log_spikes=4096), FixedTwin(image.to_bytes())
    for _ in range(ticks):
        kind, data = random_input(rng, image)
        assert core.tick(kind, data) == OK
        assert twin.tick(kind, data) == core.last.tolist()
        fired = core.events[1 : 1 + 2 * core.events[0]].reshape(-1, 2).tolist()
        assert [tuple(pair) for pair in fired] == twin.fired
        assert core.spikes == len(twin.fired)
        assert core.state.tobytes() == twin.state()
    assert core.digest() == twin.digest()
    return ticks * image.substeps * image.header(fx.W_NEURONS)


@pytest.mark.parametrize("extreme", [False, True])
def test_random_networks_run_as_their_twins_do(extreme):
    assert sum(same_run(random_network(seed, extreme), 20, seed) for seed in range(60)) > 200_000
