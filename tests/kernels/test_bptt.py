"""The kernels of training against their twins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import bptt, surrogates
from neurobot.kernels.bptt_compiled import adam_kernel, backward_scan, event_kernel, forward_scan
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import surrogate as twin

CLOSED = {
    "fast_sigmoid": lambda k, u: 1 / (1 + k * abs(u)) ** 2,
    "atan": lambda k, u: k / 2 / (1 + (math.pi * k * u / 2) ** 2),
    "triangular": lambda k, u: k * max(0.0, 1 - k * abs(u)),
    "rectangular": lambda k, u: k * (abs(u) < 1 / (2 * k)),
    "sigmoid": lambda k, u: k / (1 + math.exp(-k * u)) / (1 + math.exp(k * u)),
}
NAMES = dict(zip(surrogates.KINDS, ("FastSigmoid", "Atan", "Triangular", "Rectangular", "Sigmoid"), strict=True))


@pytest.mark.small
@pytest.mark.parametrize("name", surrogates.KINDS)
@pytest.mark.parametrize("k", [0.5, 1.0, 25.0])
def test_surrogates_have_their_closed_forms(name, k):
    kind, u = surrogates.KINDS.index(name), np.array([-4.0, -1.3, -0.31, -0.011, 0.0, 0.013, 0.23, 0.9, 5.0])
    found = u.copy()
    surrogates.derivative(kind, np.array([k]), found, 0, found.size)
    np.testing.assert_allclose(found, [CLOSED[name](k, x) for x in u], rtol=1e-12, atol=1e-300)
    for x in u:
        assert surrogates.integral(kind, k, x) == pytest.approx(twin.INTEGRALS[NAMES[name]](k, x), rel=1e-12)


@pytest.mark.small
@pytest.mark.parametrize("name", surrogates.KINDS)
def test_a_surrogate_is_the_derivative_of_its_integral(name):
    kind, u, h = surrogates.KINDS.index(name), np.linspace(-1.02, 0.97, 41), 1e-6
    slope = np.array([0.7])
    found = u.copy()
    surrogates.derivative(kind, slope, found, 0, found.size)
    ends = [np.array([surrogates.integral(kind, 0.7, x + sign * h) for x in u]) for sign in (1, -1)]
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * h), rtol=1e-7, atol=1e-9)
    assert surrogates.integral(kind, 0.7, 0.0) == 0.5


@pytest.mark.parametrize("name", surrogates.KINDS)
def test_a_surrogate_is_0_far_below_a_threshold_that_is_never_reached(name):
    u = np.array([-np.inf], np.float32)
    surrogates.derivative(surrogates.KINDS.index(name), np.array([25], np.float32), u, 0, 1)
    assert u[0] == 0


@pytest.mark.small
@given(real=REALS, n=SIZES, batch=st.integers(1, 4), seed=SEEDS, kind=st.sampled_from(["lif", "cuba", "alif"]),
       subtract=st.booleans())  # fmt: skip
@examples(30)
def test_the_forward_scan_equals_its_twin(real, n, batch, seed, kind, subtract):
    d, steps = Draw(seed, real), 6
    names = ["alpha", "lam", "b", "theta", "to"]
    names += {"cuba": ["kappa", "beta", "mu"], "alif": ["kappa", "decay_w", "decay_theta", "jump", "rise"]}.get(
        kind, []
    )
    c = {name: d.uniform(n, low=0.1, high=0.9) for name in names}
    s, v0 = d.normal(steps, batch, n, scale=1.5), d.normal(n)
    variant = bptt.Variant(current=kind == "cuba", adaptive=kind == "alif", full=True)
    width = bptt.LANES // n * n
    coef = np.zeros((1, bptt.ROWS * bptt.LANES), real)
    for k, name in enumerate(bptt.COEFFICIENTS):
        if name in c:
            coef.reshape(bptt.ROWS, bptt.LANES)[k, :width] = np.tile(c[name], bptt.LANES // n)
    lanes = batch * n
    x, z = np.zeros((steps, lanes), real), np.zeros((steps, lanes), np.uint8)
    state = np.zeros((4, lanes), real)
    state[0] = np.tile(v0, batch)
    settings = np.array([0, steps, 0, n, subtract, 1, 0, 0])
    forward_scan(variant, real)(
        coef, s.reshape(steps, lanes), x, z, np.zeros((1, lanes), np.uint8), np.zeros((2, steps, lanes), real), state,
        np.zeros(lanes, np.int32), np.zeros(bptt.LANES, np.int32), settings, np.ones(1, real),
    )  # fmt: skip
    step = lambda u: (u > 0).astype(real)  # noqa: E731
    vs, zs = twin.run({k: v.astype(float) for k, v in c.items()}, s.astype(float), v0.astype(float), step, subtract)
    if real == "float64":
        np.testing.assert_array_equal(z.reshape(zs.shape), zs)
        np.testing.assert_allclose(state[0], vs[-1].reshape(-1), rtol=1e-12, atol=1e-12)
    else:  # a membrane at its threshold may go the other way in float32
        assert (z.reshape(zs.shape)[0] == zs[0]).mean() > 0.9


@pytest.mark.small
@given(real=REALS, n=SIZES, rows=st.integers(1, 5), n_pre=SIZES, seed=SEEDS, p=st.sampled_from([0.0, 0.3, 1.0]))
@examples(40)
def test_products_event_by_event_are_matrix_products(real, n, rows, n_pre, seed, p):
    d = Draw(seed, real)
    z = (d.rng.random((rows, n_pre)) < p).astype(np.uint8)
    spikes = d.integers(-9, 9, rows, 1 + n_pre).astype(np.int32)
    event_kernel("list_rows", real)(z, spikes)
    for row, listed in zip(z, spikes, strict=True):
        assert listed[1 : 1 + listed[0]].tolist() == np.flatnonzero(row).tolist()
    weights, g, s = d.normal(n_pre, n), d.normal(rows, n), d.normal(rows, n)
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if real == "float32" else {"rtol": 1e-12, "atol": 1e-12}
    before = s.copy()
    event_kernel("deliver", real)(weights.reshape(-1), n, spikes, s, True)
    np.testing.assert_allclose(s, before + z @ weights, **tolerance)
    event_kernel("deliver", real)(weights.reshape(-1), n, spikes, s, False)
    np.testing.assert_allclose(s, z @ weights, **tolerance)
    total = d.normal(n_pre, n)
    expected = total + z.T @ g
    event_kernel("outer", real)(spikes, g, total.reshape(-1))
    np.testing.assert_allclose(total, expected, **tolerance)
    act, gain = d.normal(rows, n_pre), d.uniform(1)
    event_kernel("drive", real)(weights.reshape(-1), act, gain, s)
    np.testing.assert_allclose(s, gain * act @ weights, **tolerance)


@pytest.mark.small
@given(n=st.sampled_from([1, 7, 256, 600]), seed=SEEDS)
@examples(20)
def test_adam_equals_its_equations(n, seed):
    d = Draw(seed, "float64")
    value, g, mean, square = d.normal(n), d.normal(n), d.normal(n), d.uniform(n)
    rate, b1, b2, eps, decay, c1, c2 = 0.1, 0.8, 0.9, 1e-3, 0.2, 0.5, 0.7
    m, q = b1 * mean + (1 - b1) * g, b2 * square + (1 - b2) * g**2
    expected = value - rate * (m / c1 / (np.sqrt(q / c2) + eps) + decay * value)
    settings = np.array([rate, 1 - b1, 1 - b2, eps, decay, 1 / c1, 1 / c2])
    adam_kernel("float64")(value, g, mean, square, settings)
    for found, wanted in ((value, expected), (mean, m), (square, q)):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("real", ["float32", "float64"])
def test_a_list_of_rows_is_that_of_the_tick(real):
    from neurobot.kernels.spikes import list_hits

    d = Draw(4, real)
    hits = d.hits(24)
    row = (d.rng.random(24) < 0.3).astype(np.uint8)
    hits.view(np.uint8)[:24] = row
    expected, found = d.empty_list(24), np.zeros((1, 25), np.int32)
    list_hits(hits, expected)
    event_kernel("list_rows", real)(row[None].copy(), found)
    count = expected[0]
    same(found[0, : 1 + count].astype(expected.dtype), expected[: 1 + count])
    assert count


@given(n=st.sampled_from([63, 64, 65, 128, 200]), p=st.sampled_from([0.0, 0.02, 0.1, 0.9, 1.0]), seed=SEEDS)
@examples(40)
def test_lists_of_rows_of_whole_words_are_their_spikes_and_stay_in_their_rows(n, p, seed):
    d = Draw(seed, "float32")
    z, room = (d.rng.random((3, n)) < p).astype(np.uint8), np.full((4, 1 + n), -7, np.int32)
    event_kernel("list_rows", "float32")(z, room[:3])
    for row, listed in zip(z, room[:3], strict=True):
        assert listed[1 : 1 + listed[0]].tolist() == np.flatnonzero(row).tolist()
    assert (room[3] == -7).all()


@pytest.mark.parametrize("scan", [forward_scan, backward_scan])
def test_a_scan_that_was_compiled_once_is_found_on_disk(scan):
    variant = bptt.Variant(current=True, full=True)
    scan(variant, "float64")
    scan.cache_clear()
    assert sum(scan(variant, "float64").stats.cache_hits.values()) == 1
