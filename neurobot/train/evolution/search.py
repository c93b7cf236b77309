"""What evolution searches, and which way it goes."""

from __future__ import annotations

import numpy as np

from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.spec.weights import AllToAll, FixedProbability
from neurobot.train.evolution.settings import Evolve


def searched(program: Program, biases: bool) -> np.ndarray:
    """Words of params that evolution searches: weights, and the bias coefficients of all neurons.

    Where a rule left synapses out, they stay out: of `FixedProbability`, and of `AllToAll` without self-connections,
    weights of 0 are not searched.

    Raises:
        TrainingError: there are none.
    """
    parts = [np.zeros(0, np.int64)]
    for projection in program.network.projections:
        block = program.blocks["params"][f"{projection.name}.weights"]
        words = np.arange(block.at, block.at + block.size)
        rule = projection.weights
        gaps = isinstance(rule, FixedProbability) or (isinstance(rule, AllToAll) and not rule.self)
        parts.append(words[program.params[words] != 0] if gaps else words)
    if biases:
        named = [block for name, block in program.blocks["params"].items() if name.endswith(".b")]
        parts += [np.arange(block.at, block.at + block.size) for block in named]
    index = np.sort(np.concatenate(parts))
    if not index.size:
        raise TrainingError("the program has no weights to search; give the network a projection")
    return index


def direction(fitness: np.ndarray, noise: np.ndarray, settings: Evolve) -> np.ndarray:
    """An ascent direction from the fitness of +noise (first half) and -noise (second half).

    Args:
        fitness: (2 pairs,).
        noise: (pairs, n).
        settings: algorithm, sigma and top.

    Returns:
        (n,), the estimated gradient (es), or the mean of the best directions (ars).
    """
    pairs = len(noise)
    if settings.algorithm == "es":
        ranks = centred_ranks(fitness)
        return _weighted(ranks[:pairs] - ranks[pairs:], noise) / (2 * pairs * settings.sigma)
    plus, minus = fitness[:pairs], fitness[pairs:]
    best = np.argsort(-np.maximum(plus, minus), kind="stable")[: settings.top or pairs]
    used = np.concatenate([plus[best], minus[best]])
    scale = used.std() if used.std() > 0 else 1.0
    return _weighted(plus[best] - minus[best], noise[best]) / (len(best) * scale)


def _weighted(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sum of rows times weights; not by BLAS, whose sums depend on its number of threads."""
    total: np.ndarray = np.einsum("p,pn->n", weights, rows)
    return total


def centred_ranks(x: np.ndarray) -> np.ndarray:
    """Ranks spread over [-1/2, 1/2]; equal values share the mean of their ranks, (n,)."""
    _, where, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts + 1) / 2)[where]
    spread: np.ndarray = ranks / max(len(x) - 1, 1) - 0.5
    return spread
