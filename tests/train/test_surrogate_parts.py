"""Gradients of a batch that is run part by part, in the same memory, are those of the whole batch."""

import numpy as np
import pytest

from neurobot.errors import SpecError
from neurobot.program import build
from neurobot.spec import (
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Encoder,
    FanIn,
    Gaussian,
    Input,
    Limits,
    NetworkSpec,
    Poisson,
    Population,
    Projection,
    Rate,
)
from neurobot.train.surrogate import Readout, Seeds, Stack, cross_entropy, logits, logits_back, squared_error

DT, STEPS = 1e-3, 12


def network(*more):
    cell = LIF(tau_mem=1e-2, input="jump")
    populations = (
        Population("in", 20, Input()),
        Population("other", 5, Input()),
        Population("hidden", 30, cell),
        Population("out", 3, cell),
    )
    weight = AllToAll(weight=FanIn(gain=2.0))
    between = (
        Projection("in", "hidden", weight),
        Projection("other", "hidden", weight, delay=2 * DT),
        Projection("hidden", "out", AllToAll(weight=FanIn(gain=2.0)), delay=DT),
    )
    return build(NetworkSpec(DT, populations, (*between, *more)))


def whole(stack, inputs, loss):
    """The loss and its gradients, by `forward` and `backward`; spikes of hidden too."""
    trace = stack.forward(inputs)
    value, seeds = loss(trace, slice(None))
    return value, stack.backward(trace, seeds).values, trace.rates("hidden")


@pytest.mark.parametrize(("block", "parts"), [(1 << 20, 1), (1500, 3), (1, 10)])
def test_gradients_taken_part_by_part_are_those_of_the_batch(monkeypatch, block, parts):
    stack, rng = Stack(network(), train=("weights", "b", "tau_mem"), dtype="float64"), np.random.default_rng(1)
    reference = Stack(network(), train=("weights", "b", "tau_mem"), dtype="float64")
    monkeypatch.setattr("neurobot.train.surrogate.stack.BLOCK", block)
    for batch in (10, 10, 7):
        inputs = {"in": rng.random((STEPS, batch, 20)) < 0.2, "other": rng.normal(size=(STEPS, batch, 5))}
        labels, wanted, ran = rng.integers(0, 3, batch), rng.normal(size=(batch, 3)), []

        def loss(trace, some, labels=labels, wanted=wanted, ran=ran):
            one, g = cross_entropy(logits(trace, "out"), labels[some])
            two, gv = squared_error(logits(trace, "out", "v"), wanted[some])
            ran.append((trace.batch, trace.rates("hidden")))
            return one + two, logits_back(trace, "out", g) + logits_back(trace, "out", gv, "v")

        value, gradients = stack.gradients(inputs, loss)
        if batch == 10:
            assert len(ran) == parts
        sizes = [size for size, _ in ran]
        assert sum(sizes) == batch
        expected, values, rates = whole(reference, inputs, loss)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(np.average([r for _, r in ran[:-1]], 0, sizes), rates, rtol=1e-12)
        assert set(gradients.values) == set(values) and rates.any()
        for key, g in values.items():  # counts of spikes, and so their gradient, are float32
            np.testing.assert_allclose(gradients.values[key], g, rtol=0, atol=1e-6 * np.abs(g).max())
            assert g.any()


def test_parts_have_the_chance_of_their_instances_and_train_an_encoder(monkeypatch):
    populations = (Population("in", 6, Input()), Population("hidden", 8, LIF(tau_mem=1e-2, input="jump")))
    field, limits = Gaussian(range=Bounds(low=-1.0, high=1.0), per_dim=6), Limits(low=-1.0, high=1.0)
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Poisson(max_rate=400.0), size=1),
        network=NetworkSpec(DT, populations, (Projection("in", "hidden", AllToAll(weight=FanIn(gain=3.0))),)),
        decoder=Rate(population="hidden", size=1, limits=limits), substeps=10,
    )  # fmt: skip
    stack, rng = Stack(build(spec), train=("weights", "means"), dtype="float64"), np.random.default_rng(4)
    readout, x, wanted = Readout(stack.program, "float64"), rng.uniform(-1, 1, (2, 9, 1)), rng.normal(size=(2, 9, 1))

    def loss(trace, some):
        decoded = readout.forward(trace)
        value, g = squared_error(decoded.wanted, wanted[:, some])
        return value, readout.backward(trace, decoded, g)

    expected, values, _ = whole(stack, x, loss)
    monkeypatch.setattr("neurobot.train.surrogate.stack.BLOCK", 400)
    value, gradients = stack.gradients(x, loss)
    assert value == pytest.approx(expected, rel=1e-12)
    for key, g in values.items():
        np.testing.assert_allclose(gradients.values[key], g, rtol=1e-10, atol=1e-13)
        assert g.any()
    assert stack.gradients(x, loss, episode=1)[0] != value


def test_a_network_whose_spikes_come_back_is_one_part(monkeypatch):
    stack = Stack(network(Projection("hidden", "hidden", AllToAll(weight=FanIn(gain=0.5)), delay=DT)))
    monkeypatch.setattr("neurobot.train.surrogate.stack.BLOCK", 1)
    ran = []

    def loss(trace, some):
        ran.append(some)
        return 0.0, Seeds({"out": np.ones(3, np.float32)})

    stack.gradients({"in": np.ones((STEPS, 4, 20), np.bool_)}, loss)
    assert ran == [slice(0, 4)]


def test_seeds_of_a_part_that_do_not_fit_are_refused():
    stack = Stack(network())
    with pytest.raises(SpecError, match=r"there is no population 'outt' with a gradient; did you mean 'out'\?"):
        stack.gradients({"in": np.ones((STEPS, 4, 20), np.bool_)}, lambda *_: (0.0, Seeds({"outt": np.ones(3)})))
