"""From what a projection says to its synapses: rules are drawn, arrays taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurobot.errors import SpecError, near
from neurobot.spec.network import NetworkSpec, Projection
from neurobot.spec.weights import AllToAll, Dense, FanIn, FixedProbability, Normal, OneToOne, Sparse, Uniform, Weight

SPARSE_BELOW = 0.1
"""Density under which indexed synapses beat whole rows (see the benchmarks)."""

MOST_DRAWN = 10_000_000
"""Numbers drawn at a time."""


@dataclass(frozen=True, slots=True)
class Synapses:
    """The synapses of a projection.

    Args:
        weights: (n_pre, n_post) where dense, else (nnz,) in order of the presynaptic neuron.
        indptr: (n_pre + 1,) int32, or None where dense.
        indices: (nnz,) int32 postsynaptic neurons, or None.
        delays: (nnz,) int32 [steps], or None where all synapses have the projection's delay.
    """

    weights: np.ndarray
    indptr: np.ndarray | None = None
    indices: np.ndarray | None = None
    delays: np.ndarray | None = None

    @property
    def kind(self) -> str:
        """``dense``, ``sparse`` or ``delayed``."""
        if self.indptr is None:
            return "dense"
        return "sparse" if self.delays is None else "delayed"

    def dense(self, n_pre: int, n_post: int) -> np.ndarray:
        """Weights as (n_post, n_pre)."""
        if self.indptr is None or self.indices is None:
            return self.weights.T.copy()
        out = np.zeros((n_post, n_pre))
        pre = np.repeat(np.arange(n_pre), np.diff(self.indptr))
        np.add.at(out, (self.indices, pre), self.weights)
        return out


def draw(network: NetworkSpec, seed: int, given: Mapping[str, np.ndarray | Dense | Sparse]) -> dict[str, Synapses]:
    """The synapses of every projection, by its name.

    Args:
        network: what to draw.
        seed: of the program.
        given: arrays for projections whose weights are a name.

    Raises:
        SpecError: a name that is not given, an array that is not used or does not fit.
    """
    wanted = {p.weights for p in network.projections if isinstance(p.weights, str)}
    problems = [f"weights {n!r} are not given; {near(n, given)}" for n in sorted(wanted - set(given))]
    problems += [
        f"weights {n!r} are given but no projection names them; {near(n, wanted)}" for n in sorted(set(given) - wanted)
    ]
    if problems:
        raise SpecError("build", problems)
    out = {}
    for stream, projection in enumerate(network.projections):
        weights = projection.weights
        if isinstance(weights, str):
            array = given[weights]
            weights = array if isinstance(array, Dense | Sparse) else Dense(np.asarray(array))
            projection = replace(projection, weights=weights)
            NetworkSpec(network.dt, network.populations, (projection,))  # shapes and delays, checked as inline ones are
        rng = np.random.Generator(np.random.Philox(key=[seed & 0xFFFFFFFFFFFFFFFF, stream]))
        out[projection.name] = _synapses(network, projection, weights, rng)
    return out


def _synapses(network: NetworkSpec, p: Projection, weights: object, rng: np.random.Generator) -> Synapses:
    n_pre, n_post = network.population(p.pre).n, network.population(p.post).n
    if isinstance(weights, Sparse):
        return _indexed(network.dt, n_pre, weights.pre, weights.post, weights.values, weights.delays)
    if isinstance(weights, Dense):
        if weights.delays is None:
            return Synapses(np.ascontiguousarray(weights.values.T))
        pre, post = np.nonzero(weights.values.T)
        return _indexed(network.dt, n_pre, pre, post, weights.values[post, pre], weights.delays[post, pre])
    if isinstance(weights, OneToOne):
        same = np.arange(n_pre)
        return _indexed(network.dt, n_pre, same, same, _values(weights.weight, n_pre, 1, rng), None)
    assert isinstance(weights, AllToAll | FixedProbability)
    others_only = p.pre == p.post and not weights.self
    if isinstance(weights, FixedProbability) and weights.p < SPARSE_BELOW:
        pre, post = _pairs(n_pre, n_post, weights.p, others_only, rng)
        return _indexed(network.dt, n_pre, pre, post, _values(weights.weight, pre.size, n_pre, rng), None)
    exists = np.ones((n_pre, n_post), bool)
    if isinstance(weights, FixedProbability):
        exists = rng.random((n_pre, n_post)) < weights.p
    if others_only:
        np.fill_diagonal(exists, False)
    if p.rule is not None and not exists.all():  # what is 0 in a dense block would learn
        pre, post = np.nonzero(exists)
        return _indexed(network.dt, n_pre, pre, post, _values(weights.weight, pre.size, n_pre, rng), None)
    return Synapses(np.where(exists, _values(weights.weight, exists.size, n_pre, rng).reshape(exists.shape), 0.0))


def _pairs(n_pre: int, n_post: int, p: float, others_only: bool, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """The pairs (pre, post) that exist, each with probability p: the gaps between them are geometric."""
    total, parts, at = n_pre * n_post, [np.zeros(0, np.int64)], -1
    while p > 0 and at < total:
        gaps = rng.geometric(p, size=int(min(total * p * 1.1, MOST_DRAWN)) + 100)
        positions = at + np.cumsum(np.minimum(gaps, total + 1))  # so that no sum overflows
        parts.append(positions[positions < total])
        at = int(positions[-1])
    pre, post = np.divmod(np.concatenate(parts), n_post)
    keep = pre != post if others_only else slice(None)
    return pre[keep], post[keep]


def _values(weight: Weight, n: int, fan_in: int, rng: np.random.Generator) -> np.ndarray:
    if isinstance(weight, Normal):
        return rng.normal(weight.mean, weight.std, n)
    if isinstance(weight, Uniform):
        return rng.uniform(weight.low, weight.high, n)
    if isinstance(weight, FanIn):
        return rng.normal(0.0, weight.gain / np.sqrt(fan_in), n)
    return np.full(n, float(weight))


def _indexed(
    dt: float, n_pre: int, pre: np.ndarray, post: np.ndarray, values: np.ndarray, delays: np.ndarray | None
) -> Synapses:
    order = np.argsort(pre, kind="stable")
    indptr = np.zeros(n_pre + 1, np.int32)
    np.cumsum(np.bincount(pre, minlength=n_pre), out=indptr[1:])
    steps = None if delays is None else np.rint(delays[order] / dt).astype(np.int32)
    return Synapses(np.ascontiguousarray(values[order]), indptr, post[order].astype(np.int32), steps)
