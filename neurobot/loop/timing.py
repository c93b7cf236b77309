"""How long each stage of a tick takes, in memory that does not grow.

A run may last for hours, so times go into histograms with 32 bins to a doubling: a percentile is right to 1.6 %, a
maximum exactly, and adding a time costs the same every tick. Arrays of all times would grow, or need folding now and
then, which is a pause of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
import numpy.typing as npt

from neurobot.loop.clock import NS

Row = npt.NDArray[np.int64]

STAGES = ("wake", "sense", "tick", "guard", "act", "link", "slack")
"""In order: how late the tick began; take in the observation; the controller's step; the guard's, and its detectors';
send the action (a simulation advances here); the part of `tick` spent on a serial link; what is left of the period."""
WORK = STAGES[:-2]
"""Those that make a tick late, each apart from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTiming:
    """Times of one stage [s].

    Attributes:
        p50: median, to 1.6 %.
        p99: exceeded by one tick in a hundred, to 1.6 %.
        p999: exceeded by one in a thousand.
        max: the longest, exactly.
    """

    p50: float
    p99: float
    p999: float
    max: float


def timing_of(times: npt.ArrayLike) -> StageTiming:
    """The percentiles of times that are all at hand, (n,) [ns]; exactly."""
    ns = np.asarray(times, np.float64)
    p50, p99, p999, most = np.quantile(ns, (0.5, 0.99, 0.999, 1.0), method="inverted_cdf") / NS
    return StageTiming(p50=float(p50), p99=float(p99), p999=float(p999), max=float(most))


@final
class Histogram:
    """Counts of times [ns]; a negative one counts as 0.

    Args:
        row: where they are, see `neurobot.kernels.histogram`.
    """

    __slots__ = ("_row",)

    def __init__(self, row: Row):
        self._row = row

    def update(self, other: Histogram) -> None:
        """Count all that the other one has."""
        longest = max(self._row[-1], other._row[-1])
        self._row += other._row
        self._row[-1] = longest

    def quantile(self, q: float) -> float:
        """The time [ns] that a share q of the counts does not exceed; 0 without counts."""
        seen = np.cumsum(self._row[:-1])
        if not seen[-1]:
            return 0.0
        used = np.flatnonzero(self._row[:-1])
        return min(_middle(int(used[np.searchsorted(seen[used], q * seen[-1])])), float(self._row[-1]))

    def timing(self) -> StageTiming:
        """The percentiles [s]."""
        p50, p99, p999 = (self.quantile(q) / NS for q in (0.5, 0.99, 0.999))
        return StageTiming(p50=p50, p99=p99, p999=p999, max=int(self._row[-1]) / NS)


@final
class StageTimes:
    """A histogram for each of `STAGES`.

    Attributes:
        add: counts the times of one tick [ns], given one by one in the order of `STAGES`.
    """

    def __init__(self) -> None:
        from neurobot.kernels.compiled import stage_counter  # here, so that who writes a recording loads no compiler
        from neurobot.kernels.histogram import BINS

        self._rows = np.zeros((len(STAGES), BINS + 1), np.int64)
        self.add: Callable[..., None] = partial(stage_counter(), self._rows)

    def get_state(self) -> dict[str, Any]:
        """The entries that are not 0, and where they are."""
        rows = self._rows.ravel()
        used = np.flatnonzero(rows)
        return {"used": used, "counts": rows[used]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `get_state` gave."""
        self._rows[...] = 0
        self._rows.ravel()[state["used"]] = state["counts"]

    def update(self, other: StageTimes) -> None:
        """Count all that the other one has."""
        for mine, theirs in zip(self._histograms().values(), other._histograms().values(), strict=True):
            mine.update(theirs)

    def timing(self) -> dict[str, StageTiming]:
        """The percentiles of every stage."""
        return {name: stage.timing() for name, stage in self._histograms().items()}

    def _histograms(self) -> dict[str, Histogram]:
        return {name: Histogram(row) for name, row in zip(STAGES, self._rows, strict=True)}


def _middle(index: int) -> float:
    """The middle of a bin [ns]."""
    from neurobot.kernels.histogram import DETAIL

    shift = (index >> DETAIL) - 1
    if shift <= 0:
        return float(index)
    low = (index - (shift << DETAIL)) << shift
    return low + ((1 << shift) - 1) / 2
