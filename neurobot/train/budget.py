"""The budget of a training: a number of its steps, CPU time, or the one of them that is used up first."""

from __future__ import annotations

import time
from typing import final

from neurobot.spec.check import Problems


@final
class CpuClock:
    """Process CPU time that a training has used so far, on other machines too."""

    def __init__(self) -> None:
        self._zero = time.process_time()

    @property
    def seconds(self) -> float:
        """So far [s]."""
        return time.process_time() - self._zero

    def add(self, seconds: float) -> None:
        """Count what other processes have used [s]."""
        self._zero -= seconds

    def restart(self, seconds: float = 0.0) -> None:
        """Count from here, from what a run had used when it was saved [s]."""
        self._zero = time.process_time() - seconds


def check_budget(problems: Problems, unit: str, most: int | None, core_minutes: float | None) -> None:
    """Note a budget that is none.

    Args:
        problems: of the settings.
        unit: name of the setting that says a number, e.g. ``generations``.
        most: that number; None is without bound.
        core_minutes: process CPU time [min]; None is without bound.
    """
    if most is None and core_minutes is None:
        problems.add(f"give {unit} or core_minutes, or it would go on for ever")
    if most is not None:
        problems.count(unit, most)
    if core_minutes is not None:
        problems.number("core_minutes", core_minutes, above=0.0)


def share_used(done: int, most: int | None, seconds: float, core_minutes: float | None) -> float:
    """How much of a budget is used, 0 to 1.

    Args:
        done: of the number.
        most: see `check_budget`.
        seconds: process CPU time so far [s].
        core_minutes: see `check_budget`.
    """
    shares = [0.0]
    if most is not None:
        shares.append(done / most)
    if core_minutes is not None:
        shares.append(seconds / (60 * core_minutes))
    return min(1.0, max(shares))
