"""What an episode adds up to while it runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import final

from neurobot.loop.robot import Outcome
from neurobot.loop.timing import WORK


@final
class Tally:
    """Counts of an episode.

    Attributes:
        reward: of the last action, as long as the controller has not had it.
        over: whether the robot has said that the episode is over.
    """

    __slots__ = (
        "hold_reason", "holds", "interrupted", "late_stages", "length", "over", "physics_error", "reward", "spikes",
        "stopped", "synops", "terminated", "total_reward", "truncated",
    )  # fmt: skip

    CHANGES = __slots__

    def __init__(self) -> None:
        self.reward = self.total_reward = 0.0
        self.length = self.holds = self.spikes = self.synops = 0
        self.over = self.terminated = self.truncated = self.interrupted = False
        self.physics_error = self.hold_reason = self.stopped = ""
        self.late_stages: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count what an action came to."""
        reward, terminated, truncated, fault = outcome
        if fault and not math.isfinite(reward):
            reward = 0.0  # a simulation that broke down may earn NaN, which must not reach a learning rule
        self.reward = reward
        self.total_reward += reward
        self.length += 1
        if terminated or truncated or fault:
            self.over = True
            self.terminated, self.truncated, self.physics_error = terminated, truncated, fault

    def late(self, stages: Sequence[int]) -> None:
        """Count a missed deadline, against the stage that took longest; stages as `neurobot.loop.timing.STAGES`."""
        work = stages[: len(WORK)]
        self.late_stages[WORK[work.index(max(work))]] += 1

    def take_reward(self) -> float:
        """The reward of the last action, once: every reward is delivered one time at most."""
        reward, self.reward = self.reward, 0.0
        return reward
