"""Normal numbers and noise currents against their twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import noise, ops
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import kernels as twin


def header(d, seed, episode, instance, wait):
    """A state's header with what chance depends on, and the counts of the steps that neurons wait."""
    words = np.array([seed & 0xFFFFFFFF, seed >> 32, episode & 0xFFFFFFFF, instance], np.uint32).view(np.int32)
    ints = np.zeros(ops.STATE_HEADER, d.integer)
    ints[ops.SEED_LO], ints[ops.SEED_HI], ints[ops.EPISODE], ints[ops.INSTANCE] = words
    return np.concatenate([ints, wait])


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=st.integers(0, 2**63 - 1), step=st.integers(0, 2**40), numbers=SEEDS)
@examples(60)
def test_noise_equals_its_twin(real, n, seed, step, numbers):
    d = Draw(numbers, real)
    step, held, waits = step * int(d.rng.random() < 0.8), int(d.rng.integers(1, 3)), bool(d.rng.random() < 0.5)
    state, params = d.normal(2 * n), d.normal(4 * n)
    rho, scale, std, gain = params.reshape(4, n)
    wait, episode, instance = d.integers(0, 3, n), int(d.rng.integers(0, 2**32)), int(d.rng.integers(0, 2**31))
    current = twin.noise(
        state[n:], twin.normals(n, seed, 257, episode, step, instance), rho, scale, std, first=step == 0
    )
    moves = wait < held if waits else np.ones(n, bool)
    v = np.where(moves, state[:n] + gain * current, state[:n])
    ints = header(d, seed, episode, instance, wait)
    at = {"v_at": 0, "noise_at": n, "coef_at": 0, "wait_at": ops.STATE_HEADER if waits else -1}
    row = np.array(ops.row("NOISE", n=n, **at, held=held, stream=257), np.int32)
    nothing = np.zeros(0)
    assert noise.noise(row, np.zeros(0, np.int32), params, state, ints, nothing, nothing, np.int64(step), 0) == 0
    close = {"rtol": 1e-15 if real == "float64" else 1e-6, "atol": 1e-15 if real == "float64" else 1e-7}
    np.testing.assert_allclose(state[n:], current, **close)
    np.testing.assert_allclose(state[:n], v, **close)
    same(ints[ops.STATE_HEADER :], wait)


def test_normal_numbers_are_normal():
    x = np.array([noise.four_normals(5, 256, 0, np.int64(k), 0, 0) for k in range(50_000)])
    n = x.size
    assert abs(x.mean()) < 4 / np.sqrt(n)
    assert abs(x.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((x**4).mean() - 3) < 4 * np.sqrt(96 / n)
    cross = np.corrcoef(x, rowvar=False)[np.triu_indices(4, 1)]
    assert np.abs(cross).max() < 4.5 / np.sqrt(len(x))
    assert np.abs(x).max() < 6.7  # 32 bits reach no further
