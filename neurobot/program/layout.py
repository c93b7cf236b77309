"""Arenas and their named blocks.

A Program has three arenas: layout (int32, frozen), params and state, each one contiguous buffer. A block is
a named, shaped piece of one. Offsets are in words, so they hold for float32 and float64 alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurobot.errors import SpecError, near
from neurobot.kernels.ops import LINE

MAX_WORDS = 2**31 - 1
"""Offsets are int32."""
MAX_STATE = 2**28
"""Words of state: 1 GB in float32. A few numbers in a spec, or in a file, can describe long delays."""


@dataclass(frozen=True, slots=True)
class Block:
    """A named piece of an arena.

    Args:
        at: offset [words].
        shape: of the array.
        integer: whether a block of the state holds integers.
        stride: words from row to row of a block of two dimensions; 0 where there is no gap between them.
    """

    at: int
    shape: tuple[int, ...]
    integer: bool = False
    stride: int = 0

    @property
    def size(self) -> int:
        """Number of words, those in gaps included."""
        return self.shape[0] * self.stride if self.stride else math.prod(self.shape)

    def words(self) -> np.ndarray:
        """Where its numbers are, (numbers,) int64, in the order of the array."""
        if not self.stride:
            return self.at + np.arange(self.size)
        return np.ravel(self.at + self.stride * np.arange(self.shape[0])[:, None] + np.arange(self.shape[1]))

    def of(self, arena: np.ndarray) -> np.ndarray:
        """The block's array, a view of the arena's last axis: ``(..., *shape)``."""
        cut = arena[..., self.at : self.at + self.size]
        if not self.stride:
            return cut.reshape(*arena.shape[:-1], *self.shape)
        return cut.reshape(*arena.shape[:-1], self.shape[0], self.stride)[..., : self.shape[1]]


def spread(n: int) -> int:
    """Words from row to row of n words each: an odd number of cache lines, so that a column, whose entries are that far
    apart, finds room in all sets of a cache, whatever n is; n where a row is a few lines only."""
    return n if n < 4 * LINE else LINE * (-(-n // LINE) | 1)


class Arena:
    """Hands out consecutive blocks; what it is called appears in errors."""

    def __init__(self, name: str, start: int = 0, most: int = MAX_WORDS):
        self.name = name
        self.size = start
        self.most = most
        self.blocks: dict[str, Block] = {}

    def add(self, name: str, *shape: int, integer: bool = False, stride: int = 0) -> int:
        """Reserve a block and return its offset; SpecError when the arena grows too large, or has one of this name."""
        size = Block(0, shape, integer, stride).size
        at = _aligned(self.size, size)
        self._name(name, Block(at, shape, integer, stride))
        self.size = at + size
        if self.size > self.most:
            raise SpecError(
                "program", [f"{self.name} needs over {self.most} words at {name!r}; make the network smaller"]
            )
        return at

    def rows(self, names: Sequence[str], n: int) -> None:
        """Reserve blocks of n words each that follow each other without a gap, as linked ops expect."""
        self.run(dict.fromkeys(names, n))

    def run(self, sizes: Mapping[str, int]) -> int:
        """Reserve blocks by name that follow each other without a gap, and return the offset of the first."""
        if not sizes:
            return self.size
        first, *others = sizes
        start = at = self.add(first, sum(sizes.values()))
        self.blocks[first] = Block(at, (sizes[first],))
        for before, name in zip([first, *others], others, strict=False):
            at += sizes[before]
            self._name(name, Block(at, (sizes[name],)))
        return start

    def _name(self, name: str, block: Block) -> None:
        if name in self.blocks:
            owner = name.rpartition(".")[0]
            raise SpecError("program", [f"{self.name} has two blocks {name!r}; rename the population {owner!r}"])
        self.blocks[name] = block

    def at(self, name: str) -> int:
        """Offset of a block."""
        return self.blocks[name].at


def _aligned(at: int, size: int) -> int:
    """Blocks worth a vector instruction start on a cache line."""
    return -(-at // LINE) * LINE if size >= LINE else at


def find(blocks: dict[str, Block], name: str, what: str) -> Block:
    """A block by name, or KeyError with near matches."""
    if name not in blocks:
        raise KeyError(f"there is no {what} {name!r}; {near(name, blocks)}")
    return blocks[name]
