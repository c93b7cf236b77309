"""Detectors: what a tick measures, turned into flags of the guard. Time is an argument; memory is a few numbers.

Each looks at one thing and is switched off by a None in `GuardSpec`, in which case it costs nothing.
"""

from __future__ import annotations

import math
from typing import Any, Protocol, final

import numpy as np

from neurobot.errors import SpecError
from neurobot.loop.guard import Flag
from neurobot.spec.guard import GuardSpec

LATE, OVERRUNS, STALE, FROZEN, DEAD_MAN, SILENT, RUNAWAY = map(
    int, (Flag.LATE, Flag.OVERRUNS, Flag.STALE, Flag.FROZEN, Flag.DEAD_MAN, Flag.SILENT, Flag.RUNAWAY)
)
"""As integers: sums of enumerations take a microsecond each."""


class Watched(Protocol):
    """What the detectors need of a controller."""

    observation_size: int
    control_period: float

    @property
    def spikes_last(self) -> int:
        """Spikes of the last tick."""

    @property
    def spikes_most(self) -> int:
        """Spikes that a tick can have at most."""

    @property
    def silent(self) -> bool:
        """Whether the decoded neurons were silent in the last tick."""


@final
class Lasting:
    """Whether something has been so for longer than a time [s]."""

    __slots__ = ("_after", "_since")
    CHANGES = ("_since",)

    def __init__(self, after: float):
        self._after = after
        self._since = math.inf

    def look(self, now: float, so: bool) -> bool:
        """Whether it is so now, and has been for longer than the time."""
        if not so:
            self._since = math.inf
            return False
        self._since = min(self._since, now)
        return now - self._since >= self._after


@final
class Frozen:
    """Whether an observation, or an entry of it, has not changed by one bit for a time.

    Args:
        after: the time [s].
        index: entries, each watched by itself; None watches the whole.
    """

    CHANGES = ("_last", "_since")

    def __init__(self, after: float, index: tuple[int, ...] | None):
        self._after = after
        self._index = None if index is None else np.array(index)
        self._last: Any = None
        self._since: Any = math.inf

    def look(self, now: float, values: np.ndarray) -> bool:
        """Take an observation, (n,), and say whether it is frozen."""
        if self._index is None:
            seen = values.tobytes()
            if seen != self._last:
                self._last, self._since = seen, now
            return bool(now - self._since >= self._after)
        watched = values[self._index]
        if self._last is None:
            self._last, self._since = watched, np.full(watched.shape, now)
        else:
            self._since[watched != self._last] = now
            self._last = watched
        return bool(now - self._since.min() >= self._after)


@final
class Detectors:
    """Those that a spec asks for, of one episode.

    Args:
        spec: which, and after what time.
        watched: the controller.

    Raises:
        SpecError: a `frozen_index` that the observation does not have.
    """

    CHANGES = ("_frozen", "_silent", "_runaway", "_dead", "_missed", "_network", "_clock")

    def __init__(self, spec: GuardSpec, watched: Watched):
        self._watched = watched
        n = watched.observation_size
        wrong = [k for k in spec.frozen_index or () if k >= n]
        if wrong:
            raise SpecError("guard", [f"frozen_index has {wrong[0]}, the observation has the entries 0..{n - 1}"])
        self._stale = 3 * watched.control_period if spec.stale_after is None else spec.stale_after
        self._frozen = None if spec.frozen is None else Frozen(spec.frozen, spec.frozen_index)
        self._silent = None if spec.silence is None else Lasting(spec.silence)
        self._runaway = None if spec.runaway is None else Lasting(spec.runaway_for)
        self._most = math.inf if spec.runaway is None else spec.runaway * watched.spikes_most
        self._dead = None if spec.dead_man is None else Lasting(spec.dead_man)
        self._missed, self._max_misses = 0, math.inf if spec.max_misses is None else spec.max_misses
        self._late = {"skip": 0, "hold": LATE, "safe": OVERRUNS}[spec.overrun]
        self._network = self._clock = 0

    def before(self, now: float, values: Any, age: float, alive: bool) -> int:
        """Flags that are known before the network runs: of the observation, and of the ticks before.

        Args:
            now: a monotonic time [s].
            values: the observation, (n,).
            age: of its oldest entry [s].
            alive: whether the dead-man switch is held.
        """
        flags = self._network | self._clock
        if age > self._stale:
            flags |= STALE
        if self._frozen is not None and np.shape(values) == (self._watched.observation_size,):  # else it is refused
            flags |= FROZEN if self._frozen.look(now, np.asarray(values)) else 0
        if self._dead is not None and self._dead.look(now, not alive):
            flags |= DEAD_MAN
        return flags

    def after(self, now: float) -> None:
        """Look at a tick in which the network ran; what it tells counts from the next one on."""
        network = 0
        if self._silent is not None and self._silent.look(now, self._watched.silent):
            network = SILENT
        if self._runaway is not None and self._runaway.look(now, self._watched.spikes_last > self._most):
            network |= RUNAWAY
        self._network = network

    def done(self, slack: int) -> None:
        """Take the time that was left at the end of a tick [ns]; negative after the deadline."""
        if slack >= 0:
            self._missed = self._clock = 0
            return
        self._missed += 1
        self._clock = self._late if self._missed < self._max_misses else OVERRUNS
