"""Episodes that a program or its expert drives, with what was seen and what the expert would have done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from neurobot.core import BatchCore
from neurobot.core.base import cast_params
from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.train.environments import as_actions, make_envs
from neurobot.train.experts import Expert
from neurobot.train.supervised.examples import Examples

if TYPE_CHECKING:
    from neurobot.config import EnvConfig


@dataclass(frozen=True, slots=True)
class Watched:
    """What happened.

    Args:
        returns: (n,).
        examples: what was seen, and what the expert did or would have done.
    """

    returns: np.ndarray
    examples: Examples


@final
class Stage:
    """Environments, and a core for each.

    Args:
        program: of the controller.
        env: the environment.
        n: how many.
        threads: of the physics.

    Raises:
        EnvError: an unknown task.
    """

    def __init__(self, program: Program, env: EnvConfig, n: int, threads: int) -> None:
        self._env, self._core = make_envs(env, n, threads), BatchCore(program, n)
        self._discrete, self._space = program.discrete, self._env.single_action_space

    def play(
        self, program: Program, expert: Expert, seeds: list[int], seed: int, *, watch: bool, horizon: int | None
    ) -> Watched:
        """An episode each.

        Args:
            program: with params as they are now.
            expert: says what would be right.
            seeds: (n,) of the environments.
            seed: of the program's chance.
            watch: whether the expert drives.
            horizon: stop after this many ticks; None is at the episodes' ends.

        Raises:
            TrainingError: an expert whose actions do not fit.
        """
        env, core, n = self._env, self._core, len(seeds)
        observations, _ = env.reset(seed=seeds)
        core.set_params(cast_params(program, core.params.dtype))
        core.reset(seed=seed)
        policy = expert.begin(env)
        returns, lengths = np.zeros(n), np.zeros(n, np.int64)
        seen: list[np.ndarray] = []
        right: list[np.ndarray] = []
        ids = np.arange(n)
        while ids.size and (horizon is None or lengths[ids[0]] < horizon):
            observations = np.ascontiguousarray(observations, np.float64)
            seen.append(observations)
            right.append(self._checked(policy(observations)))
            actions = right[-1] if watch else as_actions(program, core.tick(observations, ids))
            observations, rewards, terminated, truncated, _ = env.step(actions)
            returns[ids] += rewards[ids]
            lengths[ids] += 1
            ids = ids[~(terminated | truncated)[ids]]
        return Watched(returns, _episodes(seen, right, lengths))

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
