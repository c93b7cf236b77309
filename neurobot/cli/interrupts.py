"""Ctrl-C where its KeyboardInterrupt would be lost: in a compiler's callbacks, and in the import of a module in C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def later() -> Iterator[None]:
    """Raise the KeyboardInterrupt of a first Ctrl-C when the block is through, that of a second one at once.

    A handler that the caller has put in place stays, and so does the default one outside the main thread.
    """
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def is_one(error: BaseException) -> bool:
    """Whether an error was made of a KeyboardInterrupt, as that of MuJoCo's import is."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
