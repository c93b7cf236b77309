"""Takes a recording back to a tick at which its run was suspended, so that it can be gone on with from there.

A run that goes on and is then killed has written more than is known of it; what follows the place at which it was
suspended happens again when it goes on once more.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from neurobot.errors import RecordingError
from neurobot.files import write_atomically
from neurobot.loop.recording import CHUNKS, EVENTS, SUSPENDED, Array, Header, Position, read_header


def cut_back(folder: Path, header: Header, position: Position) -> int:
    """Delete what a recording has after a position.

    Args:
        folder: of the recording.
        header: what it must have.
        position: at which its run was suspended.

    Returns:
        How many chunks are left.

    Raises:
        RecordingError: there is no such recording, it is another controller's, or it does not reach that far; nothing
            has been deleted.
        OSError: it cannot be written.
    """
    paths = sorted(folder.glob(CHUNKS))
    kept = [path for path in paths if _is_before(path, header, position)]
    last = _ticks(kept[-1], header).tolist() if kept else []
    reached = last[-1] + 1 if last else 0
    if not kept or kept != paths[: len(kept)] or reached != position.tick:
        raise RecordingError(
            f"{folder}: it does not end with tick {position.tick - 1} of the suspended run; is it another run's?"
        )
    events = _events_until(folder / EVENTS, position)
    for path in reversed(paths[len(kept) :]):
        path.unlink()
    write_atomically(folder / EVENTS, events)
    for part in folder.glob(".*.part"):
        part.unlink()
    return len(kept)


def _is_before(path: Path, header: Header, position: Position) -> bool:
    """Whether a chunk ends before a position; RecordingError where it begins before it and goes on after it."""
    ticks = _ticks(path, header)
    if len(ticks) and ticks[0] < position.tick <= ticks[-1]:
        raise RecordingError(f"{path}: it goes on after tick {position.tick - 1}, where the run was suspended")
    return not len(ticks) or bool(ticks[-1] < position.tick)


def _ticks(path: Path, header: Header) -> Array:
    """The numbers of a chunk's ticks; RecordingError where it is another recording's."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            if read_header(path, file.metadata() or {}) != header:
                raise RecordingError(f"{path}: it is a recording of another controller")
            ticks: Array = file.get_tensor("tick")
    except SafetensorError as error:
        raise RecordingError(f"{path}: not a safetensors file, or a damaged one ({error})") from None
    return ticks


def _events_until(path: Path, position: Position) -> bytes:
    """The lines up to the one that says that the run was suspended there."""
    wanted = {"event": SUSPENDED, "episode": position.episode, "tick": position.tick}
    try:
        lines = path.read_bytes().split(b"\n")
        found = [k for k, line in enumerate(lines) if SUSPENDED.encode() in line and json.loads(line) == wanted]
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: it cannot be read ({error})") from None
    if not found:
        raise RecordingError(f"{path}: it does not say that the run was suspended at tick {position.tick}")
    return b"\n".join(lines[: found[-1] + 1]) + b"\n"
