"""OneHot, Latency, Delta, Phase and Burst against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import codes
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, listed, same
from tests.twins import kernels as twin


def activations(d, n):
    """Some of them at the ends of [0, 1]."""
    act = d.uniform(n)
    ends = d.rng.random(n) < 0.3
    act[ends] = d.rng.integers(0, 2, ends.sum())
    return act


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, per_dim=st.integers(2, 9))
@examples(50)
def test_one_hot_equals_its_twin(real, n, seed, per_dim):
    d = Draw(seed, real)
    obs, center, scale = d.rng.normal(0, 2, n), d.normal(n), d.uniform(n, high=2)
    act = d.normal(n * per_dim)
    codes.one_hot(obs, center, scale, act, per_dim)
    same(act, twin.one_hot(obs, center, scale, per_dim, act.dtype))


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, threshold=st.sampled_from([0.3, 0.01]), logarithmic=st.integers(0, 1))
@examples(50)
def test_latency_equals_its_twin(real, n, seed, threshold, logarithmic):
    d = Draw(seed, real)
    act, due, spikes = activations(d, n), d.integers(-9, 9, n), d.empty_list(n)
    weakest, substeps = np.array([threshold], real), int(d.rng.integers(1, 12))
    codes.latency_steps(act, weakest, logarithmic, substeps, due)
    expected = twin.latency(act, float(weakest[0]), logarithmic, substeps)
    assert due.tolist() == expected
    for substep in range(substeps):
        codes.spike_where(due, substep, spikes)
        assert listed(spikes) == [j for j in range(n) if expected[j] == substep]


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, fine=st.sampled_from([14.3, 4.0, 1.0]))
@examples(40)
def test_changes_equal_their_twin_over_many_steps(real, n, seed, fine):
    d = Draw(seed, real)
    level, size, spikes = d.integers(0, 1, n), np.array([fine], real), d.empty_list(2 * n)
    for _ in range(6):
        u = d.rng.choice([-1.0, 1.0, 0.5, *d.rng.uniform(-1, 1, n)], n)
        act = np.stack([np.maximum(u, 0), np.maximum(-u, 0)], axis=1).reshape(-1).astype(real)
        for _ in range(4):
            expected, fired = twin.changes(act, size[0], level)
            codes.send_changes(act, size, level, spikes)
            same(level, expected)
            assert listed(spikes) == fired


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, bits=st.sampled_from([1, 3, 8, 24]))
@examples(40)
def test_phases_equal_their_twin(real, n, seed, bits):
    d = Draw(seed, real)
    act, word, spikes = activations(d, n), d.integers(-9, 9, n), d.empty_list(n)
    codes.binary(act, bits, word)
    for substep in range(bits):
        codes.spike_bits(word, bits - 1 - substep, spikes)
        assert listed(spikes) == twin.phase_bits(act, bits, substep)


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, most=st.integers(1, 6), shortest=st.integers(1, 3), more=st.integers(0, 5))
@examples(50)
def test_bursts_equal_their_twin(real, n, seed, most, shortest, more):
    d = Draw(seed, real)
    act, number, interval, spikes = activations(d, n), d.integers(0, 9, n), d.integers(0, 9, n), d.empty_list(n)
    weakest, substeps = np.array([0.1], real), int(d.rng.integers(1, 25))
    codes.burst_plan(act, weakest, most, shortest, shortest + more, number, interval)
    trains = twin.burst(act, float(weakest[0]), most, shortest, shortest + more, substeps)
    for substep in range(substeps):
        codes.spike_bursts(number, interval, substep, spikes)
        assert listed(spikes) == [j for j in range(n) if substep in trains[j]]
