"""What a training run says of itself while it goes on: one JSON object a line in ``events.jsonl``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neurobot.errors import TrainingError
from neurobot.files import write_atomically


class EventLog:
    """Appends events to a file, flushed one by one so that nothing is lost with the process.

    Args:
        path: of the file; a run that is resumed goes on in it.
        keep_through: the last generation whose events are kept; a resumed run writes the later ones again. None
            begins a new file.

    Raises:
        TrainingError: the file cannot be read or written.
    """

    def __init__(self, path: Path, keep_through: int | None = None):
        self._path = path
        try:
            kept = [e for e in read_events(path) if keep_through is not None and e.get("generation", 0) <= keep_through]
            write_atomically(path, "".join(json.dumps(e) + "\n" for e in kept).encode())
        except OSError as error:
            raise TrainingError(f"{path}: cannot be written ({error.strerror or error})") from None

    def write(self, event: str, **values: Any) -> None:
        """Append one event; TrainingError when the disk is full."""
        try:
            with self._path.open("a") as file:
                file.write(json.dumps({"event": event, **values}) + "\n")
        except OSError as error:
            raise TrainingError(f"{self._path}: cannot be written ({error.strerror or error})") from None


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a run; none where the file does not exist, and without a last line that was cut short."""
    if not path.exists():
        return []
    events = []
    for line in path.read_text().splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            break
    return events
