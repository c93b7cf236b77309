"""The exponential of sums and products against NumPy's."""

import numpy as np
import pytest

from neurobot.kernels.exponential import LARGEST, expm1


@pytest.mark.small
@pytest.mark.parametrize(("real", "near", "far"), [(np.float64, 5e-15, 3e-10), (np.float32, 2e-6, 5e-6)])
def test_expm1_keeps_its_relative_error(real, near, far):
    for size, error in ((1e-6, near), (1e-2, near), (1.0, near), (5.0, near), (LARGEST, far)):
        x = np.linspace(-size, size, 300).astype(real)  # an even number, so that 0 is not among them
        ours = np.array([expm1(y, real) for y in x], float)
        np.testing.assert_allclose(ours, np.expm1(x.astype(float)), rtol=error)


@pytest.mark.small
def test_expm1_of_0_is_0():
    assert expm1(np.float32(0), np.float32) == 0
