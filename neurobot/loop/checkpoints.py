"""The black box on the loop's side: every so often a copy of the controller's state, for the writer process.

    ticks    |─── segment ───|─── segment ───|── running ──┊ fault
    states   S               S               S
                             └────────── dump ─────────────┘

The writer keeps the ticks in memory from the last but one state on. So a dump holds between one and two segments, and
begins with a state from which `neurobot.loop.replay` goes on bit for bit. What a copy costs, the loop pays in what is
left of a control period.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import RecordingError
from neurobot.loop.ring import RingWriter
from neurobot.loop.start import state_dtype
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning

SLOTS = 2
"""Of the ring of states: the writer takes one out within milliseconds, and the next comes a segment later."""
MOST_BYTES = 2 << 30
"""What the writer process may need as memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackBox:
    """Keep the last seconds of a run in memory, and write them only after a fault.

    Args:
        seconds: that a dump covers at least, at most twice as many [s].
        keep: how many dumps of a run are written; what comes after those is counted only.
        beside: files that are copied into every dump: what a run folder holds beside its recording.
    """

    seconds: float
    keep: int = 10
    beside: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("black box")
        problems.number("seconds", self.seconds, above=0.0)
        problems.count("keep", self.keep)
        problems.done()

    def segment(self, period: float, record_bytes: int) -> int:
        """How many ticks it covers at least.

        Args:
            period: of control [s].
            record_bytes: what a tick takes at most.

        Raises:
            RecordingError: it does not fit into memory.
        """
        ticks = max(1, math.ceil(self.seconds / period * (1 - 1e-12)))
        if 2 * ticks * record_bytes > MOST_BYTES:
            fits = MOST_BYTES // (2 * record_bytes) * period
            most = f"{int(fits)}" if fits >= 10 else f"{fits:.2g}"
            raise RecordingError(
                f"a black box of {self.seconds:g} s may take {2 * ticks * record_bytes / 2**30:.1f} GiB of memory, "
                f"more than {MOST_BYTES / 2**30:g}; give at most {most} s"
            )
        return ticks

    def job(self) -> dict[str, Any]:
        """What the writer has to know of it, as plain data."""
        return {"keep": self.keep, "beside": [str(path.resolve()) for path in self.beside]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What became of a run's faults.

    Attributes:
        count: how many there were.
        dumps: folders of those that were written, in order.
        problem: why the last of those that were not written could not be; empty if there was no such reason.
    """

    count: int = 0
    dumps: tuple[str, ...] = ()
    problem: str = ""


@final
class Checkpoints:
    """Copies states into a ring of their own, one at the begin of each segment.

    Args:
        controller: whose states.
        segment: ticks from one state to the next.
        wait, reader_alive: as of `RingWriter`.

    Attributes:
        ring: of the states.

    Raises:
        RecordingError: no room in shared memory.
    """

    def __init__(self, controller: Controller, segment: int, *, wait: float, reader_alive: Callable[[], bool]):
        state = controller.snapshot()
        self._controller, self._segment = controller, segment
        self._dtype = state_dtype(state, len(controller.populations))
        self.ring = RingWriter(self._dtype, SLOTS, wait=wait, reader_alive=reader_alive)
        self._due, self._last = 0, -1

    def job(self) -> dict[str, Any]:
        """What the writer has to know of their ring, as plain data."""
        kind, shape = self._dtype["state"].subdtype or (self._dtype, ())
        return {"states": self.ring.name, "words": shape[0], "kind": kind.str}

    def take(self, tick: int, episode: int, learning: Learning | None) -> None:
        """Copy the state ahead of a tick, if a segment begins with it.

        Where a copy of the same tick was taken already, at the end of the episode before, it is taken again. In real
        time a copy that finds no room is taken a tick later.

        Raises:
            RecordingError: the writer process is gone.
        """
        if (tick < self._due and tick != self._last) or self.ring.failed:
            return
        slot = self.ring.claim()
        if slot < 0:
            return
        slots = self.ring.slots
        counters = () if learning is None else learning.state
        slots["tick"][slot], slots["episode"][slot], slots["learns"][slot] = tick, episode, len(counters)
        slots["learning"][slot, : len(counters)] = counters
        self._controller.snapshot(slots["state"][slot])
        self.ring.publish()
        self._due, self._last = tick + self._segment, tick
