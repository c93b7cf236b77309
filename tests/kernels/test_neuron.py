"""The update, the test and the reset against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import neuron
from neurobot.kernels.spikes import list_hits
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, listed, same
from tests.twins import kernels as twin


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, refractory=st.booleans(), held=st.sampled_from([1, 2]))
@examples(60)
def test_lif_equals_its_twin(real, n, seed, refractory, held):
    d = Draw(seed, real)
    v, s, alpha, lam, b = (d.normal(n) for _ in range(5))
    wait = d.integers(0, 3, n) if refractory else None
    expected = twin.membrane(v, s, alpha, lam, b, wait, held=held)
    neuron.lif_refractory(v, s, alpha, lam, b, wait, held) if refractory else neuron.lif(v, s, alpha, lam, b)
    same(v, expected)
    assert not s.any()


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, refractory=st.booleans())
@examples(60)
def test_cuba_equals_its_twin(real, n, seed, refractory):
    d = Draw(seed, real)
    v, i, s, alpha, lam, b, kappa, beta, mu = (d.normal(n) for _ in range(9))
    wait = d.integers(0, 3, n) if refractory else None
    expected = twin.membrane(v, s, alpha, lam, b, wait, kappa * i), twin.current(i, s, beta, mu)
    if refractory:
        neuron.cuba_refractory(v, i, s, alpha, lam, b, kappa, beta, mu, wait)
    else:
        neuron.cuba(v, i, s, alpha, lam, b, kappa, beta, mu)
    same(v, expected[0])
    same(i, expected[1])
    assert not s.any()


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, refractory=st.booleans(), held=st.sampled_from([1, 2]))
@examples(60)
def test_neurons_strictly_above_threshold_spike_in_order(real, n, seed, refractory, held):
    d = Draw(seed, real)
    v, theta = d.normal(n), d.normal(n)
    theta[d.rng.random(n) < 0.3] = v[0]
    v[d.rng.random(n) < 0.3] = v[0]  # equal is not above
    hits, spikes = d.hits(n), d.empty_list(n)
    if not refractory:
        neuron.find_spikes(v, theta, hits, spikes)
        assert listed(spikes) == twin.fire(v, theta)[0]
        return
    wait, steps = d.integers(0, 3, n), d.rng.integers(0, 5, n).astype(np.int32)
    fired, after = twin.fire(v, theta, wait, steps, held)
    neuron.find_spikes_refractory(v, theta, wait, steps, held, hits, spikes)
    assert listed(spikes) == fired
    np.testing.assert_array_equal(wait, after)


@pytest.mark.small
@given(real=REALS, n=st.integers(1, 400), seed=SEEDS, p=st.sampled_from([0.0, 0.004, 0.05, 1.0]))
@examples(60)
def test_hits_are_listed_in_order_however_few_of_many_neurons_they_are(real, n, seed, p):
    d = Draw(seed, real)
    hits, spikes, hit = d.hits(n), d.empty_list(n), d.rng.random(n) < p
    hits.view(np.uint8)[:n] = hit
    list_hits(hits, spikes)
    assert listed(spikes) == np.flatnonzero(hit).tolist()


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, subtract=st.booleans())
@examples(40)
def test_reset_touches_only_those_that_spiked(real, n, seed, subtract):
    d = Draw(seed, real)
    v, to = d.normal(n), d.normal(n)
    spikes, fired = d.spikes(n)
    expected = twin.reset(v, to, subtract, fired)
    neuron.reset(v, to, int(subtract), spikes)
    same(v, expected)
