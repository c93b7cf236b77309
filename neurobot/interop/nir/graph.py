"""A NIR graph without sub-graphs, with the size of every node, checked."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.errors import NIRError, near
from neurobot.interop.nir.report import Notes
from neurobot.spec.network import MAX_NEURONS

NEURONS = ("IF", "LIF", "CubaLIF", "LI", "Threshold")
LINEAR = ("Affine", "Linear", "Scale", "Delay", "Flatten", "Pass")
ENDS = ("Input", "Output")
FIELDS = {
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "Threshold": ("threshold",),
    "Scale": ("scale",),
    "Delay": ("delay",),
}
"""Per-neuron parameters of the nodes that have them."""
MAX_NODES, MAX_EDGES, MAX_SUBGRAPHS = 10_000, 100_000, 16
INSTEAD = {
    "Conv1d": "write it as a Linear node with the matrix of the convolution",
    "Conv2d": "write it as a Linear node with the matrix of the convolution",
    "SumPool2d": "write it as a Linear node",
    "AvgPool2d": "write it as a Linear node",
    "CubaLI": "use CubaLIF with a threshold that v never reaches",
    "I": "use LI with a long tau",
}


@dataclass(frozen=True)
class Pass:
    """What the Input or Output of a sub-graph is in the graph around it: a wire."""

    metadata: Any = None


@dataclass(frozen=True)
class Input:
    """The Input that a node without one gets; its size is that of the node."""

    input_type: Any = None
    metadata: Any = None


@dataclass(frozen=True)
class Flat:
    """Nodes by name and edges between them, without sub-graphs.

    Args:
        nodes: every node; a node of a sub-graph is named ``graph.node``.
        edges: (source, target), without repeats.
        sizes: (inputs, outputs) of every node.
    """

    nodes: dict[str, Any]
    edges: tuple[tuple[str, str], ...]
    sizes: dict[str, tuple[int, int]]

    def kind(self, name: str) -> str:
        """Type of a node."""
        return type(self.nodes[name]).__name__

    def before(self) -> dict[str, list[str]]:
        """The nodes with an edge into each node."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.edges:
            found[target].append(source)
        return found


def flatten(graph: Any, notes: Notes) -> Flat:
    """Take a graph apart.

    Args:
        graph: a `nir.NIRGraph`, not necessarily a checked one.
        notes: gets what is assumed and ignored.

    Raises:
        NIRError: an unknown or unsupported node, an edge that leads nowhere or between sizes that differ.
    """
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    _collect(graph, "", 0, nodes, edges)
    for name, node in nodes.items():
        kind = type(node).__name__
        if kind not in NEURONS + LINEAR + ENDS:
            known = f"known: {', '.join(sorted({*NEURONS, *LINEAR, *ENDS, 'NIRGraph'} - {'Pass'}))}"
            raise NIRError(f"node {name!r} is a {kind}, which is not supported; {INSTEAD.get(kind, known)}")
    _check_edges(nodes, edges)
    _add_inputs(nodes, edges, notes)
    if not any(type(node).__name__ in NEURONS for node in nodes.values()):
        raise NIRError(f"the graph has no neurons; give it at least one node of {', '.join(NEURONS)}")
    return Flat(nodes, tuple(edges), _sizes(nodes, edges, notes))


def _collect(graph: Any, prefix: str, depth: int, nodes: dict[str, Any], edges: list[tuple[str, str]]) -> None:
    """Add the nodes and edges of a graph, and of the graphs in it, under their full names."""
    if depth > MAX_SUBGRAPHS:
        raise NIRError(f"sub-graphs are nested deeper than {MAX_SUBGRAPHS}, at {prefix.rstrip('.')!r}")
    inner: dict[str, Any] = {str(name): node for name, node in graph.nodes.items()}
    for name, node in inner.items():
        kind, full = type(node).__name__, prefix + name
        if full in nodes:
            raise NIRError(f"two nodes are called {full!r}, one of them in a sub-graph; rename one")
        if kind == "NIRGraph":
            _collect(node, f"{full}.", depth + 1, nodes, edges)
        else:
            nodes[full] = Pass() if depth and kind in ENDS else node
        if len(nodes) > MAX_NODES:
            raise NIRError(f"the graph has more than {MAX_NODES:,} nodes")
    for pair in graph.edges:
        source, target = str(pair[0]), str(pair[1])
        for name in (source, target):
            if name not in inner:
                raise NIRError(f"edge {source!r} -> {target!r}: there is no node {name!r}; {near(name, inner)}")
        edge = (_door(inner, prefix, source, "Output"), _door(inner, prefix, target, "Input"))
        edges.append(edge)
        if len(edges) > MAX_EDGES:
            raise NIRError(f"the graph has more than {MAX_EDGES:,} edges")


def _door(inner: dict[str, Any], prefix: str, name: str, kind: str) -> str:
    """The node that an edge to a node leads to: for a sub-graph its only Input or Output."""
    node = inner[name]
    if type(node).__name__ != "NIRGraph":
        return prefix + name
    doors = [str(n) for n, child in node.nodes.items() if type(child).__name__ == kind]
    if len(doors) != 1:
        raise NIRError(
            f"sub-graph {prefix + name!r} has {len(doors)} {kind} nodes, so it is not clear where an edge leads; "
            "it must have one"
        )
    return f"{prefix}{name}.{doors[0]}"


def _check_edges(nodes: dict[str, Any], edges: list[tuple[str, str]]) -> None:
    seen = set()
    for source, target in edges:
        if (source, target) in seen:
            raise NIRError(f"edge {source!r} -> {target!r} is there twice; sum the weights instead")
        seen.add((source, target))
        for name, kind, words in ((source, "Output", "leave an Output"), (target, "Input", "lead to an Input")):
            if type(nodes[name]).__name__ == kind:
                raise NIRError(f"edge {source!r} -> {target!r}: no edge can {words}")


def _add_inputs(nodes: dict[str, Any], edges: list[tuple[str, str]], notes: Notes) -> None:
    """What has nothing before it gets an Input, as the library does."""
    fed = {target for _, target in edges}
    for name in [name for name, node in nodes.items() if name not in fed and type(node).__name__ not in ENDS]:
        if isinstance(nodes[name], Pass):
            notes.ignore("an Input or Output of a sub-graph that no edge leads to", name)
            continue
        new = f"input_{name}"
        if new in nodes:
            raise NIRError(f"node {name!r} has no input, and {new!r} exists already; add an Input node for it")
        nodes[new] = Input()
        edges.append((new, name))
        notes.assume("nothing leads to these nodes, so each gets an Input of its own", name)


def _sizes(nodes: dict[str, Any], edges: list[tuple[str, str]], notes: Notes) -> dict[str, tuple[int, int]]:
    """Sizes by what nodes say, then by their neighbours; scalars fit all sizes."""
    after, before = defaultdict(list), defaultdict(list)
    for source, target in edges:
        after[source].append(target)
        before[target].append(source)
    sizes: dict[str, tuple[int, int]] = {}
    waiting = []
    for name, node in nodes.items():
        if (known := _own_size(name, node)) is not None:
            sizes[name] = known
            waiting.append(name)
    while waiting:
        name = waiting.pop()
        for other, size in [(n, sizes[name][1]) for n in after[name]] + [(n, sizes[name][0]) for n in before[name]]:
            if other not in sizes:
                sizes[other] = (size, size)
                waiting.append(other)
    for name, node in nodes.items():
        if name not in sizes:
            sizes[name] = (1, 1)
            notes.assume("its size is nowhere said, it gets one neuron", name)
        elif sizes[name][0] > 1 and type(node).__name__ in FIELDS and _own_size(name, node) is None:
            notes.assume("its parameters are one number, used for all of its neurons", name)
    if (total := sum(max(pair) for pair in sizes.values())) > MAX_NEURONS:
        raise NIRError(f"the nodes have {total:,} values together, at most {MAX_NEURONS:,} are allowed")
    for source, target in edges:
        if sizes[source][1] != sizes[target][0]:
            raise NIRError(
                f"edge {source!r} -> {target!r}: {source!r} gives {sizes[source][1]} values, {target!r} takes "
                f"{sizes[target][0]}"
            )
    return sizes


def _own_size(name: str, node: Any) -> tuple[int, int] | None:
    """(inputs, outputs) as far as the node itself says."""
    kind = type(node).__name__
    if kind in ("Affine", "Linear"):
        shape = np.shape(node.weight)
        if len(shape) < 2:
            raise NIRError(f"node {name!r}: the weight has shape {shape}, it must be (outputs, inputs)")
        blocks = math.prod(shape[:-2])
        return blocks * shape[-1], blocks * shape[-2]
    if kind in FIELDS:
        sizes = {math.prod(np.shape(getattr(node, f))) for f in FIELDS[kind]}
        if 0 in sizes or len(sizes - {1}) > 1:
            raise NIRError(f"node {name!r}: its parameters have {sorted(sizes)} values; give one, or one per neuron")
        n = max(sizes)
        return None if n == 1 else (n, n)
    if kind in ENDS:
        given = node.input_type if kind == "Input" else node.output_type
        shape = next(iter(given.values()), None) if isinstance(given, dict) else given
        if shape is None:
            return None
        n = math.prod(int(k) for k in np.ravel(shape))
        if n < 1:
            raise NIRError(f"node {name!r}: its shape is {np.asarray(shape).tolist()}, it must hold at least one value")
        return n, n
    return None


def values_of(name: str, node: Any, field: str, n: int) -> np.ndarray:
    """A field of a node, one number per neuron, (n,) float64.

    Raises:
        NIRError: numbers that are not finite, or no numbers.
    """
    try:
        array = np.asarray(getattr(node, field), dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise NIRError(f"node {name!r}: {field} holds no real numbers") from None
    if not np.isfinite(array).all():
        j = int(np.flatnonzero(~np.isfinite(array))[0])
        raise NIRError(f"node {name!r}: {field}[{j}] is {array[j]}, it must be finite")
    return np.ascontiguousarray(np.broadcast_to(array, (n,)))
