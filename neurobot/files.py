"""Files: what runs call them, what JSON in them may hold, and writing them whole or not at all."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

RECORDING = "recording"
"""Folder of the recording in a run folder."""


def plain(value: Any) -> Any:
    """Data for JSON, which has no number that is not finite: that becomes None, and an array a list."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file next to its place, force it to the disk, and put it in place.

    Raises:
        OSError: the folder cannot be written, or the disk is full. The old file is as it was, and nothing else is left.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)
