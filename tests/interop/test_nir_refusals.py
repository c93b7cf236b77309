"""Graphs, conventions and arguments that are refused, each with a message that says why."""

import nir
import numpy as np
import pytest

import neurobot.interop.nir.graph as flat
import neurobot.interop.nir.wires as wires
from neurobot.errors import NIRError, SpecError
from neurobot.interop.nir import from_nir, run
from neurobot.interop.nir.graph import MAX_SUBGRAPHS
from neurobot.spec import (
    AlphaLIF,
    CubaLIF,
    Dense,
    Input,
    Izhikevich,
    NetworkSpec,
    Population,
    Projection,
    TsodyksMarkram,
)
from tests.interop.nir_graphs import DT, chain, cuba, full, graph, lif, sink, source

W = np.random.default_rng(0).normal(0.3, 0.6, (5, 4))
REFUSED = {
    "no such node": (lambda: graph("x b, b o", x=source(1), a=lif(1), o=sink(1)), "there is no node 'b'"),
    "twice": (lambda: graph("x a, x a", x=source(1), a=lif(1)), "edge 'x' -> 'a' is there twice"),
    "from an output": (lambda: graph("x o, o a", x=source(1), a=lif(1), o=sink(1)), "no edge can leave an Output"),
    "to an input": (lambda: graph("a x", x=source(1), a=lif(1)), "no edge can lead to an Input"),
    "conv": (
        lambda: chain(source(4), nir.Conv1d(4, np.ones((1, 1, 2)), 1, 0, 1, 1, np.zeros(1)), lif(1)),
        "node 'n1' is a Conv1d, which is not supported; write it as a Linear node",
    ),
    "no neurons": (lambda: chain(source(1), nir.Scale(full(1, 1)), sink(1)), "the graph has no neurons"),
    "sizes": (lambda: chain(source(3), nir.Linear(W), lif(5)), "'n0' gives 3 values, 'n1' takes 4"),
    "parameters of different sizes": (
        lambda: _broken(lif(3), tau=full(2, 5e-3)), r"node 'n1': its parameters have \[2, 3\] values",
    ),
    "not finite": (lambda: chain(source(1), lif(1, tau=np.nan)), r"node 'n1': tau\[0\] is nan, it must be finite"),
    "no numbers": (lambda: _broken(lif(1), r=np.array(["a"])), "node 'n1': r holds no real numbers"),
    "a negative tau": (lambda: chain(source(1), lif(1, tau=-1)), "a time constant is -1, it must be greater than 0"),
    "reset above threshold": (lambda: chain(source(1), lif(1, v_reset=2)), "v_reset is above v_threshold"),
    "weight not finite": (lambda: chain(source(1), nir.Linear(full((1, 1), np.inf)), lif(1)), "the weight holds inf"),
    "weight no numbers": (lambda: chain(source(1), nir.Linear(np.array([["a"]])), lif(1)), "weight holds no real numb"),
    "weight of one dimension": (lambda: _broken(nir.Linear(W), lif(5), weight=W[0]), r"shape \(4,\), it must be"),
    "an empty shape": (lambda: chain(nir.Input(input_type={"input": np.array([0])}), lif(1)), "at least one value"),
    "a huge shape": (lambda: chain(source(10**12), nir.Scale(full(1, 1)), lif(1)), "together, at most 10,000,000"),
    "a large matrix": (
        lambda: chain(source(2), nir.Linear(np.broadcast_to(0.5, (2**26, 2))), lif(1)), "values together, at most",
    ),
    "a large product": (
        lambda: chain(source(20_000), nir.Linear(np.ones((1, 20_000))), nir.Linear(np.ones((20_000, 1))),
                      lif(20_000)), "node 'n2': 20000 x 20000 weights are too many",
    ),
    "a negative delay": (lambda: chain(source(1), nir.Delay(full(1, -DT)), lif(1)), "the delay is -0.001 s"),
    "a loop of linear nodes": (
        lambda: graph("x s, s t, t s, t a", x=source(1), s=nir.Scale(full(1, 1)), t=nir.Scale(full(1, 1)), a=lif(1)),
        "the linear nodes 's', 't' form a loop without a neuron in it",
    ),
    "LI that feeds": (
        lambda: chain(source(1), nir.LI(tau=full(1, 1), r=full(1, 1), v_leak=full(1, 0)), lif(1)),
        "'n1' is LI, whose v would be the input of 'n2'",
    ),
    "two doors": (
        lambda: graph("x s, s o", x=source(1), o=sink(1), s=graph("i a, j a, a o", i=source(1), j=source(1), a=lif(1),
                                                                 o=sink(1))),
        "sub-graph 's' has 2 Input nodes",
    ),
    "two nodes of one name": (
        lambda: nir.NIRGraph({"s.a": lif(1), "s": graph("i a", i=source(1), a=lif(1))}, [], type_check=False),
        "two nodes are called 's.a'",
    ),
    "no room for an input": (
        lambda: graph("input_a b", a=lif(1), input_a=source(1), b=lif(1)), "'input_a' exists already",
    ),
    "deep": (lambda: _deep(MAX_SUBGRAPHS + 2), "sub-graphs are nested deeper than 16"),
    "many paths": (lambda: _many_delays(), "more than 1,000 different paths lead to it"),
    "foreign metadata": (lambda: _noted("[]"), "its metadata 'neurobot' is no JSON object"),
    "unknown metadata": (lambda: _noted('{"resett": "value"}'), "'neurobot' has 'resett'; did you mean 'reset'"),
    "metadata of another model": (lambda: _noted('{"tau": 1}'), "has 'tau'"),
    "unknown spike_as": (lambda: _noted('{"spike_as": "blob"}'), "spike_as is 'blob'; did you mean 'box'"),
    "a list as spike_as": (lambda: _noted('{"spike_as": [1]}'), r"spike_as is \[1.0\]; known: box, dirac, jump"),
}  # fmt: skip


def _broken(node, *more, **fields):
    g = chain(source(1), node, *more)
    for name, value in fields.items():
        setattr(node, name, value)
    return g


def _deep(levels):
    g = graph("i a, a o", i=source(1), a=lif(1), o=sink(1))
    for _ in range(levels):
        g = graph("i g, g o", i=source(1), g=g, o=sink(1))
    return g


def _many_delays():
    n = 1100
    return chain(
        source(2), nir.Linear(np.ones((n, 2))), nir.Delay(np.arange(n) * DT), nir.Linear(np.ones((1, n))), lif(1)
    )


def _noted(text):
    g = chain(source(1), lif(1), sink(1))
    g.nodes["n1"].metadata = {"neurobot": text}
    return g


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_a_graph_that_cannot_be_run_is_refused(make, words):
    with pytest.raises(NIRError, match=words):
        from_nir(make(), dt=DT)


def test_metadata_that_a_model_has_no_use_for_is_refused():
    g = chain(source(1), nir.LI(tau=full(1, 1), r=full(1, 1), v_leak=full(1, 0)), sink(1))
    g.nodes["n1"].metadata = {"neurobot": '{"t_ref": 0.001}'}
    with pytest.raises(NIRError, match="has 't_ref', which LI has not; remove it"):
        from_nir(g, dt=DT)


@pytest.mark.parametrize(
    ("limit", "words"),
    [("MAX_NODES", "the graph has more than 2 nodes"), ("MAX_EDGES", "the graph has more than 2 edges")],
)
def test_a_graph_too_large_is_refused(monkeypatch, limit, words):
    monkeypatch.setattr(flat, limit, 2)
    with pytest.raises(NIRError, match=words):
        from_nir(chain(source(1), lif(1), lif(1), sink(1)), dt=DT)


def test_too_many_paths_that_meet_are_refused(monkeypatch):
    monkeypatch.setattr(wires, "MAX_TERMS", 2)
    ways = {f"d{k}": nir.Delay(full(1, k * DT)) for k in range(3)}
    edges = ", ".join(f"x {name}, {name} a" for name in ways)
    with pytest.raises(NIRError, match="node 'a': more than 2 different paths lead to it"):
        from_nir(graph(edges, x=source(1), a=lif(1), **ways), dt=DT)


def _squares(k):
    """k times 100 x 100 weights, written as 200."""
    nodes, edges = {"x": source(100)}, []
    for j in range(k):
        nodes |= {f"a{j}": nir.Linear(np.ones((1, 100))), f"b{j}": nir.Linear(np.ones((100, 1))), f"c{j}": lif(100)}
        edges += [f"x a{j}, a{j} b{j}, b{j} c{j}"]
    return graph(", ".join(edges), **nodes)


def _scales(k):
    """100 x 100 weights that k nodes scale, one after the other."""
    return chain(source(100), nir.Linear(np.ones((100, 100))), *[nir.Scale(full(100, 2))] * k, lif(100), sink(100))


def _delays(k):
    """100 x 100 weights that k nodes delay, each neuron by another time."""
    late = nir.Delay(np.arange(100) * DT)
    return chain(source(100), nir.Linear(np.ones((100, 100))), *[late] * k, lif(100), sink(100))


def _sums(k):
    """100 x 100 weights, to which k nodes add those of a wire."""
    nodes = {"x": source(100), "w0": nir.Linear(np.ones((100, 100))), "c": lif(100)}
    edges = ["x w0"]
    for j in range(k):
        nodes[f"w{j + 1}"] = nir.Flatten(input_type={"input": np.array([100])}, start_dim=0)
        edges += [f"w{j} w{j + 1}, x w{j + 1}"]
    return graph(", ".join([*edges, f"w{k} c"]), **nodes)


def _fan(k):
    """k populations that one Linear of 100 x 100 weights leads to."""
    nodes = {"x": source(100), "w": nir.Linear(np.ones((100, 100)))} | {f"c{j}": lif(100) for j in range(k)}
    return graph(", ".join(["x w", *(f"w c{j}" for j in range(k))]), **nodes)


@pytest.mark.parametrize("make", [_squares, _scales, _delays, _sums, _fan])
def test_the_weights_of_a_graph_are_limited_together(monkeypatch, make):
    monkeypatch.setattr(wires, "MAX_SYNAPSES", 31_000)
    from_nir(make(2), dt=DT)
    with pytest.raises(NIRError, match="weights are too many; all paths of a graph may have 31,000 together"):
        from_nir(make(4), dt=DT)


def test_weights_may_fill_the_limit(monkeypatch):
    monkeypatch.setattr(wires, "MAX_SYNAPSES", 100 * 100)
    from_nir(_fan(1), dt=DT)


CONVENTIONS = {
    "euler": (lif(1, tau=0.5 * DT), {"method": "euler"}, "a time constant is 0.5 steps, and a Euler step needs"),
    "no threshold to subtract": (lif(1, v_threshold=0, v_reset=0), {"reset": "subtract"}, "needs it above 0"),
    "late without decay": (lif(1, tau=1e-4), {"compat": "snntorch"}, "its decay is 0, so a reset that acts a"),
    "no memory at all": (
        cuba(1, tau_mem=1e-4, tau_syn=1e-4), {"compat": "snntorch", "reset": "value"}, "so it has no memory",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("node", "given", "words"), CONVENTIONS.values(), ids=CONVENTIONS)
def test_a_node_that_a_convention_cannot_take_is_refused(node, given, words):
    with pytest.raises(NIRError, match=words):
        from_nir(chain(source(1), node, sink(1)), dt=DT, **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dt": 0.0}, "dt is 0, it must be greater than 0"),
        ({"dt": "1 ms"}, "dt is '1 ms', it must be a number"),
        ({"file_dt": -1.0}, "file_dt is -1"),
        ({"compat": "snntroch"}, "compat is 'snntroch'; did you mean 'snntorch'"),
        ({"method": "rk4"}, "method is 'rk4'; known: euler, exact"),
        ({"spike_as": "blob"}, "spike_as is 'blob'"),
        ({"late_reset": "no"}, "late_reset is 'no', it must be True or False"),
        ({"reset": "zero"}, "reset is 'zero'; known: subtract, value"),
        ({"v0": "rest"}, "v0 is 'rest'; known: v_leak, zero, or give numbers"),
        ({"v0": {"n2": 0.0}}, "v0: no 'n2'; did you mean 'n1'"),
        ({"v0": [0.0, 1.0, 2.0]}, "v_init has 3 values"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(given, words):
    with pytest.raises(SpecError, match=words):
        from_nir(chain(source(1), lif(1), sink(1)), **({"dt": DT} | given))


def test_dt_has_no_default():
    with pytest.raises(TypeError, match="dt"):
        from_nir(chain(source(1), lif(1), sink(1)))


def test_what_is_no_graph_is_refused():
    with pytest.raises(SpecError, match=r"source is a LIF, it must be a path or a nir\.NIRGraph"):
        from_nir(lif(1), dt=DT)


def test_a_delay_between_steps_is_refused():
    with pytest.raises(SpecError, match=r"delay is 0\.0015 s, not a multiple of dt"):
        from_nir(chain(source(1), nir.Delay(full(1, 1.5 * DT)), lif(1), sink(1)), dt=DT)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (np.zeros((3, 2)), r"inputs are float64 \(3, 2\), they must be real numbers \(steps, 1\)"),
        (np.array([["a"]]), "they must be real numbers"),
        (np.array([[0.0], [np.nan]]), r"inputs\[1, 0\] is nan, it must be finite"),
        (np.broadcast_to(np.zeros(1), (2**27, 1)), "values would be recorded"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, words):
    network, _ = from_nir(chain(source(1), lif(1), sink(1)), dt=DT)
    with pytest.raises(SpecError, match=words):
        run(network, inputs)


SYNAPSE = {"tau_mem": 5e-3, "tau_syn": 2e-3}


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (Izhikevich(), {}, "'in->a': 'a' is Izhikevich; signals can reach IF, LIF, CubaLIF and LI only; give spikes"),
        (AlphaLIF(**SYNAPSE), {}, "'a' is AlphaLIF; signals can reach"),
        (
            CubaLIF(**SYNAPSE, tau_syn_in=3e-3), {"receptor": "inhibitory"},
            "'in->a:inhibitory': signals cannot pass another receptor or plasticity; give spikes, inputs of 0 and 1",
        ),
        (CubaLIF(**SYNAPSE), {"stp": TsodyksMarkram(u=0.5, tau_rec=0.1)}, "signals cannot pass another receptor"),
    ],
)  # fmt: skip
def test_signals_into_what_nir_does_not_know_are_refused(model, given, words):
    network = NetworkSpec(DT, (Population("in", 1, Input()), Population("a", 1, model)),
                          (Projection("in", "a", Dense([[1.0]]), delay=DT, **given),))  # fmt: skip
    run(network, np.ones((3, 1)))
    with pytest.raises(SpecError, match=words):
        run(network, np.full((3, 1), 0.5))
