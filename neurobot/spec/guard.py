"""What the guard of a control loop tolerates, and for how long; what it does is in `neurobot.loop.guard`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neurobot.spec.check import Problems

Overrun: TypeAlias = Literal["skip", "hold", "safe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSpec:
    """When a loop holds its last safe action, and when it gives up and brings the robot to rest.

    Args:
        hold_for: how long a fault may last, held [s]; after that the actions go to rest, and stay there.
        stale_after: an observation that is older counts as none [s]; None is three control periods.
        frozen: an observation that has not changed by one bit for so long counts as none [s]; None does not look.
        frozen_index: entries of the observation that are watched for it, each by itself; None is all of them together.
        silence: hold after so long without a spike of the decoded neurons, or of any where those do not spike [s];
            None does not look.
        runaway: hold when neurons fire more than this share of what they may, in (0, 1]; None does not look.
        runaway_for: for so long [s].
        dead_man: hold after so long without a sign of life of whoever holds the switch [s]; None has no switch.
        overrun: after a missed deadline: ``skip`` to the next point of the grid and go on, ``hold`` for a tick, or
            ``safe``, to rest.
        max_misses: to rest after so many missed deadlines in a row; None is never.
    """

    hold_for: float = 0.5
    stale_after: float | None = None
    frozen: float | None = None
    frozen_index: tuple[int, ...] | None = None
    silence: float | None = None
    runaway: float | None = None
    runaway_for: float = 0.1
    dead_man: float | None = None
    overrun: Overrun = "skip"
    max_misses: int | None = 100

    def __post_init__(self) -> None:
        problems = Problems("guard")
        problems.number("hold_for", self.hold_for, low=0.0)
        problems.number("runaway_for", self.runaway_for, low=0.0)
        for name in ("stale_after", "frozen", "silence", "dead_man"):
            if getattr(self, name) is not None:
                problems.number(name, getattr(self, name), above=0.0)
        if self.runaway is not None:
            problems.number("runaway", self.runaway, above=0.0, high=1.0)
        if self.max_misses is not None:
            problems.count("max_misses", self.max_misses)
        problems.choice("overrun", self.overrun, get_args(Overrun))
        self._check_index(problems)
        problems.done()

    def _check_index(self, problems: Problems) -> None:
        if self.frozen_index is None:
            return
        if not isinstance(self.frozen_index, tuple) or not self.frozen_index:
            problems.add(f"frozen_index is {self.frozen_index!r}, it must be a list of entries of the observation")
            return
        for k, entry in enumerate(self.frozen_index):
            problems.count(f"frozen_index[{k}]", entry, low=0)
        if self.frozen is None:
            problems.add("frozen_index is given and frozen is not; give the time after which they are frozen")
