"""When something happened on the board, in the host's time.

A PING goes out at t0, is seen by the board at d on its own clock, and its answer comes at t1. If both ways took equally
long, the host's time of d is (t0 + t1)/2, and it is wrong by at most half the round trip. Few round trips are delayed
on neither way; those are the shortest, so only the shortest quarter is used, and of these the median.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from neurobot.errors import LinkError

WRAP = 2**32
"""The board's clock counts microseconds modulo this."""


class Ping(NamedTuple):
    """One round trip.

    Attributes:
        sent: host's time [s].
        seen: board's time [µs], modulo 2**32.
        received: host's time [s].
    """

    sent: float
    seen: int
    received: float


class BoardClock(NamedTuple):
    """How the board's clock stands to the host's.

    Attributes:
        offset: the host's time when the board's clock was 0 [s].
        round_trip: the shortest that was seen [s]; half of it bounds the error.
    """

    offset: float
    round_trip: float

    def host_time(self, dev_us: int, near: float) -> float:
        """The host's time of a time that the board told.

        Args:
            dev_us: the board's clock [µs], modulo 2**32 (71.6 minutes).
            near: a host's time that is less than half an hour away from it [s].

        Returns:
            The host's time [s].
        """
        wraps = round(((near - self.offset) * 1e6 - dev_us) / WRAP)
        return self.offset + (dev_us + wraps * WRAP) / 1e6


def estimate(pings: Sequence[Ping]) -> BoardClock:
    """Compare both clocks.

    Args:
        pings: round trips within less than half an hour, none of which was repeated.

    Returns:
        How they stand.

    Raises:
        LinkError: there are no pings.
    """
    if not pings:
        raise LinkError("no PING came back without being repeated: the line is too bad to compare clocks; ask for more")
    trips = sorted(pings, key=lambda ping: ping.received - ping.sent)
    best = trips[: math.ceil(len(trips) / 4)]
    shortest = best[0]
    first = BoardClock((shortest.sent + shortest.received) / 2 - shortest.seen / 1e6, shortest.received - shortest.sent)
    errors = [(ping.sent + ping.received) / 2 - first.host_time(ping.seen, ping.received) for ping in best]
    return first._replace(offset=first.offset + statistics.median(errors))
