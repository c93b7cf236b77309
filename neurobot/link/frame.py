"""Frames on the line: 00 | COBS( type | seq | payload | CRC-32 ) | 00.

COBS (Cheshire and Baker 1999, "Consistent overhead byte stuffing") writes any bytes without a 00, at the cost of one
byte in 254, so that a 00 is always the end of a frame and a reader that lost its place has it again at the next. The
CRC-32 is zlib's, little-endian, over type, seq and payload; a CRC-16 would let one damaged frame in 65,536 pass.

A 00 also stands before each frame: what noise left on an idle line then ends as a damaged frame of its own, and does
not take the first real one with it. firmware/link/frame.c is the same in C, count for count.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple, final

from neurobot.errors import LinkError
from neurobot.link.protocol import PAYLOAD

OVERHEAD = 6
"""Bytes of a frame beside its payload, before COBS: type, seq and CRC-32."""
RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes with their own CRC-32 behind them, and of no others."""
BLOCK = 254
"""Bytes without a 00 after which COBS writes one more."""
_CODES = tuple(bytes((size + 1,)) for size in range(BLOCK + 1))
"""What stands before a block, by its size."""
ENCODED = PAYLOAD + OVERHEAD + 1 + (PAYLOAD + OVERHEAD) // BLOCK
"""Bytes of the longest frame between its two 00."""


class Frame(NamedTuple):
    """What a frame carries.

    Attributes:
        type: of the message, u8.
        seq: which request it is or answers, u8.
        payload: at most `PAYLOAD` bytes.
    """

    type: int
    seq: int
    payload: bytes


class Damage(IntEnum):
    """Why a frame was dropped."""

    COBS = 1
    CRC = 2
    LONG = 3


def cobs_encode(data: bytes) -> bytes:
    """Write bytes without a 00.

    Args:
        data: any bytes.

    Returns:
        At most 1 + len(data) // 254 bytes more, none of them 0.
    """
    pieces = data.split(b"\0")
    if len(data) >= BLOCK:
        pieces = _cut(pieces)
    return b"".join([_CODES[len(piece)] + piece for piece in pieces])


def _cut(pieces: list[bytes]) -> list[bytes]:
    """Blocks, full or ended by a 00; a full one at the very end needs nothing after it."""
    blocks = [piece[at : at + BLOCK] for piece in pieces for at in range(0, len(piece) + 1, BLOCK)]
    return blocks[:-1] if pieces[-1] and not blocks[-1] else blocks


def cobs_decode(data: bytes) -> bytes | None:
    """Read what `cobs_encode` wrote.

    Args:
        data: bytes without a 00.

    Returns:
        The bytes; None where a block is longer than what is there.
    """
    out = bytearray(data)
    joints = []  # where a full block ends, after which there was no 00
    at, size = 0, len(data)
    while at < size:
        code = data[at]
        out[at] = 0
        at += code
        if code > BLOCK:
            joints.append(at)
    if at > size:
        return None
    for joint in reversed(joints):
        del out[joint : joint + 1]
    return bytes(out[1:])


def encode(frame: Frame) -> bytes:
    """A frame as bytes for the line.

    Args:
        frame: type and seq in 0..255, a payload of at most `PAYLOAD` bytes.

    Returns:
        The bytes, with the 00 before and after.

    Raises:
        LinkError: the payload is too long.
    """
    if len(frame.payload) > PAYLOAD:
        raise LinkError(
            f"a payload of {len(frame.payload)} bytes does not fit a frame, "
            f"which holds at most {PAYLOAD}: send less at once"
        )
    body = bytes((frame.type, frame.seq)) + frame.payload
    return b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


@final
class Decoder:
    """Finds the frames in a stream of bytes, however it was cut, with memory for one frame.

    Attributes:
        received: bytes that came.
        ok: whole frames.
        crc_err: frames of a wrong CRC-32.
        cobs_err: frames that are not COBS, or too short to be one.
        too_long: frames longer than any may be; counted as soon as that is known.
    """

    def __init__(self) -> None:
        self.received = self.ok = self.crc_err = self.cobs_err = self.too_long = 0
        self._part = b""
        self._skips = False

    @property
    def amid(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._skips or bool(self._part)

    def feed(self, data: bytes) -> list[Frame | Damage]:
        """Take bytes from the line.

        Args:
            data: any bytes.

        Returns:
            What ended in them, in order: frames, and what was wrong with those that were dropped.
        """
        return list(self.each(data))

    def each(self, data: bytes) -> Iterator[Frame | Damage]:
        """As `feed`, one after the other; the counts are those of what was given so far, but for `received`.

        Args:
            data: any bytes; they are taken as the iterator is used up.

        Yields:
            Frames and damages.
        """
        self.received += len(data)
        *whole, rest = data.split(b"\0")
        for piece in whole:
            if not self._part and not self._skips and len(piece) <= ENCODED:  # most of them come whole
                if piece:
                    yield self._frame(piece)
                continue
            if self._overflows(piece):
                yield Damage.LONG
            part, self._part = self._part, b""
            skips, self._skips = self._skips, False
            if part and not skips:
                yield self._frame(part)
        if rest and self._overflows(rest):
            yield Damage.LONG

    def _overflows(self, piece: bytes) -> bool:
        """Add bytes to the frame that is not complete yet; says whether it has become too long just now."""
        if self._skips:
            return False
        self._part += piece[: ENCODED + 1]
        if len(self._part) <= ENCODED:
            return False
        self._part, self._skips = b"", True
        self.too_long += 1
        return True

    def _frame(self, part: bytes) -> Frame | Damage:
        """What stood between two 00."""
        body = cobs_decode(part)
        if body is None or len(body) < OVERHEAD:
            self.cobs_err += 1
            return Damage.COBS
        if len(body) > PAYLOAD + OVERHEAD:
            self.too_long += 1
            return Damage.LONG
        if zlib.crc32(body) != RESIDUE:
            self.crc_err += 1
            return Damage.CRC
        self.ok += 1
        return Frame(body[0], body[1], body[2:-4])
