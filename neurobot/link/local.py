"""A device in this process, at the other end of a line whose time is simulated: what tests of the whole link run on.

Time passes only while the host waits, exactly as long as it waits, so that a run is the same each time and takes no
longer than its arithmetic.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol, final

from neurobot.link.transport import Transport

POLL = 0.001
"""[s] between two looks of the board at its clock."""
INSTANT = 1e-6
"""[s] that the shortest wait takes: one that took nothing could go on for ever, for want of digits."""


class Machine(Protocol):
    """What a line needs of `neurobot.link.device.Device`, or of one like it."""

    def start(self, now: int) -> bytes:
        """See `Device.start`."""

    def poll(self, now: int) -> bytes:
        """See `Device.poll`."""

    def receive(self, data: bytes, now: int) -> bytes:
        """See `Device.receive`."""


@final
class LocalLine(Transport):
    """A line to a device.

    Args:
        device: the other end; it is started now.
        delay: that each byte has on its way [s].
        rate: of the line [bytes/s].
        clock: the board's clock at the start [µs].

    Attributes:
        device: as given; None while it has no power.
        rate: as given.
    """

    def __init__(self, device: Machine, *, delay: float = 50e-6, rate: float = math.inf, clock: int = 0):
        self.rate = rate
        self.device: Machine | None = device
        self._delay = delay
        self._clock = clock
        self._now = self._next_poll = 0.0
        self._to_board: deque[tuple[float, bytes]] = deque()
        self._to_host: deque[tuple[float, bytes]] = deque()
        self._put(self._to_host, device.start(self._board_time()))

    def now(self) -> float:
        """Simulated time [s]."""
        return self._now

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        self._put(self._to_board, data)

    def read(self, timeout: float) -> bytes:
        """See `Transport.read`; here time passes."""
        until = self._now + max(timeout, INSTANT)
        while True:
            at = min((queue[0][0] for queue in (self._to_board, self._to_host) if queue), default=math.inf)
            at = max(min(at, self._next_poll), self._now)
            if at > until:
                self._now = until
                return b""
            self._now = at
            if self._to_host and self._to_host[0][0] <= at:
                return self._to_host.popleft()[1]
            self._board_turn()

    def close(self) -> None:
        """See `Transport.close`."""

    def power(self, device: Machine | None) -> None:
        """Take the power from the device, or give it to another, which starts now.

        Args:
            device: the other one, or None.
        """
        self.device = device
        self._to_board.clear()
        if device is not None:
            self._put(self._to_host, device.start(self._board_time()))

    def _board_time(self) -> int:
        return (self._clock + round(self._now * 1e6)) & 0xFFFFFFFF

    def _put(self, queue: deque[tuple[float, bytes]], data: bytes) -> None:
        if data:
            free = max(self._now, queue[-1][0] - self._delay if queue else 0.0)
            queue.append((free + len(data) / self.rate + self._delay, data))

    def _board_turn(self) -> None:
        """What the board does now: take what came, and look at its clock."""
        if self._next_poll <= self._now:
            self._next_poll = self._now + POLL
            if self.device is not None:
                self._put(self._to_host, self.device.poll(self._board_time()))
        while self._to_board and self._to_board[0][0] <= self._now:
            data = self._to_board.popleft()[1]
            if self.device is not None:
                self._put(self._to_host, self.device.receive(data, self._board_time()))
