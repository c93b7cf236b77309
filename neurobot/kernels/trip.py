"""A request to a board and its answer in one compiled call: framed, sent, waited for and read.

Python between two calls of the system takes two to three times as long as in a loop of its own, and was half of a round
trip. Frames are those of `neurobot.link.frame`, byte for byte. What does not go as it should is left to the link, which
is told how much was sent and is given what came.
"""

from __future__ import annotations

import functools
import time
import zlib
from collections.abc import Callable

import numba
import numpy as np
from numba import types

from neurobot.kernels.compiled import compile_on_disk
from neurobot.kernels.jit import kernel

FD, SIZE, WITHIN, SENT, HEARD, WORDS = 0, 1, 2, 3, 4, 7
"""Words of `trip`: the line's file descriptor, bytes of the request, how long to wait [ns]; out of it, bytes that were
sent and bytes that came. The last two are the kernel's own."""
OTHERWISE = -1
"""The answer did not come in time, or something else did."""
MORE = 4
"""Bytes of a CRC-32."""
RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes with their own CRC-32 behind them."""
LONGEST = 518
"""Bytes of type, seq, payload and CRC-32 of the longest frame."""
FULL = 255
"""What stands before a block of COBS after which there is no 00."""
ANSWER = 0x80
"""Added to a request's type, its answer's."""

_TABLE = np.array([zlib.crc32(bytes((k ^ 0xFF,))) ^ 0xFF000000 for k in range(256)], np.uint32)
_CLOCK = getattr(time, "CLOCK_MONOTONIC", 1)
_read = types.ExternalFunction("read", types.intp(types.int32, types.intp, types.intp))
_write = types.ExternalFunction("write", types.intp(types.int32, types.intp, types.intp))
_clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.intp))


@kernel
def crc32(data: np.ndarray, n: int) -> int:
    """CRC-32 of zlib over the first n bytes."""
    crc = np.uint32(0xFFFFFFFF)
    for k in range(n):
        crc = np.uint32(_TABLE[(crc ^ data[k]) & 0xFF] ^ (crc >> np.uint32(8)))
    return int(crc ^ np.uint32(0xFFFFFFFF))


@kernel
def write_frame(body: np.ndarray, n: int, line: np.ndarray) -> int:
    """00 | COBS(body | CRC-32) | 00.

    Args:
        body: uint8, type, seq and payload in its first n bytes; the CRC-32 is written behind them.
        n: how many.
        line: (n + 7 + (n + 4) // 254,) or more uint8.

    Returns:
        Bytes in `line`.
    """
    crc = crc32(body, n)
    for k in range(MORE):
        body[n + k] = (crc >> (8 * k)) & 0xFF
    line[0] = 0
    start, at = 1, 2  # of the block: its length stands before it
    for k in range(n + MORE):
        if body[k] != 0:
            line[at] = body[k]
            at += 1
        if body[k] == 0 or (at - start == FULL and k + 1 < n + MORE):
            line[start] = at - start
            start = at
            at += 1
    line[start] = at - start
    line[at] = 0
    return at + 1


@kernel
def read_frame(line: np.ndarray, n: int, body: np.ndarray) -> int:
    """What stands in one frame.

    Args:
        line: uint8; its first n bytes end with 00.
        n: how many.
        body: (n,) or more uint8, gets type, seq, payload and CRC-32.

    Returns:
        Bytes of type, seq and payload; OTHERWISE if these are not the bytes of one whole frame and no others.
    """
    at, last, size = 0, n - 1, 0
    while at < last and line[at] == 0:
        at += 1
    while at < last:
        code = int(line[at])
        if code == 0 or at + code > last:
            return OTHERWISE
        for k in range(at + 1, at + code):
            if line[k] == 0:
                return OTHERWISE
            body[size] = line[k]
            size += 1
        at += code
        if code < FULL and at < last:
            body[size] = 0
            size += 1
    if not 2 + MORE <= size <= LONGEST or crc32(body, size) != RESIDUE:
        return OTHERWISE
    return size - MORE


def trip(words: np.ndarray, body: np.ndarray, line: np.ndarray, heard: np.ndarray, answer: np.ndarray) -> int:
    """Send a request, and take its answer.

    Args:
        words: (WORDS,) int64, see `FD`.
        body: uint8, the request's type, seq and payload; room for MORE behind them.
        line: uint8, room for its frame.
        heard: uint8, gets the bytes that came.
        answer: uint8 of that size, gets the answer's type, seq, payload and CRC-32.

    **Reads** words FD, SIZE, WITHIN. **Writes** words SENT, HEARD.

    Returns:
        Bytes of the answer's type, seq and payload; OTHERWISE where not just this answer came, whole and in time.
    """
    fd, size = words[FD], write_frame(body, words[SIZE], line)
    words[HEARD] = 0
    words[SENT] = max(_write(fd, line.ctypes.data, size), 0)  # whatever fails here will fail again for neurobot.link
    if words[SENT] < size:
        return OTHERWISE
    until = _now(words) + words[WITHIN]
    while words[HEARD] < heard.size:
        n = words[HEARD]
        more = _read(fd, heard.ctypes.data + n, heard.size - n)
        if more > 0:
            n += more
            words[HEARD] = n
            if heard[n - 1] == 0 and n > 1:
                found = read_frame(heard, n, answer)
                if found >= 0 and answer[0] == body[0] + ANSWER and answer[1] == body[1]:
                    return found  # type: ignore[no-any-return]
                return OTHERWISE
        elif _now(words) >= until:  # 0 is nothing as well: a serial port is set so
            break
    return OTHERWISE


@kernel
def _now(words: np.ndarray) -> int:
    """A monotonic time [ns]."""
    _clock_gettime(_CLOCK, words.ctypes.data + 8 * (WORDS - 2))
    return int(words[WORDS - 2] * 1_000_000_000 + words[WORDS - 1])


Trip = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], int]


@functools.cache
def compiled_trip() -> Trip | None:
    """`trip`; None where nothing is compiled, or the system has no such calls."""
    if numba.config.DISABLE_JIT or not hasattr(time, "clock_gettime"):
        return None
    return compile_on_disk(trip, "i8(i8[::1],u1[::1],u1[::1],u1[::1],u1[::1])")
