"""The course of a run: which of its episodes are over, and what they were like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from neurobot.loop.learning import LearningSummary
from neurobot.loop.summary import EpisodeSummary, RunSummary
from neurobot.loop.timing import StageTimes


@final
class Course:
    """Episodes one after the other; episode k has seed + k.

    Args:
        episodes: how many, at least 1.
        seed: of the first.
        done: those that are over already.

    Attributes:
        done: what those were like that are over, the last one perhaps because of Ctrl-C.
        times: of all their ticks.
    """

    CHANGES = ("times",)

    def __init__(self, episodes: int, seed: int, done: Iterable[EpisodeSummary] = ()):
        self.episodes, self.seed = episodes, seed
        self.done, self.times = list(done), StageTimes()

    @property
    def next_seed(self) -> int:
        """Of the next episode."""
        return self.seed + len(self.done)

    @property
    def over(self) -> bool:
        """Whether there is no next one: all are done, or the guard has stopped the last."""
        return len(self.done) >= self.episodes or bool(self.done and self.done[-1].stopped)

    def summary(self, interrupted: bool, learnt: LearningSummary | None) -> RunSummary:
        """What it was like.

        Args:
            interrupted: whether Ctrl-C ended it.
            learnt: of a run that learns.
        """
        return RunSummary(
            episodes=tuple(self.done), seed=self.seed, interrupted=interrupted, timing=self.times.timing(),
            learning=learnt,
        )  # fmt: skip
