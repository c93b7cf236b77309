"""What a way to train plugs into: settings that begin a run, and a run that goes on step by step.

A way to train is one entry in `neurobot.train.methods`: a frozen dataclass, whose fields are the keys of a launch
file's ``[train]``, with a `begin` that makes a `Run`. What all of them have in common (folder, checkpoints, events,
progress, Ctrl-C, going on where it stopped) is done once, in `neurobot.train.runs.drive`. A run touches no files.

For a run that was resumed to equal one that was not, everything that a step depends on has to follow from the job, the
settings and `Run.state`, and nothing from the clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from neurobot.train.budget import CpuClock
from neurobot.train.engines.engine import Engine

if TYPE_CHECKING:
    from neurobot.config import EnvConfig
    from neurobot.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be trained.

    Args:
        program: where to start.
        env: the environment; `neurobot.train.environments` makes batches of it.
        seed: of all chance in the run.
        clock: CPU time so far.
        engine: where to work; the numbers do not depend on it.
    """

    program: Program
    env: EnvConfig
    seed: int
    clock: CpuClock = field(default_factory=CpuClock)
    engine: Engine = field(default_factory=Engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a step of training says of itself; names end in their unit, where there is one.

    Args:
        steps: environment steps since the beginning; 0 where there is no environment.
        numbers: of this step: ``return_mean``, ``loss``, ``accuracy``, ``spikes_per_tick``, ...; NaN where unknown.
        evaluation: the same for the program as it would be kept, on what training does not see: ``return_mean``,
            ``return_std``, ...; None if there was none in this step. A checkpoint is saved after each.
    """

    steps: int
    numbers: Mapping[str, float]
    evaluation: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes in a run, as it stands in a checkpoint.

    Args:
        arrays: by name.
        data: whatever JSON can say; integers of any size, so states of generators too.
    """

    arrays: Mapping[str, np.ndarray]
    data: Mapping[str, Any]


class Run(ABC):
    """A training that goes on.

    Attributes:
        unit: what a step is called, e.g. ``generation``.
        score: what `best` is called, e.g. ``return``.
        atomic: whether `state` is that of the last whole step even after an exception in the middle of the next.
        best: the best evaluation so far, or NaN.
    """

    unit: ClassVar[str]
    score: ClassVar[str]
    atomic: ClassVar[bool] = False
    best: float

    @abstractmethod
    def share(self) -> float:
        """How much of the budget is used, 0 to 1; the run ends at 1."""

    @abstractmethod
    def step(self) -> Report:
        """The next piece of work: long enough to be worth a line in a log, short enough to wait for after Ctrl-C."""

    @abstractmethod
    def state(self) -> State:
        """Everything that changes, between two steps. It is written to a file at once, so it need not be a copy."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go back to a state of the same job and settings."""

    @abstractmethod
    def program(self) -> Program:
        """The best program so far, or the one as it is where none has been evaluated."""

    def results(self) -> Mapping[str, Any]:
        """Of the best evaluation, what no number says, as JSON can say it; written into the run's folder."""
        return {}

    def finish(self) -> Report | None:
        """After the last step: evaluate what has not been; None if there is nothing to do."""
        return None

    def close(self) -> None:  # noqa: B027 (most have nothing to close)
        """Give up threads, processes and environments."""


class Settings(Protocol):
    """Settings of a way to train: a frozen dataclass; its module imports nothing heavy before `begin` is called.

    Attributes:
        method: its word in ``[train] method``.
        engines: names of the engines it can work on, see `neurobot.train.engines.engine.Engine`.
        may_change: fields that a resumed run may change: budgets, and what the numbers do not depend on.
    """

    method: ClassVar[str]
    engines: ClassVar[tuple[str, ...]]
    may_change: ClassVar[tuple[str, ...]]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def begin(self, job: Job) -> Run:
        """A run that has not begun; what has to be compiled is, because CPU time counts from here.

        Raises:
            NeurobotError: the job cannot be trained in this way; nothing has been written yet.
        """
