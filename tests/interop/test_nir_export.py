"""Networks as NIR graphs and back: the same network, or a refusal that says what NIR cannot."""

import json

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurobot.interop.nir.export as export
from neurobot.errors import NIRError, SpecError
from neurobot.interop.nir import from_nir, run, to_nir
from neurobot.program import build
from neurobot.spec import (
    IF,
    LI,
    LIF,
    CubaLIF,
    Dense,
    FixedProbability,
    Input,
    Izhikevich,
    NetworkSpec,
    OneToOne,
    Population,
    Projection,
    Sparse,
)
from tests.interop.nir_graphs import DT
from tests.unit.strategies import examples


@st.composite
def networks(draw, lossy):
    """One to three populations in a random order of update, with weights that add up exactly."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    populations = [Population("in", draw(st.integers(1, 5)), Input())]
    for k in range(draw(st.integers(1, 3))):
        n = draw(st.integers(1, 5))
        model = neuron(draw, rng, n, lossy)
        biased = draw(st.booleans()) and (lossy or not isinstance(model, CubaLIF))
        bias = tuple(rng.integers(0, 20, n) / 64) if biased else 0.0
        v_init = 0.25 if lossy and draw(st.booleans()) else None
        populations.append(Population(f"p{k}", n, model, bias=bias, v_init=v_init))
    projections = [Projection("in", p.name, Dense(grid(rng, p.n, populations[0].n))) for p in populations[1:]]
    for i, pre in enumerate(populations[1:]):
        for j, post in enumerate(populations[1:]):
            if draw(st.booleans()):
                projections.append(projection(draw, rng, pre, post, int(j <= i)))
    return NetworkSpec(DT, tuple(populations), tuple(projections))


def grid(rng, *shape):
    return rng.integers(-40, 90, shape) / 64


def neuron(draw, rng, n, lossy):
    def number(low, high):
        return tuple(rng.uniform(low, high, n)) if draw(st.booleans()) else float(rng.uniform(low, high))

    kind = draw(st.sampled_from([IF, LIF, CubaLIF]))
    p = {"r": number(0.8, 2), "v_threshold": number(0.3, 0.8), "v_reset": number(-0.2, 0.2)}
    p |= {"tau_mem": number(2e-3, 9e-3)} if kind is not IF else {"r": number(200, 900)}
    p |= {"tau_syn": number(1e-3, 9e-3), "w_in": number(0.5, 2)} if kind is CubaLIF else {}
    if kind is CubaLIF:
        p["input"] = draw(st.sampled_from(["start", "held", *(["end", "unscaled"] if lossy else [])]))
    elif lossy:
        p["input"] = draw(st.sampled_from(["current", "jump", "jump_then_decay"]))
    if lossy and draw(st.booleans()):
        p["t_ref"] = 3 * DT
    if lossy and draw(st.booleans()):
        p = {k: v for k, v in p.items() if k != "v_reset"} | {"reset": "subtract", "v_subtract": number(0.2, 0.9)}
    return kind(**p)


def projection(draw, rng, pre, post, least):
    steps = draw(st.integers(least, 3))
    kind = draw(st.sampled_from(["dense", "delays", "sparse", *(["one"] if pre.n == post.n else [])]))
    w = grid(rng, post.n, pre.n)
    if kind == "one":
        return Projection(pre.name, post.name, OneToOne(weight=0.5), delay=steps * DT)
    if kind == "dense":
        return Projection(pre.name, post.name, Dense(w), delay=steps * DT)
    if kind == "delays":
        return Projection(pre.name, post.name, Dense(w, rng.integers(least, 5, w.shape) * DT))
    i, j = rng.integers(0, post.n, 4), rng.integers(0, pre.n, 4)
    return Projection(pre.name, post.name, Sparse(i, j, grid(rng, 4), rng.integers(least, 5, 4) * DT))


def equal_spikes(network, again, seed):
    inputs = (np.random.default_rng(seed).random((40, network.populations[0].n)) < 0.4).astype(float)
    wide = sum(p.n for p in again.populations if isinstance(p.model, Input)) - inputs.shape[1]
    here, there = run(network, inputs).spikes, run(again, np.hstack([inputs, np.zeros((40, wide))])).spikes
    for name, spikes in here.items():
        np.testing.assert_array_equal(there[name], spikes, err_msg=name)
    return sum(int(s.sum()) for s in here.values())


@examples(40)
@given(networks(lossy=False), st.integers(0, 99))
def test_a_network_that_nir_can_say_comes_back(network, seed):
    again, _ = from_nir(to_nir(network), dt=DT)
    equal_spikes(network, again, seed)


@examples(40)
@given(networks(lossy=True), st.integers(0, 99))
def test_a_network_written_with_losses_comes_back_by_its_metadata(network, seed):
    again, _ = from_nir(to_nir(network, lossy=True), dt=DT)
    equal_spikes(network, again, seed)


def one(model, **given):
    return NetworkSpec(DT, (Population("in", 2, Input()), Population("a", 2, model, **given)),
                       (Projection("in", "a", Dense([[1.0, 0.5], [0.25, 2.0]])),))  # fmt: skip


def alone(model, **given):
    return NetworkSpec(DT, (Population("a", 2, model, **given),))


def test_a_file_says_what_the_graph_says(tmp_path):
    network = one(CubaLIF(tau_mem=(5e-3, 6e-3), tau_syn=2e-3, w_in=3.0))
    to_nir(network, tmp_path / "a.nir")
    assert [p.name for p in tmp_path.iterdir()] == ["a.nir"]
    read = nir.read(tmp_path / "a.nir")  # by the library, with its own checks
    np.testing.assert_allclose(read.nodes["a"].w_in, 3.0 * 2e-3)
    np.testing.assert_array_equal(read.nodes["a"].tau_mem, [5e-3, 6e-3])
    again, report = from_nir(tmp_path / "a.nir", dt=DT)
    assert again == network
    assert "spike_as = dirac, from the metadata that neurobot wrote (a)" in report.assumptions


def test_a_held_spike_is_a_box():
    graph = to_nir(one(CubaLIF(tau_mem=5e-3, tau_syn=2e-3, input="held")))
    assert json.loads(graph.nodes["a"].metadata["neurobot"]) == {"spike_as": "box"}


def test_a_bias_is_an_affine_where_something_arrives_and_else_a_leak():
    fed = to_nir(one(LIF(tau_mem=5e-3), bias=(0.1, 0.2)))
    np.testing.assert_array_equal(fed.nodes["in->a"].bias, [0.1, 0.2])
    free = to_nir(alone(LIF(tau_mem=5e-3, r=2.0, v_leak=0.1), bias=0.3, v_init=0.7))
    np.testing.assert_allclose(free.nodes["a"].v_leak, 0.7)


def test_delays_are_nodes_and_a_step_of_recurrence_can_be_left_out():
    loop = (Projection("a", "a", Dense(np.eye(2)), delay=DT), Projection("in", "a", Dense(np.eye(2)), delay=2 * DT))
    network = NetworkSpec(DT, one(LIF(tau_mem=5e-3)).populations, loop)
    explicit, implicit = to_nir(network), to_nir(network, implicit_recurrence=True)
    np.testing.assert_allclose(explicit.nodes["a->a delay"].delay, DT)
    assert "a->a delay" not in implicit.nodes
    assert "in->a delay" in implicit.nodes
    for written in (explicit, implicit):
        assert set(from_nir(written, dt=DT)[0].projections) == set(loop)


def test_each_delay_of_a_projection_gets_a_path():
    dense = Dense([[1.0, 2.0], [3.0, 4.0]], np.array([[0, 1], [2, 1]]) * DT)
    network = NetworkSpec(DT, one(LIF(tau_mem=5e-3)).populations, (Projection("in", "a", dense),))
    delays = {round(float(n.delay[0]) / DT) for n in to_nir(network).nodes.values() if isinstance(n, nir.Delay)}
    assert delays == {1, 2}
    again = from_nir(to_nir(network), dt=DT)[0].projections[0].weights
    found = {(i, j): (w, d) for i, j, w, d in zip(again.post, again.pre, again.values, again.delays, strict=True)}
    assert found == {(0, 0): (1, 0), (0, 1): (2, DT), (1, 0): (3, 2 * DT), (1, 1): (4, DT)}


def test_a_neuron_without_memory_is_a_threshold():
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.Threshold(np.array([0.2, 0.4])))
    back = to_nir(from_nir(graph, dt=DT)[0])
    assert isinstance(back.nodes["threshold"], nir.Threshold)
    np.testing.assert_array_equal(back.nodes["threshold"].threshold, [0.2, 0.4])


def test_a_program_is_written_with_the_weights_that_run():
    network = NetworkSpec(DT, one(LIF(tau_mem=5e-3)).populations, (Projection("in", "a", FixedProbability(p=0.7)),))
    program = build(network, seed=4)
    np.testing.assert_array_equal(to_nir(program).nodes["in->a"].weight, program.weights("in->a"))
    np.testing.assert_array_equal(to_nir(network, seed=4).nodes["in->a"].weight, program.weights("in->a"))
    named = NetworkSpec(DT, network.populations, (Projection("in", "a", "w"),))
    np.testing.assert_array_equal(to_nir(named, weights={"w": np.eye(2)}).nodes["in->a"].weight, np.eye(2))


def test_the_populations_that_lead_nowhere_are_outputs():
    populations = (*one(LIF(tau_mem=5e-3)).populations, Population("o", 2, LI(tau_mem=5e-3)))
    projections = (Projection("in", "a", Dense(np.eye(2))), Projection("a", "o", Dense(np.eye(2))))
    graph = to_nir(NetworkSpec(DT, populations, projections))
    assert [name for name, node in graph.nodes.items() if isinstance(node, nir.Output)] == ["o->output"]
    assert from_nir(graph, dt=DT)[1].outputs == {"o->output": ("o",)}


def test_a_population_called_output_keeps_its_recurrence():
    populations = (Population("in", 2, Input()), Population("output", 3, LIF(tau_mem=5e-3)))
    loop = Projection("output", "output", Dense(-2 * np.ones((3, 3))), delay=DT)
    network = NetworkSpec(DT, populations, (Projection("in", "output", Dense(np.ones((3, 2)))), loop))
    again, report = from_nir(to_nir(network), dt=DT)
    assert set(again.projections) == set(network.projections)
    assert report.outputs == {"output->output_": ("output",)}


@pytest.mark.parametrize("other", ["b 1", "b delay", "b delay 1"])
def test_names_that_meet_lose_no_weights(other):
    cell = LIF(tau_mem=5e-3)
    populations = (Population("a", 2, Input()), Population("b", 2, cell), Population(other, 2, cell))
    delays = Dense([[1.0, 2.0], [3.0, 4.0]], np.array([[1, 2], [2, 1]]) * DT)
    plain = Projection("a", other, Dense([[5.0, 6.0], [7.0, 8.0]]))
    network = NetworkSpec(DT, populations, (Projection("a", "b", delays), plain))
    again, _ = from_nir(to_nir(network), dt=DT)
    assert plain in again.projections
    assert equal_spikes(network, again, 0) > 20


LOSSY = {
    "soft reset": (one(LIF(tau_mem=5e-3, reset="subtract")), "population 'a': reset by subtraction"),
    "refractory": (one(IF(t_ref=2 * DT)), "population 'a': a refractory time"),
    "jump": (one(LIF(tau_mem=5e-3, input="jump")), "population 'a': input='jump'"),
    "end": (one(CubaLIF(tau_mem=5e-3, tau_syn=5e-3, input="end")), "population 'a': input='end'"),
    "v_init": (one(LIF(tau_mem=5e-3), v_init=0.1), "population 'a': v starts elsewhere than at v_leak"),
    "two receptors": (
        one(CubaLIF(tau_mem=5e-3, tau_syn=5e-3, tau_syn_in=3e-3)), "population 'a': tau_syn_in = 0.003",
    ),
    "receptor": (
        NetworkSpec(DT, one(CubaLIF(tau_mem=5e-3, tau_syn=5e-3, tau_syn_in=3e-3)).populations,
                    (Projection("in", "a", Dense(np.eye(2)), receptor="inhibitory"),)),
        "projection 'in->a:inhibitory': receptor = inhibitory",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("network", "words"), LOSSY.values(), ids=LOSSY)
def test_what_nir_cannot_say_is_refused_or_noted(network, words):
    with pytest.raises(NIRError, match=f"lossy=True notes it in metadata:(.|\n)*  - {words}"):
        to_nir(network)
    assert any(words in lost for lost in json.loads(to_nir(network, lossy=True).metadata["neurobot"])["lost"])


def test_all_that_nir_cannot_say_is_listed(tmp_path):
    with pytest.raises(NIRError) as caught:
        to_nir(one(LIF(tau_mem=5e-3, reset="subtract", t_ref=DT), v_init=0.5), tmp_path / "a.nir")
    assert str(caught.value).count("\n  - ") == 3
    assert not list(tmp_path.iterdir())


def test_what_is_no_network_is_refused():
    with pytest.raises(SpecError, match="to_nir: network is a str, it must be a NetworkSpec or a Program"):
        to_nir("x")


def test_names_that_no_file_can_hold_are_refused():
    with pytest.raises(NIRError, match="population 'a/b': a name in a NIR file cannot be"):
        to_nir(NetworkSpec(DT, (Population("a/b", 1, LIF(tau_mem=5e-3)),)))


def test_a_constant_input_to_if_alone_is_refused():
    with pytest.raises(NIRError, match="a constant input to IF needs a projection"):
        to_nir(alone(IF(), bias=1.0))


def test_too_many_delays_are_refused(monkeypatch):
    monkeypatch.setattr(export, "MAX_PATTERNS", 2)
    dense = Dense(np.ones((2, 2)), np.array([[0, 1], [2, 1]]) * DT)
    with pytest.raises(NIRError, match="'in->a' has 3 different delays, at most 2"):
        to_nir(NetworkSpec(DT, one(LIF(tau_mem=5e-3)).populations, (Projection("in", "a", dense),)))


def test_a_model_that_nir_has_no_node_for_is_refused():
    with pytest.raises(NIRError, match="NIR has no node for Izhikevich; it has IF, LIF, CubaLIF and LI"):
        to_nir(alone(Izhikevich()), lossy=True)
