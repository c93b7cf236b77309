"""Filters, population vectors and first spikes against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import readouts
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import kernels as twin


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(40)
def test_low_pass_equals_its_twin_over_many_steps(real, n, seed):
    d = Draw(seed, real)
    trace, keep, take = d.uniform(n), d.uniform(1), d.uniform(1)
    for _ in range(5):
        spikes, fired = d.spikes(n)
        expected = twin.low_pass(fired, keep[0], take[0], trace)
        readouts.low_pass(spikes, keep, take, trace)
        same(trace, expected)


@pytest.mark.small
@given(real=REALS, n_act=st.integers(1, 5), per=st.integers(1, 6), seed=SEEDS, most=st.sampled_from([1, 2, 50]))
@examples(60)
def test_vector_equals_its_twin(real, n_act, per, seed, most):
    d = Draw(seed, real)
    counts, preferred, gain = d.integers(0, most + 1, n_act * per), d.uniform(per, low=-1), d.normal(1)
    u = d.normal(n_act)
    readouts.vector(counts, preferred, gain, u)
    same(u, twin.vector(counts, preferred, gain[0], u.dtype))


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS)
@examples(40)
def test_only_the_spikes_of_the_first_step_with_any_are_counted(real, n, seed):
    d = Draw(seed, real)
    decided, counts = d.integers(0, 1, 1), d.integers(0, 1, n)
    log = [d.spikes(n, p=0.2) for _ in range(5)]
    for substep, (spikes, _) in enumerate(log):
        readouts.count_first(spikes, substep, decided, counts)
    steps = [substep for substep, (_, fired) in enumerate(log) if fired]
    expected = np.zeros_like(counts)
    if steps:
        expected[log[steps[0]][1]] = 1
    assert decided[0] == (steps[0] + 1 if steps else 0)
    same(counts, expected)


@pytest.mark.small
@given(
    real=REALS, n_act=st.integers(1, 5), per=st.integers(1, 6), seed=SEEDS, bad=st.sampled_from([0.0, np.nan, np.inf])
)
@examples(60)
def test_the_highest_group_is_that_of_the_twin(real, n_act, per, seed, bad):
    d = Draw(seed, real)
    v = d.normal(n_act * per)
    assert readouts.highest(v, n_act, per) == np.argmax(v.reshape(n_act, per).astype(np.float64).mean(1))
    v[seed % v.size] = v[seed % v.size] if bad == 0.0 else bad
    assert (readouts.highest(v, n_act, per) == -1) == (bad != 0.0)
