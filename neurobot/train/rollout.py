"""Closed-loop episodes of a whole population at once: a batched environment and a batched core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.core import BatchCore
from neurobot.loop.fit import check_period
from neurobot.program import Program


@dataclass(frozen=True, slots=True)
class Episodes:
    """What a population did, one episode each.

    Args:
        returns: (n,).
        lengths: (n,) ticks.
        spikes: spikes a tick, mean over all.
        synops: synaptic operations a tick, mean over all.
        count: ticks in all.
        shifted_sum: (n_obs,) sum over all observations of x - center.
        shifted_squares: (n_obs,) sum of (x - center)^2.
    """

    returns: np.ndarray
    lengths: np.ndarray
    spikes: float
    synops: float
    count: int
    shifted_sum: np.ndarray
    shifted_squares: np.ndarray


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

    def run(self, seeds: list[int], center: np.ndarray, episode_seed: int, horizon: int | None = None) -> Episodes:
        """One episode of everybody.

        Args:
            seeds: (n,) of the environments.
            center: (n_obs,) what observations are shifted by in the sums.
            episode_seed: of the controllers' chance.
            horizon: stop after this many ticks; None is at the episodes' ends.
        """
        n = self.env.num_envs
        observations, _ = self.env.reset(seed=seeds)
        self.core.reset(seed=episode_seed)
        returns, lengths = np.zeros(n), np.zeros(n, np.int64)
        total, squares = np.zeros_like(center), np.zeros_like(center)
        spikes = synops = 0
        ids = np.arange(n)
        while ids.size and (horizon is None or lengths[ids[0]] < horizon):
            observations = np.ascontiguousarray(observations, np.float64)
            shifted = observations[ids] - center
            total += shifted.sum(0)
            squares += (shifted * shifted).sum(0)
            actions = self.core.tick(observations, ids)
            spikes += int(self.core.spikes[ids].sum())
            synops += int(self.core.synops[ids].sum())
            observations, rewards, terminated, truncated, _ = self.env.step(self._cast(actions))
            failed = self.core.status[ids] != 0
            returns[ids] += np.where(failed, 0.0, rewards[ids])
            lengths[ids] += 1
            ids = ids[~(terminated | truncated)[ids] & ~failed]
        ticks = int(lengths.sum())
        return Episodes(returns, lengths, spikes / ticks, synops / ticks, ticks, total, squares)

    def _cast(self, actions: np.ndarray) -> np.ndarray:
        return actions[:, 0].astype(np.int64) if self.program.discrete else actions
