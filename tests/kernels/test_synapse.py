"""Deliveries against their twins: equal to the last bit, so the order of additions is the documented one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import synapse
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import kernels as twin


def csr(d, n_pre, n_post):
    """Random synapses by presynaptic neuron; pairs may occur twice, neurons may have none."""
    indptr = np.concatenate([[0], np.cumsum(d.rng.integers(0, 7, n_pre))]).astype(np.int32)
    return indptr, d.rng.integers(0, n_post, indptr[-1]).astype(np.int32), d.normal(int(indptr[-1]))


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS, p=st.sampled_from([0.1, 0.5, 1.0]))
@examples(60)
def test_dense_adds_rows_in_the_documented_order(real, n_pre, n_post, seed, p):
    d = Draw(seed, real)
    weights, s = d.normal(n_pre, n_post), d.normal(n_post, scale=100)
    spikes, fired = d.spikes(n_pre, p)
    expected = twin.dense(weights, fired, s)
    assert synapse.dense(weights.reshape(-1), n_post, spikes, s) == len(fired) * n_post
    same(s, expected)


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS)
@examples(60)
def test_sparse_equals_its_twin(real, n_pre, n_post, seed):
    d = Draw(seed, real)
    indptr, indices, weights = csr(d, n_pre, n_post)
    spikes, fired = d.spikes(n_pre)
    s = d.normal(n_post)
    expected = twin.sparse(weights, indptr, indices, fired, s)
    done = synapse.sparse(weights, indptr, indices, spikes, s)
    assert done == sum(indptr[j + 1] - indptr[j] for j in fired)
    same(s, expected)


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS, slots=st.integers(1, 6), step=st.integers(0, 10**12))
@examples(60)
def test_scatter_and_gather_equal_their_twins(real, n_pre, n_post, seed, slots, step):
    d = Draw(seed, real)
    indptr, indices, weights = csr(d, n_pre, n_post)
    delays = d.rng.integers(0, slots, weights.size).astype(np.int32)
    spikes, fired = d.spikes(n_pre)
    ring, s = d.normal(slots, n_post), d.normal(n_post)
    expected = twin.scatter(weights, indptr, indices, delays, fired, ring, step)
    flat = ring.reshape(-1)
    synapse.scatter(weights, indptr, indices, delays, spikes, flat, slots, n_post, np.int64(step))
    same(ring, expected)
    now, total = ring[step % slots], s + ring[step % slots]
    synapse.gather(now, s)
    same(s, total)
    assert not now.any()


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS)
@examples(40)
def test_drive_equals_its_twin(real, n_pre, n_post, seed):
    d = Draw(seed, real)
    weights, act, gain, out = d.normal(n_pre, n_post), d.normal(n_pre), d.normal(1), d.normal(n_post)
    assert synapse.drive(weights.reshape(-1), act, gain, out) == n_pre * n_post
    same(out, twin.drive(weights, act, gain[0]))


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, delay=st.integers(0, 4))
@examples(40)
def test_a_held_current_arrives_after_its_delay(real, n, seed, delay):
    d = Draw(seed, real)
    history, s = np.zeros((delay + 1, n), d.real), d.normal(n)
    expected, flat = history.copy(), history.reshape(-1)
    for step in range(2 * delay + 3):
        now = d.normal(n)
        expected, total = twin.held(now, expected, delay, step, s)
        synapse.held(now, flat, delay + 1, delay, np.int64(step), s)
        same(s, total)
        same(history, expected)
