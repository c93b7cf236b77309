"""An expert that has to learn first: one matrix, found by augmented random search.

Actions are M x with x the raw observation. ARS V1 (Mania, Guy & Recht 2018, arXiv:1803.07055): antithetic directions,
and a step along them by their returns over the standard deviation of all of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from neurobot.train.environments import EXPERT_SEEDS, make_envs
from neurobot.train.experts.expert import Expert, Policy

if TYPE_CHECKING:
    from typing import Any

    from neurobot.config import EnvConfig

DIRECTIONS, NOISE, RATE = 8, 0.05, 0.05


@final
class LinearArs(Expert):
    """A linear policy.

    Args:
        env: the environment; its actions are numbers.
        seed: of the search.
        threads: of the physics.
    """

    rounds: ClassVar[int] = 30

    def __init__(self, env: EnvConfig, seed: int, threads: int = 1) -> None:
        self._env = make_envs(env, 2 * DIRECTIONS, threads)
        space = self._env.single_action_space
        self._low, self._high, self._seed = space.low, space.high, seed
        self._matrix = np.zeros((space.shape[0], self._env.single_observation_space.shape[0]))

    def learn(self, round_: int) -> dict[str, float]:
        """A generation of 16 episodes."""
        rng = np.random.Generator(np.random.Philox(key=[self._seed, round_]))
        noise = rng.standard_normal((DIRECTIONS, *self._matrix.shape))
        seeds = (EXPERT_SEEDS + rng.integers(0, 1 << 31, DIRECTIONS)).tolist()
        tried = self._matrix + NOISE * np.concatenate((noise, -noise))
        returns, steps = self._play(tried, seeds * 2)
        up, down = returns[:DIRECTIONS], returns[DIRECTIONS:]
        climb = np.einsum("d,dij->ij", up - down, noise) / (DIRECTIONS * max(float(returns.std()), 1e-12))
        self._matrix = self._matrix + RATE * climb
        return {"expert_return_mean": float(returns.mean()), "expert_return_max": float(returns.max()), "steps": steps}

    def begin(self, env: Any) -> Policy:
        """The matrix as it is."""
        return lambda observations: self._act(self._matrix, observations)

    def arrays(self) -> dict[str, np.ndarray]:
        """The matrix."""
        return {"matrix": self._matrix}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go back to a matrix."""
        self._matrix = arrays["matrix"]

    def _act(self, matrix: np.ndarray, observations: np.ndarray) -> np.ndarray:
        wanted = (matrix @ observations[:, :, None])[:, :, 0] if matrix.ndim == 3 else observations @ matrix.T
        actions: np.ndarray = np.clip(wanted, self._low, self._high)
        return actions

    def _play(self, matrices: np.ndarray, seeds: list[int]) -> tuple[np.ndarray, int]:
        """Return of a whole episode of each matrix, and ticks in all."""
        observations, _ = self._env.reset(seed=seeds)
        returns, over, steps = np.zeros(len(seeds)), np.zeros(len(seeds), bool), 0
        while not over.all():
            steps += int((~over).sum())
            observations, rewards, terminated, truncated, _ = self._env.step(self._act(matrices, observations))
            returns += rewards
            over = terminated | truncated
        return returns, steps
