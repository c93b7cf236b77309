"""Background activity of event cameras: events that no light caused.

One Poisson process a camera over all of its pixels, drawn as waiting times in blocks. So the noise of a camera depends
on its generator only: not on the rate of the frames, nor on the cameras beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

from neurobot.envs.task import Array

BLOCK = 256
"""Noise events drawn at a time."""


@final
class EventNoise:
    """Noise events of n cameras: every pixel at the same rate, ON as often as OFF."""

    CHANGES = ("_streams", "_times", "_next", "_last", "_where", "_on")

    def __init__(self, n: int, pixels: int, rate: float):
        """n cameras of so many pixels each; rate of one pixel [Hz]."""
        self._pixels, self._rate = pixels, rate * pixels
        self._streams: dict[int, np.random.Generator] = {}
        self._times = np.full((n, BLOCK), np.inf)  # inf as soon as taken
        self._next, self._last = np.full((2, n), np.inf)  # the first that was not taken, and the last of the block
        self._where = np.zeros((n, BLOCK), np.int64)
        self._on = np.zeros((n, BLOCK), np.bool_)

    def reset(self, i: int, time: float, generator: np.random.Generator | None) -> None:
        """Start camera i anew at a time [s]; None goes on with its generator."""
        if generator is not None:
            self._streams[i] = generator
        if self._rate > 0:
            self._draw(i, time)

    def take(self, ids: Array, until: Array) -> tuple[Array, Array, Array, Array]:
        """Take out the noise events of some cameras; those of a camera come in order of time.

        Args:
            ids: (k,) cameras.
            until: (k,) up to which time each [s], included.

        Returns:
            Which of the k cameras, pixels, times [s] and polarities; (m,) each.
        """
        parts = []
        rows = np.flatnonzero(self._next[ids] <= until)
        while rows.size:
            cameras = ids[rows]
            at, place = np.nonzero(self._times[cameras] <= until[rows, None])
            index = cameras[at], place
            parts.append((rows[at], self._where[index], self._times[index], self._on[index]))
            self._times[index] = np.inf
            used_up = self._last[cameras] <= until[rows]
            for i in cameras[used_up].tolist():
                self._draw(i, self._last[i])
            self._next[cameras] = self._times[cameras].min(axis=1)
            rows = rows[used_up]
        if not parts:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing, np.zeros(0), np.zeros(0, np.bool_)
        row, pixel, time, on = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return row, pixel, time, on

    def _draw(self, i: int, after: float) -> None:
        """Draw the next block of camera i."""
        stream = self._streams[i]
        self._times[i] = after + np.cumsum(stream.exponential(1 / self._rate, BLOCK))
        self._next[i], self._last[i] = self._times[i, 0], self._times[i, -1]
        self._where[i] = stream.integers(self._pixels, size=BLOCK)
        self._on[i] = stream.integers(2, size=BLOCK, dtype=np.bool_)


def one_a_pixel(which: Array, times: Array, on: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Noise events in rounds in which no pixel comes twice: the first of each pixel, the second, and so on.

    Args:
        which: (m,) pixels.
        times: (m,) [s].
        on: (m,) polarities.
    """
    if not which.size:
        return
    order = np.lexsort((times, which))
    starts = np.flatnonzero(np.diff(which[order], prepend=-1))
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    for k in range(int(nth.max()) + 1):
        now = order[nth == k]
        yield which[now], times[now], on[now]
