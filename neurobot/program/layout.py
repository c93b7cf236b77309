"""Arenas and their named blocks.

A Program has three arenas: layout (int32, frozen), params and state, each one contiguous buffer. A block is
a named, shaped piece of one. Offsets are in words, so they hold for float32 and float64 alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurobot.errors import SpecError, near

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
    """

    at: int
    shape: tuple[int, ...]
    integer: bool = False

    @property
    def size(self) -> int:
        """Number of words."""
        return math.prod(self.shape)

    def of(self, arena: np.ndarray) -> np.ndarray:
        """The block's array, a view of the arena's last axis: ``(..., *shape)``."""
        cut = arena[..., self.at : self.at + self.size]
        return cut.reshape(*arena.shape[:-1], *self.shape)


LINE = 16
"""Words in a cache line, in float32."""


class Arena:
    """Hands out consecutive blocks; what it is called appears in errors."""

    def __init__(self, name: str, start: int = 0, most: int = MAX_WORDS):
        self.name = name
        self.size = start
        self.most = most
        self.blocks: dict[str, Block] = {}

    def add(self, name: str, *shape: int, integer: bool = False) -> int:
        """Reserve a block and return its offset; SpecError when the arena grows too large, or has one of this name."""
        at = _aligned(self.size, math.prod(shape))
        self._name(name, Block(at, shape, integer))
        self.size = at + math.prod(shape)
        if self.size > self.most:
            raise SpecError(
                "program", [f"{self.name} needs over {self.most} words at {name!r}; make the network smaller"]
            )
        return at

    def rows(self, names: Sequence[str], n: int) -> None:
        """Reserve blocks of n words each that follow each other without a gap, as linked ops expect."""
        if not names:
            return
        at = self.add(names[0], len(names) * n)
        self.blocks[names[0]] = Block(at, (n,))
        for k, name in enumerate(names[1:], start=1):
            self._name(name, Block(at + k * n, (n,)))

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
