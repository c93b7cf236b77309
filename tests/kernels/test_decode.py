"""Read-outs and limits against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import decode
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import kernels as twin


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(30)
def test_count_adds_one_for_every_spike(real, n, seed):
    d = Draw(seed, real)
    counts = d.integers(0, 9, n)
    spikes, fired = d.spikes(n)
    expected = counts.copy()
    expected[fired] += 1
    decode.count(spikes, counts)
    same(counts, expected)


@pytest.mark.small
@given(
    real=REALS, n=st.integers(1, 5), per=st.integers(1, 5), seed=SEEDS,
    push_pull=st.booleans(), tanh=st.booleans(), counted=st.booleans(),
)  # fmt: skip
@examples(60)
def test_read_equals_its_twin(real, n, per, seed, push_pull, tanh, counted):
    d = Draw(seed, real)
    size = n * per * (2 if push_pull else 1)
    values = d.integers(0, 20, size) if counted else d.normal(size)
    offset, gain, u = d.normal(n), d.normal(1), d.normal(n)
    decode.read(values, offset, per, int(push_pull), gain, int(tanh), u)
    same(u, twin.read(values, offset, per, push_pull, gain[0], tanh, d.real))


@pytest.mark.small
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("tanh", [0, 1])
def test_read_does_not_squash_away_what_is_not_finite(bad, tanh):
    d = Draw(0, "float32")
    values, u = d.normal(2), d.normal(2)
    values[1] = bad
    decode.read(values, np.zeros(2, d.real), 1, 0, np.ones(1, d.real), tanh, u)
    assert np.isfinite(u).tolist() == [True, False]


def limits(d, n):
    """low, high, rest and slew of n actuators, and the last action."""
    low, width = d.normal(n), d.uniform(n, low=0.1)
    high = low + width
    return low, high, low + width * d.uniform(n), width * d.uniform(n, high=2), low + width * d.uniform(n)


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, scale=st.sampled_from([0.5, 5.0, 1e30]))
@examples(60)
def test_limit_equals_its_twin_and_never_leaves_the_limits(real, n, seed, scale):
    d = Draw(seed, real)
    low, high, rest, slew, last = limits(d, n)
    u, out = d.normal(n, scale=scale), np.zeros(n)
    wanted, sent = twin.limit(u, low, high, rest, slew, last)
    assert decode.limit(u, low, high, rest, slew, last, out)
    same(u, wanted)
    same(last, sent)
    same(out, sent.astype(np.float64))
    assert (low <= out).all() and (out <= high).all()


@pytest.mark.small
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(15)
def test_limit_lets_nothing_through_that_is_not_finite(bad, real, n, seed):
    d = Draw(seed, real)
    low, high, rest, slew, last = limits(d, n)
    u, out = d.normal(n), np.full(n, 7.0)
    u[d.rng.integers(n)] = bad
    before = last.copy()
    assert not decode.limit(u, low, high, rest, slew, last, out)
    same(last, before)
    assert (out == 7.0).all()


@pytest.mark.small
@given(real=REALS, n=st.integers(1, 6), per=st.integers(1, 4), seed=SEEDS, most=st.integers(1, 4))
@examples(60)
def test_winner_is_the_first_of_equals_and_rest_where_all_are_silent(real, n, per, seed, most):
    d = Draw(seed, real)
    counts = d.integers(0, most, n * per)
    rest = n - 1
    assert decode.winner(counts, n, per, rest) == twin.winner(counts, per, rest)
