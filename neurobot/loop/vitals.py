"""What somebody wants to see of a run that goes on: the numbers of its last second, from what a `Watcher` saw.

The last second is one of the run's own time, so a simulation that runs ahead of it shows the same as a robot would.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from neurobot.files import plain
from neurobot.loop.guard import Mode
from neurobot.loop.live import Watcher
from neurobot.loop.recording import ALTERED, HELD, OWN, REST, Header
from neurobot.loop.ring import Records
from neurobot.loop.timing import STAGES

SECOND = 1.0  # [s]
OWNERS = {OWN: "its own", HELD: "held", REST: "rest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """A run at a moment.

    Attributes:
        tick: number of the last tick.
        episode: number of its episode.
        mode: name of the guard's mode.
        cause: why it holds or is safe; empty elsewhere, and where it was not seen.
        action_from: whose the last action was: the network's own, one that was held, or rest.
        rate: ticks a second of the watcher's time, over about a second; NaN before that is known.
        late: deadlines missed in the last second.
        late_seen: deadlines missed in all ticks that were seen.
        stages: median and longest time of each of `STAGES` in the last second [s].
        observation: the last one, with the least and the largest of each entry that were seen: (3, n).
        action: sent last, likewise (3, m).
        rates: mean firing rate of each population's neurons in the last second [Hz].
        reward: sum of the episode's rewards, of the ticks that were seen.
        whole: whether those are all of the episode's ticks.
        missed: ticks that were not seen.
    """

    tick: int
    episode: int
    mode: str
    cause: str
    action_from: str
    rate: float
    late: int
    late_seen: int
    stages: Mapping[str, tuple[float, float]]
    observation: np.ndarray
    action: np.ndarray
    rates: Mapping[str, float]
    reward: float
    whole: bool
    missed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not finite becomes None."""
        return {name: plain(value) for name, value in asdict(self).items()}


@final
class Monitor:
    """Follows a run.

    Args:
        watcher: of the run.
        now: a clock [s].
    """

    def __init__(self, watcher: Watcher, now: Callable[[], float] = time.monotonic):
        self._watcher, self._now, self._header = watcher, now, watcher.live.header
        self._window = max(1, round(SECOND / self._header.control_period))
        self._timing = np.zeros((0, len(STAGES)), np.int64)
        self._counts = np.zeros((0, len(self._header.populations)))
        self._passed: deque[tuple[float, int]] = deque()
        self._late = 0
        self._mode, self._cause = Mode.RUNNING.name, ""
        self._episode, self._reward, self._whole, self._next = -1, 0.0, False, -1
        self._ranges: dict[str, np.ndarray] = {}
        self._last: Any = None

    def look(self) -> Vitals | None:
        """What there is to see now; None before the first tick."""
        for event in self._watcher.events():
            self._told(event)
        records = self._watcher.latest(self._watcher.capacity)
        if len(records):
            self._take(records)
        if self._last is None:
            return None
        self._passed.append((self._now(), int(self._last["tick"])))
        while len(self._passed) > 2 and self._passed[-1][0] - self._passed[1][0] >= SECOND:
            self._passed.popleft()
        return self._vitals()

    def _told(self, event: dict[str, Any]) -> None:
        """Follow the guard, which begins each episode RUNNING."""
        if event.get("event") == "episode_start":
            self._mode, self._cause = Mode.RUNNING.name, ""
        elif event.get("event") == "guard":
            self._mode, self._cause = str(event.get("mode")), str(event.get("cause") or "")

    def _take(self, records: Records) -> None:
        self._last = records[-1]
        self._timing = np.concatenate((self._timing, records["timing"]))[-self._window :]
        self._counts = np.concatenate((self._counts, spikes_by_population(records, self._header)))[-self._window :]
        self._late += int((records["timing"][:, -1] < 0).sum())
        for name, field in (("observation", "observation"), ("action", "sent")):
            seen = [*self._ranges.get(name, []), *np.where(np.isfinite(records[field]), records[field], np.nan)]
            self._ranges[name] = np.array([np.fmin.reduce(seen), np.fmax.reduce(seen)])
        self._add_rewards(records)

    def _add_rewards(self, records: Records) -> None:
        """Sum up an episode's rewards; a tick has that of the action before it, so the last one is still to come."""
        for tick, episode, reward in zip(
            records["tick"].tolist(), records["episode"].tolist(), records["reward"].tolist(), strict=True
        ):
            if episode != self._episode:
                # an episode begins with the tick after the last one of another, or with the run
                self._whole = tick == 0 or (self._episode == episode - 1 and tick == self._next)
                self._episode, self._reward = episode, 0.0
            else:
                self._whole = self._whole and tick == self._next
            self._reward += reward
            self._next = tick + 1

    def _vitals(self) -> Vitals:
        last, header, timing = self._last, self._header, self._timing
        (begin, first), (end, tick) = self._passed[0], self._passed[-1]
        seconds = len(self._counts) * header.control_period
        rates = self._counts.sum(axis=0) / seconds
        return Vitals(
            tick=tick,
            episode=int(last["episode"]),
            mode=self._mode,
            cause=self._cause,
            action_from=OWNERS.get(int(last["held"]) & ~ALTERED & (HELD | REST), "unknown"),
            rate=(tick - first) / (end - begin) if end > begin else math.nan,
            late=int((timing[:, -1] < 0).sum()),
            late_seen=self._late,
            stages={
                name: (float(np.median(t)) / 1e9, float(t.max()) / 1e9)
                for name, t in zip(STAGES, timing.T, strict=True)
            },
            observation=np.array([last["observation"], *self._ranges["observation"]]),
            action=np.array([last["sent"], *self._ranges["action"]]),
            rates={
                name: float(total / max(n, 1)) for (name, _, n), total in zip(header.populations, rates, strict=True)
            },
            reward=self._reward,
            whole=self._whole,
            missed=self._watcher.missed,
        )


def spikes_by_population(records: Records, header: Header) -> np.ndarray:
    """Spikes of each tick by population, (ticks, populations); where not all were kept, in proportion."""
    bounds = [first for _, first, _ in header.populations]
    kept = records["kept"]
    longest = int(kept.max(initial=0))
    there = np.arange(longest) < kept[:, None]
    rows, _ = np.nonzero(there)
    populations = np.searchsorted(bounds, records["spikes"][:, :longest, 1][there], side="right") - 1
    counts = np.zeros((len(records), len(bounds)))
    np.add.at(counts, (rows, populations), 1.0)
    share: np.ndarray = counts * (records["spike_count"] / np.maximum(kept, 1))[:, None]
    return share
