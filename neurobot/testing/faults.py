"""A line that damages what goes over it, in a way that a seed repeats: around any other line, real or simulated.

What a plan promises does not depend on the line: the same bytes in the same pieces are damaged in the same way. Bytes
are flipped, dropped and inserted one by one, or over a short stretch (a burst, as a motor that starts makes one); what
was written, or came, at once is lost, doubled or kept back for a while as a whole.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass
from typing import final

import numpy as np

from neurobot.link.transport import Transport
from neurobot.spec.check import Problems

BURST = 16
"""Bytes of the longest burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """How bad a line is.

    Attributes:
        seed: of all draws.
        flip: chance that one bit of a byte is flipped, a byte.
        drop: that a byte is lost, a byte.
        insert: that a byte which nobody sent follows, a byte.
        burst: that a stretch of up to `BURST` bytes is replaced by noise from here on, a byte.
        lose: that a piece is lost, a piece.
        double: that it comes twice, a piece.
        stall: that it, and all after it, is kept back, a piece.
        stall_for: how long [s].
    """

    seed: int = 0
    flip: float = 0.0
    drop: float = 0.0
    insert: float = 0.0
    burst: float = 0.0
    lose: float = 0.0
    double: float = 0.0
    stall: float = 0.0
    stall_for: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no chance, and no time."""
        problems = Problems("FaultPlan")
        problems.seed(self.seed)
        for name in ("flip", "drop", "insert", "burst", "lose", "double", "stall"):
            problems.number(name, getattr(self, name), low=0.0, high=1.0)
        problems.number("stall_for", self.stall_for, low=0.0)
        problems.done()


@final
class _Noise:
    """One direction: what becomes of each piece."""

    def __init__(self, plan: FaultPlan, direction: int, made: Counter[str]):
        self._plan = plan
        self._random = np.random.default_rng((plan.seed, direction))
        self._made = made
        self._burst = 0  # bytes of it that are still to come

    def piece(self, data: bytes) -> tuple[bytes, float]:
        """What is left of a piece, and how long it is kept back [s]."""
        plan, draws = self._plan, self._random.random(3)
        data = self._bytes(data)
        if draws[0] < plan.lose:
            self._made["lose"] += 1
            data = b""
        if draws[1] < plan.double:
            self._made["double"] += 1
            data += data
        if draws[2] >= plan.stall:
            return data, 0.0
        self._made["stall"] += 1
        return data, plan.stall_for

    def _bytes(self, data: bytes) -> bytes:
        chances = np.array([self._plan.flip, self._plan.drop, self._plan.insert, self._plan.burst])
        hits = self._random.random((len(data), 4)) < chances
        if not hits.any() and not self._burst:
            return data
        out = bytearray()
        for byte, (flip, drop, insert, burst) in zip(data, hits.tolist(), strict=True):
            self._byte(out, byte, flip, drop, insert, burst)
        return bytes(out)

    def _byte(self, out: bytearray, byte: int, flip: bool, drop: bool, insert: bool, burst: bool) -> None:
        self._made.update(
            name for name, hit in zip(("flip", "drop", "insert"), (flip, drop, insert), strict=True) if hit
        )
        if burst and not self._burst:
            self._made["burst"] += 1
            self._burst = int(self._random.integers(2, BURST + 1))
        if self._burst:
            self._burst -= 1
            byte = int(self._random.integers(256))
        if flip:
            byte ^= 1 << int(self._random.integers(8))
        if not drop:
            out.append(byte)
        if insert:
            out.append(int(self._random.integers(256)))


@final
class Faulty(Transport):
    """A line with faults.

    Args:
        line: the one that does what this one spoils; its time is this one's.
        plan: how bad it is, on both ways.

    Attributes:
        rate: of the line [bytes/s].
        made: how many faults of each kind there were, by the names of the plan.
    """

    def __init__(self, line: Transport, plan: FaultPlan):
        self.rate = line.rate
        self.made: Counter[str] = Counter()
        self._line = line
        self._out: deque[tuple[float, bytes]] = deque()  # kept back: until when [s], and what
        self._in: deque[tuple[float, bytes]] = deque()
        self.use(plan)

    def use(self, plan: FaultPlan, back: FaultPlan | None = None) -> None:
        """Have other faults from now on.

        Args:
            plan: how bad the line is.
            back: on the way from the board; without one, as on the way there.
        """
        self._there, self._back = _Noise(plan, 0, self.made), _Noise(back or plan, 1, self.made)

    def now(self) -> float:
        """See `Transport.now`."""
        return self._line.now()

    def close(self) -> None:
        """See `Transport.close`."""
        self._line.close()

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        self._keep(self._out, self._there, data)
        self._flush()

    def read(self, timeout: float) -> bytes:
        """See `Transport.read`."""
        until = self.now() + timeout
        while True:
            if self._in and self._in[0][0] <= self.now():
                return self._in.popleft()[1]
            next_one = min((queue[0][0] for queue in (self._in, self._out) if queue), default=math.inf)
            data = self._line.read(max(min(until, next_one) - self.now(), 0.0))
            self._flush()
            if data:
                self._keep(self._in, self._back, data)
            elif self.now() >= until:
                return b""

    def _keep(self, queue: deque[tuple[float, bytes]], noise: _Noise, data: bytes) -> None:
        data, wait = noise.piece(data)
        if data:
            queue.append((max(self.now() + wait, queue[-1][0] if queue else 0.0), data))

    def _flush(self) -> None:
        """Send what was kept back long enough."""
        while self._out and self._out[0][0] <= self.now():
            self._line.write(self._out.popleft()[1])
