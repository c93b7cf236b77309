"""Small NIR graphs, and networks run on their inputs."""

import nir
import numpy as np

from neurobot.interop.nir import from_nir, run

DT = 1e-3


def full(n, x):
    return np.full(n, float(x))


def lif(n, **given):
    p = {"tau": 5e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0} | given
    return nir.LIF(**{name: np.array(x, float) if np.ndim(x) else full(n, x) for name, x in p.items()})


def cuba(n, **given):
    p = {"tau_syn": 3e-3, "tau_mem": 5e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0, "w_in": 1.0}
    return nir.CubaLIF(**{name: full(n, x) for name, x in (p | given).items()})


def source(n):
    return nir.Input(input_type={"input": np.array([n])})


def sink(n):
    return nir.Output(output_type={"output": np.array([n])})


def graph(edges, **nodes):
    """A graph of nodes and edges "a b, b c"."""
    return nir.NIRGraph(nodes, [tuple(e.split()) for e in edges.split(",")], type_check=False)


def chain(*nodes):
    """Input, nodes one after the other, Output."""
    named = {f"n{k}": node for k, node in enumerate(nodes)}
    edges = ", ".join(f"n{k - 1} n{k}" for k in range(1, len(nodes)))
    return graph(edges, **named)


def spikes(network_or_graph, inputs, **given):
    """Spikes of a graph by population, (steps, n) bool."""
    network, _ = from_nir(network_or_graph, dt=DT, **given)
    return run(network, inputs).spikes


def rows(seed, steps, n, rate=0.3):
    return (np.random.default_rng(seed).random((steps, n)) < rate).astype(float)
