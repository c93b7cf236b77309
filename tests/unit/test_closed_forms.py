"""Membranes against closed forms, in float64, and the published example of NIR."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import IF, LI, LIF, CubaLIF, Input, NetworkSpec, Population, Projection

DT, TAU, SYN = 1e-3, 7e-3, 3e-3
STEPS = 60
TIMES = np.arange(1, STEPS + 1) * DT
GOLDEN = Path(__file__).parents[1] / "golden"


def simulate(model, spikes_at=(), steps=STEPS, dt=DT, weight=1.0, delay=0.0, record="", **population):
    """v after every step, i (or what is to be recorded) after every step, and the steps with spikes, of one neuron."""
    network = NetworkSpec(
        dt,
        (Population("in", 1, Input()), Population("x", 1, model, **population)),
        (Projection("in", "x", [[weight]], delay=delay),),
    )
    core = HostCore(build(network), "float64")
    v, i, spikes = [], [], []
    for k in range(steps):
        core.tick(np.array([float(k in spikes_at)]))
        v.append(core.block("x.v")[0])
        if record or isinstance(model, CubaLIF):
            i.append(core.block(f"x.{record or 'i'}")[0])
        if not isinstance(model, LI) and core.block("x.spikes")[0, 0]:
            spikes.append(k)
    return np.array(v), np.array(i), spikes


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", [LIF, LI])
@pytest.mark.parametrize("leak", [0.0, -0.3])
def test_a_membrane_decays_to_its_leak(model, leak):
    v, _, _ = simulate(model(tau_mem=TAU, v_leak=leak), v_init=0.9)
    close(v, leak + (0.9 - leak) * np.exp(-TIMES / TAU))


@pytest.mark.parametrize("model", [LIF, LI])
def test_a_membrane_answers_a_bias_with_its_step_response(model):
    v, _, _ = simulate(model(tau_mem=TAU, r=3.0, v_leak=-0.2), bias=0.25, v_init=0.1)
    end = -0.2 + 3.0 * 0.25
    close(v, end + (0.1 - end) * np.exp(-TIMES / TAU))


def test_a_cuba_membrane_answers_a_bias_with_its_step_response():
    v, _, _ = simulate(CubaLIF(tau_mem=TAU, tau_syn=SYN, r=3.0, v_leak=-0.2), bias=0.25)
    close(v, -0.2 + 3.0 * 0.25 * (1 - np.exp(-TIMES / TAU)))


def test_integrate_and_fire_ramps():
    v, _, _ = simulate(IF(r=2.0), bias=3.0, v_init=0.1)
    close(v, 0.1 + 2.0 * 3.0 * TIMES)


@pytest.mark.parametrize("syn", [SYN, TAU, 1.0001 * TAU, 9e-2])
@pytest.mark.parametrize("convention", ["start", "end"])
def test_one_spike_gives_a_double_exponential(syn, convention):
    """With tau_syn = tau_mem its limit, the alpha function (Rotter & Diesmann 1999)."""
    w, w_in, r, at = 0.8, 1.5, 2.0, 5
    model = CubaLIF(tau_mem=TAU, tau_syn=syn, r=r, w_in=w_in, v_threshold=9.0, input=convention)
    v, i, _ = simulate(model, {at}, weight=w)
    t = np.maximum(0.0, TIMES - at * DT - (DT if convention == "end" else 0.0))
    on = np.arange(STEPS) >= at
    close(i, np.where(on, w * w_in * np.exp(-t / syn), 0.0))
    if syn == TAU:
        kernel = t / TAU * np.exp(-t / TAU)
    elif abs(syn / TAU - 1) < 1e-3:  # the difference of the exponentials would lose digits
        x = t * (1 / TAU - 1 / syn)
        kernel = t / TAU * np.exp(-t / TAU) * np.where(x > 0, np.expm1(x) / np.where(x > 0, x, 1.0), 1.0)
    else:
        kernel = syn / (syn - TAU) * (np.exp(-t / syn) - np.exp(-t / TAU))
    close(v, r * w * w_in * kernel)


def test_time_constants_far_below_a_step_stay_finite():
    for mem, syn in ((1e-7, SYN), (TAU, 1e-7), (1e-7, 1e-7)):
        v, i, _ = simulate(CubaLIF(tau_mem=mem, tau_syn=syn, v_threshold=9.0), {2})
        assert np.isfinite(v).all()
        assert np.isfinite(i).all()


@pytest.mark.parametrize(
    ("model", "first"),
    [
        (LIF(tau_mem=TAU, r=2.0, input="current"), 2.0 * (1 - math.exp(-DT / TAU))),
        (LIF(tau_mem=TAU, r=2.0, input="jump"), 1.0),
        (LIF(tau_mem=TAU, r=2.0, input="jump_then_decay"), math.exp(-DT / TAU)),
        (IF(r=2.0, input="current"), 2.0 * DT),
        (IF(r=2.0, input="jump"), 1.0),
        (IF(r=2.0, input="jump_then_decay"), 1.0),
        (LI(tau_mem=TAU, r=2.0, input="current"), 2.0 * (1 - math.exp(-DT / TAU))),
        (LI(tau_mem=TAU, r=2.0, input="jump"), 1.0),
    ],
    ids=lambda x: f"{type(x).__name__} {x.input}" if hasattr(x, "input") else "",
)
def test_a_spike_moves_the_membrane_as_its_convention_says(model, first):
    w, at = 0.3, 4
    v, _, _ = simulate(model, {at}, weight=w)
    decay = 1.0 if isinstance(model, IF) else math.exp(-DT / TAU)
    close(v, [0.0 if k < at else w * first * decay ** (k - at) for k in range(STEPS)])


def test_the_spiking_actor_neuron_has_its_published_decays():
    """v <- .75 v + i, i <- .5 (i + w): PopSAN's neuron, taus from the decays."""
    model = CubaLIF(tau_mem=-DT / math.log(0.75), tau_syn=-DT / math.log(0.5), v_threshold=99.0, input="unscaled")
    v, _, _ = simulate(model, {3, 4, 9}, steps=20)
    current, voltage, expected = 0.0, 0.0, []
    for k in range(20):
        current = 0.5 * current + float(k in {3, 4, 9})
        voltage = 0.75 * voltage + current
        expected.append(voltage)
    close(v, expected)


@pytest.mark.parametrize("syn", [SYN, 12e-3])
@pytest.mark.parametrize("w_in", [1.0, 3.0])
def test_spikes_that_are_held_over_every_step_are_a_constant_input(syn, w_in):
    """tau_syn dI/dt = -I + w_in w and tau_mem dv/dt = -v + r I from rest: the step response of two low-passes."""
    model = CubaLIF(tau_mem=TAU, tau_syn=syn, r=2.0, w_in=w_in, v_threshold=99.0, input="held")
    v, i, _ = simulate(model, set(range(STEPS)), weight=0.5)
    close(i, 0.5 * w_in * (1 - np.exp(-TIMES / syn)))
    close(v, w_in * (1 - (TAU * np.exp(-TIMES / TAU) - syn * np.exp(-TIMES / syn)) / (TAU - syn)))


def test_a_spike_arrives_after_its_delay():
    v, _, _ = simulate(LI(tau_mem=TAU, input="jump"), {4}, delay=3 * DT)
    close(v, np.where(np.arange(STEPS) < 7, 0.0, np.exp(-(np.arange(STEPS) - 7) * DT / TAU)))


@pytest.mark.parametrize("steps", [0, 1, 5])
@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_the_interval_between_spikes_of_a_driven_neuron(steps, reset):
    """From v0, v exceeds theta after the first whole number of steps with end - (end - v0) a^n > theta."""
    bias, theta, v0 = 2.0, 1.0, 0.25
    kind = {"v_reset": v0} if reset == "value" else {"v_subtract": theta - v0}
    model = LIF(tau_mem=20e-3, v_threshold=theta, reset=reset, t_ref=steps * DT, **kind)
    v, _, spikes = simulate(model, steps=400, bias=bias, v_init=v0)
    interval = math.floor(20e-3 / DT * math.log((bias - v0) / (bias - theta))) + 1
    assert spikes[0] == interval - 1
    if reset == "value":
        assert np.all(np.diff(spikes) == interval + steps)
    else:
        over = bias - (bias - v0) * math.exp(-interval * DT / 20e-3) - (theta - v0)
        assert v[spikes[0]] == pytest.approx(over, abs=1e-12)
    for k in spikes[:-1]:
        assert np.all(v[k : k + steps + 1] == v[k])


def test_a_refractory_neuron_drops_what_arrives_and_its_current_goes_on():
    model = CubaLIF(tau_mem=TAU, tau_syn=SYN, v_threshold=0.01, t_ref=4 * DT)
    v, i, spikes = simulate(model, {2, 4}, weight=1.0)
    assert spikes[0] == 2
    close(v[2:7], 0.0)
    k = np.arange(STEPS)
    close(i, np.where(k >= 2, np.exp(-(k - 1) * DT / SYN), 0) + np.where(k >= 4, np.exp(-(k - 3) * DT / SYN), 0))


def test_threshold_is_strict():
    assert simulate(IF(v_threshold=1.0, input="jump"), {3}, weight=1.0)[2] == []
    assert simulate(IF(v_threshold=1.0, input="jump"), {3}, weight=np.nextafter(1.0, 2.0))[2] == [3]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_the_published_example_of_nir(dtype, reset):
    golden = json.loads((GOLDEN / "nir_lif.json").read_text())
    names = ("tau_mem", "r", "v_leak", "v_threshold")
    network = NetworkSpec(
        golden["dt"],
        (Population("in", 1, Input()), Population("x", 1, LIF(**{n: golden[n] for n in names}, reset=reset))),
        (Projection("in", "x", [[golden["weight"]]]),),
    )
    core = HostCore(build(network), dtype, log_spikes=9)
    given, spikes = set(golden["input_steps"]), []
    for k in range(golden["steps"]):
        core.tick(np.array([float(k in given)]))
        spikes += [k] if (core.spikes[:, 1] == 1).any() else []
    assert len(given) == 34
    assert spikes == golden["spike_steps"]
