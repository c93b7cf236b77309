"""Histograms of stage times, against NumPy's quantiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.kernels.histogram import BINS, count
from neurobot.loop import STAGES
from neurobot.loop.timing import Histogram, StageTimes, timing_of


def filled(values):
    row = np.zeros(BINS + 1, np.int64)
    for value in values:
        count(row, value)
    return Histogram(row)


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=50), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_numpys_to_the_width_of_a_bin(values, q):
    exact = np.quantile(np.array(values, np.float64), q, method="inverted_cdf")
    assert filled(values).quantile(q) == pytest.approx(exact, rel=1 / 63)


def test_percentiles_of_many_times_are_numpys():
    values = np.random.default_rng(1).lognormal(10, 1.5, 5000).astype(np.int64)
    timing = filled(values.tolist()).timing()
    assert timing.p50 == pytest.approx(np.median(values) / 1e9, rel=0.016)
    assert timing.p99 == pytest.approx(np.percentile(values, 99) / 1e9, rel=0.02)
    assert timing.max == values.max() / 1e9


def test_percentiles_of_times_at_hand_are_those_of_a_histogram_to_the_width_of_a_bin():
    values = np.random.default_rng(2).integers(0, 10**6, 3000)
    exact, binned = timing_of(values), filled(values).timing()
    assert exact.max == binned.max == values.max() / 1e9
    for name in ("p50", "p99", "p999"):
        assert getattr(exact, name) == pytest.approx(getattr(binned, name), rel=0.016)


def test_short_times_are_exact():
    assert [filled([n]).quantile(0.5) for n in range(64)] == list(range(64))


def test_a_negative_time_counts_as_zero():
    assert filled([-5, -1, 7]).quantile(0.5) == 0


def test_no_times_give_zeros():
    assert filled([]).timing().p99 == 0


def test_an_update_is_as_if_all_had_been_added_to_one():
    a, b = [5, 80, 3000], [70, 10**9]
    together = filled(a)
    together.update(filled(b))
    assert together.timing() == filled(a + b).timing()


def test_each_stage_has_its_own_times():
    times, total = StageTimes(), StageTimes()
    times.add(5, 10, 20, 7, 30, 0, 40)
    total.update(times)
    assert list(total.timing()) == list(STAGES)
    assert [stage.max for stage in total.timing().values()] == [5e-9, 1e-8, 2e-8, 7e-9, 3e-8, 0, 4e-8]
