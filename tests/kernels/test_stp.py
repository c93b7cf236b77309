"""Short-term plasticity against its twin, and against the closed form of regular trains."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import ops, stp
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, same
from tests.twins import kernels as twin


@pytest.mark.small
@given(real=REALS, n_pre=SIZES, n_post=SIZES, seed=SEEDS, step=st.integers(0, 2**40), own=st.booleans())
@examples(60)
def test_scatter_with_plasticity_equals_its_twin(real, n_pre, n_post, seed, step, own):
    d = Draw(seed, real)
    each = d.rng.integers(0, 4, n_pre)
    indptr = np.concatenate([[0], np.cumsum(each)]).astype(np.int32)
    nnz, slots = int(indptr[-1]), 5
    indices, delays = (d.rng.integers(0, m, nnz).astype(np.int32) for m in (n_post, slots))
    delays = delays if own else np.full(nnz, 3, np.int32)
    weights, coefficients = d.normal(nnz), np.array([d.rng.uniform(0.1, 1), 0.3, 1e30], d.real)
    spikes, fired = d.spikes(n_pre)
    ring, used, spent = d.normal(slots, n_post), d.uniform(n_pre), d.uniform(n_pre)
    last = ((step - d.rng.integers(1, 9, n_pre)) % 2**31).astype(d.integer)
    scaled, kept = weights.copy(), [used.copy(), spent.copy(), last.copy()]
    for pre in fired:
        share, (kept[0][pre], kept[1][pre], kept[2][pre]) = twin.release(
            coefficients, used[pre], spent[pre], last[pre], step
        )
        scaled[indptr[pre] : indptr[pre + 1]] *= d.real.type(share)
    expected = twin.scatter(scaled, indptr, indices, delays, fired, ring, step)
    layout = np.concatenate([indptr, indices, delays])
    state, ints = np.concatenate([ring.ravel(), used, spent]), np.concatenate([spikes, last])
    at = {"indptr_at": 0, "indices_at": n_pre + 1, "delays_at": n_pre + 1 + nnz if own else -1, "delay": 3}
    at |= {"weights_at": 0, "coef_at": nnz, "spikes_at": 0, "slots": 1, "ring_at": 0, "ring_slots": slots}
    at |= {"share_at": ring.size, "last_at": spikes.size}
    row = np.array(ops.row("SCATTER_STP", n_pre=n_pre, n_post=n_post, **at), np.int32)
    nothing, params = np.zeros(0), np.concatenate([weights, coefficients])
    done = stp.scatter_stp(row, layout, params, state, ints, nothing, nothing, np.int64(step), 0)
    assert done == sum(int(each[j]) for j in fired)
    close = {"rtol": 1e-14, "atol": 1e-15} if real == "float64" else {"rtol": 1e-6, "atol": 1e-6}
    np.testing.assert_allclose(state, np.concatenate([expected.ravel(), kept[0], kept[1]]), **close)
    same(ints, np.concatenate([spikes, kept[2]]))


@pytest.mark.small
@pytest.mark.parametrize(("tau_rec", "tau_facil"), [(0.3, 0.0), (0.1, 0.6), (0.8, 0.05)])
def test_regular_trains_end_at_the_closed_form(tau_rec, tau_facil):
    """u = U / (1 - (1 - U) e_f) and x = (1 - e_r) / (1 - (1 - u) e_r), the fixed point of Tsodyks & Markram (1997)."""
    rest, period, dt = 0.4, 25, 1e-3
    rates = [dt / tau if tau else 1e30 for tau in (tau_rec, tau_facil)]
    used, spent, last = np.zeros(1), np.zeros(1), np.zeros(1, np.int64)
    first = stp.release(0, used, spent, last, np.int64(7), np.array([rest, *rates]))
    assert first == rest
    for k in range(1, 400):
        share = stp.release(0, used, spent, last, np.int64(7 + k * period), np.array([rest, *rates]))
    e_r, e_f = (math.exp(-rate * period) for rate in rates)
    u = rest / (1 - (1 - rest) * e_f)
    assert share == pytest.approx(u * (1 - e_r) / (1 - (1 - u) * e_r), rel=1e-12)
