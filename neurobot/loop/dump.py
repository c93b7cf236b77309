"""A dump: the last seconds ahead of a fault, as a run folder of its own.

It appears under its name only when it is complete and on the disk. Ticks and episodes in it count from 0, so that it
reads like any other recording; the events say where in its run it was.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurobot.files import RECORDING, write_atomically
from neurobot.loop.chunks import cut, write_chunk
from neurobot.loop.recording import EVENTS, FORMAT, Arrays, Header
from neurobot.loop.start import Start, save_start

FAULT = "fault-{:03d}"
OPEN = sys.maxsize
"""For `Dump.stop`: the run has no end that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What is written about a fault.

    Attributes:
        reason: what went wrong.
        header: of the ticks.
        start: the state ahead of the first tick.
        stop: the number in the run of the tick after the last one, or `OPEN`.
        ticks: those that were kept between the two.
        events: of the run, those that may belong to it.
    """

    reason: str
    header: Header
    start: Start
    stop: int
    ticks: Arrays
    events: Sequence[dict[str, Any]]


def write_dump(folder: Path, number: int, dump: Dump, beside: Sequence[Path], chunk_ticks: int) -> Path:
    """Write a dump.

    Args:
        folder: of the run.
        number: of the dump; where there is one of this number already, the next that is free.
        dump: what is in it.
        beside: files that are copied to it.
        chunk_ticks: ticks in a file, at most.

    Returns:
        The dump's folder.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    while (final := folder / FAULT.format(number)).exists():
        number += 1
    unfinished = folder / f".{final.name}.part"
    try:
        inner = unfinished / RECORDING
        inner.mkdir(parents=True)
        for path in beside:
            write_atomically(unfinished / path.name, path.read_bytes())
        save_start(inner, dump.start)
        length = len(dump.ticks["tick"])
        for k, first in enumerate(range(0, max(length, 1), chunk_ticks)):  # a recording has at least one chunk
            chunk = cut(dump.ticks, first, min(first + chunk_ticks, length))
            chunk |= {name: chunk[name] - getattr(dump.start, name) for name in ("tick", "episode")}
            write_chunk(inner, k, dump.header, chunk)
        write_atomically(inner / EVENTS, "".join(json.dumps(line) + "\n" for line in _lines(dump)).encode())
        unfinished.rename(final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name, too
    finally:
        os.close(descriptor)
    return final


def _lines(dump: Dump) -> list[dict[str, Any]]:
    """The events, whose ticks and episodes count from the dump's start; its first episode may have begun before."""
    start, kept = dump.start, dump.ticks["tick"]
    begin = {"event": "recording_start", "format": FORMAT, "unix_time": time.time()}
    where = {"of_tick": start.tick, "of_episode": start.episode, "fault": dump.reason}
    told = [
        event | {"tick": event["tick"] - start.tick, "episode": event["episode"] - start.episode}
        for event in dump.events
        if event["episode"] >= start.episode
        and event["tick"] <= dump.stop
        and (event["tick"] >= start.tick or event["event"] == "episode_start")
    ]
    after = dump.stop if dump.stop != OPEN else int(kept[-1]) + 1 if len(kept) else start.tick
    lost = int(dump.ticks["spike_count"].sum()) - len(dump.ticks["spikes"])
    counts = {"ticks": after - start.tick, "dropped": after - start.tick - len(kept), "spikes_dropped": lost}
    end = {"event": "recording_end"} | counts | {"fault": dump.reason}
    return [begin | json.loads(dump.header.to_json()) | where, *told, end]
