"""NIR graphs as networks: against the equations of NIR, integrated here, and against each other."""

import nir
import numpy as np
import pytest

from neurobot.interop.nir import PROFILES, from_nir, run
from neurobot.spec import CubaLIF, Dense, OneToOne, Sparse
from tests.interop.nir_graphs import DT, chain, cuba, full, graph, lif, rows, sink, source, spikes

RNG = np.random.default_rng(0)
W = RNG.normal(0.3, 0.6, (5, 4))
X = rows(1, 120, 4)


def same(a, b):
    assert sum(int(s.sum()) for s in a.values()) > 20
    for one, other in zip(a.values(), b.values(), strict=True):
        np.testing.assert_array_equal(one, other)


def by_hand(weights, x, tau=5e-3, r=1.0, leak=0.0, theta=0.5, reset=0.0, bias=0.0):
    """NIR's LIF with its current held over each step, exactly: v -> E + (v - E) exp(-dt/tau), E = v_leak + R I."""
    v, out = np.broadcast_to(np.asarray(leak, float), len(weights)).copy(), []
    for row in x:
        end = leak + r * (weights @ row + bias)
        v = end + (v - end) * np.exp(-DT / tau)
        out.append(v > theta)
        v = np.where(out[-1], reset, v)
    return np.array(out)


def test_lif_follows_nirs_equation_with_parameters_for_each_neuron():
    p = {"tau": RNG.uniform(3e-3, 9e-3, 5), "r": RNG.uniform(1, 2, 5), "v_leak": RNG.uniform(-0.1, 0.1, 5),
         "v_threshold": RNG.uniform(0.3, 0.7, 5), "v_reset": RNG.uniform(-0.2, 0.2, 5)}  # fmt: skip
    bias = RNG.uniform(0, 0.3, 5)
    got = spikes(chain(source(4), nir.Affine(W, bias), lif(5, **p), sink(5)), X)["n2"]
    wanted = by_hand(W, X, p["tau"], p["r"], p["v_leak"], p["v_threshold"], p["v_reset"], bias)
    assert wanted.sum() > 50
    np.testing.assert_array_equal(got, wanted)


def test_if_integrates_r_times_input_times_dt():
    node = nir.IF(r=full(4, 100.0), v_threshold=full(4, 0.45))  # five spikes of 0.1 are more than 0.45
    got = spikes(chain(source(4), node, sink(4)), np.ones((12, 4)))["n1"]
    assert np.flatnonzero(got[:, 0]).tolist() == [4, 9]


@pytest.mark.parametrize(("shape", "jump"), [("dirac", 1 / 3e-3), ("jump", 1.0), ("box", None)])
def test_the_shape_of_a_spike_into_cubalif(shape, jump):
    """By the equation of I, a pulse of area 1 makes it jump by w_in / tau_syn."""
    network, report = from_nir(chain(source(1), cuba(1, w_in=0.7), sink(1)), dt=DT, spike_as=shape)
    model = network.population("n1").model
    assert isinstance(model, CubaLIF)
    assert model.input == ("held" if shape == "box" else "start")
    assert model.w_in == pytest.approx(0.7 * (jump or 1.0), rel=1e-12)
    assert "a spike into CubaLIF" in str(report)


def test_euler_is_the_forward_euler_step():
    got = spikes(chain(source(4), nir.Linear(W), lif(5, v_leak=0.1), sink(5)), X, method="euler")["n2"]
    v, wanted = np.full(5, 0.1), []
    for row in X:
        v = v + DT / 5e-3 * (0.1 - v + W @ row)
        wanted.append(v > 0.5)
        v = np.where(wanted[-1], 0.0, v)
    np.testing.assert_array_equal(got, np.array(wanted))
    assert not np.array_equal(got, spikes(chain(source(4), nir.Linear(W), lif(5, v_leak=0.1), sink(5)), X)["n2"])


def test_a_euler_step_of_one_tau_forgets_everything():
    got = spikes(chain(source(1), lif(1, tau=DT), sink(1)), np.array([[1.0], [0], [1]]), method="euler")["n1"]
    assert got[:, 0].tolist() == [True, False, True]


def test_threshold_is_a_neuron_without_memory():
    x = rows(2, 50, 4)
    got = spikes(chain(source(4), nir.Affine(W, full(5, 0.1)), nir.Threshold(full(5, 0.4)), sink(5)), x)["n2"]
    np.testing.assert_array_equal(got, x @ W.T + 0.1 > 0.4)


def test_what_lies_between_neurons_is_composed():
    a, b = RNG.normal(0.3, 0.5, (3, 4)), RNG.normal(0.3, 0.5, (5, 3))
    s, t = RNG.uniform(0.5, 1.5, 4), RNG.uniform(0.5, 1.5, 5)
    long = chain(source(4), nir.Scale(s), nir.Affine(a, full(3, 0.2)), nir.Linear(b), nir.Scale(t), lif(5), sink(5))
    short = chain(source(4), nir.Affine(t[:, None] * b @ a * s, t * (b @ full(3, 0.2))), lif(5), sink(5))
    network, _ = from_nir(long, dt=DT)
    assert isinstance(network.projections[0].weights, Dense)
    same(spikes(long, X), spikes(short, X))


def test_paths_of_one_source_and_delay_are_added_up():
    two = graph("x a, x b, a c, b c, x c, c o", x=source(4), a=nir.Linear(W[:4]), b=nir.Scale(full(4, 0.5)), c=lif(4),
                o=sink(4))  # fmt: skip
    one = chain(source(4), nir.Linear(W[:4] + 1.5 * np.eye(4)), lif(4), sink(4))
    assert len(from_nir(two, dt=DT)[0].projections) == 1
    same(spikes(two, X), spikes(one, X))


def test_many_paths_through_one_node_stay_one_projection():
    nodes, edges = {"x": source(2), "c": lif(2)}, ["x l0", "x r0"]
    for k in range(40):  # 2^40 paths
        nodes |= {f"l{k}": nir.Scale(full(2, 0.5)), f"r{k}": nir.Scale(full(2, 0.5))}
        edges += [f"{side}{k} {other}{k + 1}" for side in "lr" for other in "lr"] if k < 39 else ["l39 c", "r39 c"]
    network, _ = from_nir(graph(",".join(edges), **nodes), dt=DT)
    assert [p.weights for p in network.projections] == [OneToOne(weight=1.0)]


def test_an_edge_without_weights_is_one_to_one_and_scale_is_diagonal():
    network, _ = from_nir(chain(source(3), lif(3), nir.Scale(np.array([1.0, 2, 3])), lif(3), sink(3)), dt=DT)
    first, second = (p.weights for p in network.projections)
    assert first == OneToOne(weight=1.0)
    assert second == Sparse([0, 1, 2], [0, 1, 2], [1.0, 2.0, 3.0])


def test_leading_dimensions_of_a_weight_are_blocks():
    blocks = RNG.normal(0.5, 0.5, (2, 3, 2))
    network, _ = from_nir(chain(source(4), nir.Linear(blocks), lif(6), sink(6)), dt=DT)
    weights = network.projections[0].weights.values
    np.testing.assert_array_equal(weights[:3, :2], blocks[0])
    np.testing.assert_array_equal(weights[3:, 2:], blocks[1])
    assert not weights[:3, 2:].any() and not weights[3:, :2].any()


def test_delays_before_and_after_weights_add_up():
    before, after = np.array([0, 1, 2, 5]) * DT, np.array([0, 3, 0, 1, 2]) * DT
    network, _ = from_nir(
        chain(source(4), nir.Delay(before), nir.Linear(W), nir.Delay(after), lif(5), sink(5)), dt=DT
    )  # fmt: skip
    weights = network.projections[0].weights
    np.testing.assert_array_equal(weights.values, W)
    np.testing.assert_allclose(weights.delays, after[:, None] + before, atol=1e-12)


def test_a_delay_between_weights_keeps_the_paths_apart():
    a, d, b = np.abs(W[:3]), np.array([0, 2, 2]) * DT, np.array([[1.0, 2.0, 3.0]])
    network, _ = from_nir(chain(source(4), nir.Linear(a), nir.Delay(d), nir.Linear(b), lif(1), sink(1)), dt=DT)
    w = network.projections[0].weights
    found = {(int(j), round(float(t) / DT)): float(x) for j, t, x in zip(w.pre, w.delays, w.values, strict=True)}
    wanted = {(j, 0): a[0, j] for j in range(4)} | {(j, 2): 2 * a[1, j] + 3 * a[2, j] for j in range(4)}
    assert found == pytest.approx(wanted, abs=1e-12)


def test_a_uniform_delay_shifts_the_spikes():
    plain = spikes(chain(source(4), nir.Linear(W), lif(5), sink(5)), X)["n2"]
    late = spikes(chain(source(4), nir.Delay(full(4, 3 * DT)), nir.Linear(W), lif(5), sink(5)), X)["n3"]
    np.testing.assert_array_equal(late[3:], plain[:-3])


def test_recurrence_takes_a_step_and_the_feed_forward_order_is_found():
    between = {"w": nir.Linear(-np.eye(4)), "skip": nir.Scale(full(4, 2))}
    cells = {"h1": lif(4), "h2": lif(4), "out": lif(4)}
    edges = "in h2, h2 h1, h1 w, w h2, h1 out, h2 skip, skip out, out o"
    g = graph(edges, **{"in": source(4)}, **between, **cells, o=sink(4))
    network, report = from_nir(g, dt=DT)
    assert network.names == ("in", "h2", "h1", "out")
    delays = {p.name: p.delay for p in network.projections}
    assert delays == {"in->h2": 0, "h2->h1": 0, "h1->out": 0, "h2->out": 0, "h1->h2": DT}
    assert "recurrence takes one step: the spikes arrive in the next step (h1 -> h2)" in report.assumptions


def test_a_delay_in_a_loop_is_that_delay():
    g = graph("x a, a w, w d, d a, a o", x=source(3), a=lif(3), w=nir.Linear(np.eye(3)), d=nir.Delay(full(3, 2 * DT)),
              o=sink(3))  # fmt: skip
    network, report = from_nir(g, dt=DT)
    assert {p.name: p.delay for p in network.projections}["a->a"] == 2 * DT
    assert "recurrence" not in str(report)


def test_a_delay_of_some_neurons_in_a_loop_keeps_the_others_at_one_step():
    g = graph("x a, a d, d w, w a", x=source(2), a=lif(2), w=nir.Linear(np.eye(2)), d=nir.Delay(np.array([0, 3 * DT])))
    network, _ = from_nir(g, dt=DT)
    delays = {p.name: p.weights for p in network.projections}["a->a"].delays
    np.testing.assert_allclose(delays, [[DT, 3 * DT]] * 2)


def test_a_direct_edge_with_delays_of_each_neuron():
    d = np.array([0, 2, 3]) * DT
    network, _ = from_nir(chain(source(3), nir.Delay(d), lif(3), sink(3)), dt=DT)
    w = network.projections[0].weights
    np.testing.assert_allclose([w.post, w.pre, w.values, w.delays], [[0, 1, 2], [0, 1, 2], [1, 1, 1], d])
    loop = graph("x a, a d, d a", x=source(3), a=lif(3), d=nir.Delay(d))
    delays = {p.name: p.weights for p in from_nir(loop, dt=DT)[0].projections}["a->a"].delays
    np.testing.assert_allclose(delays, [DT, 2 * DT, 3 * DT])


def test_a_bias_before_a_delay_is_there_at_once():
    g = chain(source(4), nir.Affine(W, full(5, 0.2)), nir.Delay(full(5, 2 * DT)), lif(5), sink(5))
    network, report = from_nir(g, dt=DT)
    assert network.population("n3").bias == 0.2
    assert "a bias before a Delay is there from the first step on (n2)" in report.assumptions


def test_a_loop_that_another_loop_leads_to_comes_after_it():
    g = graph("a b, b a, b c, c d, d c", a=lif(1), b=lif(1), c=lif(1), d=lif(1))
    network, report = from_nir(g, dt=DT)
    assert network.names == ("a", "b", "c", "d")
    waits = next(sentence for sentence in report.assumptions if sentence.startswith("recurrence"))
    assert waits.endswith("(b -> a, d -> c)")
    later = graph("c d, d c, z y, y z, y c", y=lif(1), z=lif(1), c=lif(1), d=lif(1))
    assert from_nir(later, dt=DT)[0].names == ("y", "z", "c", "d")


def test_a_loop_far_from_the_input_does_not_break_what_follows_it():
    g = graph("x a, a l1, l1 l2, l2 l1, l2 out, x out", x=source(2), a=lif(2), l1=lif(2), l2=lif(2), out=lif(2))
    assert from_nir(g, dt=DT)[0].names == ("x", "a", "l1", "l2", "out")


def test_subgraphs_are_taken_apart():
    inner = graph("in cell, cell w, w cell, cell out", **{"in": source(5)}, cell=lif(5), w=nir.Linear(-0.3 * np.eye(5)),
                  out=sink(5))  # fmt: skip
    middle = graph("i sub, sub o", i=source(5), sub=inner, o=sink(5))
    nested = graph("x w, w mid, mid y", x=source(4), w=nir.Linear(W), mid=middle, y=sink(5))
    plain = graph("x w, w cell, cell r, r cell, cell y", x=source(4), w=nir.Linear(W), cell=lif(5),
                  r=nir.Linear(-0.3 * np.eye(5)), y=sink(5))  # fmt: skip
    network, report = from_nir(nested, dt=DT)
    assert network.names == ("x", "mid.sub.cell")
    assert report.outputs == {"y": ("mid.sub.cell",)}
    same(spikes(nested, X), spikes(plain, X))


def test_shapes_of_more_dimensions_are_flattened():
    two = nir.LIF(**{k: np.full((2, 3), v) for k, v in
                     {"tau": 5e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.5}.items()})  # fmt: skip
    flat = nir.Flatten(input_type={"input": np.array([2, 3])}, start_dim=0, end_dim=-1)
    g = chain(
        nir.Input(input_type={"input": np.array([2, 3])}), two, flat, nir.Linear(np.ones((1, 6))), lif(1), sink(1)
    )
    assert [p.n for p in from_nir(g, dt=DT)[0].populations] == [6, 6, 1]


def test_scalar_parameters_serve_all_neurons_and_the_report_says_so():
    scalar = nir.LIF(**{k: np.array(v) for k, v in {"tau": 5e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.5}.items()})
    network, report = from_nir(chain(source(4), nir.Linear(W), scalar, sink(5)), dt=DT)
    assert network.population("n2").n == 5
    assert "its parameters are one number, used for all of its neurons (n2)" in report.assumptions


def test_a_node_that_nothing_tells_the_size_of_is_one_neuron():
    network, report = from_nir(graph("a b", a=lif(1), b=lif(1)), dt=DT)
    assert [p.n for p in network.populations] == [1, 1, 1]
    assert any(sentence.startswith("its size is nowhere said") for sentence in report.assumptions)


def test_a_door_of_a_subgraph_that_nothing_leads_to_is_reported():
    sub = graph("i a, a o", i=source(2), a=lif(2), o=sink(2))
    report = from_nir(graph("x b", x=source(2), b=lif(2), sub=sub), dt=DT)[1]
    assert report.ignored == ("an Input or Output of a sub-graph that no edge leads to (sub.i)",)


def test_nodes_without_input_get_one():
    network, report = from_nir(graph("w a", w=nir.Linear(W), a=lif(5)), dt=DT)
    assert report.inputs == {"input_w": 4}
    assert network.projections[0].pre == "input_w"
    assert "nothing leads to these nodes" in str(report)


def test_signals_are_held_over_the_step_and_filtered_by_a_synapse():
    x = np.random.default_rng(5).normal(0.8, 1.0, (80, 4))
    got = spikes(chain(source(4), nir.Linear(W), lif(5), sink(5)), x)["n2"]
    np.testing.assert_array_equal(got, by_hand(W, x))
    node, fine = cuba(5), 200  # NIR's equation, with small Euler steps
    got = spikes(chain(source(4), nir.Delay(np.array([0, 0, DT, 2 * DT])), nir.Linear(W), node, sink(5)), x)["n3"]
    i, v, wanted = np.zeros(5), np.zeros(5), []
    for k in range(len(x)):
        s = W @ [x[max(k - d, 0), j] if k >= d else 0.0 for j, d in enumerate([0, 0, 1, 2])]
        for _ in range(fine):
            i, v = i + DT / fine / 3e-3 * (s - i), v + DT / fine / 5e-3 * (i - v)
        wanted.append(v > 0.5)
        v = np.where(wanted[-1], 0.0, v)
    assert np.mean(got != np.array(wanted)) < 0.01 and np.sum(wanted) > 20


def test_a_bias_passes_the_synapse():
    g = chain(source(4), nir.Affine(W, full(5, 0.8)), cuba(5), sink(5))
    network, _ = from_nir(g, dt=DT)
    assert network.names == ("n0", "bias of n2", "n2")
    as_signal = graph("x w, w c, one b, b c", x=source(4), w=nir.Linear(W), c=cuba(5), one=source(1),
                      b=nir.Linear(np.full((5, 1), 0.8)))  # fmt: skip
    with_ones = run(from_nir(as_signal, dt=DT)[0], np.column_stack([X, np.ones(len(X))])).spikes["c"]
    np.testing.assert_array_equal(spikes(g, X)["n2"], with_ones)


def test_what_an_output_sums_is_shown_as_v():
    network, report = from_nir(chain(source(4), lif(4), nir.Affine(W, full(5, 0.25)), sink(5)), dt=DT)
    got = run(network, X)
    assert report.outputs == {"n3": ("n3",)}
    np.testing.assert_allclose(got.v["n3"], got.spikes["n1"] @ W.T + 0.25, atol=1e-12)


def test_li_reads_out():
    node = nir.LI(tau=full(5, 5e-3), r=full(5, 2.0), v_leak=full(5, 0.1))
    network, _ = from_nir(chain(source(4), nir.Linear(W), node, sink(5)), dt=DT)
    v, wanted = np.full(5, 0.1), []
    for row in X:
        v = 0.1 + 2 * W @ row + (v - 0.1 - 2 * W @ row) * np.exp(-DT / 5e-3)
        wanted.append(v)
    np.testing.assert_allclose(run(network, X).v["n2"], wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("v0", "start"),
    [("v_leak", None), ("zero", 0.0), (0.3, 0.3), (np.array([0.1, 0.2]), (0.1, 0.2)), ({"n1": 0.4}, 0.4)],
)
def test_v_starts_as_asked(v0, start):
    network, report = from_nir(chain(source(2), lif(2, v_leak=0.2), sink(2)), dt=DT, v0=v0)
    assert network.population("n1").v_init == start
    assert sum(sentence.startswith("v starts") for sentence in report.assumptions) == 1


def test_what_has_no_effect_is_reported():
    g = chain(source(2), lif(2, v_reset=0.1), sink(2))
    g.metadata, g.nodes["n1"].metadata = {"dt": 1e-4}, {"author": "someone"}
    report = from_nir(g, dt=DT, reset="subtract")[1]
    assert report.ignored == (
        "metadata 'dt' of the graph",
        "metadata 'author' (n1)",
        "v_reset, because the reset is by subtraction (n1)",
    )
    assert report.to_data()["ignored"] == list(report.ignored)
    assert from_nir(chain(source(2), lif(2), sink(2)), dt=DT, compat="rockpool")[1].ignored[0].startswith("r, because")


def test_the_report_says_how_a_step_is_taken():
    g = chain(source(2), lif(2), sink(2))
    plain, other = from_nir(g, dt=DT)[1], from_nir(g, dt=DT, compat="sinabs")[1]
    for sentence in (
        "the step is integrated exactly",
        "a neuron spikes when v > v_threshold",
        "a spike sets v to v_reset",
    ):
        assert sentence in plain.assumptions
    rescaled = "times in the graph count steps of 1 s, each of which is a step of 0.001 s here"
    for sentence in ("a neuron spikes when v >= v_threshold", "a spike takes v_threshold from v", rescaled):
        assert sentence in other.assumptions


def test_times_in_steps_of_the_writer_are_rescaled():
    g = chain(source(4), nir.Delay(full(4, 3e-4)), nir.Linear(W), lif(5, tau=5e-4), sink(5))
    slow = chain(source(4), nir.Delay(full(4, 3 * DT)), nir.Linear(W), lif(5, tau=5 * DT), sink(5))
    same(spikes(g, X, file_dt=1e-4), spikes(slow, X))


def test_a_long_list_of_nodes_is_cut():
    many = chain(source(2), *[lif(2) for _ in range(9)], sink(2))
    assert "(n1, n2, n3, n4, n5, n6 and 3 more)" in str(from_nir(many, dt=DT, method="euler")[1])


@pytest.mark.parametrize("compat", sorted(PROFILES))
def test_every_profile_imports_every_neuron(compat):
    dt, file_dt = 1e-3, PROFILES[compat].file_dt or 1e-3
    tau = 8 * file_dt ** (1 + PROFILES[compat].tau_scale)
    fire, read = nir.IF(r=full(5, 1), v_threshold=full(5, 1)), nir.LI(tau=full(5, tau), r=full(5, 1), v_leak=full(5, 0))
    g = chain(source(4), nir.Linear(W), lif(5, tau=tau), fire, cuba(5, tau_mem=tau, tau_syn=tau / 2), read, sink(5))
    network, report = from_nir(g, dt=dt, compat=compat)
    assert run(network, X).spikes["n2"].any()
    assert set(PROFILES[compat].about) < set(report.assumptions)


def test_spyx_emits_spikes_a_step_after_its_membrane_crossed():
    """Spyx's LIF: s = v > theta; v <- beta v + x - s theta; s is what the layer gives in this step."""
    beta = 0.8
    g = chain(source(4), nir.Linear(W), lif(5, tau=1 / (1 - beta), r=beta), nir.Linear(W.T), lif(4, tau=1 / (1 - beta)),
              sink(4))  # fmt: skip
    network, _ = from_nir(g, dt=DT, compat="spyx")
    got = run(network, X).spikes
    v, u, hidden, out = np.zeros(5), np.zeros(4), [], []
    for row in X:
        s, z = v > 0.5, u > 0.5
        v, u = beta * v + W @ row - 0.5 * s, beta * u + W.T @ s - 0.5 * z
        hidden.append(s)
        out.append(z)
    np.testing.assert_array_equal(got["n2"][:-1], hidden[1:])
    np.testing.assert_array_equal(got["n4"][:-1], out[1:])


def test_rockpool_decays_what_arrives():
    """Rockpool's LIFTorch: isyn += x; v *= alpha; isyn *= beta; v += isyn; one spike, v -= theta."""
    alpha, beta = np.exp(-1 / 8), np.exp(-1 / 4)
    g = chain(source(4), nir.Linear(W), cuba(5, tau_mem=8 * DT, tau_syn=4 * DT, v_threshold=1.7), sink(5))
    got = spikes(g, X, compat="rockpool")["n2"]
    v, i, wanted = np.zeros(5), np.zeros(5), []
    for row in X:
        i = beta * (i + W @ row)
        v = alpha * v + i
        wanted.append(v >= 1.7)
        v = v - 1.7 * wanted[-1]
    np.testing.assert_array_equal(got, wanted)
    assert np.sum(wanted) > 50
