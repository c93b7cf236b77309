"""Two recordings of spikes, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_SHIFT = 3


@dataclass(frozen=True)
class Comparison:
    """How the spikes of a population differ from a table.

    Args:
        ours: spikes here.
        theirs: spikes in the table.
        counts_differ: neurons with another number of spikes.
        firsts_differ: neurons with another first spike.
        first: (step, neuron, whether it is ours) of the first spike that only one side has, or None.
        shift: steps by which the table is later, if that alone makes it equal; else None.
    """

    ours: int
    theirs: int
    counts_differ: int
    firsts_differ: int
    first: tuple[int, int, bool] | None
    shift: int | None

    @property
    def equal(self) -> bool:
        """Spike for spike."""
        return self.first is None

    def __str__(self) -> str:
        if self.first is None:
            return f"equal, spike for spike ({self.ours} spikes)"
        step, neuron, own = self.first
        side = "here but not in the table" if own else "in the table but not here"
        late = f"; equal when the table is taken {self.shift:+d} steps later" if self.shift is not None else ""
        return (
            f"differs: {self.ours} spikes, {self.theirs} in the table; {self.counts_differ} neurons with another "
            f"count, {self.firsts_differ} with another first spike; first difference in step {step}, neuron "
            f"{neuron}: {side}{late}"
        )

    def to_data(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            "equal": self.equal, "ours": self.ours, "theirs": self.theirs, "counts_differ": self.counts_differ,
            "firsts_differ": self.firsts_differ, "shift": self.shift,
            "first": None if self.first is None else list(self.first),
        }  # fmt: skip


def compare(ours: np.ndarray, theirs: np.ndarray) -> Comparison:
    """Compare two (steps, n) bool arrays of spikes."""
    ours, theirs = np.asarray(ours, bool), np.asarray(theirs, bool)
    different = np.argwhere(ours != theirs)
    first = None
    if len(different):
        step, neuron = (int(x) for x in different[0])
        first = (step, neuron, bool(ours[step, neuron]))
    shifts = [k for d in range(1, MOST_SHIFT + 1) for k in (d, -d) if first and _equal_shifted(ours, theirs, k)]
    return Comparison(
        ours=int(ours.sum()), theirs=int(theirs.sum()),
        counts_differ=int((ours.sum(axis=0) != theirs.sum(axis=0)).sum()),
        firsts_differ=int((_firsts(ours) != _firsts(theirs)).sum()),
        first=first, shift=shifts[0] if shifts else None,
    )  # fmt: skip


def _firsts(spikes: np.ndarray) -> np.ndarray:
    return np.where(spikes.any(axis=0), spikes.argmax(axis=0) if len(spikes) else -1, -1)


def _equal_shifted(ours: np.ndarray, theirs: np.ndarray, k: int) -> bool:
    """Whether the table is ours k steps later, in the steps that both have."""
    if abs(k) >= len(ours):
        return False
    early, late = (ours, theirs) if k > 0 else (theirs, ours)
    return bool((early[: len(early) - abs(k)] == late[abs(k) :]).all())
