"""The models beyond the linear ones: closed forms, controllers, files, training."""

import math
from itertools import pairwise

import numpy as np
import pytest

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import AdEx, AlphaLIF, CobaLIF, Input, Izhikevich, NetworkSpec, Population, Projection
from neurobot.spec.neuron_models import conductances
from neurobot.spec.neurons import receptors
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


def test_izhikevich_starts_at_b_v_unless_told():
    for model, given, v, u in (
        (Izhikevich(b=0.25), {}, -65.0, -16.25),
        (Izhikevich(b=0.25), {"v_init": -60.0}, -60.0, -15.0),
        (Izhikevich(b=0.25, u_init=-3.0), {}, -65.0, -3.0),
    ):
        core = HostCore(build(NetworkSpec(DT, (Population("x", 1, model, **given),))), "float64")
        assert (core.block("x.v")[0], core.block("x.u")[0]) == (v, u)


EXTREMES = {
    "izhikevich euler": (Izhikevich(), 1.0),
    "izhikevich half steps": (Izhikevich(scheme="half_steps", a=1.0), 1.0),
    "adex": (AdEx(tau_syn=2e-3, tau_syn_in=2e-4), 1e-9),
    "adex, narrow": (AdEx(tau_syn=2e-3, delta_t=1e-4, v_peak=50e-3), 1e-9),
    "coba": (
        CobaLIF(
            c_m=2e-10,
            g_leak=2e-8,
            v_leak=-70e-3,
            v_threshold=-55e-3,
            v_reset=-65e-3,
            e_ex=0.0,
            e_in=-80e-3,
            tau_syn=2e-3,
            tau_syn_in=5e-4,
        ),
        1e-9,
    ),
    "adex conductance": (AdEx(tau_syn=2e-3, tau_syn_in=2e-4, e_ex=0.0, e_in=-8e-2), 1e-9),
}
"""By name: a model, and an ordinary current or weight."""


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e3, 1e6, 1e12])
def test_whatever_arrives_the_state_stays_finite(name, dtype, size):
    (model, ordinary), rng = EXTREMES[name], np.random.default_rng(0)
    size *= ordinary
    bias = tuple(rng.choice([-1, 0, 1], 20) * size)
    weights = rng.normal(size=(20, 3))
    weights = np.abs(weights) if conductances(model) else weights
    between = [Projection("in", "x", size * weights, receptor=r) for r in receptors(model)]
    core = HostCore(
        build(NetworkSpec(1e-4, (Population("in", 3, Input()), Population("x", 20, model, bias=bias)), tuple(between))),
        dtype, log_spikes=100,
    )  # fmt: skip
    spikes = 0
    for _ in range(300):
        core.tick(rng.random(3) < 0.3)
        spikes += (core.spikes[:, 1] >= 3).sum()
        for k in rows(core.program):
            assert np.isfinite(core.block(k)).all(), k
    assert spikes


@pytest.mark.parametrize("name", ["coba", "adex conductance"])
@pytest.mark.parametrize(("weights", "as_if"), [((3.0, -1.0), (2.0, 0.0)), ((1.0, -3.0), (0.0, 0.0))])
def test_negative_weights_take_from_a_conductance_that_never_falls_below_0(name, weights, as_if):
    """Built they cannot be, but trained."""
    model, ordinary = EXTREMES[name]
    network = NetworkSpec(
        1e-4, (Population("in", 2, Input()), Population("x", 1, model)), (Projection("in", "x", [[1.0, 1.0]]),)
    )
    program, traces = build(network), []
    for given in (weights, as_if):
        block, params = program.blocks["params"]["in->x.weights"], program.params.copy()
        block.of(params).ravel()[:] = np.multiply(given, ordinary)
        core = HostCore(program.with_params(params), "float64")
        traces.append([(core.tick(np.full(2, k == 0)), core.block("x.v")[0])[1] for k in range(50)])
    np.testing.assert_allclose(traces[0], traces[1], rtol=1e-12)
    assert (np.ptp(traces[0]) > 1e-4) == any(as_if)


def rows(program):
    """Names of the state of the neurons x."""
    return [k for k, b in program.blocks["state"].items() if k.startswith("x.") and not b.integer]
