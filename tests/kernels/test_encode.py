"""Fields and codes against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import encode
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, listed, same
from tests.twins import kernels as twin


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, push_pull=st.booleans())
@examples(50)
def test_direct_equals_its_twin(real, n, seed, push_pull):
    d = Draw(seed, real)
    obs, center, scale = d.rng.normal(0, 2, n), d.normal(n), d.uniform(n, high=2)
    act = d.normal(2 * n if push_pull else n)
    encode.field_direct(obs, center, scale, act, int(push_pull))
    same(act, twin.direct(obs, center, scale, push_pull, act.dtype))


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, per_dim=st.integers(2, 9))
@examples(50)
def test_gaussian_equals_its_twin(real, n, seed, per_dim):
    d = Draw(seed, real)
    obs, center, scale = d.rng.normal(0, 2, n), d.normal(n), d.uniform(n, high=2)
    means, sharp, act = d.uniform(per_dim, low=-1), d.uniform(1, low=0.1, high=30), d.normal(n * per_dim)
    encode.field_gaussian(obs, center, scale, act, means, sharp)
    same(act, twin.gaussian(obs, center, scale, means, sharp[0], act.dtype))


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(50)
def test_chance_equals_its_twin(real, n, seed):
    d = Draw(seed, real)
    act, gain, out = d.uniform(n, low=-0.5, high=1.5), d.uniform(1), d.integers(0, 9, n)
    act[0] = 1.0
    gain[0] = d.rng.choice([gain[0], 1.0])
    encode.chance(act, gain, out)
    assert (out.astype(np.int64) & 0xFFFFFFFF).tolist() == twin.chance(act, gain[0]).tolist()


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, steps=st.integers(1, 30))
@examples(40)
def test_regular_equals_its_twin_over_many_steps(real, n, seed, steps):
    d = Draw(seed, real)
    act, gain, phase = d.uniform(n), d.uniform(1, low=0.3), np.full(n, 0.5, d.real)
    expected, hits, spikes = phase.copy(), d.hits(n), d.empty_list(n)
    for _ in range(steps):
        encode.regular(act, gain, phase, hits, spikes)
        expected, fired = twin.regular(act, gain[0], expected)
        same(phase, expected)
        assert listed(spikes) == fired


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(30)
def test_external_spikes_are_the_entries_that_are_not_0(real, n, seed):
    d = Draw(seed, real)
    row, spikes = d.rng.choice([0.0, -0.0, 1.0, -2.5], n), d.empty_list(n)
    encode.external(row, spikes)
    assert listed(spikes) == np.flatnonzero(row).tolist()
