"""When the next tick begins: in simulated time at once, on a robot at the next point of a fixed grid.

An episode starts at t0 and tick k may begin at t0 + k·period, not before. The work of tick k is due when tick
k + 1 may begin. Work that is late is finished all the same; the grid does not move. The ticks whose begin has passed
by then are skipped, so that every tick that runs begins on the grid: a controller whose network advances by one period
a tick would otherwise act on a world that is out of phase with it by an amount that changes.

`_Grid` is that arithmetic alone, with time as an argument; the clocks differ in where time comes from.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

NS = 1_000_000_000  # [ns/s]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How the ticks of an episode, or of several, kept to their period.

    Attributes:
        ticks: ticks that ran.
        misses: ticks whose work ended after its deadline.
        skipped: ticks that did not run because of them.
        worst_lateness: largest time after a deadline [s], 0 without a miss.
    """

    ticks: int = 0
    misses: int = 0
    skipped: int = 0
    worst_lateness: float = 0.0

    def __add__(self, other: Deadlines) -> Deadlines:
        """Those of both."""
        return Deadlines(
            ticks=self.ticks + other.ticks,
            misses=self.misses + other.misses,
            skipped=self.skipped + other.skipped,
            worst_lateness=max(self.worst_lateness, other.worst_lateness),
        )


class Clock(ABC):
    """Says when a tick begins. One episode at a time.

    Attributes:
        lateness: how long after its point of the grid the present tick began [ns]: the time to wake up.
    """

    lateness: int = 0

    @abstractmethod
    def start(self, period: float) -> None:
        """Begin an episode: its first tick begins now, and all counts are 0.

        Args:
            period: time from tick to tick [s].
        """

    @abstractmethod
    def wait(self) -> int:
        """End a tick and wait until the next one may begin.

        Returns:
            The time that was left when the work was done [ns]; negative after the deadline.
        """

    @abstractmethod
    def now(self) -> float:
        """Time since the episode's start [s]."""

    @abstractmethod
    def monotonic(self) -> float:
        """A time that only ever grows, from episode to episode too [s]; observations are stamped with it."""

    @abstractmethod
    def deadlines(self) -> Deadlines:
        """The counts since the episode's start."""


@final
class SimClock(Clock):
    """Simulated time: a tick takes exactly a period, and nothing ever waits or is late."""

    CHANGES = ("_before", "_period", "_ticks")

    def __init__(self) -> None:
        self._period = self._before = 0.0
        self._ticks = 0

    def start(self, period: float) -> None:
        """See `Clock.start`."""
        self._before = self.monotonic()
        self._period = period
        self._ticks = 0

    def wait(self) -> int:
        """See `Clock.wait`; always 0."""
        self._ticks += 1
        return 0

    def now(self) -> float:
        """Simulated time since the episode's start [s]."""
        return self._ticks * self._period

    def monotonic(self) -> float:
        """Simulated time since the first episode's start [s]."""
        return self._before + self._ticks * self._period

    def deadlines(self) -> Deadlines:
        """See `Clock.deadlines`; no misses."""
        return Deadlines(ticks=self._ticks)


@final
class RealClock(Clock):
    """The machine's monotonic clock: sleeps until shortly before a tick begins, then spins.

    Args:
        spin: time before a tick during which the processor is kept busy [s], because a sleep ends late: by 0.1 ms on
            an idle virtual machine, which this makes 1 us; 0 never spins.
    """

    def __init__(self, *, spin: float = 2e-4):
        self._spin_ns = round(spin * NS)
        self._grid = _Grid(0, 0.0)

    def start(self, period: float) -> None:
        """See `Clock.start`."""
        self._grid = _Grid(time.monotonic_ns(), period)
        self.lateness = 0

    def wait(self) -> int:
        """See `Clock.wait`."""
        clock = time.monotonic_ns
        slack = self._grid.done(clock())
        due = self._grid.due_ns
        asleep = due - self._spin_ns - clock()
        if asleep > 0:
            time.sleep(asleep / NS)
        while (woken := clock()) < due:
            pass
        self.lateness = woken - due
        return slack

    def now(self) -> float:
        """Time since the episode's start [s]."""
        return (time.monotonic_ns() - self._grid.start_ns) / NS

    def monotonic(self) -> float:
        """`time.monotonic` [s]."""
        return time.monotonic()

    def deadlines(self) -> Deadlines:
        """See `Clock.deadlines`."""
        return self._grid.deadlines()


@final
class ManualClock(Clock):
    """For tests: time moves by `advance` and by waiting, which takes no time."""

    def __init__(self) -> None:
        self._now_ns = 0
        self._grid = _Grid(0, 0.0)

    def advance(self, seconds: float) -> None:
        """Let time pass [s]."""
        self._now_ns += round(seconds * NS)

    def start(self, period: float) -> None:
        """See `Clock.start`."""
        self._grid = _Grid(self._now_ns, period)

    def wait(self) -> int:
        """See `Clock.wait`; sets the time to the begin of the next tick."""
        slack = self._grid.done(self._now_ns)
        self._now_ns = self._grid.due_ns
        return slack

    def now(self) -> float:
        """Time since the episode's start [s]."""
        return (self._now_ns - self._grid.start_ns) / NS

    def monotonic(self) -> float:
        """Time since the clock was made [s]."""
        return self._now_ns / NS

    def deadlines(self) -> Deadlines:
        """See `Clock.deadlines`."""
        return self._grid.deadlines()


@final
class _Grid:
    """The points start + k·period, and which of them were missed.

    Attributes:
        start_ns: when tick 0 began [ns].
        due_ns: when the next tick begins [ns].
    """

    def __init__(self, start_ns: int, period: float):
        self.start_ns = start_ns
        self.due_ns = start_ns
        self._period_ns = period * NS  # a float: a period need not be whole nanoseconds, and must not drift
        self._slot = 0
        self._ticks = self._misses = self._skipped = self._worst_ns = 0

    def done(self, now_ns: int) -> int:
        """Count the tick whose work ends now and choose the next one; returns the time left [ns]."""
        self._ticks += 1
        slot = self._slot + 1
        slack = self._point(slot) - now_ns
        if slack < 0:
            self._misses += 1
            self._worst_ns = max(self._worst_ns, -slack)
            first = slot
            slot = max(slot, int((now_ns - self.start_ns) / self._period_ns))
            while self._point(slot) < now_ns:
                slot += 1
            self._skipped += slot - first
        self._slot = slot
        self.due_ns = self._point(slot)
        return slack

    def deadlines(self) -> Deadlines:
        """What was counted."""
        return Deadlines(
            ticks=self._ticks, misses=self._misses, skipped=self._skipped, worst_lateness=self._worst_ns / NS
        )

    def _point(self, slot: int) -> int:
        return self.start_ns + round(slot * self._period_ns)
