"""The process that writes a recording: `python -m neurobot.loop.writer`, started by `Recorder`.

It reads one line of JSON from its standard input (folder, header, names of the rings, ticks in a chunk, and where it
goes on with a recording that is there), answers ``ready``, and empties the rings until the other side says that it has
finished, or is gone, which shows as the end of the standard input. With a black box (blackbox.py) it empties them into
memory, and says at its end what became of faults. Else it ends in silence. When something went wrong, one line says
what. It imports NumPy and safetensors, and nothing that computes.

A chunk appears under its name only when it is complete and on the disk.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO, final

from neurobot.loop import blackbox
from neurobot.loop.chunks import join, nothing, part_of, write_chunk
from neurobot.loop.live import announced
from neurobot.loop.recording import EVENTS, FORMAT, RESUMED, Arrays, Header, event_dtype, get_event, tick_dtype
from neurobot.loop.ring import Records, RingReader

IDLE = 0.002  # [s] between two looks at an empty ring


@final
class ChunkWriter:
    """Collects ticks and writes them in files of a bounded number.

    Args:
        folder: where they go.
        header: what is in every file's header.
        chunk_ticks: ticks in a file, at most.
        chunks: files that are there already.

    Attributes:
        room: ticks that the present chunk still takes.
    """

    def __init__(self, folder: Path, header: Header, chunk_ticks: int, chunks: int = 0):
        self._folder, self._header = folder, header
        self._chunk_ticks = self.room = chunk_ticks
        self._parts: list[Arrays] = []
        self._written = chunks

    def append(self, records: Records) -> None:
        """Copy ticks, `room` at most; writes the chunk when it is full. OSError if that fails."""
        self._parts.append(part_of(records, self._header))
        self.room -= len(records)
        if self.room == 0:
            self._write()

    def close(self) -> None:
        """Write what is left; a recording has at least one chunk. OSError if that fails."""
        if self._parts or not self._written:
            self._write()

    def _write(self) -> None:
        parts = [nothing(self._header), *self._parts]  # so that a chunk without ticks has arrays of the right shape
        write_chunk(self._folder, self._written, self._header, join(parts))
        self._parts.clear()
        self._written += 1
        self.room = self._chunk_ticks


def serve(job: dict[str, Any]) -> None:
    """Do one job.

    Raises:
        OSError: a file cannot be written, or a ring is gone.
    """
    header, folder = Header.from_json(job["header"]), Path(job["folder"])
    ticks, events = RingReader(job["ticks"], tick_dtype(header)), RingReader(job["events"], event_dtype())
    chunks = ChunkWriter(folder, header, job["chunk_ticks"], job["chunks"])
    try:
        with open(folder / EVENTS, "x" if job["resume"] is None else "a", encoding="utf-8") as log:
            _write_line(log, _first_event(job))
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            _drain(ticks, events, chunks, log)
            chunks.close()
            os.fsync(log.fileno())
    except BaseException:
        ticks.fail()
        events.fail()
        raise
    finally:
        ticks.close()
        events.close()


def _first_event(job: dict[str, Any]) -> dict[str, Any]:
    """That a recording begins here, or goes on."""
    resume: dict[str, Any] | None = job["resume"]
    if resume is not None:
        return {"event": RESUMED, "unix_time": time.time()} | resume
    return {"event": "recording_start", "format": FORMAT, "unix_time": time.time()} | dict(json.loads(job["header"]))


def _drain(ticks: RingReader, events: RingReader, chunks: ChunkWriter, log: TextIO) -> None:
    """Empty both rings until the other side has finished or is gone."""
    alone = False
    while not (ticks.finished and events.finished):
        moved = _move_ticks(ticks, chunks) + _move_events(events, log)
        if moved == 0:
            if alone:
                return
            alone = bool(select.select([sys.stdin], [], [], IDLE)[0])


def _move_ticks(ticks: RingReader, chunks: ChunkWriter) -> int:
    records = ticks.ready(chunks.room)
    count = len(records)
    if count:
        chunks.append(records)
        ticks.release(count)
    return count


def _move_events(events: RingReader, log: TextIO) -> int:
    records = events.ready(1)
    count = len(records)
    if count:
        _write_line(log, get_event(records, 0))
        events.release(count)
    return count


def _write_line(log: TextIO, event: dict[str, Any]) -> None:
    log.write(json.dumps(event) + "\n")
    log.flush()


def main() -> int:
    """The process; returns its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the loop; what it did must still get to the disk
    job = json.loads(sys.stdin.readline())
    try:
        with announced(Path(job["folder"]), job["live"]):
            (blackbox.serve if "black_box" in job else serve)(job)
    except BrokenPipeError:
        return 0  # nobody is left to be told
    except OSError as error:
        print(f"{job['folder']}: the recording cannot be written ({error.strerror or error})")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
