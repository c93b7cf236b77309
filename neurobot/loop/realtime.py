"""What an operating system can do for a control loop: run it first, on a core of its own, which does not sleep deeply
meanwhile, and keep its memory in place.

Each is asked for, and whatever is refused is told, with what would allow it; a loop runs without any. Ask after the
recorder's process was started, which must not compete with the loop for its core, nor come before it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import final

PRIORITY = 20
"""Of SCHED_FIFO, 1 to 99: ahead of all that has none, behind what the kernel does for its devices."""
_CURRENT, _FUTURE = 1, 2
"""What mlockall locks."""
HINTS = {
    "SCHED_FIFO": "give the user an rtprio limit in /etc/security/limits.conf",
    "mlockall": "give the user a memlock limit in /etc/security/limits.conf",
    "affinity": "it needs two cores or more",
    "cpu_dma_latency": "let the user write /dev/cpu_dma_latency, by a udev rule",
}
"""What would allow each."""
AWAKE = Path("/dev/cpu_dma_latency")
"""While it is open, no core sleeps so deeply that waking up takes longer than what was written [us, int32]: see
Documentation/power/pm_qos_interface.rst of the kernel."""


@final
class Realtime:
    """Asks when it is entered, and gives everything back when it is left; use it in a ``with`` statement.

    Attributes:
        granted: what was granted.
        refused: what was not, a sentence each that says what would allow it.
    """

    def __init__(self) -> None:
        self.granted: tuple[str, ...] = ()
        self.refused: tuple[str, ...] = ()

    def __enter__(self) -> Realtime:
        if sys.platform != "linux":
            self.refused = (f"{', '.join(HINTS)}: not on {sys.platform}",)
            return self
        self._before = os.sched_getscheduler(0), os.sched_getparam(0), os.sched_getaffinity(0)
        self._try("affinity", self._pin)
        self._try("mlockall", _lock_memory)
        self._try("SCHED_FIFO", come_first)
        self._try("cpu_dma_latency", self._stay_awake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "cpu_dma_latency" in self.granted:
            os.close(self._awake)
        if "SCHED_FIFO" in self.granted:
            _step_back(*self._before[:2])
        if "mlockall" in self.granted:
            ctypes.CDLL(None).munlockall()
        if "affinity" in self.granted:
            os.sched_setaffinity(0, self._before[2])

    def _try(self, name: str, ask: Callable[[], None]) -> None:
        try:
            ask()
        except OSError as error:
            self.refused += (f"{name} was refused ({error.strerror}): {HINTS[name]}",)
        else:
            self.granted += (name,)

    def _pin(self) -> None:
        """Take the last core: the first ones serve the devices."""
        cores = self._before[2]
        if len(cores) < 2:
            raise OSError(0, "there is one core")
        os.sched_setaffinity(0, {max(cores)})

    def _stay_awake(self) -> None:
        """Cores wake up late from deep sleep, by up to a tenth of a millisecond and more."""
        self._awake = os.open(AWAKE, os.O_WRONLY)
        try:
            os.write(self._awake, bytes(4))
        except OSError:
            os.close(self._awake)
            raise


def _lock_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_CURRENT | _FUTURE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def come_first(pid: int = 0) -> None:
    """Have a process, this one by default, run ahead of all that has no priority; its children do not.

    Raises:
        OSError: it is not permitted.
    """
    os.sched_setscheduler(pid, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))


def _step_back(policy: int, param: os.sched_param) -> None:
    try:
        os.sched_setscheduler(0, policy, param)
    except PermissionError:  # who has a limit and no privilege may step back, but not drop what holds for children
        os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, param)
