"""One training in a folder at a time.

The operating system holds the lock (`flock`) and gives it up with the process, however that ends. The file says who
has it, and whether whoever had it before let go of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neurobot.errors import TrainingError

LOCK = "lock.json"


@contextmanager
def locked(folder: Path, notice: Callable[[str], None]) -> Iterator[None]:
    """Hold a folder.

    Args:
        folder: of the run.
        notice: called when the training before did not let go of it.

    Raises:
        TrainingError: another training holds it, or the folder cannot be written.
    """
    path = folder / LOCK
    try:
        file = path.open("a+b")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({error.strerror or error})") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"{folder}: {_holder(file)} is at work in this folder; wait for it, stop it, or take another one"
            raise TrainingError(message) from None
        if path.stat().st_size:
            notice(f"{folder}: {_holder(file)} ended in this folder without a word; its lock is taken over")
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "begun": time.strftime("%Y-%m-%d %H:%M:%S")}).encode())
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)  # an empty file is one that was let go; to delete it would race with the next one's open


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    try:
        who = json.loads(file.read(1000))
        return f"a training (process {int(who['pid'])}, begun {str(who['begun'])[:19]})"
    except (ValueError, KeyError, TypeError):
        return "a training"
