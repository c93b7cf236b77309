"""Some ticks of a run, and the first place where two accounts of them differ.

Bits are compared: -0.0 is not 0.0, while a NaN equals a NaN. Within a tick the order is that of cause and effect:
what the controller was given, then whether it could act, its spikes, what they left in the membranes, the action that
was decoded, and what the limits made of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neurobot.loop.difference import Comparison, Difference
from neurobot.loop.recording import Array, Header, Recording

FIELDS = ("episode", "observation", "reward", "held", "spike", "spike_count", "membrane", "wanted", "sent")
"""What is compared of a tick, in this order."""
BLOCK_TICKS, BLOCK_BYTES = 1000, 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """T ticks in a row, with the arrays of a `Recording`.

    Attributes:
        spikes: (M, 3) int64 of (row, step, neuron), rows from 0, in order of time.
    """

    episode: Array
    observation: Array
    reward: Array
    held: Array
    spike_count: Array
    spikes: Array
    membrane: Array
    wanted: Array
    sent: Array


def recorded(recording: Recording, first: int, stop: int) -> Ticks:
    """Ticks of a recording of which none before `stop` is missing, so that row and number are the same."""
    of_spikes = recording.spikes[:, 0]
    spikes = recording.spikes[bisect_left(of_spikes, first) : bisect_left(of_spikes, stop)] - (first, 0, 0)
    rows = slice(first, stop)
    return Ticks(
        episode=recording.episode[rows],
        observation=recording.observation[rows],
        reward=recording.reward[rows],
        held=recording.held[rows],
        spike_count=recording.spike_count[rows],
        spikes=spikes,
        membrane=recording.membrane[rows],
        wanted=recording.wanted[rows],
        sent=recording.sent[rows],
    )


def compare_blocks(recording: Recording, stop: int, other: Callable[[int, int], Ticks]) -> Comparison:
    """Compare the rows of a recording with another account of them, a block at a time.

    Args:
        recording: any.
        stop: the row after the last one; none before it is missing.
        other: gives the other account of rows from one up to another; it is asked for one block after the other.
    """
    size = max(1, min(BLOCK_TICKS, BLOCK_BYTES // max(4 * recording.header.neurons, 1)))
    ticks = spikes = 0
    for first in range(0, stop, size):
        end = min(first + size, stop)
        part = compare_ticks(recording.header, recorded(recording, first, end), other(first, end))
        ticks, spikes = ticks + part.ticks, spikes + part.spikes
        if part.difference is not None:
            return Comparison(ticks=ticks, spikes=spikes, difference=placed(recording, ticks, part.difference))
    return Comparison(ticks=ticks, spikes=spikes)


def placed(recording: Recording, row: int, difference: Difference) -> Difference:
    """A difference with the tick in which it is; none before it is missing."""
    header, episode = recording.header, recording.episode[row]
    first = int(np.searchsorted(recording.episode[: row + 1], episode))
    steps = (row - first) * header.substeps + (difference.step or 0)
    return replace(difference, episode=int(episode), tick=row, time=steps * header.dt)


def compare_headers(a: Header, b: Header) -> Difference | None:
    """The first difference in what the numbers of two recordings mean; how many spikes a tick keeps is none."""
    for name in ("dt", "substeps", "control_period", "observations", "actions"):
        if getattr(a, name) != getattr(b, name):
            return Difference(what=name, first=getattr(a, name), second=getattr(b, name))
    if a.populations != b.populations:
        first, second = (", ".join(f"{name} ({n})" for name, _, n in header.populations) for header in (a, b))
        return Difference(what="populations", first=first, second=second)
    return None


def compare_ticks(header: Header, a: Ticks, b: Ticks) -> Comparison:
    """Compare two accounts of the same ticks, at least one.

    Args:
        header: of both.
        a: the first.
        b: the second.

    Returns:
        How many ticks are the same; the difference does not say yet in which tick it is.
    """
    spikes, others = _kept_by_both(a, b)
    spike = _first_spike(spikes, others)
    found = [] if spike is None else [(spike[0], FIELDS.index("spike"))]
    for rank, name in enumerate(FIELDS):
        if name != "spike":
            rows = np.flatnonzero(_differs(getattr(a, name), getattr(b, name)).reshape(len(a.held), -1).any(axis=1))
            found += [(int(row), rank) for row in rows[:1]]
    if not found:
        return Comparison(ticks=len(a.held), spikes=len(spikes))
    row, rank = min(found)
    name = FIELDS[rank]
    if name == "spike" and spike is not None:
        difference = _of_spike(header, *spike[1:])
    else:
        difference = _of_field(header, name, getattr(a, name)[row], getattr(b, name)[row])
    return Comparison(ticks=row, spikes=int(np.searchsorted(spikes[:, 0], row)), difference=difference)


def _differs(x: Array, y: Array) -> Array:
    """Where two arrays of one shape and dtype have other bits."""
    if x.dtype.kind != "f":
        return np.asarray(x != y)
    bits = np.dtype(f"i{x.itemsize}")
    differs = np.asarray(x.view(bits) != y.view(bits))
    if differs.any():
        differs &= ~(np.isnan(x) & np.isnan(y))
    return differs


def _kept_by_both(a: Ticks, b: Ticks) -> tuple[Array, Array]:
    """The spikes; of a tick that has more than one of the two kept, as many as both have, from the first on."""
    counts = [np.bincount(t.spikes[:, 0], minlength=len(t.held)) for t in (a, b)]
    cut = (counts[0] < a.spike_count) | (counts[1] < b.spike_count)
    if not cut.any():
        return a.spikes, b.spikes
    room = np.where(cut, np.minimum(*counts), np.maximum(*counts))
    return _at_most(room, a.spikes, counts[0]), _at_most(room, b.spikes, counts[1])


def _at_most(room: Array, spikes: Array, counts: Array) -> Array:
    rank = np.arange(len(spikes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(spikes[rank < np.repeat(room, counts)])


def _first_spike(a: Array, b: Array) -> tuple[int, int, int, bool] | None:
    """Row, step and neuron of the first spike that only one has, and whether that is the first one."""
    if np.array_equal(a, b):
        return None
    a, b = (spikes[np.lexsort(spikes.T[::-1])] for spikes in (a, b))
    shorter = min(len(a), len(b))
    wrong = np.flatnonzero((a[:shorter] != b[:shorter]).any(axis=1))
    k = int(wrong[0]) if wrong.size else shorter
    # both are in order, so that the smaller one of what comes next has no partner
    left = [(*map(int, spikes[k]), side) for spikes, side in ((a, True), (b, False)) if k < len(spikes)]
    if not left:
        return None
    row, step, neuron, in_first = min(left)
    return row, step, neuron, bool(in_first)


def _of_spike(header: Header, step: int, neuron: int, in_first: bool) -> Difference:
    population, index = _neuron(header, neuron)
    return Difference(what="spike", first=in_first, second=not in_first, step=step, population=population, index=index)


def _of_field(header: Header, name: str, x: Array, y: Array) -> Difference:
    """Of the first entry that differs."""
    if x.ndim == 0:
        return Difference(what=name, first=x.item(), second=y.item())
    entry = int(np.flatnonzero(_differs(x, y))[0])
    population, index = _neuron(header, entry) if name == "membrane" else (None, entry)
    return Difference(what=name, first=x[entry].item(), second=y[entry].item(), population=population, index=index)


def _neuron(header: Header, neuron: int) -> tuple[str, int]:
    """Name of a neuron's population, and its number in it."""
    for name, _, n in header.populations:
        if neuron < n:
            return name, neuron
        neuron -= n
    raise AssertionError("a recording has as many membranes as its header has neurons")
