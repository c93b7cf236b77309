"""The quick way of a request: there and back in one call, where the line has a file descriptor.

The call is `neurobot.kernels.trip`. It is for a line on which nothing else happens, and a board that answers at once;
after anything else it says what was sent and what came, and the ordinary way, `neurobot.link.exchange`, goes on there.
"""

from __future__ import annotations

from typing import final

import numpy as np

from neurobot.kernels.trip import FD, HEARD, OTHERWISE, SENT, SIZE, WITHIN, WORDS, Trip, compiled_trip
from neurobot.link.frame import ENCODED, OVERHEAD
from neurobot.link.protocol import PAYLOAD

HEAD = 2
"""Bytes before the payload: type and seq."""


@final
class Quick:
    """Buffers and compiled code for one request at a time.

    Args:
        trip: `neurobot.kernels.trip.trip`, compiled.
    """

    def __init__(self, trip: Trip) -> None:
        self._trip = trip
        self._words = np.zeros(WORDS, np.int64)
        self._body = np.zeros(PAYLOAD + OVERHEAD, np.uint8)
        self._line, self._heard, self._answer = (np.zeros(ENCODED + 2, np.uint8) for _ in range(3))
        self._body_bytes, self._answer_bytes = self._body.data, self._answer.data

    def clear(self) -> None:
        """Forget what the last request did: nothing was sent, and nothing came."""
        self._words[SENT] = self._words[HEARD] = 0

    def ask(self, fd: int, kind: int, seq: int, payload: bytes, within: float) -> bytes | None:
        """Send a request, and wait for its answer with the processor kept busy.

        Args:
            fd: of the line.
            kind: type of the request.
            seq: its number.
            payload: at most `PAYLOAD` bytes.
            within: how long to wait [s].

        Returns:
            The answer's payload; None where not just this answer came, whole and in time: see `sent` and `heard`.
        """
        body, words, size = self._body_bytes, self._words, HEAD + len(payload)
        body[0], body[1], body[HEAD:size] = kind, seq, payload
        words[FD], words[SIZE], words[WITHIN] = fd, size, int(1e9 * within)
        found = self._trip(words, self._body, self._line, self._heard, self._answer)
        return None if found == OTHERWISE else bytes(self._answer_bytes[HEAD:found])

    @property
    def sent(self) -> int:
        """Bytes of the last request's frame that were sent."""
        return int(self._words[SENT])

    @property
    def heard_size(self) -> int:
        """Bytes that came after the last request."""
        return int(self._words[HEARD])

    @property
    def heard(self) -> bytes:
        """What came after the last request."""
        return self._heard[: self.heard_size].tobytes()


def quick_way() -> Quick | None:
    """Compiled now, if it was not before; None where nothing is compiled, or the system has no such calls."""
    trip = compiled_trip()
    return None if trip is None else Quick(trip)
