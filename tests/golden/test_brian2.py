"""Spike for spike with Brian2's exact integration over a second: 450 neurons, delays from 0 to 5.9 ms."""

from dataclasses import replace

import numpy as np
import pytest

from tests.golden.networks import NETWORKS, tutorial, uncoupled
from tests.golden.ours import (
    assert_same_spikes,
    brian2_current,
    brian2_jump,
    recorded,
    run,
    spikes_of,
)

SEED = 2


def with_refractory(network, steps):
    return replace(network, cell=network.cell | {"refractory": np.full(network.n, steps)})


def test_a_recurrent_network_with_refractory_times_spikes_as_in_brian2():
    """In either order of resets and synapses, since a refractory v takes no input."""
    network = NETWORKS["psc_delta"](SEED)
    theirs = recorded("brian2_jump", network)
    np.testing.assert_array_equal(theirs["spikes"], theirs["default_schedule"])
    assert_same_spikes(spikes_of(run(network, brian2_jump(network))), theirs["spikes"])


def test_without_refractoriness_and_with_resets_before_synapses_t_ref_is_0():
    network = NETWORKS["psc_delta"](SEED)
    theirs = recorded("brian2_jump", network)["free"]
    assert_same_spikes(spikes_of(run(network, brian2_jump(with_refractory(network, 0)))), theirs)


def test_brian2_loses_what_arrives_in_the_step_of_a_reset_by_default_and_ours_with_t_ref_dt():
    network = NETWORKS["psc_delta"](SEED)
    theirs = recorded("brian2_jump", network)
    assert len(theirs["free"]) != len(theirs["free_default_schedule"])
    ours = run(network, brian2_jump(with_refractory(network, 1)))
    assert_same_spikes(spikes_of(ours), theirs["free_default_schedule"])


def test_a_current_based_network_spikes_as_in_brian2():
    """A current from the start of a step, with Brian2's delay + dt; v is held for t_ref - dt in Brian2."""
    network = NETWORKS["current"](SEED)
    theirs = recorded("brian2_current", network)
    spec = brian2_current(network)
    assert_same_spikes(spikes_of(run(network, spec)), theirs["spikes"])


def test_membranes_and_currents_are_those_of_brian2_after_every_step():
    network = NETWORKS["psc_delta"](SEED)
    theirs, two = recorded("brian2_jump", network)["v"], uncoupled(network, 2)
    ours = run(two, brian2_jump(two), ("cells.v",), len(theirs))
    np.testing.assert_allclose(ours.traces["cells.v"], theirs, rtol=0, atol=1e-15)
    network = NETWORKS["current"](SEED)
    theirs, two = recorded("brian2_current", network), uncoupled(network, 2)
    ours = run(two, brian2_current(two), ("cells.v", "cells.i"), len(theirs["v"]))
    np.testing.assert_allclose(ours.traces["cells.v"], theirs["v"], rtol=0, atol=1e-15)


@pytest.mark.parametrize(("w", "key"), [(1.62e-3, "spikes"), (0.2e-3, "spikes_weak")])
def test_the_tutorial_network_with_a_drive_spikes_as_in_brian2(w, key):
    network = tutorial(w=w)
    theirs = recorded("brian2_tutorial")[key]
    assert len(theirs) > 400
    assert_same_spikes(spikes_of(run(network, brian2_jump(network))), theirs)


def test_the_membranes_of_the_tutorial_network_are_those_of_brian2():
    network, theirs = tutorial(), recorded("brian2_tutorial", tutorial())["v"]
    ours = run(network, brian2_jump(network), ("cells.v",), len(theirs))
    np.testing.assert_allclose(ours.traces["cells.v"], theirs, rtol=0, atol=1e-14)


def test_the_tutorial_network_without_a_drive_never_spikes():
    network, theirs = tutorial(drive=False), recorded("brian2_tutorial")
    ours = run(network, brian2_jump(network), ("cells.v",), len(theirs["v_silent"]))
    assert len(spikes_of(ours)) == len(theirs["spikes_silent"]) == 0
    np.testing.assert_allclose(ours.traces["cells.v"], theirs["v_silent"], rtol=0, atol=1e-15)
