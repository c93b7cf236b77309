"""How long each stage of a tick takes, in memory that does not grow.

A run may last for hours, so times go into histograms with 32 bins to a doubling: a percentile is right to 1.6 %, a
maximum exactly, and adding a time costs the same every tick. Arrays of all times would grow, or need folding now and
then, which is a pause of its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurobot.loop.clock import NS

STAGES = ("wake", "sense", "tick", "guard", "act", "link", "slack")
"""In order: how late the tick began; take in the observation; the controller's step; the guard's, and its detectors';
send the action (a simulation advances here); the part of `tick` spent on a serial link; what is left of the period."""
WORK = STAGES[:-2]
"""Those that make a tick late, each apart from the others."""

_DETAIL = 5  # bits: 32 bins to a doubling
_BINS = (64 - _DETAIL) << _DETAIL


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


@final
class Histogram:
    """Counts of times [ns]; a negative one counts as 0."""

    __slots__ = ("_counts", "_max")

    def __init__(self) -> None:
        self._counts = array("q", bytes(8 * _BINS))
        self._max = 0

    def add(self, ns: int) -> None:
        """Count one time."""
        if ns > self._max:
            self._max = ns
        elif ns < 0:
            ns = 0
        # the leading bits of ns choose the bin: shift doublings of 32 bins each, and the 6 bits that stay
        shift = ns.bit_length() - _DETAIL - 1
        self._counts[ns if shift <= 0 else (shift << _DETAIL) + (ns >> shift)] += 1

    def update(self, other: Histogram) -> None:
        """Count all that the other one has."""
        for i, count in enumerate(other._counts):
            if count:
                self._counts[i] += count
        self._max = max(self._max, other._max)

    def get_state(self) -> dict[str, Any]:
        """The bins that have counts, the counts, and the longest time."""
        counts = np.array(self._counts, np.int64)
        bins = np.flatnonzero(counts)
        return {"bins": bins, "counts": counts[bins], "max": self._max}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `get_state` gave."""
        counts = np.zeros(_BINS, np.int64)
        counts[state["bins"]] = state["counts"]
        self._counts, self._max = array("q", counts.tobytes()), int(state["max"])

    def quantile(self, q: float) -> float:
        """The time [ns] that a share q of the counts does not exceed; 0 without counts."""
        wanted = q * sum(self._counts)
        seen = 0
        for i, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_middle(i), self._max)
        return 0.0

    def timing(self) -> StageTiming:
        """The percentiles [s]."""
        p50, p99, p999 = (self.quantile(q) / NS for q in (0.5, 0.99, 0.999))
        return StageTiming(p50=p50, p99=p99, p999=p999, max=self._max / NS)


@final
class StageTimes:
    """A histogram for each of `STAGES`."""

    CHANGES = ("_stages",)

    def __init__(self) -> None:
        self._stages = tuple(Histogram() for _ in STAGES)

    def add(self, times: Sequence[int]) -> None:
        """Count the times of one tick [ns], in the order of `STAGES`."""
        for stage, ns in zip(self._stages, times):  # noqa: B905 - strict costs 0.1 us; both are as long as STAGES
            stage.add(ns)

    def update(self, other: StageTimes) -> None:
        """Count all that the other one has."""
        for mine, theirs in zip(self._stages, other._stages, strict=True):
            mine.update(theirs)

    def timing(self) -> dict[str, StageTiming]:
        """The percentiles of every stage."""
        return {name: stage.timing() for name, stage in zip(STAGES, self._stages, strict=True)}


def _middle(index: int) -> float:
    """The middle of a bin [ns]."""
    shift = (index >> _DETAIL) - 1
    if shift <= 0:
        return float(index)
    low = (index - (shift << _DETAIL)) << shift
    return low + ((1 << shift) - 1) / 2
