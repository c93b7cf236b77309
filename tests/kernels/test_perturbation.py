"""The kernels that perturb weights against plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import ops, perturbation
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples
from tests.twins import kernels as twin


def close(real):
    return {"rtol": 1e-14, "atol": 1e-14} if real == "float64" else {"rtol": 1e-5, "atol": 1e-6}


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=st.integers(0, 2**63 - 1), step=st.integers(0, 2**40), numbers=SEEDS)
@examples(40)
def test_noise_is_drawn_from_a_number_on_and_anew_in_the_first_step(real, n, seed, step, numbers):
    d = Draw(numbers, real)
    step, first = step * int(d.rng.random() < 0.8), int(d.rng.integers(0, 50))
    xi, c, share = d.normal(n), d.uniform(ops.PERTURBATION), d.real.type(d.rng.random())
    words = np.array([seed & 0xFFFFFFFF, seed >> 32, 5, 2], np.uint32).view(np.int32)
    ints = np.zeros(ops.STATE_HEADER, d.integer)
    ints[ops.SEED_LO], ints[ops.SEED_HI], ints[ops.EPISODE], ints[ops.INSTANCE] = words
    draws = twin.normals(4 * first + n, seed, 900, 5, step, 2)[4 * first :]
    rho, scale = (c[ops.NOISE_RHO], c[ops.NOISE_SCALE]) if step else (0, c[ops.NOISE_STD])
    expected = rho * xi + share * scale * draws
    perturbation.draw_row(xi, share, c, ints, 900, np.int64(step), first)
    np.testing.assert_allclose(xi, expected, **close(real))


@pytest.mark.small
@given(real=REALS, numbers=SEEDS, step=st.integers(0, 2), usual=st.sampled_from([0.0, 0.5, 3.0]))
@examples(40)
def test_the_share_of_the_noise_is_what_is_lacking_of_the_usual_reward(real, numbers, step, usual):
    d = Draw(numbers, real)
    lack, c, reward = d.normal(1), d.uniform(ops.PERTURBATION), d.real.type(d.rng.normal(0, 3))
    c[ops.USUAL], keep = usual, c[ops.KEEP_LACK]
    expected = keep * lack + (1 - keep) * (usual - reward) if step and usual else lack.copy()
    share = perturbation.share_of(lack, reward, step, c)
    np.testing.assert_allclose(lack, expected, **close(real))
    np.testing.assert_allclose(share, np.clip(expected[0] / usual, 0, 1) if usual else 1, **close(real))


@pytest.mark.small
@given(real=REALS, n=SIZES, numbers=SEEDS)
@examples(40)
def test_eligibility_gathers_noise_and_what_is_sent_is_weight_and_noise(real, n, numbers):
    d = Draw(numbers, real)
    w, e, xi, sent, keep = d.normal(n), d.normal(n), d.normal(n), d.normal(n), d.real.type(d.rng.random())
    expected = keep * e + xi
    perturbation.take_row(w, e, xi, sent, keep)
    np.testing.assert_allclose(e, expected, **close(real))
    np.testing.assert_allclose(sent, w + xi, **close(real))
