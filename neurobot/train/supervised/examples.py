"""What was seen, and what would have been right: episodes one after the other, and batches drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples to learn from.

    Args:
        observations: (ticks, B, n_obs).
        labels: (ticks, B, n_act), or (ticks, B) of numbers of choices.
        counted: (ticks, B) bool, which of them count.
    """

    observations: np.ndarray
    labels: np.ndarray
    counted: np.ndarray


@final
class Examples:
    """Episodes; observations are kept in float32, as the network sees them.

    Args:
        observations: (ticks, n_obs) of all episodes, one after the other.
        labels: (ticks, n_act), or (ticks,) of numbers of choices.
        lengths: (episodes,) ticks of each.
    """

    def __init__(self, observations: np.ndarray, labels: np.ndarray, lengths: np.ndarray) -> None:
        self.observations = observations.astype(np.float32)
        self.labels, self.lengths = labels, np.asarray(lengths, np.int64)
        ends = self.lengths.cumsum()
        self._first = np.repeat(ends - self.lengths, self.lengths)
        self._last = np.repeat(ends - 1, self.lengths)

    @classmethod
    def of(cls, observations: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> Examples:
        """Of episodes, an array each."""
        lengths = np.array([len(episode) for episode in observations])
        return cls(np.concatenate(observations), np.concatenate(labels), lengths)

    def __len__(self) -> int:
        return len(self.observations)

    def with_more(self, more: Examples) -> Examples:
        """These and others."""
        return Examples(
            np.concatenate((self.observations, more.observations)),
            np.concatenate((self.labels, more.labels)),
            np.concatenate((self.lengths, more.lengths)),
        )

    def ticks(self, rng: np.random.Generator, n: int) -> Batch:
        """n ticks from anywhere, each by itself."""
        at = rng.integers(0, len(self), n)[None]
        return Batch(self.observations[at], self.labels[at], np.ones((1, n), np.bool_))

    def windows(self, rng: np.random.Generator, n: int, lead: int, window: int) -> Batch:
        """n stretches of an episode each, of lead + window ticks; all ticks of the data are as likely to be in one."""
        at = rng.integers(0, len(self), n)
        # back from a tick that is to be in it, or an episode's last ticks would be seen more seldom than others
        first = np.maximum(at - rng.integers(0, window, n), self._first[at])
        start = np.maximum(first - lead, self._first[at])
        ticks = start + np.arange(lead + window)[:, None]
        last = self._last[at]
        counted = (ticks <= last) & ((ticks >= first) | (start == self._first[at]))
        ticks = np.minimum(ticks, last)
        return Batch(self.observations[ticks], self.labels[ticks], counted)

    def arrays(self) -> dict[str, np.ndarray]:
        """For a checkpoint."""
        return {"seen": self.observations, "labels": self.labels, "lengths": self.lengths}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Examples:
        """What `arrays` gave."""
        return cls(arrays["seen"], arrays["labels"], arrays["lengths"])
