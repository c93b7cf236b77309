"""Large arrays of checkpoints, in files named by their hash: what has not changed since the last one is not written.

A memory of a million steps is hundreds of megabytes, of which a checkpoint changes a few. Arrays are cut into blocks of
`BLOCK` bytes; a block is a file in the folder ``blocks``, and its name is the sha256 of its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.errors import ProgramFileError
from neurobot.program.file import write

FOLDER = "blocks"
BLOCK = 1 << 22
"""Bytes of a block, and of the smallest array that is cut into blocks."""


def store(folder: Path, array: np.ndarray) -> dict[str, Any]:
    """Write the blocks of an array that are not there yet; ProgramFileError when the disk is full.

    Returns:
        What `fetch` needs, as plain data.
    """
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    names = []
    for at in range(0, flat.size, BLOCK):
        part = flat[at : at + BLOCK]
        names.append(hashlib.sha256(part.data).hexdigest())
        path = folder / FOLDER / names[-1]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write(path, part.tobytes())
    return {"dtype": array.dtype.str, "shape": list(array.shape), "blocks": names}


def fetch(folder: Path, stored: dict[str, Any]) -> np.ndarray:
    """The array that was stored.

    Raises:
        ProgramFileError: a block is missing or damaged.
    """
    array = np.empty(stored["shape"], np.dtype(stored["dtype"]))
    flat = array.reshape(-1).view(np.uint8)
    for k, name in enumerate(stored["blocks"]):
        path, room = folder / FOLDER / name, flat[k * BLOCK : (k + 1) * BLOCK]
        try:
            with path.open("rb") as file:
                whole = file.readinto(room.data) == room.size and not file.read(1)
        except OSError as error:
            raise ProgramFileError(f"{path}: a block of a checkpoint cannot be read ({error.strerror})") from None
        if not whole or hashlib.sha256(room.data).hexdigest() != name:
            raise ProgramFileError(f"{path}: a block of a checkpoint is damaged (its checksum does not match)")
    return array


def prune(folder: Path, used: Iterable[dict[str, Any]]) -> None:
    """Delete the blocks that no checkpoint uses any more."""
    names = {name for stored in used for name in stored["blocks"]}
    for path in (folder / FOLDER).glob("*"):
        if path.name not in names:
            path.unlink(missing_ok=True)
