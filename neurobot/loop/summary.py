"""What a run was like, as frozen data: printed, written as JSON, kept in the recording."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any

from neurobot.files import plain
from neurobot.loop.clock import Deadlines
from neurobot.loop.learning import LearningSummary
from neurobot.loop.timing import StageTiming


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSummary:
    """One episode, from reset to its end.

    Attributes:
        seed: of the environment and of the controller; the episode can be repeated alone from it.
        total_reward: the return, the sum of all rewards.
        length: ticks that ran.
        duration: time by the loop's clock [s].
        terminated: the task ended it.
        truncated: a time limit ended it.
        interrupted: Ctrl-C ended it.
        physics_error: why the simulation broke down, which ended it; empty if it did not.
        holds: ticks whose action was held by the guard, for want of a valid observation or action, say.
        hold_reason: the first message of those; empty without any.
        stopped: why the guard ended it, SAFE; empty if it did not.
        late_stages: of ticks that missed their deadline, how many by each stage: the one that took longest.
        spikes: spikes of all neurons, inputs too.
        synops: synaptic operations, one for every weight that was added.
        deadlines: see `Deadlines`.
        timing: by name of the stage, see `neurobot.loop.timing.STAGES`.
    """

    seed: int
    total_reward: float
    length: int
    duration: float
    terminated: bool
    truncated: bool
    interrupted: bool
    physics_error: str
    holds: int
    hold_reason: str
    stopped: str
    late_stages: Mapping[str, int]
    spikes: int
    synops: int
    deadlines: Deadlines
    timing: Mapping[str, StageTiming]

    @property
    def spikes_per_tick(self) -> float:
        """Mean number of spikes in a tick, 0 without ticks."""
        return self.spikes / max(self.length, 1)

    @property
    def synops_per_tick(self) -> float:
        """Mean number of synaptic operations in a tick, 0 without ticks."""
        return self.synops / max(self.length, 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with ``return`` for `total_reward`; what is not finite becomes None."""
        data = asdict(self)
        data["return"] = plain(data.pop("total_reward"))
        return data | {"spikes_per_tick": self.spikes_per_tick, "synops_per_tick": self.synops_per_tick}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Several episodes.

    An episode that Ctrl-C cut short is in `episodes` and in all counts, but `returns` and their mean leave it out
    as soon as there is a whole one: half an episode says nothing about the controller's return.

    Attributes:
        episodes: what ran, in order.
        seed: of the first episode; episode k has seed + k.
        interrupted: Ctrl-C ended the run.
        timing: over all ticks, by name of the stage.
        learning: of a run that learns, else None.
    """

    episodes: Sequence[EpisodeSummary]
    seed: int
    interrupted: bool
    timing: Mapping[str, StageTiming]
    learning: LearningSummary | None = None

    @property
    def returns(self) -> tuple[float, ...]:
        """The return of every whole episode, or of the only one there is."""
        whole = [e for e in self.episodes if not e.interrupted] or self.episodes
        return tuple(e.total_reward for e in whole)

    @property
    def return_mean(self) -> float:
        """Mean of `returns`, NaN without any."""
        return statistics.fmean(self.returns) if self.returns else math.nan

    @property
    def return_std(self) -> float:
        """Standard deviation of `returns` (of the population: divided by their number), NaN without any."""
        if not self.returns:
            return math.nan
        mean = self.return_mean
        return math.sqrt(statistics.fmean((r - mean) ** 2 for r in self.returns))

    @property
    def ticks(self) -> int:
        """Ticks of all episodes."""
        return sum(e.length for e in self.episodes)

    @property
    def holds(self) -> int:
        """Held ticks of all episodes."""
        return sum(e.holds for e in self.episodes)

    @property
    def spikes_per_tick(self) -> float:
        """Mean number of spikes in a tick."""
        return sum(e.spikes for e in self.episodes) / max(self.ticks, 1)

    @property
    def synops_per_tick(self) -> float:
        """Mean number of synaptic operations in a tick."""
        return sum(e.synops for e in self.episodes) / max(self.ticks, 1)

    @property
    def deadlines(self) -> Deadlines:
        """Of all episodes."""
        return reduce(add, (e.deadlines for e in self.episodes), Deadlines())

    @property
    def late_stages(self) -> dict[str, int]:
        """Missed deadlines of all episodes by the stage that took longest, the worst first."""
        total: Counter[str] = Counter()
        for episode in self.episodes:
            total.update(episode.late_stages)
        return dict(total.most_common())

    @property
    def stopped(self) -> str:
        """Why the guard ended the run; empty if it did not."""
        return self.episodes[-1].stopped if self.episodes else ""

    @property
    def physics_errors(self) -> tuple[str, ...]:
        """Messages of the episodes that a broken simulation ended."""
        return tuple(e.physics_error for e in self.episodes if e.physics_error)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; times in seconds, what is not finite becomes None."""
        deadlines = self.deadlines
        return {
            "return_mean": plain(self.return_mean),
            "return_std": plain(self.return_std),
            "returns": plain(self.returns),
            "episodes": len(self.returns),
            "seed": self.seed,
            "ticks": self.ticks,
            "spikes_per_tick": self.spikes_per_tick,
            "synops_per_tick": self.synops_per_tick,
            "overruns": deadlines.misses,
            "skipped": deadlines.skipped,
            "worst_lateness": deadlines.worst_lateness,
            "late_stages": self.late_stages,
            "holds": self.holds,
            "stopped": self.stopped,
            "physics_errors": list(self.physics_errors),
            "interrupted": self.interrupted,
            "timing": {name: asdict(stage) for name, stage in self.timing.items()},
            "learning": None if self.learning is None else self.learning.to_dict(),
        }
