"""The kernels of learning rules against plain NumPy, and whole rules against their twin without compiled code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import HostCore
from neurobot.kernels import eligibility, ops, plastic, scaling
from neurobot.program.draw import Synapses
from neurobot.program.lower_rule import post_index
from neurobot.spec import RewardSTDP
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples
from tests.twins.learning import Twin
from tests.unit.strategies import DT
from tests.unit.test_rules_equal_twin import NAME, as_matrix, cases


class Target:
    """A matrix as a projection keeps it, dense with gaps or indexed, and an op's row of shared operands."""

    def __init__(self, d, n_pre, n_post, dense):
        self.full = d.uniform(n_pre, n_post)
        self.exists = np.ones((n_pre, n_post), bool) if dense else d.rng.random((n_pre, n_post)) < 0.5
        self.o = np.full(ops.WIDTH, -1, np.int64)
        stride = n_post + 3
        self.o[3:9] = n_pre, n_post, stride, 0, -1, -1
        self.layout = np.zeros(1, np.int32)
        if dense:
            self.stored = np.full((n_pre, stride), 77, d.real)
            self.stored[:, :n_post] = self.full
            self.stored = self.stored.reshape(-1)
            return
        pre, post = np.nonzero(self.exists)
        indptr = np.concatenate([[0], np.cumsum(self.exists.sum(axis=1))]).astype(np.int32)
        self.stored = self.full[pre, post]
        index = post_index(Synapses(self.stored, indptr, post.astype(np.int32)), n_post)
        self.layout = np.concatenate([indptr, post, index]).astype(np.int32)
        self.o[7], self.o[8], self.o[10] = 0, n_pre + 1, n_pre + 1 + post.size

    def matrix(self):
        """What is stored now; 0 where there is no synapse."""
        if self.o[7] < 0:
            rows = self.stored.reshape(self.full.shape[0], -1)
            assert (rows[:, self.full.shape[1] :] == 77).all(), "the gaps are not to be written"
            return rows[:, : self.full.shape[1]].astype(float)
        out = np.zeros(self.full.shape)
        out[self.exists] = self.stored
        return out


def close(target, expected, real):
    tolerance = {"rtol": 1e-13, "atol": 1e-14} if real == "float64" else {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(target.matrix(), np.where(target.exists, expected, 0), **tolerance)


def softened(w, dw, limits):
    u = (w - limits[2]) / limits[3]
    up = (dw > 0) == (limits[3] > 0)
    return dw * np.where(up, np.maximum(1 - u, 0) ** limits[4], np.maximum(u, 0) ** limits[5])


@pytest.mark.small
@given(
    real=REALS,
    n_pre=SIZES,
    n_post=SIZES,
    seed=SEEDS,
    dense=st.booleans(),
    soft=st.booleans(),
    p=st.sampled_from([0.1, 0.6]),
)
@examples(80)
def test_arrivals_and_spikes_change_rows_and_columns(real, n_pre, n_post, seed, dense, soft, p):
    d = Draw(seed, real)
    target = Target(d, n_pre, n_post, dense)
    x, slow, y, events, kick = d.uniform(n_pre), d.uniform(n_pre), d.uniform(n_post), d.normal(5), d.uniform(n_post) * 0
    limits = np.array([0.1, 0.9, 0.1, 0.8, 0.5, 1.0], d.real)
    lo, hi, one = limits[0], limits[1], d.real.type(1)
    spikes, fired = d.spikes(n_pre, p)
    w = target.full.astype(float)
    dw = np.zeros(w.shape)
    dw[fired] = events[ops.PRE] - y * (events[ops.A2_MINUS] + events[ops.A3_MINUS] * slow[fired, None])
    touched = np.zeros(w.shape, bool)
    touched[fired] = True
    w = np.where(touched, np.clip(w + (softened(w, dw, limits) if soft else dw), lo, hi), w)
    count = plastic.arrive(
        target.o, target.layout, target.stored, spikes, slow, y, events, one, lo, hi, limits, int(soft)
    )
    close(target, w, real)
    assert count == int(target.exists[fired].sum())
    spikes, fired = d.spikes(n_post, p)
    inside = np.clip(target.stored, lo, hi)  # as weights are, or whole rows would differ from some of them
    target.stored, w = np.where(target.stored == 77, target.stored, inside), np.clip(w, lo, hi)
    dw = np.zeros(w.shape)
    dw[:, fired] = x[:, None] * (events[ops.A2_PLUS] + events[ops.A3_PLUS] * y[fired])
    touched = np.zeros(w.shape, bool)
    touched[:, fired] = True
    w = np.where(touched, np.clip(w + (softened(w, dw, limits) if soft else dw), lo, hi), w)
    count = plastic.fire(
        target.o, target.layout, target.stored, spikes, x, y, kick, events, one, lo, hi, limits, int(soft)
    )
    close(target, w, real)
    assert count == int(target.exists[:, fired].sum())
    assert not kick.any()


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, fade=st.sampled_from([0.0, 1e-9, 1e-3, 0.5, 0.999]))
@examples(40)
def test_a_trace_is_what_is_kept_of_it_times_its_factor(real, n, seed, fade):
    d = Draw(seed, real)
    kept, factor, fades, trace = np.zeros(n, d.real), np.ones(4, d.real), np.full(4, fade, d.real), np.zeros(n)
    for k in range(60):
        spikes, fired = d.spikes(n, 0.2)
        plastic.decay(kept, factor, fades, ops.FADE_Y)
        plastic.bump(kept, spikes, d.real.type(1) / factor[ops.FADE_Y], k % 2)
        trace *= float(fades[0])
        trace[fired] = 1 if k % 2 else trace[fired] + 1
        tolerance = 1e-4 if d.real == np.float32 else 1e-12
        np.testing.assert_allclose(kept.astype(float) * factor[ops.FADE_Y], trace, rtol=tolerance, atol=1e-35)
        assert plastic.LEAST <= factor[ops.FADE_Y] <= 1
    assert factor[[ops.FADE_X, ops.FADE_X_SLOW, ops.FADE_Y_SLOW]].tolist() == [1, 1, 1]


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS, dense=st.booleans())
@examples(30)
def test_what_is_hidden_is_added_and_taken_off(real, n_pre, n_post, seed, dense):
    d = Draw(seed, real)
    target, hidden, x = Target(d, n_pre, n_post, dense), d.uniform(n_post), d.uniform(n_pre)
    kept, factor, keep = hidden.astype(float), np.array([0.5, 0.25], d.real), d.real.type(0.75)
    e = target.full.astype(float)
    eligibility.add_hidden(target.o, target.layout, target.stored, n_pre - 1, hidden, d.real.type(1.5))
    e[n_pre - 1] += 1.5 * kept
    close(target, e, real)
    eligibility.settle(target.o, target.layout, target.stored, factor, x, hidden, keep, 1)
    close(target, 0.75 * (e - np.outer(x.astype(float) / 0.25, kept)), real)
    assert factor.tolist() == [1, 1]
    assert not hidden.any()


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS, dense=st.booleans())
@examples(30)
def test_columns_are_added_up_and_multiplied(real, n_pre, n_post, seed, dense):
    d = Draw(seed, real)
    target, factors, sums = Target(d, n_pre, n_post, dense), d.uniform(n_post, high=2.0), d.normal(n_post)
    w = np.where(target.exists, target.full.astype(float), 0)
    scaling.add_up(target.o, target.layout, target.stored, sums)
    np.testing.assert_allclose(sums, w.sum(axis=0), rtol=1e-5 if real == "float32" else 1e-13, atol=1e-6)
    limits = np.array([0.1, 0.9, 0.1, 0.8, 1, 1], d.real)
    count = scaling.multiply(target.o, target.layout, target.stored, factors, limits)
    close(target, np.clip(w * factors, limits[0], limits[1]), real)
    assert count == int(target.exists.sum())


@pytest.mark.small
@given(case=cases())
@examples(6)
def test_rules_are_those_of_the_twin_compiled_or_not(case):
    """Few and short: this is for NUMBA_DISABLE_JIT=1; `tests/unit` has the many."""
    program, n_pre = case.program, case.program.network.population("in").n
    core = HostCore(program, "float64", learn=True, log_spikes=10_000)
    twin, first = Twin(case.rule, *as_matrix(program, core.block(f"{NAME}.w")), DT), case.given.shape[1]
    for k in range(12):
        twin.ahead(k, case.rewards[k], core.block("value.v").mean())
        assert core.tick(case.given[k], case.rewards[k]) == 0
        post, fired = np.zeros(program.network.population("out").n, bool), core.spikes[:, 1]
        post[fired[(fired >= first) & (fired < first + post.size)] - first] = True
        arriving = case.given[k - case.delay, :n_pre] if k >= case.delay else np.zeros(n_pre, bool)
        twin.behind(k, arriving, post)
    if isinstance(case.rule, RewardSTDP):
        core.end(0.5)
        twin.ahead(12, 0.5, core.block("value.v").mean(), ending=True)
    np.testing.assert_allclose(as_matrix(program, core.block(f"{NAME}.w"))[0], twin.w, rtol=1e-9, atol=1e-11)
