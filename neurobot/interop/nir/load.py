"""A NIR graph as a network."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from neurobot.errors import SpecError, near
from neurobot.interop.nir.compat import PLAIN, PROFILES, Convention, Method, SpikeAs
from neurobot.interop.nir.graph import LINEAR, NEURONS, Flat, flatten
from neurobot.interop.nir.neurons import NO_MEMORY, Reader, compact
from neurobot.interop.nir.order import update_order
from neurobot.interop.nir.reading import read
from neurobot.interop.nir.report import ImportReport, Notes
from neurobot.interop.nir.rewire import input_past_recurrence
from neurobot.interop.nir.wires import Arriving, Budget, Term, arriving, synapses
from neurobot.spec.check import Problems
from neurobot.spec.network import NetworkSpec, Population, Projection
from neurobot.spec.neurons import LI, LIF, Input, Reset
from neurobot.spec.weights import Dense, OneToOne, Sparse

MAX_NAME = 100
BIAS = "bias of {}"
"""Name of the neuron that spikes in every step, where a bias has to pass a synapse."""
GENERAL = (
    "a population is updated after those whose spikes reach it without delay, within the same step",
    "the current that arrives in a step is held over the step",
)

V0 = Literal["v_leak", "zero"] | float | ArrayLike | Mapping[str, ArrayLike]


def from_nir(
    source: Any,
    *,
    dt: float,
    compat: str | None = None,
    method: Method | None = None,
    spike_as: SpikeAs | None = None,
    reset: Reset | None = None,
    late_reset: bool | None = None,
    file_dt: float | None = None,
    v0: V0 = "v_leak",
) -> tuple[NetworkSpec, ImportReport]:
    """Make a network of a NIR graph.

    Args:
        source: a `nir.NIRGraph`, or the path of a file, which is checked before it is read.
        dt: step of the network [s]; NIR has none, so there is no default.
        compat: framework that wrote the graph, a name of `PROFILES`: follow its conventions, not the letter of NIR.
        method: ``exact`` propagators (NIR's equations, the default without compat) or ``euler``.
        spike_as: what a spike into CubaLIF is: ``box``, held over the step; ``dirac``, a pulse of area 1, or a
            ``jump`` of the current by w_in.
        reset: to v_reset by ``value``, or ``subtract`` v_threshold.
        late_reset: the reset acts one step after the spike, as in snnTorch.
        file_dt: the step [s] that the writer put into its time constants, where that is not dt.
        v0: initial v: ``v_leak`` (0 for IF), ``zero``, a number, an array (n,), or a mapping from population to these.

    Returns:
        The network, whose Input populations are the graph's Input nodes, and the report.

    Raises:
        NIRError: the file is unsafe, or the graph cannot be run.
        SpecError: an argument that makes no sense, or delays that are no multiples of dt.
        ConfigError: the extra ``nir`` is not installed.
    """
    convention = _convention(dt, compat, method, spike_as, reset, late_reset, file_dt)
    path = isinstance(source, str | Path)
    graph = read(source) if path else source
    if type(graph).__name__ != "NIRGraph":
        raise SpecError("from_nir", [f"source is a {type(graph).__name__}, it must be a path or a nir.NIRGraph"])
    notes = Notes()
    for sentence in (*convention.about, *GENERAL, *_said(convention, dt)):
        notes.assume(sentence)
    for key in graph.metadata if isinstance(graph.metadata, dict) else ():
        notes.ignore(f"metadata {str(key)[:60]!r} of the graph")
    flat = flatten(graph, notes)
    if convention.rewire:
        flat = input_past_recurrence(flat, notes)
    network, outputs = _Import(flat, dt, convention, notes).network()
    network = _with_v0(network, v0, notes)
    report = ImportReport(
        source=str(source) if path else "graph", dt=dt, compat=compat,
        assumptions=notes.assumptions, ignored=notes.ignored, order=network.names,
        inputs={p.name: p.n for p in network.populations if isinstance(p.model, Input)}, outputs=outputs,
    )  # fmt: skip
    return network, report


def _said(c: Convention, dt: float) -> Iterable[str]:
    """What a convention means, in words."""
    if c.method == "exact":
        yield "the step is integrated exactly"
    yield f"a neuron spikes when v {'>' if c.strict else '>='} v_threshold"
    yield "a spike sets v to v_reset" if c.reset == "value" else "a spike takes v_threshold from v"
    if c.file_dt not in (None, dt):
        yield f"times in the graph count steps of {c.file_dt:g} s, each of which is a step of {dt:g} s here"


def _convention(
    dt: float, compat: str | None, method: str | None, spike_as: str | None, reset: str | None,
    late_reset: bool | None, file_dt: float | None,
) -> Convention:  # fmt: skip
    problems = Problems("from_nir")
    problems.number("dt", dt, above=0.0)
    if file_dt is not None:
        problems.number("file_dt", file_dt, above=0.0)
    if compat is not None:
        problems.choice("compat", compat, PROFILES)
    if late_reset is not None and not isinstance(late_reset, bool):
        problems.add(f"late_reset is {late_reset!r}, it must be True or False")
    words = (("method", method, Method), ("spike_as", spike_as, SpikeAs), ("reset", reset, Reset))
    for name, value, allowed in words:
        if value is not None:
            problems.choice(name, value, get_args(allowed))
    problems.done()
    given = {
        "method": method, "spike_as": spike_as, "reset": reset, "file_dt": file_dt, "late_reset": late_reset,
        "late_cuba_reset": late_reset,
    }  # fmt: skip
    base = PLAIN if compat is None else PROFILES[compat]
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(base, **changes)


class _Import:
    """Builds the network of a flat graph."""

    def __init__(self, flat: Flat, dt: float, convention: Convention, notes: Notes):
        self.flat, self.dt, self.c, self.notes = flat, dt, convention, notes
        self.labels = _labels(flat, notes)
        self.taken = set(self.labels.values())
        self.reader = Reader(dt, convention, notes)
        self.populations: dict[str, Population] = {}
        self.budget = Budget()
        self.paths: list[tuple[str, str, Dense | Sparse | OneToOne, float]] = []

    def network(self) -> tuple[NetworkSpec, dict[str, tuple[str, ...]]]:
        """The network, and the populations of each Output."""
        came = arriving(self.flat, self.notes)
        for name in self.flat.nodes:
            if self.flat.kind(name) == "Input":
                label = self.labels[name]
                self.populations[label] = Population(label, self.flat.sizes[name][1], Input())
        for name, arrived in came.items():
            if self.flat.kind(name) in NEURONS:
                self._neurons(name, arrived)
        outputs = {name: self._output(name, came[name]) for name in came if self.flat.kind(name) == "Output"}
        return self._ordered(), outputs

    def _neurons(self, name: str, arrived: Arriving) -> None:
        label, node, n = self.labels[name], self.flat.nodes[name], self.flat.sizes[name][1]
        through = self.flat.kind(name) == "CubaLIF" and bool(arrived.bias.any())
        bias = np.zeros(n) if through else arrived.bias
        self.populations[label] = self.reader.population(
            name, label, node, n, bias, recurrent=any(t.source == name for t in arrived.terms)
        )
        if through:
            constant = _free(BIAS.format(label), self.taken, 1)
            self.taken.add(constant)
            tonic = LIF(tau_mem=NO_MEMORY * self.dt, v_threshold=0.5)
            self.populations[constant] = Population(constant, 1, tonic, bias=1.0)
            self.paths.append((constant, label, Dense(arrived.bias[:, None]), 0.0))
            self.notes.assume("its bias passes the synapse, by a neuron that spikes in every step", name)
        self._connect(label, arrived.terms)

    def _output(self, name: str, arrived: Arriving) -> tuple[str, ...]:
        """The populations that an Output gives; weighted sums get a population that shows them as v."""
        plain = all(
            t.weights.ndim == 1 and (t.weights == 1).all() and t.uniform and t.delay == 0 for t in arrived.terms
        )
        given = tuple(self.labels[t.source] for t in arrived.terms)
        if plain and not arrived.bias.any() and given and not set(given) & set(self._inputs()):
            return given
        label = self.labels[name]
        shown = LI(tau_mem=NO_MEMORY * self.dt)
        self.populations[label] = Population(label, self.flat.sizes[name][0], shown, bias=compact(arrived.bias))
        self._connect(label, arrived.terms)
        self.notes.assume("what an Output gives is no population's spikes, so an LI without memory shows it as v", name)
        return (label,)

    def _inputs(self) -> list[str]:
        return [label for label, p in self.populations.items() if isinstance(p.model, Input)]

    def _connect(self, label: str, terms: tuple[Term, ...]) -> None:
        sources: dict[str, list[Term]] = {}
        for term in terms:
            sources.setdefault(term.source, []).append(term)
        scale = self.dt / self.reader.file_dt  # delays are in the writer's time, too
        for source, own in sources.items():
            extra = 0 if self.flat.kind(source) == "Input" else self.c.latency * self.dt
            timed = [replace(t, delay=t.delay * scale + extra) for t in own]
            self.paths.append((self.labels[source], label, *synapses(label, timed, self.budget)))

    def _ordered(self) -> NetworkSpec:
        """Projections that go back in the order of update wait for one step."""
        dt, half = self.dt, self.dt / 2
        instant = [(pre, post) for pre, post, w, delay in self.paths if _shortest(w, delay) < half]
        edges = [(pre, post) for pre, post, _, _ in self.paths]
        order = update_order(list(self.populations), edges, instant, self._inputs())
        place = {name: k for k, name in enumerate(order)}
        projections = []
        for pre, post, weights, delay in self.paths:
            if place[post] <= place[pre] and _shortest(weights, delay) < half:
                weights, delay = _wait(weights, delay, dt)
                self.notes.assume("recurrence takes one step: the spikes arrive in the next step", f"{pre} -> {post}")
            projections.append(Projection(pre, post, weights, delay=delay))
        return NetworkSpec(dt, tuple(self.populations[name] for name in order), tuple(projections))


def _shortest(weights: Dense | Sparse | OneToOne, delay: float) -> float:
    delays = getattr(weights, "delays", None)
    return delay if delays is None else float(delays.min(initial=np.inf))


def _wait(weights: Dense | Sparse | OneToOne, delay: float, dt: float) -> tuple[Dense | Sparse | OneToOne, float]:
    if isinstance(weights, Dense) and weights.delays is not None:
        return Dense(weights.values, np.maximum(weights.delays, dt)), delay
    if isinstance(weights, Sparse) and weights.delays is not None:
        return Sparse(weights.post, weights.pre, weights.values, np.maximum(weights.delays, dt)), delay
    return weights, dt


def _labels(flat: Flat, notes: Notes) -> dict[str, str]:
    """A population name for every node that may become one."""
    labels: dict[str, str] = {}
    taken: set[str] = set()
    for k, name in enumerate(name for name in flat.nodes if flat.kind(name) not in LINEAR):
        own = name.replace("->", "-") if flat.kind(name) == "Output" else name
        label = _free(own, taken, k)
        if label != own:
            notes.assume(f"is called {label!r} here", name[:80])
        labels[name] = label
        taken.add(label)
    return labels


def _free(name: str, taken: Container[str], k: int) -> str:
    """A name that a population can have and no other has: the given one, or a similar one with a number from k on."""
    if 0 < len(name) <= MAX_NAME and "->" not in name and name not in taken:
        return name
    stem = name.replace("->", "-")[:80] or "node"
    return next(label for j in count(k) if (label := f"{stem} {j}") not in taken)


def _with_v0(network: NetworkSpec, v0: V0, notes: Notes) -> NetworkSpec:
    cells = [p for p in network.populations if not isinstance(p.model, Input)]
    if isinstance(v0, str):
        if v0 not in ("v_leak", "zero"):
            raise SpecError("from_nir", [f"v0 is {v0!r}; {near(v0, ('v_leak', 'zero'))}, or give numbers"])
        notes.assume("v starts at v_leak (0 for IF)" if v0 == "v_leak" else "v starts at 0")
        if v0 == "v_leak":
            return network
        given: Mapping[str, Any] = {p.name: 0.0 for p in cells}
    elif isinstance(v0, Mapping):
        if unknown := [name for name in v0 if name not in {p.name for p in cells}]:
            raise SpecError("from_nir", [f"v0: no {name!r}; {near(name, [p.name for p in cells])}" for name in unknown])
        given = v0
        notes.assume(f"v starts as given for {', '.join(map(repr, v0))}, else at v_leak (0 for IF)")
    else:
        given = {p.name: v0 for p in cells}
        notes.assume("v starts as given")
    changed = [replace(p, v_init=given[p.name]) if p.name in given else p for p in network.populations]
    return replace(network, populations=tuple(changed))
