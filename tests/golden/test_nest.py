"""Spike for spike with NEST over a second: 450 neurons, each with parameters of its own, delays from 0.1 to 6 ms."""

from dataclasses import replace

import numpy as np
import pytest

import neurobot as nb
from neurobot.simulation import SpikeTrain
from neurobot.spec import LIF, Dense, Input, NetworkSpec, Population, Projection, Sparse
from tests.golden.networks import DT, NETWORKS, uncoupled
from tests.golden.ours import (
    OURS,
    assert_same_spikes,
    current_model,
    jump_model,
    nest_bias,
    nest_psc_delta,
    nest_psc_exp,
    recorded,
    run,
    spec_of,
    spikes_of,
)

SEED = 1


def alive(spikes, n):
    """A network that tells something: most neurons fire, at 5 to 40 Hz in the mean, and not all at once."""
    counts = np.bincount(spikes[:, 1], minlength=n)
    per_ms = np.bincount(spikes[:, 0] // 10, minlength=1000)
    return 5 < counts.mean() < 40 and (counts > 0).mean() > 0.7 and per_ms.var() < 6 * per_ms.mean()


@pytest.mark.parametrize("name", ["psc_delta", "psc_exp", "psc_exp_equal", "psc_exp_alike"])
def test_a_recurrent_network_spikes_as_in_nest(name):
    network = NETWORKS[name](SEED)
    theirs = recorded(f"nest_{name}", network)["spikes"]
    assert alive(theirs, network.n)
    ours = run(network, OURS[f"nest_{name}"](network))
    assert_same_spikes(spikes_of(ours), theirs)


@pytest.mark.parametrize("dense", [False, True])
def test_a_network_in_two_populations_spikes_as_in_one(dense):
    """Excitatory and inhibitory neurons apart, the inhibitory ones first, with every synapse's own delay."""
    network = NETWORKS["psc_delta"](SEED)
    cut = network.n - network.n // 5
    sides = {"inh": slice(cut, network.n), "exc": slice(0, cut)}
    populations = [Population("in", network.sources, Input())]
    for name, side in sides.items():
        part = replace(network, cell={key: values[side] for key, values in network.cell.items()})
        model = jump_model(part, input="jump")
        populations.append(Population(name, side.stop - side.start, model, part.cell["drive"], part.cell["v_init"]))
    between = [block(network.external, "in", slice(0, network.sources), *side, dense) for side in sides.items()]
    between += [block(network.recurrent, *pre, *post, dense) for pre in sides.items() for post in sides.items()]
    ours = run(network, NetworkSpec(DT, tuple(populations), tuple(between)))
    spikes = [np.stack([ours.spikes[s].steps, ours.spikes[s].neurons + sides[s].start], 1) for s in sides]
    together = np.concatenate(spikes)
    together = together[np.lexsort((together[:, 1], together[:, 0]))]
    assert_same_spikes(together, recorded("nest_psc_delta", network)["spikes"])


def block(synapses, pre, from_, post, to, dense):
    """The synapses between two parts of a network as a projection."""
    inside = (synapses.pre >= from_.start) & (synapses.pre < from_.stop)
    some = synapses.where(inside & (synapses.post >= to.start) & (synapses.post < to.stop))
    i, j, delays = some.pre - from_.start, some.post - to.start, some.delay * DT
    if not dense:
        return Projection(pre, post, Sparse(j, i, some.weight, delays))
    shape = to.stop - to.start, from_.stop - from_.start
    weights, times = np.zeros(shape), np.full(shape, DT)
    weights[j, i], times[j, i] = some.weight, delays
    return Projection(pre, post, Dense(weights, times))


def test_equal_time_constants_need_only_one_receptor():
    network = NETWORKS["psc_exp_equal"](SEED)
    spec = spec_of(network, current_model(network, input="end", tau_syn_in=None), bias=nest_bias(network))
    assert_same_spikes(spikes_of(run(network, spec)), recorded("nest_psc_exp_equal", network)["spikes"])


@pytest.mark.parametrize("name", ["psc_exp", "psc_exp_alike"])
def test_a_current_from_the_start_of_a_step_is_one_from_the_end_of_the_step_before(name):
    network = NETWORKS[name](SEED)
    spec = spec_of(network, current_model(network, input="start"), later=1, receptors=True, bias=nest_bias(network))
    assert_same_spikes(spikes_of(run(network, spec)), recorded(f"nest_{name}", network)["spikes"])


def test_membranes_and_currents_are_those_of_nest_after_every_step():
    network = NETWORKS["psc_delta"](SEED)
    theirs = recorded("nest_psc_delta", network)
    two, steps = uncoupled(network, 2), len(theirs["V_m"])
    ours = run(two, nest_psc_delta(two), ("cells.v",), steps)
    np.testing.assert_allclose(ours.traces["cells.v"], theirs["V_m"] * 1e-3, rtol=0, atol=1e-15)
    network = NETWORKS["psc_exp"](SEED)
    theirs, two = recorded("nest_psc_exp", network), uncoupled(network, 2)
    ours = run(two, nest_psc_exp(two), ("cells.v", "cells.i"), steps)
    np.testing.assert_allclose(ours.traces["cells.v"], theirs["V_m"] * 1e-3, rtol=0, atol=1e-15)
    np.testing.assert_allclose(ours.traces["cells.i"], theirs["I_syn_ex"] * 1e-12, rtol=1e-12)


def test_nest_fires_at_the_threshold_and_ours_above_it_so_ours_takes_the_number_below():
    """A jump of exactly the threshold: NEST spikes in step 9 + 3, ours with v_threshold one number lower."""
    theirs = recorded("nest_conventions")
    assert theirs["below"].size == 0
    assert list(theirs["tie"] - 1) == [12]
    for threshold, spikes in ((0.01, []), (np.nextafter(0.01, -np.inf), [12])):
        assert list(one_jump(threshold)) == spikes


def one_jump(threshold):
    """Steps in which a neuron spikes that takes a jump of 0.01 from a spike of step 9, with a delay of 3 steps."""
    cell = LIF(tau_mem=10e-3, v_threshold=threshold, input="jump")
    spec = NetworkSpec(
        DT, (Population("in", 1, Input()), Population("x", 1, cell)), (Projection("in", "x", [[0.01]], delay=3 * DT),)
    )
    result = nb.simulate(nb.build(spec), {"in": SpikeTrain(times=[9 * DT], neurons=[0])}, 5e-3, dtype="float64")
    return result.spikes["x"].steps
