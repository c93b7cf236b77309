"""What disturbs a tick, kept out of it: the garbage collector, and Ctrl-C at a random instruction."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import final


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Switch the collector off, and back on afterwards, if it was on, also after an error."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@final
class Interrupts:
    """The first Ctrl-C asks to stop after the tick, a second one raises KeyboardInterrupt at once.

    Without this, a KeyboardInterrupt would end `env.step` halfway. A handler that the caller has put in place stays,
    and so does the default one outside the main thread, where Python allows no handlers.

    Attributes:
        requested: whether there was a Ctrl-C.
    """

    def __init__(self) -> None:
        self.requested = False
        self._installed = False

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
