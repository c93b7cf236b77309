"""What a device runs and moves: the seam between the line and a core with its outputs."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from typing import NamedTuple

from neurobot.link.message import head
from neurobot.link.protocol import PAYLOAD, TickReply, TickRequest

ROOM = PAYLOAD - head(TickReply)
"""Bytes that the actions (i16) and read-out of an answer to TICK may have together."""


def image_crc(image: bytes | bytearray) -> int:
    """What an image is known by: CRC-32 of all but its last four bytes, which are this number in an image that has one.

    Over all of such an image the CRC-32 would be the same number, whatever is in it.
    """
    return zlib.crc32(image[:-4])


class Step(NamedTuple):
    """What one tick of a board's core gave.

    Attributes:
        cycles: that it took, in units of the board's own; u32.
        error: the core's own code, 0 if all is well; u8.
        spikes: how many there were; u16.
        actions: for each output, i16.
        readout: bytes of the kind that the image names.
    """

    cycles: int
    error: int
    spikes: int
    actions: tuple[int, ...]
    readout: bytes


class Board(ABC):
    """What a device runs and moves: a core and its outputs.

    A core refuses to load an image whose actions and read-out do not fit into `ROOM` bytes.

    Attributes:
        name: of the kind of board, at most 32 bytes.
        arithmetic: version of the core's arithmetic, u8.
        arena: the largest image [bytes].
    """

    name: bytes
    arithmetic: int
    arena: int

    @abstractmethod
    def load(self, image: bytes) -> int:
        """Check an image and have it ready with cleared state; returns 0, or the reason why it cannot be run."""

    @abstractmethod
    def reset(self) -> None:
        """Clear the state, but for what was learnt."""

    @abstractmethod
    def tick(self, request: TickRequest) -> Step | int:
        """Run one tick; returns what it gave, or the reason (not 0) why the input does not fit and nothing changed."""

    @abstractmethod
    def digest(self) -> tuple[int, int]:
        """How many steps were made, and the CRC-32 of the state."""

    @abstractmethod
    def state(self) -> bytes:
        """All of the state."""

    @abstractmethod
    def idle(self, hold: bool) -> tuple[int, ...]:
        """What each output gets without a fresh tick: in HOLD, or else at rest."""

    @abstractmethod
    def actuate(self, values: tuple[int, ...]) -> None:
        """Move the outputs; no values are given while no image is loaded: all outputs off."""
