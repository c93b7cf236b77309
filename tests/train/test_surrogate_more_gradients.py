"""Gradients in less common places: refractory neurons, carry, receptive fields, decoders, masks."""

import numpy as np
import pytest

from neurobot.program import build
from neurobot.spec import (
    ALIF,
    LI,
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    CubaLIF,
    Current,
    Direct,
    Encoder,
    FixedProbability,
    Gaussian,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normal,
    Population,
    Projection,
    Rate,
    Regular,
)
from neurobot.train.surrogate import Atan, Readout, Seeds, Stack
from tests.train.surrogate_cases import DT, difference, random_seeds

SMOOTH = {"surrogate": Atan(slope=2.0), "reset": "attached", "dtype": "float64", "smooth": True}
HELD = {"LIF": LIF, "CubaLIF": CubaLIF, "ALIF": ALIF}


def check(stack, inputs, seeds, rng, rel=2e-6):
    gradients = stack.backward(stack.forward(inputs), seeds).values
    assert set(gradients) == set(stack.values)
    for key, g in gradients.items():
        direction = rng.normal(size=g.shape)
        assert (g * direction).sum() == pytest.approx(difference(stack, inputs, seeds, key, direction), rel=rel), key


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("jump", ["jump", "jump_then_decay"])
def test_a_refractory_neuron_holds_its_gradient_as_it_holds_v(name, jump):
    rng = np.random.default_rng(5)
    extra = {"tau_syn": 4e-3} if name == "CubaLIF" else {"input": jump}
    model = HELD[name](tau_mem=6e-3, v_threshold=0.5, t_ref=(0.0, DT, 2 * DT, 3 * DT), **extra)
    populations = (Population("in", 3, Input()), Population("a", 4, model, bias=0.2))
    between = (
        Projection("in", "a", rng.normal(0.5, 0.5, (4, 3))),
        Projection("a", "a", rng.normal(0, 0.3, (4, 4)), delay=DT),
    )
    train = ["weights", "b", "tau_mem", "v_threshold"]
    stack = Stack(build(NetworkSpec(DT, populations, between)), train=train, **SMOOTH)
    inputs = {"in": rng.uniform(0, 1, (14, 3, 3))}
    trace = stack.forward(inputs)
    assert (trace.blocks[0].scanned["a"].gate == 1).any() == (jump == "jump_then_decay" and name != "CubaLIF")
    assert (trace.blocks[0].scanned["a"].gate == 2).any()
    check(stack, inputs, random_seeds(rng, 14, 3, {"a": 4}, {"a": 4}), rng)


def controller(rng, field, code, carry=1.0, decoder=None, substeps=4):
    network = NetworkSpec(
        DT,
        (
            Population("in", field.channels(2), Input()),
            Population("a", 6, CubaLIF(tau_mem=4e-3, tau_syn=2e-3, input="unscaled", v_threshold=0.6)),
            Population(
                "out", 4, LI(tau_mem=6e-3, input="jump") if decoder is None else LIF(tau_mem=6e-3, input="jump")
            ),
        ),
        (
            Projection("in", "a", rng.normal(0.2, 0.5, (6, field.channels(2)))),
            Projection("in", "out", rng.normal(0.2, 0.5, (4, field.channels(2))), delay=2 * DT),
            Projection("a", "out", rng.normal(0.2, 0.5, (4, 6)), delay=DT),
        ),
    )
    limits = Limits(low=-2.0, high=1.0, rest=0.2)
    decoder = decoder or Membrane(population="out", size=2, push_pull=True, squash="tanh", limits=limits)
    encoder = Encoder(population="in", field=field, code=code, size=2)
    return build(ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=substeps, carry=carry))


RANGE = Bounds(low=-1.5, high=(1.0, 2.0))


@pytest.mark.parametrize("carry", [1.0, 0.4])
def test_what_survives_a_tick_carries_its_gradient(carry):
    rng = np.random.default_rng(8)
    stack = Stack(controller(rng, Gaussian(range=RANGE, per_dim=3), Current(gain=0.8), carry),
                  train=["weights", "b", "tau_syn"], **SMOOTH)  # fmt: skip
    check(stack, rng.uniform(-2, 2, (3, 4, 2)), random_seeds(rng, 12, 4, {"a": 6}, {"out": 4}), rng)


@pytest.mark.parametrize(
    ("field", "train"),
    [
        (Gaussian(range=RANGE, per_dim=3), ["center", "scale", "means", "sharp", "gain"]),
        (Direct(range=RANGE), ["center", "scale", "gain"]),
        (Direct(range=RANGE, push_pull=False), ["center", "scale", "gain"]),
    ],
)
def test_receptive_fields_of_currents_have_a_gradient(field, train):
    rng = np.random.default_rng(4)
    stack = Stack(controller(rng, field, Current(gain=0.8)), train=[*train, "weights"], **SMOOTH)
    check(stack, rng.uniform(-2, 2, (3, 4, 2)), random_seeds(rng, 12, 4, {"a": 6}, {"out": 4}), rng)


def test_a_spike_of_a_regular_code_counts_as_what_it_stands_for():
    """Straight through: the gradient of a field is that of the same field whose currents have the code's mean rate."""
    rng = np.random.default_rng(6)
    field, train = Gaussian(range=RANGE, per_dim=3), ["center", "means", "gain"]
    spiking = Stack(controller(rng, field, Regular(max_rate=500.0)), train=train, **SMOOTH)
    rows = rng.uniform(-1, 1, (2, 3, 2))
    trace = spiking.forward(rows)
    seeds = random_seeds(rng, 8, 3, {"a": 6}, {})
    found = spiking.backward(trace, seeds, inputs=True)
    currents = Stack(controller(rng, field, Current(gain=0.5)), train=train, **SMOOTH)
    same = currents.forward(rows)
    by_tick = found.inputs["in"].reshape(2, 4, 3, 6).sum(axis=1)
    for key, g in currents.encoding.pull_back(same.blocks[0], by_tick).items():
        np.testing.assert_allclose(found.values[key], g, rtol=1e-12)


def test_actions_have_the_gradient_of_the_decoder():
    rng = np.random.default_rng(9)
    limits = Limits(low=-2.0, high=1.0, rest=0.2)
    rate = Rate(population="out", size=2, push_pull=True, gain=1.5, limits=limits)
    for decoder in (None, rate):
        program = controller(rng, Gaussian(range=RANGE, per_dim=3), Current(), decoder=decoder)
        stack, readout = Stack(program, train=["weights"], **SMOOTH), Readout(program, "float64")
        rows = rng.uniform(-1, 1, (3, 2, 2))
        trace = stack.forward(rows)
        decoded = readout.forward(trace)
        for limited in (False, True):
            wanted = rng.normal(size=decoded.wanted.shape)
            seeds = readout.backward(trace, readout.forward(stack.forward(rows)), wanted, limits=limited)
            gradients = stack.backward(stack.forward(rows), seeds).values
            key = "a->out.weights"
            direction, start = rng.normal(size=gradients[key].shape), stack.values[key].copy()
            ends = []
            for sign in (1, -1):
                stack.values[key][...] = start + sign * 1e-6 * direction
                result = readout.forward(stack.forward(rows))
                ends.append(((result.actions if limited else result.wanted) * wanted).sum())
            stack.values[key][...] = start
            assert (gradients[key] * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5)


@pytest.mark.parametrize("rule", [FixedProbability(p=0.5, weight=Normal(std=0.5)), AllToAll(weight=0.3, self=False)])
def test_synapses_that_do_not_exist_get_no_gradient(rule):
    rng = np.random.default_rng(0)
    populations = (Population("in", 6, Input()), Population("a", 6, LIF(tau_mem=1e-2, input="jump")))
    between = (Projection("in", "a", rng.normal(0.5, 0.3, (6, 6))), Projection("a", "a", rule, delay=DT))
    stack = Stack(build(NetworkSpec(DT, populations, between)), dtype="float64")
    trace = stack.forward({"in": rng.random((10, 4, 6)) < 0.5})
    g = stack.backward(trace, Seeds({"a": np.ones(6)})).values["a->a.weights"]
    absent = stack.values["a->a.weights"] == 0
    assert absent.any() and (g[absent] == 0).all() and (g[~absent] != 0).any()


def test_gradients_event_by_event_are_those_of_blas(monkeypatch):
    rng = np.random.default_rng(0)
    populations = (Population("in", 30, Input()), Population("a", 24, LIF(tau_mem=1e-2, input="jump")))
    between = (
        Projection("in", "a", rng.normal(0.1, 0.3, (24, 30)), delay=DT),
        Projection("a", "a", rng.normal(0, 0.1, (24, 24)), delay=2 * DT),
    )
    stack = Stack(build(NetworkSpec(DT, populations, between)), dtype="float64")
    inputs, seeds = {"in": rng.random((20, 4, 30)) < 0.3}, random_seeds(rng, 20, 4, {"a": 24}, {})
    found = []
    for density in (0.0, 1.0):
        monkeypatch.setattr("neurobot.train.surrogate.products.OUTER_BELOW", density)
        monkeypatch.setattr("neurobot.train.surrogate.passes.EVENTS_BELOW", density)
        found.append(stack.backward(stack.forward(inputs), seeds).values)
    for key, g in found[0].items():
        np.testing.assert_allclose(g, found[1][key], rtol=1e-11, atol=1e-13)
