"""What cannot be differentiated is refused before anything runs, and says what would have been right."""

import numpy as np
import pytest

from neurobot.errors import SpecError, TrainingError
from neurobot.program import build
from neurobot.spec import (
    ALIF,
    IF,
    LI,
    LIF,
    AlphaLIF,
    Bounds,
    ControllerSpec,
    CubaLIF,
    Current,
    Direct,
    Encoder,
    Gaussian,
    Input,
    Latency,
    Limits,
    Membrane,
    NetworkSpec,
    Noise,
    OneHot,
    Population,
    Projection,
    Rate,
    Regular,
    Sparse,
    TsodyksMarkram,
    WinnerTakeAll,
)
from neurobot.train.surrogate import Adam, Atan, FastSigmoid, Readout, Schedule, Seeds, Stack

DT = 1e-3


def network(model=None, weights=None, n=4, noise=None, **projection):
    populations = (
        Population("in", 3, Input()),
        Population("cells", n, model or LIF(tau_mem=1e-2, input="jump"), noise=noise),
    )
    weights = np.full((n, 3), 0.5) if weights is None else weights
    return build(NetworkSpec(DT, populations, (Projection("in", "cells", weights, **projection),)))


def controller(code=None, field=None, decoder=None, carry=1.0, out=None):
    field = field or Gaussian(range=Bounds(low=-1.0, high=1.0), per_dim=3)
    populations = (
        Population("in", field.channels(2), Input()),
        Population("out", 4, out or LIF(tau_mem=1e-2, input="jump")),
    )
    spec = NetworkSpec(DT, populations, (Projection("in", "out", np.ones((4, field.channels(2)))),))
    decoder = decoder or Rate(population="out", size=2, limits=Limits(low=-1.0, high=1.0))
    encoder = Encoder(population="in", field=field, code=code or Current(), size=2)
    return build(ControllerSpec(encoder=encoder, network=spec, decoder=decoder, substeps=4, carry=carry))


LIST = Sparse(np.array([0, 1]), np.array([0, 1]), np.array([1.0, 1.0]))
ALPHA = AlphaLIF(tau_mem=1e-2, tau_syn=5e-3)
TWO = CubaLIF(tau_mem=1e-2, tau_syn=5e-3, tau_syn_in=5e-3)
ALIKE = CubaLIF(tau_mem=1e-2, tau_syn=5e-3)
AT_RESET = LIF(tau_mem=1e-2, v_reset=1.0, v_threshold=1.0)


@pytest.mark.parametrize(
    ("program", "given", "message"),
    [
        (
            lambda: network(ALPHA),
            {},
            "population 'cells' is AlphaLIF, which has no adjoint here; IF, LIF, CubaLIF, ALIF",
        ),
        (lambda: network(TWO), {}, "has two receptors; use one, with weights of both signs"),
        (lambda: network(noise=Noise(std=0.1)), {}, "population 'cells' has a noise current; train without it"),
        (
            lambda: network(stp=TsodyksMarkram(u=0.5, tau_rec=0.1)),
            {},
            "has short-term plasticity, which has no adjoint",
        ),
        (lambda: network(weights=LIST), {}, "projection 'in->cells' is indexed; give it an array, AllToAll, or Fixed"),
        (network, {"reset": "attach"}, "reset is 'attach'; did you mean 'attached'"),
        (network, {"train": ["weight"]}, "train is 'weight'; did you mean 'weights'"),
        (network, {"train": ["center"]}, "train is 'center'"),
        (network, {"train": ["tau_syn"]}, "'tau_syn' is to be trained, but no population has it"),
        (lambda: network(IF()), {"train": ["tau_mem"]}, "'tau_mem' is to be trained, but no population has it"),
        (lambda: network(ALIKE), {"train": ["b", "tau_mem"]}, "tau_mem of population 'cells' are one number for all"),
        (lambda: network(AT_RESET), {"train": ["v_threshold"]}, "is not above where a spike leaves v"),
        (network, {"dtype": "float16"}, "dtype is 'float16'"),
        (
            lambda: controller(Latency()),
            {"train": ["center"]},
            "the Latency code has no gradient; use Current or Regular",
        ),
        (lambda: controller(Regular()), {"train": ["fine"]}, "train is 'fine'"),
        (
            lambda: controller(field=OneHot(range=Bounds(low=-1.0, high=1.0), per_dim=3)),
            {"train": ["center"]},
            "the field OneHot has no gradient; use Gaussian",
        ),
        (
            lambda: controller(field=Direct(range=Bounds(low=-1.0, high=1.0))),
            {"train": ["means"]},
            "'means' is to be trained, but the encoder, Direct with Current, has none",
        ),
    ],
)
def test_a_stack_says_what_it_cannot_train(program, given, message):
    with pytest.raises(SpecError) as caught:
        Stack(program(), **given)
    assert message in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        Stack(network(ALPHA, LIST))
    assert len(caught.value.problems) == 2


SPIKES = np.zeros((5, 2, 3), bool)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 3)), "this is a network alone; give what enters its Input populations, by name"),
        ({"inn": SPIKES}, "there is no Input population 'inn'; did you mean 'in'"),
        ({"in": SPIKES[0]}, "'in' has shape (2, 3), it must be (T, B, 3)"),
        ({"in": np.zeros((5, 2, 4))}, "'in' has shape (5, 2, 4), it must be (T, B, 3)"),
        ({"in": np.full((5, 2, 3), np.nan)}, "'in' has entries that are not finite"),
        ({}, "they have none"),
    ],
)
def test_inputs_that_do_not_fit_a_network_are_refused(inputs, message):
    with pytest.raises(SpecError) as caught:
        Stack(network()).forward(inputs)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(2), "observations have shape (2,), it must be (B, 2) or (ticks, B, 2)"),
        (np.zeros((5, 3)), "observations have shape (5, 3)"),
        (np.full((5, 2), np.inf), "observations have entries that are not finite"),
        ({"in": np.zeros((4, 2, 6))}, "this controller's encoder gives currents that are held over a tick"),
    ],
)
def test_observations_that_do_not_fit_a_controller_are_refused(rows, message):
    with pytest.raises(SpecError) as caught:
        Stack(controller()).forward(rows)
    assert message in str(caught.value)


def test_a_range_that_makes_no_sense_is_not_taken():
    stack = Stack(controller())
    for center in (np.zeros(3), np.array([0.0, np.nan])):
        with pytest.raises(SpecError, match="center must be 2 finite numbers, it is array"):
            stack.encoding.set_range(center, np.ones(2))
    with pytest.raises(SpecError, match="center is trained, so it is not to be set"):
        Stack(controller(), train=["center"]).encoding.set_range(np.zeros(2), np.ones(2))


def test_ticks_that_have_nothing_to_do_with_each_other_are_to_be_instances():
    stack = Stack(controller(carry=0.0))
    assert stack.forward(np.zeros((3, 2))).batch == 3
    with pytest.raises(SpecError, match="2 ticks are given, but with carry = 0 nothing of one reaches the next"):
        stack.forward(np.zeros((2, 3, 2)))


def test_a_trace_of_another_size_or_stack_is_not_used_again():
    one, two = Stack(network()), Stack(network())
    trace = one.forward({"in": SPIKES})
    for stack, spikes in ((one, SPIKES[:4]), (two, SPIKES)):
        with pytest.raises(SpecError, match="`into` is a trace of 5 steps of 2 instances"):
            stack.forward({"in": spikes}, into=trace)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (Seeds({"cell": np.ones(4)}), "there is no population 'cell' with a gradient; did you mean 'cells'"),
        (Seeds({}, {"in": np.ones(3)}), "there is no population 'in' with a gradient"),
        (Seeds({"cells": np.ones(3)}), "the gradient of 'cells' has shape (3,), which does not fit (5, 2, 4)"),
    ],
)
def test_seeds_that_do_not_fit_are_refused(seeds, message):
    stack = Stack(network())
    with pytest.raises(SpecError) as caught:
        stack.backward(stack.forward({"in": SPIKES}), seeds)
    assert message in str(caught.value)


def test_li_has_no_spikes_to_give_a_gradient_of():
    stack = Stack(network(LI(tau_mem=1e-2)))
    with pytest.raises(SpecError, match="'cells' is LI and never spikes; give the gradient of its v"):
        stack.backward(stack.forward({"in": SPIKES}), Seeds({"cells": np.ones(4)}))


def test_a_readout_is_of_a_controller_with_rates_or_membranes():
    with pytest.raises(SpecError, match="the decoder is a network alone; Rate and Membrane have a gradient"):
        Readout(network())
    with pytest.raises(SpecError, match="the decoder is WinnerTakeAll"):
        Readout(controller(decoder=WinnerTakeAll(population="out", size=2)))


def test_a_readout_needs_whole_ticks_and_finite_actions():
    program = controller(Regular())
    stack, readout = Stack(program), Readout(program)
    trace = stack.forward({"in": np.zeros((6, 2, 6), bool)})
    with pytest.raises(SpecError, match="6 steps are not whole ticks of 4"):
        readout.forward(trace)
    limits = Limits(low=-1.0, high=1.0)
    loud = controller(
        decoder=Membrane(population="out", size=2, gain=1e30, limits=limits), out=LI(tau_mem=1e-2, input="jump")
    )
    stack = Stack(loud)
    stack.values["in->out.weights"][...] = 1e20
    with pytest.raises(SpecError, match="2 actions are not finite"):
        Readout(loud).forward(stack.forward(np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FastSigmoid(slope=0.0), "FastSigmoid: slope is 0"),
        (lambda: Atan(slope=-1.0), "Atan: slope is -1"),
        (lambda: Schedule(first=1.0, last=0.0, steps=5), "Schedule: last is 0"),
        (lambda: Schedule(first=1.0, last=2.0, steps=0), "Schedule: steps is 0, it must be at least 1"),
        (lambda: Schedule(first=1.0, last=2.0, steps=5, curve="lin"), "curve is 'lin'; did you mean 'linear'"),
        (lambda: Adam({}, rate=0.0), "Adam: rate is 0"),
        (lambda: Adam({}, b1=1.5), "b1 is 1.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message):
    with pytest.raises(SpecError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        ({"weight": np.ones(2)}, "there is no variable 'weight'; did you mean 'weights'"),
        ({"weights": np.ones(3)}, r"the gradient of 'weights' has shape \(3,\), it must be \(2,\)"),
        ({"weights": np.array([1.0, np.nan])}, "the gradient of 'weights' is not finite; clip it"),
    ],
)
def test_adam_refuses_gradients_before_it_moves(gradients, message):
    values = {"weights": np.zeros(2), "b": np.zeros(1)}
    adam = Adam(values)
    with pytest.raises(TrainingError, match=message):
        adam.step({"b": np.ones(1)} | gradients)
    assert adam.steps == 0 and not values["b"].any()


def test_a_schedule_goes_from_first_to_last():
    linear, factor = (
        Schedule(first=2.0, last=10.0, steps=4),
        Schedule(first=2.0, last=32.0, steps=4, curve="exponential"),
    )
    assert [linear.at(k) for k in (-1, 0, 1, 4, 9)] == [2, 2, 4, 10, 10]
    assert [factor.at(k) for k in (0, 1, 2, 4, 5)] == pytest.approx([2, 4, 8, 32, 32])


def test_time_constants_and_thresholds_stay_valid_however_far_they_are_moved():
    model = ALIF(tau_mem=1e-2, v_reset=0.2, input="jump", beta=0.1)
    train = ["b", "tau_mem", "tau_w", "tau_theta", "v_threshold"]
    stack = Stack(network(model), train=train, dtype="float64")
    start = stack.parameters.coefficients("cells")
    np.testing.assert_allclose(start["alpha"], np.exp(-DT / 1e-2), rtol=1e-12)
    for move in (-6.0, 6.0):
        for name in ("tau_mem", "tau_w", "tau_theta", "v_threshold"):
            stack.values[f"cells.{name}"][...] = move
        c = stack.parameters.coefficients("cells")
        for name in ("alpha", "decay_w", "decay_theta"):
            assert ((c[name] > 0) & (c[name] < 1)).all()
        assert (c["theta"] > 0.2).all()
        program = stack.to_program()
        np.testing.assert_array_equal(program.param("cells.alpha"), c["alpha"])
        np.testing.assert_array_equal(program.param("cells.theta"), c["theta"])


def test_a_resting_potential_stays_where_it_is_when_a_time_constant_is_trained():
    stack = Stack(network(LIF(tau_mem=1e-2, v_leak=0.3)), train=["tau_mem"], dtype="float64")
    stack.values["cells.tau_mem"] += 1.5
    c = stack.parameters.coefficients("cells")
    np.testing.assert_allclose(c["b"] / (1 - c["alpha"]), 0.3, rtol=1e-12)
    np.testing.assert_allclose(c["lam"], 1 - c["alpha"], rtol=1e-12)
