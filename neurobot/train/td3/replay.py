"""What was experienced: transitions, from which batches are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.kernels.bptt_compiled import critic_kernel


@dataclass(eq=False)
class Batch:
    """Transitions, in memory that is used again.

    Args:
        now: (B, n + n_act) float32, normalised observation and action: what a critic sees.
        later: (B, n + n_act) the same of the next observation; the action is to be filled in.
        raw_now: (B, n) float64 observations.
        raw_later: (B, n) next observations.
        reward: (B,) float32.
        alive: (B,) float32, 0 where the episode ended for good.
    """

    now: np.ndarray
    later: np.ndarray
    raw_now: np.ndarray
    raw_later: np.ndarray
    reward: np.ndarray
    alive: np.ndarray

    @classmethod
    def empty(cls, size: int, n: int, n_act: int) -> Batch:
        """Room for a batch."""
        wide, numbers = (np.zeros((2, size, n + n_act), np.float32), np.zeros((2, size), np.float32))
        raw = np.zeros((2, size, n))
        return cls(wide[0], wide[1], raw[0], raw[1], numbers[0], numbers[1])


class Replay:
    """The last transitions, raw float32 numbers: they are normalised when they are drawn.

    Args:
        capacity: how many; older ones are overwritten.
        n: numbers of an observation.
        n_act: numbers of an action.

    Attributes:
        table: (capacity, 2 n + n_act + 2) observation, next observation, action, reward, whether the episode went on.
        count: transitions that were ever added.
    """

    def __init__(self, capacity: int, n: int, n_act: int) -> None:
        self.table = np.zeros((capacity, 2 * n + n_act + 2), np.float32)
        self.count, self._n, self._n_act = 0, n, n_act
        self._draw = critic_kernel("draw")

    def __len__(self) -> int:
        return min(self.count, len(self.table))

    def add(
        self, now: np.ndarray, later: np.ndarray, actions: np.ndarray, rewards: np.ndarray, ended: np.ndarray
    ) -> None:
        """Add transitions, a row each; ended: whether the episode ended for good, not by the clock."""
        rows = (self.count + np.arange(len(now))) % len(self.table)
        n, last = self._n, 2 * self._n + self._n_act
        self.table[rows, :n] = now
        self.table[rows, n : 2 * n] = later
        self.table[rows, 2 * n : last] = actions
        self.table[rows, last] = rewards
        self.table[rows, last + 1] = ~ended
        self.count += len(now)

    def draw(self, rows: np.ndarray, mean: np.ndarray, share: np.ndarray, clip: float, into: Batch) -> Batch:
        """Transitions by their rows; a critic sees (x - mean) share within +-clip, as `kernels.critic.draw` says."""
        self._draw(
            rows, self.table, mean, share, clip, into.now, into.later, into.raw_now, into.raw_later,
            into.reward, into.alive,
        )  # fmt: skip
        return into
