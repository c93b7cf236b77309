"""Episodes of one program, or of its expert, in a batch of environments, with what was seen and what was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from neurobot.core import BatchCore
from neurobot.core.base import cast_params
from neurobot.errors import TrainingError
from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.train.environments import make_envs
from neurobot.train.experts import Expert
from neurobot.train.supervised.examples import Examples

if TYPE_CHECKING:
    from neurobot.config import EnvConfig


@dataclass(frozen=True, slots=True)
class Played:
    """What happened.

    Args:
        returns: (n,).
        lengths: (n,) ticks.
        spikes: of the program, in all.
        synops: synaptic operations of the program, in all.
        examples: what was seen and what the expert did, or would have done; None without one.
    """

    returns: np.ndarray
    lengths: np.ndarray
    spikes: int
    synops: int
    examples: Examples | None = None

    @property
    def ticks(self) -> int:
        """In all."""
        return int(self.lengths.sum())


@final
class Stage:
    """Environments, and a core for each.

    Args:
        program: of the controller.
        env: the environment.
        n: how many.
        threads: of the physics.

    Raises:
        EnvError: an unknown task, or another control period.
    """

    def __init__(self, program: Program, env: EnvConfig, n: int, threads: int) -> None:
        self._env = make_envs(env, n, threads)
        check_period(program, self._env.control_period)
        self._core = BatchCore(program, n)
        self._discrete, self._space = program.discrete, self._env.single_action_space

    def play(
        self, program: Program, seeds: list[int], seed: int, expert: Expert | None = None, watch: bool = False,
        horizon: int | None = None,
    ) -> Played:  # fmt: skip
        """An episode each.

        Args:
            program: with params as they are now.
            seeds: (n,) of the environments.
            seed: of the program's chance.
            expert: says what would be right.
            watch: whether the expert drives.
            horizon: stop after this many ticks; None is at the episodes' ends.

        Raises:
            TrainingError: an expert whose actions do not fit.
        """
        env, core, n = self._env, self._core, len(seeds)
        observations, _ = env.reset(seed=seeds)
        core.params[...] = cast_params(program, core.params.dtype)
        core.reset(seed=seed)
        policy = expert.begin(env) if expert else None
        returns, lengths, spikes, synops = np.zeros(n), np.zeros(n, np.int64), 0, 0
        seen: list[np.ndarray] = []
        right: list[np.ndarray] = []
        ids = np.arange(n)
        while ids.size and (horizon is None or lengths[ids[0]] < horizon):
            observations = np.ascontiguousarray(observations, np.float64)
            if policy is not None:
                right.append(self._checked(policy(observations)))
                seen.append(observations)
            if watch:
                actions = right[-1]
            else:
                actions = self._cast(core.tick(observations, ids))
                spikes, synops = spikes + int(core.spikes[ids].sum()), synops + int(core.synops[ids].sum())
            observations, rewards, terminated, truncated, _ = env.step(actions)
            returns[ids] += rewards[ids]
            lengths[ids] += 1
            ids = ids[~(terminated | truncated)[ids]]
        return Played(returns, lengths, spikes, synops, _episodes(seen, right, lengths) if expert else None)

    def _cast(self, actions: np.ndarray) -> np.ndarray:
        return actions[:, 0].astype(np.int64) if self._discrete else actions

    def _checked(self, actions: np.ndarray) -> np.ndarray:
        """The expert's, in the space's shape, within its limits."""
        given, shape = np.asarray(actions), (self._env.num_envs, *self._space.shape)
        if given.shape != shape:
            raise TrainingError(f"the expert's actions have shape {given.shape}, they must have {shape}")
        if not np.isfinite(given).all():
            raise TrainingError("the expert's actions are not finite")
        if self._discrete:
            chosen = given.astype(np.int64)
            if not ((chosen == given) & (chosen >= 0) & (chosen < self._space.n)).all():
                raise TrainingError(f"the expert's actions must be whole numbers from 0 to {self._space.n - 1}")
            return chosen
        return np.clip(given.astype(np.float64), self._space.low, self._space.high)


def _episodes(seen: list[np.ndarray], right: list[np.ndarray], lengths: np.ndarray) -> Examples:
    x, y = np.array(seen), np.array(right)
    kept = [(x[:length, i], y[:length, i]) for i, length in enumerate(lengths)]
    return Examples.of([a for a, _ in kept], [b for _, b in kept])
