"""The few pixels of event cameras in which something happens between two frames, each followed exactly.

Between two frames the log intensity of a pixel changes steadily. How far it has come from the one that the pixel
remembers towards the threshold in that direction, its `progress` p, grows at `speed` v from `time` on, or from when the
pixel is released. So events need no loop: with threshold T,

    first = start + (T - p) / v,   then one every   T / v + refractory

because an event makes p zero, and keeps it there for the refractory time.
"""

from __future__ import annotations

from typing import final

import numpy as np

from neurobot.envs.task import Array

SLACK = 1e-9
"""Part of a stretch of time by which a crossing may come after its end: what rounding can do."""
LEAST_SPEED = 1e-30
"""Instead of 0, so that a pixel without change crosses in the far future and nothing is divided by zero."""


@final
class EventPixels:
    """m pixels on their way to the next frame.

    Attributes:
        time: (m,) where each has got to [s].
        progress: (m,) at that time; 0 where a pixel is not released.
        speed: (m,) at which it grows [1/s].
        threshold: (m,) at which there is an event.
        rising: (m,) whether the light rises, so that it is an ON event.
        release: (m,) until when each pixel is, or was, refractory [s].
        refractory: [s].
    """

    def __init__(
        self,
        time: Array,
        progress: Array,
        speed: Array,
        threshold: Array,
        rising: Array,
        release: Array,
        refractory: float,
    ):
        self.time, self.progress, self.release = time, progress, release
        self.speed, self.threshold, self.rising = np.maximum(speed, LEAST_SPEED), threshold, rising
        self.refractory = refractory
        self._parts: list[tuple[Array, Array, Array]] = []

    def advance(self, until: Array, which: Array | None = None) -> None:
        """Let pixels see until a time of each.

        Args:
            until: (k,) [s].
            which: (k,) different indices; None for all.
        """
        part: Array | slice = slice(None) if which is None else which  # the first gives views, which cost nothing
        time, progress, release = self.time[part], self.progress[part], self.release[part]
        speed, threshold = self.speed[part], self.threshold[part]
        start = np.maximum(time, release)
        first = np.maximum(start + (threshold - progress) / speed, start)
        period = threshold / speed + self.refractory
        count = np.floor((until + SLACK * (until - time) - first) / period).astype(np.int64) + 1
        fired = np.flatnonzero(count > 0)
        first, period, count, last = first[fired], period[fired], count[fired], until[fired]
        start[fired] = release[fired] = first + (count - 1) * period + self.refractory
        progress[fired] = 0.0
        progress += speed * np.maximum(until - start, 0.0)
        self.time[part], self.progress[part], self.release[part] = until, progress, release
        pixels = fired if which is None else which[fired]
        self._keep(pixels, np.minimum(first, last))
        if (count > 1).any():
            source = np.repeat(np.arange(len(count)), count - 1)
            nth = np.arange(len(source)) - np.repeat(np.cumsum(count - 1) - count, count - 1)
            self._keep(pixels[source], np.minimum(first[source] + nth * period[source], last[source]))

    def fire(self, which: Array, on: Array) -> None:
        """Events of noise, now: like any other where a pixel is released, nothing where it is not."""
        free = self.release[which] <= self.time[which]
        which, on = which[free], on[free]
        self.progress[which] = 0.0
        self.release[which] = self.time[which] + self.refractory
        self._parts.append((which, self.time[which], on))

    def events(self) -> tuple[Array, Array, Array]:
        """What has happened: in which pixels, when [s], and whether ON; (l,) each, not sorted."""
        which, times, on = (np.concatenate(arrays) for arrays in zip(*self._parts, strict=True))
        return which, times, on

    def _keep(self, which: Array, times: Array) -> None:
        self._parts.append((which, times, self.rising[which]))
