"""The kernels of e-prop compiled or not, and with bounds checked; `tests/unit/test_eprop.py` has the many cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import eprop
from neurobot.spec import EProp
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples
from tests.unit.eprop_networks import case, follow


@pytest.mark.small
@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("dense", [False, True])
def test_networks_learn_as_their_twin(adaptive, dense):
    rule = EProp(
        readout="out", target="target", descent="adam", rate=1e-3, epsilon=1e-4, loss="cross_entropy", rate_reg=1.0
    )
    follow(case(rule, adaptive, 2e-3, dense=dense, steps=25, gate=True), "float64", rtol=1e-9, atol=1e-11)


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=SEEDS, scale=st.sampled_from([1.0, 500.0]))
@examples(30)
def test_the_error_of_classes_is_softmax_less_the_target(real, n, seed, scale):
    d = Draw(seed, real)
    y, target, error = scale * d.normal(n), d.uniform(n), d.uniform(n)
    eprop.output_error(y, target, 1, error)
    share = np.exp(y.astype(float) - y.max())
    close = {"rtol": 1e-4, "atol": 1e-5} if real == "float32" else {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(error, share / share.sum() - target, **close)
    eprop.output_error(y, target, 0, error)
    np.testing.assert_array_equal(error, y - target)
