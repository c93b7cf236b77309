"""Chance within episodes: a generator for each instance, asked for many numbers at once.

Sensor noise and wind draw in every control period. Asking each instance's generator for a few numbers costs more than
the arithmetic around it, so each is asked for a block, and blocks are handed out row by row. What an instance gets
depends on its own seed and on how many numbers it has taken, never on the batch it is in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np

from neurobot.envs.task import Array

BLOCK = 256
"""Numbers that are drawn at once; the most that can be asked for in one call."""


@final
class Streams:
    """Streams of normal and of uniform numbers for `num_envs` instances."""

    CHANGES = ("_normal", "_uniform")

    def __init__(self, num_envs: int):
        self._normal = _Blocks(num_envs, np.random.Generator.standard_normal)
        self._uniform = _Blocks(num_envs, np.random.Generator.random)

    def restart(self, i: int, generator: np.random.Generator) -> None:
        """Start instance i's streams anew; takes two numbers from `generator`."""
        for blocks, seed in zip((self._normal, self._uniform), generator.integers(1 << 63, size=2), strict=True):
            blocks.restart(i, int(seed))

    def normal(self, ids: Array, size: int) -> Array:
        """Standard normal numbers (k, size) for instances `ids` (k,); size is at most `BLOCK`."""
        return self._normal.take(ids, size)

    def uniform(self, ids: Array, size: int) -> Array:
        """Numbers evenly in [0, 1), (k, size), for instances `ids` (k,); size is at most `BLOCK`."""
        return self._uniform.take(ids, size)


@final
class _Blocks:
    """One kind of numbers; an instance that was never restarted must not be asked for any."""

    CHANGES = ("_generators", "_ready", "_next")

    def __init__(self, num_envs: int, draw: Callable[[np.random.Generator, int], Array]):
        self._draw = draw
        self._generators: list[np.random.Generator | None] = [None] * num_envs
        self._ready = np.empty((num_envs, 0))  # made when first needed: many tasks draw nothing
        self._next = np.full(num_envs, BLOCK)

    def restart(self, i: int, seed: int) -> None:
        self._generators[i] = np.random.default_rng(seed)
        self._next[i] = BLOCK

    def take(self, ids: Array, size: int) -> Array:
        if not self._ready.size:
            self._ready = np.empty((len(self._generators), BLOCK))
        first = self._next[ids]
        empty = first + size > BLOCK
        if empty.any():
            for i in ids[empty].tolist():
                self._refill(i)
            first = self._next[ids]
        self._next[ids] = first + size
        return self._ready[ids[:, None], first[:, None] + np.arange(size)]

    def _refill(self, i: int) -> None:
        """Move what is left to the front and draw as many as are missing, so that no number is passed over."""
        generator, used = self._generators[i], int(self._next[i])
        assert generator is not None
        left = BLOCK - used
        self._ready[i, :left] = self._ready[i, used:].copy()
        self._ready[i, left:] = self._draw(generator, used)
        self._next[i] = 0
