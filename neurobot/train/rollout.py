"""Closed-loop episodes of a whole population at once: a batched environment and a batched core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np

from neurobot.core import BatchCore
from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.train.environments import as_actions


@dataclass(frozen=True, slots=True)
class Episodes:
    """What a population did, one episode each; a row for each, so that parts can be put together in any grouping.

    Args:
        returns: (n,).
        lengths: (n,) ticks.
        spikes: (n,) in the whole episode.
        synops: (n,) synaptic operations in the whole episode.
        shifted_sum: (n, n_obs) sum over the observations of x - center.
        shifted_squares: (n, n_obs) sum of (x - center)^2.
    """

    returns: np.ndarray
    lengths: np.ndarray
    spikes: np.ndarray
    synops: np.ndarray
    shifted_sum: np.ndarray
    shifted_squares: np.ndarray

    @property
    def count(self) -> int:
        """Ticks in all."""
        return int(self.lengths.sum())

    @property
    def spikes_per_tick(self) -> float:
        """Mean over all ticks."""
        return int(self.spikes.sum()) / self.count

    @property
    def synops_per_tick(self) -> float:
        """Mean over all ticks."""
        return int(self.synops.sum()) / self.count

    @staticmethod
    def joined(parts: Sequence[Episodes]) -> Episodes:
        """Parts of a population, in their order."""
        names = [f.name for f in fields(Episodes)]
        return Episodes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


class Rollout:
    """n controllers with params of their own, each in an environment of its own.

    Args:
        program: of a controller.
        env: a vector environment of `neurobot.envs` that leaves finished episodes alone.

    Raises:
        EnvError: control periods that differ.
    """

    def __init__(self, program: Program, env: Any):
        check_period(program, env.control_period)
        self.program, self.env = program, env
        self.core = BatchCore(program, env.num_envs, own_params=True)

    def run(
        self, seeds: list[int], center: np.ndarray, episode_seed: int, horizon: int | None = None, first: int = 0
    ) -> Episodes:
        """One episode of everybody.

        Args:
            seeds: (n,) of the environments.
            center: (n_obs,) what observations are shifted by in the sums.
            episode_seed: of the controllers' chance.
            horizon: stop after this many ticks; None is at the episodes' ends.
            first: number of the first controller, where these are a part of a larger population.
        """
        n = self.env.num_envs
        observations, _ = self.env.reset(seed=seeds)
        self.core.first = first
        self.core.reset(seed=episode_seed)
        returns, lengths = np.zeros(n), np.zeros(n, np.int64)
        total, squares = np.zeros((n, center.size)), np.zeros((n, center.size))
        spikes, synops = np.zeros(n, np.int64), np.zeros(n, np.int64)
        ids, rows = np.arange(n), cast(Any, slice(None))  # a slice is quicker while nobody is through
        while ids.size and (horizon is None or lengths[ids[0]] < horizon):
            observations = np.ascontiguousarray(observations, np.float64)
            shifted = observations[rows] - center
            total[rows] += shifted
            squares[rows] += shifted * shifted
            actions = self.core.tick(observations, ids)
            spikes[rows] += self.core.spikes[rows]
            synops[rows] += self.core.synops[rows]
            observations, rewards, terminated, truncated, _ = self.env.step(as_actions(self.program, actions))
            failed = self.core.status != 0
            returns[rows] += np.where(failed, 0.0, rewards)[rows]
            lengths[rows] += 1
            over = terminated | truncated | failed
            if over[rows].any():
                ids = ids[~over[ids]]
                rows = ids
        return Episodes(returns, lengths, spikes, synops, total, squares)
