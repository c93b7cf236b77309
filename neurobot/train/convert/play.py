"""Whole episodes of one Gymnasium environment, with what a policy saw and did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.loop.fit import action_cast


@dataclass(frozen=True, slots=True)
class Played:
    """What happened in some episodes, one after the other.

    Args:
        returns: (episodes,).
        lengths: (episodes,) ticks.
        observations: (ticks, n_obs) that actions were asked for.
        actions: (ticks, n_act), or (ticks,) of numbers of choices.
    """

    returns: np.ndarray
    lengths: np.ndarray
    observations: np.ndarray
    actions: np.ndarray


def play(
    env: Any, act: Callable[[np.ndarray], Any], seeds: Sequence[int], begin: Callable[[int], None] | None = None
) -> Played:
    """Play an episode for each seed.

    Args:
        env: a Gymnasium environment with flat observations.
        act: observation -> action, in the actuators' units.
        seeds: of the environment.
        begin: called with the seed before each episode.
    """
    cast = action_cast(env.action_space)
    returns, lengths = [], []
    observations: list[np.ndarray] = []
    actions: list[Any] = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        if begin is not None:
            begin(seed)
        total, before, over = 0.0, len(actions), False
        while not over:
            observations.append(observation)
            actions.append(act(observation))
            observation, reward, terminated, truncated, _ = env.step(cast(actions[-1]))
            total += float(reward)
            over = terminated or truncated
        returns.append(total)
        lengths.append(len(actions) - before)
    seen = np.array(observations, dtype=np.float64)
    return Played(np.array(returns), np.array(lengths), seen, np.array(actions))
