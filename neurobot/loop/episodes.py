"""What the events of a recording say of its episodes, and how far it goes without a gap.

Events are data from a file: what is missing there, or is of the wrong kind, counts as not recorded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurobot.loop.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An episode, or the part of it that was asked for.

    Attributes:
        number: in the run, from 0.
        first: its first row.
        stop: the row after its last one.
        seed: that environment and controller were reset with; None if its begin was not recorded.
        ended: whether it ended here, and that was recorded.
        broken: whether it was broken off, perhaps within a tick, which then was not recorded.
        reward: of its last action, NaN if that was not finite.
        terminated: whether the task ended it.
    """

    number: int
    first: int
    stop: int
    seed: int | None
    ended: bool
    broken: bool
    reward: float
    terminated: bool


def episodes_of(recording: Recording, stop: int) -> list[Episode]:
    """The episodes of the rows before stop, in order.

    Args:
        recording: any.
        stop: at most the first result of `extent`.
    """
    numbers = recording.episode[:stop]
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), stop] if stop else []
    starts, ends = _events(recording, "episode_start"), _events(recording, "episode_end")
    episodes = []
    for first, after in pairwise(bounds):
        number = int(numbers[first])
        episodes.append(_episode(number, first, after, starts.get(number, {}), ends.get(number, {})))
    return episodes


def extent(recording: Recording) -> tuple[int, int]:
    """How many ticks there are ahead of the first one that was dropped, and how many the run had; else the same."""
    missing = np.flatnonzero(recording.tick != np.arange(len(recording.tick)))
    stop = int(missing[0]) if missing.size else len(recording.tick)
    ends = [event for event in recording.events if event.get("event") == "recording_end"]
    end = ends[-1] if ends else {}
    ticks = end.get("ticks")
    return stop, max(int(recording.tick[-1]) + 1 if len(recording.tick) else 0, ticks if type(ticks) is int else 0)


def _episode(number: int, first: int, stop: int, start: dict[str, Any], end: dict[str, Any]) -> Episode:
    seed, summary, reward = start.get("seed"), end.get("summary"), end.get("reward")
    summary = summary if isinstance(summary, dict) else {}
    return Episode(
        number=number,
        first=first,
        stop=stop,
        seed=seed if type(seed) is int and seed >= 0 else None,
        ended=end.get("tick") == stop,
        broken="error" in summary or bool(summary.get("interrupted")),
        reward=float(reward) if isinstance(reward, int | float) else math.nan,
        terminated=bool(summary.get("terminated")),
    )


def _events(recording: Recording, name: str) -> dict[int, dict[str, Any]]:
    """The events of a name, by number of the episode."""
    found = (event for event in recording.events if event.get("event") == name)
    return {event["episode"]: event for event in found if type(event.get("episode")) is int}
