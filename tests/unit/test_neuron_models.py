"""The models beyond the linear ones: closed forms, controllers, files, training."""

import math
from itertools import pairwise

import numpy as np
import pytest

from neurobot.spec import AlphaLIF
from tests.unit.test_closed_forms import DT, STEPS, SYN, TAU, TIMES, simulate


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("convention", ["start", "end"])
def test_one_spike_gives_an_alpha_shaped_current_with_its_peak_after_tau_syn(convention):
    w, w_in, at = 0.8, 1.5, 5
    model = AlphaLIF(tau_mem=TAU, tau_syn=SYN, w_in=w_in, v_threshold=9.0, input=convention)
    i = simulate(model, {at}, weight=w, record="i")[1]
    t = np.maximum(0.0, TIMES - at * DT - (DT if convention == "end" else 0.0))
    close(i, w * w_in * t / SYN * np.exp(1 - t / SYN))
    assert i.max() == pytest.approx(w * w_in, rel=1e-12)


@pytest.mark.parametrize("syn", [1e-5, SYN, 0.9 * TAU, TAU, (1 + 1e-9) * TAU, 1.1 * TAU, 9e-2])
def test_a_membrane_answers_an_alpha_shaped_current_with_their_convolution(syn):
    """Against the integral by Gauss's rule, where the closed form would cancel."""
    w, r, at = 0.8, 2.0, 5
    v = simulate(AlphaLIF(tau_mem=TAU, tau_syn=syn, r=r, v_threshold=9.0), {at}, weight=w)[0]
    t = np.maximum(0.0, TIMES - at * DT)
    nodes, parts = np.polynomial.legendre.leggauss(60)
    expected = np.zeros(STEPS)
    for k in range(STEPS):
        edges = np.minimum(np.array([0, 1, 2, 4, 8, 16, 32, 64, 1e9]) * min(syn, TAU), t[k])
        for low, high in pairwise(edges):
            u = (low + high) / 2 + (high - low) / 2 * nodes
            current = u / syn * np.exp(1 - u / syn)
            expected[k] += (high - low) / 2 * (parts * np.exp(-(t[k] - u) / TAU) * current).sum() * r * w / TAU
    close(v, expected)
    assert v.max() > 1e-3 * math.sqrt(syn)
