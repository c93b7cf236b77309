"""From the user's end: a network learns within seconds, and the Program that comes out runs alike on a core."""

import numpy as np
import pytest

import neurobot as nb
from neurobot.program import build
from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Current,
    Encoder,
    FanIn,
    Gaussian,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Population,
    Projection,
)
from neurobot.train.surrogate import (
    Adam,
    FastSigmoid,
    Readout,
    Schedule,
    Seeds,
    Stack,
    clip,
    cross_entropy,
    logits,
    logits_back,
    rate_penalty,
    squared_error,
)

DT, STEPS = 1e-3, 20


def patterns(rng, batch):
    """Spikes whose rates tell the class, (T, B, 20), and the classes."""
    rates = np.random.default_rng(0).uniform(0, 0.4, (3, 20))
    labels = rng.integers(0, 3, batch)
    return rng.random((STEPS, batch, 20)) < rates[labels], labels


def classifier():
    cell = LIF(tau_mem=1e-2, input="jump")
    populations = (Population("in", 20, Input()), Population("hidden", 30, cell), Population("out", 3, cell))
    between = (
        Projection("in", "hidden", AllToAll(weight=FanIn(gain=2.0))),
        Projection("hidden", "hidden", AllToAll(weight=FanIn(gain=0.5)), delay=DT),
        Projection("hidden", "out", AllToAll(weight=FanIn(gain=2.0))),
    )
    return build(NetworkSpec(DT, populations, between))


def test_a_recurrent_network_learns_to_tell_patterns_and_the_program_says_the_same():
    rng = np.random.default_rng(1)
    stack = Stack(classifier(), FastSigmoid(slope=5.0), train=("weights", "b", "tau_mem"))
    adam, slope, trace = Adam(stack.values, rate=0.01), Schedule(first=2.0, last=10.0, steps=60), None
    losses = []
    for step in range(60):
        spikes, labels = patterns(rng, 64)
        stack.surrogate = FastSigmoid(slope=slope.at(step))
        trace = stack.forward({"in": spikes}, into=trace)
        loss, g = cross_entropy(logits(trace, "out", each=True), labels)
        penalty, more = rate_penalty(trace, ["hidden"], 1.0, high=0.2)
        gradients = stack.backward(trace, logits_back(trace, "out", g) + more).values
        clip(gradients, 1.0)
        adam.step(gradients)
        losses.append(loss + penalty)
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])
    spikes, labels = patterns(np.random.default_rng(99), 100)
    scores = logits(stack.forward({"in": spikes}, exact=True), "out")
    assert (scores.argmax(axis=1) == labels).mean() > 0.9
    program = stack.to_program(method="patterns")
    assert program.provenance["method"] == "patterns"
    for b in range(5):
        counts = nb.simulate(program, {"in": spikes[:, b].astype(float)}, STEPS * DT, dtype="float32").counts("out")
        np.testing.assert_array_equal(counts, scores[b])


def sine():
    populations = (
        Population("in", 10, Input()),
        Population("hidden", 40, LIF(tau_mem=5e-3, input="jump")),
        Population("out", 1, LI(tau_mem=1e-2, input="jump")),
    )
    between = (
        Projection("in", "hidden", AllToAll(weight=FanIn(gain=1.5))),
        Projection("hidden", "out", AllToAll(weight=FanIn(gain=0.5))),
    )
    encoder = Encoder(
        population="in", field=Gaussian(range=Bounds(low=-3.0, high=3.0), per_dim=10), code=Current(), size=1
    )
    decoder = Membrane(population="out", size=1, limits=Limits(low=-2.0, high=2.0))
    network = NetworkSpec(DT, populations, between)
    return build(ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=8, carry=0.0))


def test_a_controller_learns_a_sine_and_acts_alike_on_the_core():
    rng = np.random.default_rng(0)
    stack = Stack(sine(), FastSigmoid(slope=4.0), train=("weights", "b", "center", "means"))
    readout, adam, trace = Readout(stack.program), Adam(stack.values, rate=0.01), None
    for _ in range(150):
        x = rng.uniform(-3, 3, (128, 1))
        trace = stack.forward(x, into=trace)
        decoded = readout.forward(trace)
        _, g = squared_error(decoded.wanted, np.sin(x))
        adam.step(stack.backward(trace, readout.backward(trace, decoded, g)).values)
    x = np.linspace(-3, 3, 61)[:, None]
    actions = readout.forward(stack.forward(x, exact=True)).actions[0]
    assert np.sqrt(np.mean((actions - np.sin(x)) ** 2)) < 0.15
    core = nb.HostCore(stack.to_program())
    for row, action in zip(x, actions, strict=True):
        core.reset(0)
        core.tick(row)
        np.testing.assert_array_equal(core.action, action)


def test_a_range_that_is_set_goes_into_the_program():
    stack = Stack(sine(), train=("weights",))
    x = np.linspace(-3, 3, 7)[:, None]
    before = Readout(stack.program).forward(stack.forward(x, exact=True)).actions
    stack.encoding.set_range(np.array([0.7]), np.array([0.2]))
    actions = Readout(stack.program).forward(stack.forward(x, exact=True)).actions
    assert (actions != before).any()
    core = nb.HostCore(stack.to_program())
    for row, action in zip(x, actions[0], strict=True):
        core.reset(0)
        core.tick(row)
        np.testing.assert_array_equal(core.action, action)


def test_a_trace_whose_memory_is_used_again_changes_nothing():
    rng = np.random.default_rng(3)
    stack = Stack(classifier())
    one, two = ({"in": patterns(rng, 8)[0]} for _ in range(2))
    seeds = Seeds({"out": np.ones(3)})
    fresh = stack.backward(stack.forward(two), seeds).values
    trace = stack.forward(one)
    stack.backward(trace, seeds)
    again = stack.forward(two, into=trace)
    assert again is trace
    for key, g in stack.backward(again, seeds).values.items():
        np.testing.assert_array_equal(g, fresh[key])


def test_an_input_that_nothing_enters_is_silent():
    populations = (
        Population("a", 3, Input()),
        Population("b", 2, Input()),
        Population("out", 3, LIF(tau_mem=1e-2, input="jump")),
    )
    between = (Projection("a", "out", np.full((3, 3), 0.7)), Projection("b", "out", np.full((3, 2), 0.7)))
    stack = Stack(build(NetworkSpec(DT, populations, between)))
    ones = {"a": np.ones((6, 2, 3), bool), "b": np.ones((6, 2, 2), bool)}
    both = stack.forward(ones)
    assert both.spikes("b").all()
    alone = stack.forward({"a": ones["a"]}, into=both)
    assert not alone.spikes("b").any() and alone.spikes("a").all()
    expected = stack.forward({**ones, "b": np.zeros((6, 2, 2), bool)})
    np.testing.assert_array_equal(alone.v("out"), expected.v("out"))
    gradients = stack.backward(alone, Seeds({"out": np.ones(3)})).values
    assert gradients["a->out.weights"].any() and not gradients["b->out.weights"].any()


def test_a_backward_pass_can_be_repeated():
    stack = Stack(classifier())
    trace = stack.forward({"in": patterns(np.random.default_rng(3), 8)[0]})
    seeds = Seeds({"out": np.ones(3)}, {"hidden": np.full(30, 0.1)})
    first, second = (stack.backward(trace, seeds).values for _ in range(2))
    for key, g in first.items():
        assert g.any()
        np.testing.assert_array_equal(g, second[key])


def test_adam_takes_the_steps_of_its_paper():
    rng = np.random.default_rng(0)
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-12)):
        values = {"a.weights": rng.normal(size=(3, 4)).astype(dtype), "b": rng.normal(size=5).astype(dtype)}
        expected = {name: value.astype(float) for name, value in values.items()}
        adam = Adam(values, rate=0.02, b1=0.8, b2=0.9, eps=1e-6, decay=0.1)
        mean, square = (dict.fromkeys(values, 0.0) for _ in range(2))
        for t in range(1, 6):
            gradients = {name: rng.normal(size=value.shape).astype(dtype) for name, value in values.items()}
            adam.step(gradients)
            for name, g in gradients.items():
                mean[name] = 0.8 * mean[name] + 0.2 * g.astype(float)
                square[name] = 0.9 * square[name] + 0.1 * g.astype(float) ** 2
                move = mean[name] / (1 - 0.8**t) / (np.sqrt(square[name] / (1 - 0.9**t)) + 1e-6)
                expected[name] -= 0.02 * (move + (0.1 * expected[name] if name == "a.weights" else 0.0))
        for name, value in values.items():
            np.testing.assert_allclose(value, expected[name], rtol=tolerance, atol=tolerance)


def test_clipping_shortens_long_gradients_only():
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert clip(gradients, 10.0) == 5.0
    assert clip(gradients, 1.0) == 5.0
    np.testing.assert_allclose(gradients["a"], [0.6, 0.0])
    np.testing.assert_allclose(gradients["b"], [[0.8]])


def test_a_rate_penalty_pulls_rates_into_their_bounds():
    stack = Stack(classifier(), dtype="float64")
    trace = stack.forward({"in": patterns(np.random.default_rng(3), 8)[0]})
    rates = trace.rates("hidden")
    low, high = np.quantile(rates, [0.3, 0.6])
    loss, seeds = rate_penalty(trace, ["hidden"], 2.0, low=low, high=high)
    over, under = np.maximum(rates - high, 0), np.maximum(low - rates, 0)
    assert loss == pytest.approx(2 * np.mean(over**2 + under**2))
    assert (np.sign(seeds.spikes["hidden"][0, 0]) == np.sign(over - under)).all()
    more = rates + 1e-6
    moved = 2 * np.mean(np.maximum(more - high, 0) ** 2 + np.maximum(low - more, 0) ** 2)
    total = seeds.spikes["hidden"].sum() * trace.steps * trace.batch
    assert total == pytest.approx((moved - loss) / 1e-6, rel=1e-3)


@pytest.mark.parametrize("of", ["spikes", "v"])
@pytest.mark.parametrize("each", [False, True])
def test_the_gradient_of_logits_is_that_of_sums_and_means(of, each):
    rng = np.random.default_rng(3)
    stack = Stack(classifier(), dtype="float64")
    trace = stack.forward({"in": patterns(rng, 4)[0]})
    scores = logits(trace, "out", of, each=each)
    g = rng.normal(size=scores.shape)
    seeds = logits_back(trace, "out", g, of)
    values = trace.spikes("out") if of == "spikes" else trace.v("out")
    found = seeds.spikes if of == "spikes" else seeds.v
    assert (g * scores).sum() == pytest.approx((found["out"] * values).sum())
    assert values.any()


def test_cross_entropy_has_the_gradient_of_its_differences():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (5, 4, 3)), np.array([0, 2, 1, 1])
    loss, g = cross_entropy(scores, labels)
    direction = rng.normal(size=scores.shape)
    ends = [cross_entropy(scores + h * direction, labels)[0] for h in (1e-6, -1e-6)]
    assert (g * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
    assert loss > 0 and cross_entropy(np.array([[900.0, 0.0]]), np.array([0]))[0] == 0


def test_a_batch_that_is_run_in_blocks_is_one_batch(monkeypatch):
    rng = np.random.default_rng(3)
    cell = LIF(tau_mem=1e-2, input="jump")
    populations = (Population("in", 20, Input()), Population("hidden", 30, cell), Population("out", 3, cell))
    between = (
        Projection("in", "hidden", AllToAll(weight=FanIn(gain=2.0))),
        Projection("hidden", "out", AllToAll(weight=FanIn(gain=2.0)), delay=DT),
    )
    program, found = build(NetworkSpec(DT, populations, between)), []
    spikes, seeds = patterns(rng, 10)[0], Seeds({"out": rng.normal(size=(STEPS, 10, 3)), "hidden": np.full(30, 0.1)})
    for size, blocks in ((1 << 19, 1), (2000, 3), (1, 10)):
        monkeypatch.setattr("neurobot.train.surrogate.stack.BLOCK", size)
        stack = Stack(program, train=("weights", "b", "tau_mem"), dtype="float64")
        trace = stack.forward({"in": spikes})
        assert len(trace.blocks) == blocks
        gradients = stack.backward(trace, seeds, inputs=True)
        found.append([trace.spikes("hidden"), trace.v("out"), gradients.inputs["in"], trace.rates("hidden")])
        found[-1] += [gradients.values[key] for key in sorted(gradients.values)]
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-13)


def test_an_encoder_that_is_trained_in_blocks_is_one_encoder(monkeypatch):
    rng, program, found = np.random.default_rng(3), sine(), []
    rows, seeds = rng.uniform(-3, 3, (10, 1)), Seeds({"hidden": rng.normal(size=(8, 10, 40))})
    for size in (1 << 18, 1000):
        monkeypatch.setattr("neurobot.train.surrogate.stack.BLOCK", size)
        stack = Stack(program, train=("weights", "center", "means"), dtype="float64")
        trace = stack.forward(rows)
        found.append(stack.backward(trace, seeds, inputs=True))
    assert len(trace.blocks) > 1
    for key, g in found[0].values.items():
        np.testing.assert_allclose(g, found[1].values[key], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found[0].inputs["in"], found[1].inputs["in"], rtol=1e-12)
