"""What lies between neurons, composed: Affine, Linear, Scale, Delay and wires become weights, delays and a bias.

The input of a node is a sum of terms, each the signal of one population, delayed and weighted. A linear node maps terms
to terms, so walking the graph once from the sources gives every population its terms; terms of the same source and
delay are added on the way, so that many paths stay few terms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobot.errors import NIRError
from neurobot.interop.nir.graph import LINEAR, NEURONS, Flat, values_of
from neurobot.interop.nir.report import Notes
from neurobot.spec.weights import Dense, OneToOne, Sparse

MAX_TERMS = 1_000
MAX_SYNAPSES = 2**26
"""Of a graph, together: a small file can ask for many large matrices."""


class Budget:
    """How many weights may still be made for a graph."""

    def __init__(self) -> None:
        self.left = MAX_SYNAPSES

    def take(self, name: str, *shape: int) -> None:
        """Count weights of a shape, before they are made for a node.

        Raises:
            NIRError: they are more than are left.
        """
        self.left -= math.prod(shape)
        if self.left < 0:
            size = " x ".join(map(str, shape))
            raise NIRError(
                f"node {name!r}: {size} weights are too many; all paths of a graph may have {MAX_SYNAPSES:,} together"
            )


@dataclass(frozen=True)
class Term:
    """The signal of a population on its way: y(t) = sum_pre weights[., pre] x_pre(t - delay[., pre]).

    Args:
        source: the population.
        weights: (n, n_source), or (n,) where it is diagonal.
        delay: [s] of all, or an array of the shape of the weights.
    """

    source: str
    weights: np.ndarray
    delay: float | np.ndarray = 0.0

    @property
    def uniform(self) -> bool:
        """Whether there is one delay."""
        return not isinstance(self.delay, np.ndarray)


@dataclass(frozen=True)
class Arriving:
    """The whole input of a node.

    Args:
        terms: one per source and pattern of delays.
        bias: (n,) what arrives always.
    """

    terms: tuple[Term, ...]
    bias: np.ndarray


def arriving(flat: Flat, notes: Notes) -> dict[str, Arriving]:
    """What arrives at every neuron node and Output.

    Raises:
        NIRError: a loop of linear nodes alone, an LI that feeds anything but an Output, or too much to compose.
    """
    before = flat.before()
    budget = Budget()
    signals: dict[str, Arriving] = {}
    for name in _in_order(flat, before):
        node, n = flat.nodes[name], flat.sizes[name][0]
        came = _sum(flat, name, [(p, signals.get(p)) for p in before[name]], n, budget)
        if flat.kind(name) in LINEAR:
            signals[name] = _through(name, node, came, flat, notes, budget)
        else:
            signals[name] = came
    return {name: signals[name] for name in flat.nodes if flat.kind(name) in (*NEURONS, "Output")}


def _in_order(flat: Flat, before: dict[str, list[str]]) -> Iterable[str]:
    """Linear nodes after the linear nodes before them, then the others."""
    linear = {name for name in flat.nodes if flat.kind(name) in LINEAR}
    missing = {name: sum(p in linear for p in before[name]) for name in linear}
    after: dict[str, list[str]] = {name: [] for name in flat.nodes}
    for source, target in flat.edges:
        after[source].append(target)
    ready = [name for name, count in missing.items() if count == 0]
    placed = []
    while ready:
        placed.append(name := ready.pop())
        for target in after[name]:
            if target in linear:
                missing[target] -= 1
                if missing[target] == 0:
                    ready.append(target)
    if len(placed) < len(linear):
        loop = sorted(linear - set(placed))[:6]
        raise NIRError(f"the linear nodes {', '.join(map(repr, loop))} form a loop without a neuron in it")
    return [*placed, *(name for name in flat.nodes if name not in linear)]


def _sum(flat: Flat, name: str, given: list[tuple[str, Arriving | None]], n: int, budget: Budget) -> Arriving:
    terms: list[Term] = []
    bias = np.zeros(n)
    for source, signal in given:
        kind = flat.kind(source)
        if kind in LINEAR:
            assert signal is not None
            terms += signal.terms
            bias = bias + signal.bias
            continue
        if kind == "LI" and flat.kind(name) != "Output":
            raise NIRError(
                f"{source!r} is LI, whose v would be the input of {name!r}; a population sends spikes only, so LI can "
                "only lead to an Output"
            )
        if kind != "Output":
            terms.append(Term(source, np.broadcast_to(1.0, flat.sizes[source][1])))
    return Arriving(_merge(name, terms, budget), bias)


def _merge(name: str, terms: list[Term], budget: Budget) -> tuple[Term, ...]:
    """Add up terms of the same source and one same delay."""
    found: dict[Any, Term] = {}
    for k, term in enumerate(terms):
        key = (term.source, term.delay) if term.uniform else k
        old = found.get(key)
        found[key] = term if old is None else replace(term, weights=_added(name, old.weights, term.weights, budget))
    if len(found) > MAX_TERMS:
        raise NIRError(f"node {name!r}: more than {MAX_TERMS:,} different paths lead to it")
    return tuple(found.values())


def _added(name: str, a: np.ndarray, b: np.ndarray, budget: Budget) -> np.ndarray:
    budget.take(name, *max(a.shape, b.shape, key=len))
    if a.ndim == b.ndim:
        return np.asarray(a + b)
    return np.asarray((a if a.ndim == 2 else np.diag(a)) + (b if b.ndim == 2 else np.diag(b)))


def _through(name: str, node: Any, came: Arriving, flat: Flat, notes: Notes, budget: Budget) -> Arriving:
    """What a linear node makes of what arrives at it."""
    kind, n = flat.kind(name), flat.sizes[name][0]
    if kind in ("Affine", "Linear"):
        matrix = _matrix(name, node, flat.sizes[name])
        terms = [out for term in came.terms for out in _weighted(name, matrix, term, budget)]
        bias = matrix @ came.bias
        if kind == "Affine":
            bias = bias + values_of(name, node, "bias", flat.sizes[name][1])
        return Arriving(_merge(name, terms, budget), bias)
    if kind == "Scale":
        scale = values_of(name, node, "scale", n)
        budget.take(name, sum(t.weights.size for t in came.terms))
        scaled = [replace(t, weights=scale * t.weights if t.weights.ndim == 1 else scale[:, None] * t.weights)
                  for t in came.terms]  # fmt: skip
        return Arriving(tuple(scaled), scale * came.bias)
    if kind == "Delay":
        if came.bias.any():
            notes.assume("a bias before a Delay is there from the first step on", name)
        delay = values_of(name, node, "delay", n)
        if (delay < 0).any():
            raise NIRError(f"node {name!r}: the delay is {delay.min():g} s, it must not be negative")
        return Arriving(_merge(name, [_delayed(name, t, delay, budget) for t in came.terms], budget), came.bias)
    return came


def _matrix(name: str, node: Any, sizes: tuple[int, int]) -> np.ndarray:
    """The weight of an Affine or Linear node, (outputs, inputs); leading dimensions are blocks of a diagonal."""
    inputs, outputs = sizes
    Budget().take(name, outputs, inputs)  # its own: what is made here lives no longer than the visit of the node
    try:
        weight = np.asarray(node.weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise NIRError(f"node {name!r}: weight holds no real numbers") from None
    if not np.isfinite(weight).all():
        raise NIRError(f"node {name!r}: the weight holds {weight[~np.isfinite(weight)][0]}, it must be finite")
    if weight.ndim == 2:
        return weight
    blocks = weight.reshape(-1, *weight.shape[-2:])
    out = np.zeros((outputs, inputs))
    rows, columns = blocks.shape[1:]
    for k, block in enumerate(blocks):
        out[k * rows : (k + 1) * rows, k * columns : (k + 1) * columns] = block
    return out


def _weighted(name: str, matrix: np.ndarray, term: Term, budget: Budget) -> Iterable[Term]:
    """matrix times term; rows with different delays stay apart."""
    shape = (matrix.shape[0], term.weights.shape[-1])
    budget.take(name, *shape)
    if term.weights.ndim == 1:
        delay = term.delay
        if isinstance(delay, np.ndarray):
            delay = np.ascontiguousarray(np.broadcast_to(delay, matrix.shape))
        return [Term(term.source, matrix * term.weights, delay)]
    if not isinstance(term.delay, np.ndarray):
        return [Term(term.source, matrix @ term.weights, term.delay)]
    patterns, which = np.unique(term.delay, axis=0, return_inverse=True)
    if len(patterns) > MAX_TERMS:
        raise NIRError(f"node {name!r}: more than {MAX_TERMS:,} different paths lead to it")
    budget.take(name, len(patterns) - 1, *shape)
    out = []
    for k, pattern in enumerate(patterns):
        rows = which.reshape(-1) == k
        delay = float(pattern[0]) if (pattern == pattern[0]).all() else np.broadcast_to(pattern, shape).copy()
        out.append(Term(term.source, matrix[:, rows] @ term.weights[rows], delay))
    return out


def _delayed(name: str, term: Term, delay: np.ndarray, budget: Budget) -> Term:
    if term.uniform and (delay == delay[0]).all():
        return replace(term, delay=term.delay + float(delay[0]))
    budget.take(name, *term.weights.shape)
    return replace(term, delay=term.delay + (delay if term.weights.ndim == 1 else
                                             np.broadcast_to(delay[:, None], term.weights.shape)))  # fmt: skip


def synapses(name: str, terms: list[Term], budget: Budget) -> tuple[Dense | Sparse | OneToOne, float]:
    """The weights of one projection that stands for terms of one source, and its delay [s].

    Args:
        name: of the target, for messages.
        terms: at least one, all of the same source.
        budget: of the projections.

    Raises:
        NIRError: the projections of the graph have too many weights together.
    """
    first = terms[0]
    budget.take(name, *(first.weights.shape if len(terms) == 1 else (sum(t.weights.size for t in terms),)))
    if len(terms) > 1:
        return _listed(terms), 0.0
    if first.weights.ndim == 2:
        if isinstance(first.delay, np.ndarray):
            return Dense(first.weights, first.delay), 0.0
        return Dense(first.weights), first.delay
    if isinstance(first.delay, np.ndarray):
        return _listed(terms), 0.0
    if (first.weights == first.weights[0]).all():
        return OneToOne(weight=float(first.weights[0])), first.delay
    where = np.arange(first.weights.size)
    return Sparse(where, where, first.weights), first.delay


def _listed(terms: list[Term]) -> Sparse:
    """Terms with different delays as one list of synapses."""
    parts = []
    for term in terms:
        delay = np.broadcast_to(term.delay, term.weights.shape)
        if term.weights.ndim == 1:
            where = np.flatnonzero(term.weights)
            parts.append((where, where, term.weights[where], delay[where]))
        else:
            post, pre = np.nonzero(term.weights)
            parts.append((post, pre, term.weights[post, pre], delay[post, pre]))
    post, pre, weights, delays = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Sparse(post, pre, weights, delays)
