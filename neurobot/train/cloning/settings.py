"""Settings of cloning; what they mean is done in `neurobot.train.cloning.run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from neurobot.spec.check import Problems
from neurobot.train.budget import check_budget
from neurobot.train.supervised.settings import Learning

if TYPE_CHECKING:
    from neurobot.train.method import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """Cloning: do as an expert does, in the states that one gets oneself into (DAgger).

    The first iteration watches the expert. In each later one the program drives, the expert says what it would have
    done, and all that was seen so far is learned from: Ross, Gordon & Bagnell, "A reduction of imitation learning and
    structured prediction to no-regret online learning" (2011). With ``episodes = 0`` it is plain behaviour cloning.

    Args:
        expert: ``auto`` for the one that ships for the environment, a name of `neurobot.train.experts.names`, a
            program (.safetensors), or the folder of a recording, from which there is no more to learn than it holds.
        iterations: the budget; None is without bound.
        core_minutes: process CPU time [min], another budget; None is without bound.
        watched: episodes of the expert in the first iteration.
        episodes: that the program drives in every later one.
        horizon: ticks of these episodes at most; None is their full length. Where the way from the start is what is
            hard, many short episodes teach more than a few long ones. An evaluation's are always whole.
        learning: how to learn from what was seen.
        evaluate_every: iterations between evaluations.
        evaluation_episodes: of an evaluation; the program with the best one is kept, of equals the last.
        threads: of the physics, 0 is one a core.
    """

    method: ClassVar[str] = "clone"
    engines: ClassVar[tuple[str, ...]] = ("local",)
    may_change: ClassVar[tuple[str, ...]] = ("iterations", "core_minutes", "threads")

    expert: str = "auto"
    iterations: int | None = None
    core_minutes: float | None = None
    watched: int = 4
    episodes: int = 4
    horizon: int | None = None
    learning: Learning = field(default_factory=Learning)
    evaluate_every: int = 1
    evaluation_episodes: int = 10
    threads: int = 0

    def __post_init__(self) -> None:
        problems = Problems("clone")
        for name in ("watched", "evaluate_every", "evaluation_episodes"):
            problems.count(name, getattr(self, name))
        for name in ("episodes", "threads"):
            problems.count(name, getattr(self, name), low=0)
        if self.horizon is not None:
            problems.count("horizon", self.horizon)
        if not self.expert:
            problems.add("expert is empty; give a name, a program or a recording, or leave it out")
        check_budget(problems, "iterations", self.iterations, self.core_minutes)
        problems.done()

    def begin(self, job: Job) -> Run:
        """A run that has not begun.

        Raises:
            EnvError: an unknown task, or one that does not fit the program.
            SpecError: a program without gradients.
            TrainingError: no such expert, or one that does not fit.
        """
        from neurobot.train.cloning.run import Cloning

        return Cloning(job, self)
