"""What a training run says of itself while it goes on: one JSON object a line in ``events.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from neurobot.errors import TrainingError
from neurobot.files import plain, write_atomically
from neurobot.spec.check import Problems

MOST_WAITING = 10_000
"""Events that wait for room on the disk; beyond that the oldest are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a training writes beside its programs.

    Args:
        keep: checkpoints that are kept; the newest of them that is whole is resumed from.
        interval: time from one checkpoint to the next, at least [s]; 0 saves one after every evaluation.
        tensorboard: write the numbers for TensorBoard, too; needs neurobot[tensorboard].
    """

    keep: int = 3
    interval: float = 0.0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        problems = Problems("log")
        problems.count("keep", self.keep)
        problems.number("interval", self.interval, low=0.0)
        problems.done()


@final
class EventLog:
    """Appends events to a file, one by one so that nothing is lost with the process.

    Where the disk is full events wait in memory and are written with the first one that there is room for.

    Args:
        path: of the file; a run that is resumed goes on in it.
        keep_through: the last round whose events are kept; a resumed run writes the later ones again. None begins a
            new file.
        notice: called when writing begins to fail, and when it succeeds again.

    Raises:
        TrainingError: the file cannot be read or written.
    """

    def __init__(self, path: Path, keep_through: int | None = None, notice: Callable[[str], None] | None = None):
        self._path, self._notice = path, notice or (lambda text: None)
        self._waiting: list[bytes] = []
        try:
            kept = [e for e in read_events(path) if keep_through is not None and e.get("round", 0) <= keep_through]
            data = b"".join(map(_line, kept))
            write_atomically(path, data)
        except OSError as error:
            raise TrainingError(f"{path}: cannot be written ({error.strerror or error})") from None
        self._size = len(data)

    def write(self, event: str, **values: Any) -> None:
        """Append one event; numbers that are not finite become null."""
        failing = bool(self._waiting)
        self._waiting = [*self._waiting, _line({"event": event, **values})][-MOST_WAITING:]
        data = b"".join(self._waiting)
        try:
            with self._path.open("r+b") as file:
                file.truncate(self._size)  # what a full disk cut short
                file.seek(self._size)
                file.write(data)
        except OSError as error:
            if not failing:
                self._notice(f"{self._path}: cannot be written ({error.strerror or error}); the training goes on")
            return
        self._size += len(data)
        self._waiting = []
        if failing:
            self._notice(f"{self._path}: can be written again")


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a run; none where the file does not exist, and without a last line that was cut short."""
    if not path.exists():
        return []
    events = []
    for line in path.read_bytes().splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            break
    return events


def _line(event: dict[str, Any]) -> bytes:
    return (json.dumps(plain(event), default=float) + "\n").encode()
