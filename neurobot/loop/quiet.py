"""What disturbs a tick, kept out of it: the garbage collector, and signals at a random instruction."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, final


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

    Without this, a KeyboardInterrupt would end `env.step` halfway. SIGTERM, and SIGHUP of a terminal that is closed,
    ask the same: without this they would leave actuators as they are. A handler that the caller has put in place
    stays, and so does the default one outside the main thread, where Python allows no handlers.

    Attributes:
        requested: whether there was a Ctrl-C, or a signal like it.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                was = signal.getsignal(number)
                if was in (signal.default_int_handler, signal.SIG_DFL):
                    self._before[number] = was
                    signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, was in self._before.items():
            signal.signal(number, was)
        self._before.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
