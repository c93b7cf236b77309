"""Noise currents: their statistics against closed forms, and where they act."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.core import BatchCore, HostCore
from neurobot.errors import SpecError
from neurobot.program import Program, build
from neurobot.simulation import simulate
from neurobot.spec import (
    IF,
    LI,
    LIF,
    AdEx,
    AlphaLIF,
    CubaLIF,
    Custom,
    Input,
    Izhikevich,
    NetworkSpec,
    Noise,
    Population,
    neuron,
)

DT, N = 1e-3, 2000
HIGH = {"v_threshold": 1e6, "v_reset": 0.0}


def cells(model, noise, n=N, dt=DT, **more):
    return build(NetworkSpec(dt, (Population("cells", n, model, noise=noise, **more),)), seed=3)


def run(program, steps, every=1, **more):
    return simulate(program, {}, steps * program.network.dt, record=["cells.v", "cells.noise"], every=every, **more)


MODELS = [
    LIF(tau_mem=0.01, r=2.0, **HIGH),
    LIF(tau_mem=0.01, r=2.0, input="jump", t_ref=0.002, **HIGH),
    LIF(tau_mem=0.01, r=2.0, input="jump_then_decay", t_ref=0.002, **HIGH),
    LI(tau_mem=0.01, r=2.0),
    CubaLIF(tau_mem=0.01, tau_syn=0.004, r=2.0, **HIGH),
    CubaLIF(tau_mem=0.01, tau_syn=0.004, tau_syn_in=0.003, r=2.0, reset="subtract", v_threshold=1e6),
    CubaLIF(tau_mem=0.01, tau_syn=0.004, r=2.0, input="unscaled", **HIGH),
    AlphaLIF(tau_mem=0.01, tau_syn=0.004, r=2.0, **HIGH),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{type(m).__name__} {getattr(m, 'input', '')}")
def test_v_is_its_bias_and_the_exactly_filtered_noise(model):
    """v <- alpha v + (1 - alpha) r (bias + I), with the current that is recorded."""
    result = run(cells(model, Noise(std=0.7, tau=0.003), n=5, bias=0.2), 200)
    noise, v = result.traces["cells.noise"], np.zeros(5)
    alpha = np.exp(-DT / 0.01)
    for k in range(200):
        v = alpha * v + (1 - alpha) * 2.0 * (0.2 + noise[k])
        np.testing.assert_allclose(result.traces["cells.v"][k], v, rtol=0, atol=1e-13)


def test_noise_of_integrate_and_fire_is_summed():
    result = run(cells(IF(r=3.0, **HIGH), Noise(std=0.7), n=5), 100)
    expected = 3.0 * DT * np.cumsum(result.traces["cells.noise"], axis=0)
    np.testing.assert_allclose(result.traces["cells.v"], expected, rtol=0, atol=1e-14)


def test_noise_of_izhikevich_is_added_ahead_of_its_step():
    result = run(cells(Izhikevich(v_threshold=1e3), Noise(std=5.0, tau=0.01), n=3, bias=1.0), 30)
    v, u = np.full(3, -65.0), np.full(3, -13.0)
    for k in range(30):
        w = v + result.traces["cells.noise"][k]
        v = w + (0.04 * w**2 + 5 * w + 140 - u + 1.0)
        u = u + 0.02 * (0.2 * w - u)
        np.testing.assert_allclose(result.traces["cells.v"][k], v, rtol=1e-12)


def test_noise_of_adex_is_a_current_to_the_first_order_of_the_step():
    """The same current as an input is held over the step, and integrated with it."""
    program, dt = cells(AdEx(tau_syn=5e-3), Noise(std=100e-12, tau=0.005), n=10, dt=1e-4), 1e-4
    noisy = run(program, 200)
    network = replace(program.network, populations=(replace(program.network.populations[0], noise=None),))
    given = {"cells": noisy.traces["cells.noise"]}
    held, quiet = (simulate(build(network), x, 200 * dt, record=["cells.v"]).traces["cells.v"] for x in (given, {}))
    effect = np.abs(held - quiet).max()
    assert effect > 1e-4
    assert np.abs(noisy.traces["cells.v"] - held).max() < 0.02 * effect


@pytest.mark.parametrize("model", [AdEx(tau_syn=5e-3), Izhikevich()], ids=["AdEx", "Izhikevich"])
def test_noise_of_any_size_leaves_v_finite(model):
    std = 1e-6 if isinstance(model, AdEx) else 1e3
    result = run(cells(model, Noise(std=std), n=50, dt=1e-4), 300, dtype="float32")
    assert np.isfinite(result.traces["cells.v"]).all() and len(result.spikes["cells"]) > 100


@pytest.mark.parametrize("tau", [0.0, 0.005, 0.05])
def test_the_noise_is_stationary_with_its_standard_deviation_and_correlation(tau):
    x = run(cells(LI(tau_mem=0.01), Noise(std=0.5, tau=tau)), 41).traces["cells.noise"]
    error = 0.25 * np.sqrt(2 / N)
    for k in (0, 1, 5, 40):  # from the first step on
        assert abs(x[k].mean()) < 4 * 0.5 / np.sqrt(N)
        assert abs(x[k].var() - 0.25) < 4 * error
    for lag in (1, 5, 20):
        rho = np.exp(-lag * DT / tau) if tau else 0.0
        assert abs((x[0] * x[lag]).mean() - 0.25 * rho) < 4 * 0.25 * np.sqrt((1 + rho**2) / N)
    beside = np.corrcoef(x[20, :-1], x[20, 1:])[0, 1]
    assert abs(beside) < 4 / np.sqrt(N)


@pytest.mark.parametrize("tau", [0.0, 0.005, 0.02])
def test_variance_of_v_is_that_of_the_closed_form(tau):
    """(g std)^2 (1 + alpha rho) / ((1 - alpha^2) (1 - alpha rho)) with g = (1 - alpha) r; tau = 0 has rho = 0.

    From v_{k+1} = alpha v_k + g I_k and Cov(v_k, I_k) = rho g std^2 / (1 - alpha rho).
    """
    v = run(cells(LIF(tau_mem=0.01, r=2.0, **HIGH), Noise(std=0.5, tau=tau), bias=0.3), 1001, every=250).traces[
        "cells.v"
    ][1:]
    alpha, rho = np.exp(-DT / 0.01), np.exp(-DT / tau) if tau else 0.0
    expected = ((1 - alpha) * 2 * 0.5) ** 2 * (1 + alpha * rho) / ((1 - alpha**2) * (1 - alpha * rho))
    assert abs(v.mean() - 0.6) < 4 * np.sqrt(expected / v.size)
    assert abs(v.var() - expected) < 4 * expected * np.sqrt(2 / v.size)


def test_slow_noise_has_the_variance_of_continuous_time():
    """r^2 std^2 tau / (tau + tau_mem) of a filtered Ornstein-Uhlenbeck process, where dt is short."""
    v = run(cells(LIF(tau_mem=0.01, r=2.0, **HIGH), Noise(std=0.5, tau=0.02), dt=1e-4), 2001, every=1000).traces[
        "cells.v"
    ][1:]
    expected = 2.0**2 * 0.5**2 * 0.02 / 0.03
    assert abs(v.var() - expected) < 4 * expected * np.sqrt(2 / v.size) + 0.01 * expected


@pytest.mark.parametrize(("kind", "held"), [("current", 3), ("jump_then_decay", 2)])
def test_a_neuron_that_waits_is_held_while_its_noise_goes_on(kind, held):
    model = LIF(tau_mem=0.01, v_threshold=1e-12, v_reset=-1e6, t_ref=3 * DT, input=kind)
    result = run(cells(model, Noise(std=0.5), n=200), 12)
    noise, v, spikes = result.traces["cells.noise"], result.traces["cells.v"], result.spikes["cells"]
    for k, j in zip(spikes.steps, spikes.neurons, strict=True):
        assert (v[k : k + 1 + held, j] == -1e6).all()
        assert k + 1 + held >= 12 or v[k + 1 + held, j] != -1e6
    assert (np.diff(noise, axis=0) != 0).all()


def test_neurons_that_share_their_parameters_are_held_likewise():
    model = CubaLIF(tau_mem=0.01, tau_syn=0.01, v_threshold=1e-12, v_reset=-1e6, t_ref=3 * DT)
    result = run(cells(model, Noise(std=0.5), n=200), 12)
    v, spikes = result.traces["cells.v"], result.spikes["cells"]
    assert len(spikes) > 100
    for k, j in zip(spikes.steps, spikes.neurons, strict=True):
        assert (v[k : k + 4, j] == -1e6).all()


def test_noise_differs_between_populations_seeds_episodes_and_instances():
    noise = Noise(std=1.0)
    program = build(
        NetworkSpec(
            DT,
            (Population("a", 50, LI(tau_mem=0.01), noise=noise), Population("b", 50, LI(tau_mem=0.01), noise=noise)),
        )
    )

    def first(core):
        core.tick(np.zeros(0))
        return core.block("a.noise").copy()

    core = HostCore(program)
    found = [first(core), core.block("b.noise").copy()]
    found.append(first(core))
    core.reset()
    found.append(first(core))
    found += [first(HostCore(program, seed=2**40)), first(HostCore(program, instance=1))]
    for k, a in enumerate(found):
        assert all(not np.array_equal(a, b) for b in found[:k])
    np.testing.assert_array_equal(first(HostCore(program)), found[0])


@pytest.mark.parametrize("threads", [1, 2])
def test_instances_of_a_batch_equal_single_cores(threads):
    program = cells(LIF(tau_mem=0.01, v_threshold=0.05, t_ref=0.002), Noise(std=1.0, tau=0.004), n=13)
    batch, cores = BatchCore(program, 3, threads=threads), [HostCore(program, instance=i) for i in range(3)]
    for _ in range(20):
        batch.tick(np.zeros((3, 0)))
        for i, core in enumerate(cores):
            core.tick(np.zeros(0))
            np.testing.assert_array_equal(batch.state[i], core.state)
    batch.close()


def test_a_snapshot_repeats_the_noise():
    core = HostCore(cells(LI(tau_mem=0.01), Noise(std=1.0, tau=0.004), n=13))
    core.tick(np.zeros(0))
    kept = core.snapshot()
    core.tick(np.zeros(0))
    once = core.state.copy()
    core.restore(kept)
    core.tick(np.zeros(0))
    np.testing.assert_array_equal(core.state, once)


def test_a_file_keeps_the_noise(tmp_path):
    program = cells(LI(tau_mem=0.01), Noise(std=(1.0, 2.0), tau=0.004), n=2)
    program.save(tmp_path / "p.safetensors")
    again = Program.load(tmp_path / "p.safetensors")
    assert again.network.populations[0].noise == Noise(std=(1.0, 2.0), tau=0.004)
    assert program.diff(again) == []


@neuron("noise_test")
def without_r(v, s, spike):
    pass


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: Noise(std=-1.0), "std is -1, it must be at least 0"),
        (lambda: Noise(std=1.0, tau=-1.0), "tau is -1, it must be at least 0"),
        (lambda: Noise(std=(1.0, np.nan)), r"std\[1\] is nan"),
        (lambda: cells(LI(tau_mem=0.01), Noise(std=(1.0, 2.0)), n=3), "noise: std has 2 values, it must have one or 3"),
        (lambda: cells(LI(tau_mem=0.01), 1.0, n=3), "noise is 1.0, it must be a Noise, or None"),
        (
            lambda: cells(Input(), Noise(std=1.0), n=3),
            "Input neurons have no r and no c_m, so a noise",
        ),
        (lambda: cells(Custom(id="noise_test"), Noise(std=1.0), n=3), "Custom neurons have no r and no c_m"),
        (
            lambda: cells(LIF(tau_mem=(0.01, 1e-6)), Noise(std=1.0), n=2),
            "noise needs a tau_mem of at least dt / 80 = 1.25e-05 s, it is 1e-06 s",
        ),
    ],
)
def test_noise_that_cannot_be(given, words):
    with pytest.raises(SpecError, match=words):
        given()
