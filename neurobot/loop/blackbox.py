"""The black box in the writer process: the last ticks in memory, and on the disk only after a fault.

A fault is an episode that ends in SAFE, in a broken simulation or in an error, or a loop that is gone without a word.
A disk that is full costs the dump and nothing else.

The rings are read in one order, events, ticks, states, and everything has the number of its tick. So when an event is
seen, all ticks and states that it can need have been seen too, and what comes after it is told apart by its number.
"""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from neurobot.loop.chunks import cut, join, nothing, part_of
from neurobot.loop.dump import OPEN, Dump, write_dump
from neurobot.loop.recording import Arrays, Header, event_dtype, get_event, tick_dtype
from neurobot.loop.ring import Records, RingReader
from neurobot.loop.start import Start, start_of, state_dtype

GONE = "the process of the loop ended without a word"
IDLE = 0.002  # [s] between two looks at empty rings
SMALL = 256  # parts that are joined to a larger one

T = TypeVar("T")


def serve(job: dict[str, Any]) -> None:
    """Do one job, whose ``black_box`` says what to keep; ends with a line of JSON about the faults.

    Raises:
        OSError: a ring is gone.
    """
    header, box = Header.from_json(job["header"]), job["black_box"]
    states = state_dtype(np.zeros(box["words"], box["kind"]), len(header.populations))
    names = {job["events"]: event_dtype(), job["ticks"]: tick_dtype(header), box["states"]: states}
    memory = Memory(header, job)
    with ExitStack() as stack:
        rings = []
        for name, dtype in names.items():
            rings.append(RingReader(name, dtype))
            stack.callback(rings[-1].close)
        try:
            print("ready", flush=True)
            _follow(rings, memory)
        except BaseException:
            for ring in rings:
                ring.fail()
            raise
    print(json.dumps({"count": memory.count, "dumps": memory.dumps, "problem": memory.problem}), flush=True)


def _follow(rings: Sequence[RingReader], memory: Memory) -> None:
    """Empty the rings until the other side has finished or is gone."""
    events, ticks, states = rings
    alone = False
    while not all(ring.finished for ring in rings):
        told, parts, begun = _take(events, _told), _take(ticks, memory.part), _take(states, _begun)
        memory.take(told, parts, begun)
        if not (told or parts or begun):
            if alone:
                memory.dump(GONE, OPEN)
                return
            alone = bool(select.select([sys.stdin], [], [], IDLE)[0])


def _take(ring: RingReader, copy: Callable[[Records], list[T]]) -> list[T]:
    """Copy out what is in a ring: in two goes, since its records may go over the end of the block."""
    taken: list[T] = []
    for _ in range(2):
        records = ring.ready(sys.maxsize)
        count = len(records)
        taken += copy(records) if count else []
        del records
        ring.release(count)
    return taken


def _told(records: Records) -> list[dict[str, Any]]:
    return [get_event(records, k) for k in range(len(records))]


def _begun(records: Records) -> list[Start]:
    return list(map(start_of, records))


@final
class Memory:
    """The last ticks, states and events of a run, and its dumps.

    Args:
        header: of the ticks.
        job: what the loop asked for.

    Attributes:
        count: faults so far.
        dumps: folders of those that were written.
        problem: why the last one of the others could not be; empty without any.
    """

    def __init__(self, header: Header, job: dict[str, Any]):
        self.count, self.dumps, self.problem = 0, list[str](), ""
        self._header, self._folder, self._chunk_ticks = header, Path(job["folder"]), job["chunk_ticks"]
        self._keep, self._beside = job["black_box"]["keep"], [Path(path) for path in job["black_box"]["beside"]]
        self._old: list[Arrays] = []
        self._new: list[Arrays] = []
        self._starts: list[Start] = []
        self._events: list[dict[str, Any]] = []

    def part(self, records: Records) -> list[Arrays]:
        """A copy of ticks in their ring, for `take`."""
        return [part_of(records, self._header)]

    def take(self, told: list[dict[str, Any]], parts: list[Arrays], begun: list[Start]) -> None:
        """Take what came meanwhile; write dumps, and forget what none will need.

        States that came just now do not make anything forgotten yet: a fault from before them may not have been seen.
        """
        self._new += parts
        if len(self._new) >= SMALL:
            self._old.append(join(self._new))
            self._new = []
        known = len(self._starts)
        for start in begun:
            if self._starts and self._starts[-1].tick == start.tick:
                self._starts.pop()  # of the end of the episode before
            self._starts.append(start)
        for event in told:
            if "tick" in event:
                self._events.append(event)
            reason = fault_of(event)
            if reason:
                self.dump(reason, event["tick"])
        if known > 2:
            del self._starts[: known - 2]
            self._forget(self._starts[0])

    def dump(self, reason: str, stop: int) -> None:
        """Write a folder about a fault, of the ticks before `stop`."""
        self.count += 1
        if len(self.dumps) >= self._keep:
            return
        ticks = join([nothing(self._header), *self._old, *self._new])
        start = self._start(ticks, stop)
        if start is None:
            self.problem = "no state of the controller had been kept before it"
            return
        ticks = cut(ticks, *map(int, np.searchsorted(ticks["tick"], (start.tick, stop))))
        what = Dump(reason=reason, header=self._header, start=start, stop=stop, ticks=ticks, events=self._events)
        try:
            folder = write_dump(self._folder, len(self.dumps), what, self._beside, self._chunk_ticks)
        except OSError as error:
            self.problem = f"{error.filename or self._folder}: cannot be written ({error.strerror or error})"
        else:
            self.dumps.append(str(folder))

    def _start(self, ticks: Arrays, stop: int) -> Start | None:
        """The last but one of the states that have ticks after them, else the only one; else one without ticks."""
        followed = [start for start in self._starts if self._is_followed(start, ticks, stop)]
        if followed:
            return followed[-2:][0]
        return next((start for start in reversed(self._starts) if start.tick <= stop), None)

    def _is_followed(self, start: Start, ticks: Arrays, stop: int) -> bool:
        """Whether there are ticks after a state, and of its episode.

        It may be of an episode's end, when that of the begin of the next one found no room in the ring.
        """
        row = int(np.searchsorted(ticks["tick"], start.tick))
        return bool(row < len(ticks["tick"]) and ticks["tick"][row] < stop and ticks["episode"][row] == start.episode)

    def _forget(self, start: Start) -> None:
        """Let go of what is from before a state, but for the begin of its episode."""
        self._old = [part for part in self._old if part["tick"][-1] >= start.tick]
        self._new = [part for part in self._new if part["tick"][-1] >= start.tick]
        self._events = [
            event
            for event in self._events
            if event["tick"] >= start.tick or (event["event"] == "episode_start" and event["episode"] == start.episode)
        ]


def fault_of(event: dict[str, Any]) -> str:
    """What went wrong in the episode that an event ends; nothing for any other event."""
    summary = event.get("summary") if event.get("event") == "episode_end" else None
    if not isinstance(summary, dict):
        return ""
    if summary.get("error"):
        return str(summary["error"])
    if summary.get("physics_error"):
        return f"the simulation broke down: {summary['physics_error']}"
    return f"the guard stopped it: {summary['stopped']}" if summary.get("stopped") else ""
