"""Names of populations, where those of the nodes cannot be had."""

import nir
import numpy as np
import pytest

from neurobot.interop.nir import from_nir
from tests.interop.nir_graphs import DT, chain, cuba, full, graph, lif, rows, sink, source, spikes

W = np.random.default_rng(0).normal(0.3, 0.6, (5, 4))
X = rows(1, 60, 4)


def test_names_that_no_population_can_have_are_changed_and_told():
    network, report = from_nir(graph("a->b c, c o", **{"a->b": source(2)}, c=lif(2), o=sink(2)), dt=DT)
    assert network.names == ("a-b 0", "c")
    assert "is called 'a-b 0' here (a->b)" in report.assumptions


def test_a_name_that_is_made_is_no_other_nodes_name():
    nodes = {"a-b 1": lif(2), "a->b": source(2), "c": sink(2)}
    network, _ = from_nir(nir.NIRGraph(nodes, [("a->b", "a-b 1"), ("a-b 1", "c")], type_check=False), dt=DT)
    assert set(network.names) == {"a-b 1", "a-b 2"}


@pytest.mark.parametrize("name", ["c", "c" * 95, "c" * 120])
def test_the_bias_of_a_synapse_gets_a_name_that_is_free(name):
    edges = [("x", "w"), ("w", name), ("x", "v"), ("v", "bias of c"), (name, "o"), ("bias of c", "o")]
    nodes = {"x": source(4), "w": nir.Affine(W, full(5, 0.8)), name: cuba(5), "v": nir.Linear(W),
             "bias of c": lif(5, v_threshold=0.4), "o": sink(5)}  # fmt: skip
    got = list(spikes(nir.NIRGraph(nodes, edges, type_check=False), X).values())
    alone = [spikes(chain(source(4), nir.Affine(W, full(5, 0.8)), cuba(5), sink(5)), X)["n2"],
             spikes(chain(source(4), nir.Linear(W), lif(5, v_threshold=0.4), sink(5)), X)["n2"]]  # fmt: skip
    for wanted in alone:
        assert any(np.array_equal(wanted, seen) for seen in got)
