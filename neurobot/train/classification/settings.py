"""Settings of classification; what they mean is done in `neurobot.train.classification.run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from neurobot.spec.check import Problems
from neurobot.train.supervised.settings import Learning

if TYPE_CHECKING:
    from neurobot.train.method import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify:
    """Classification: tell what is seen, by cross-entropy on labelled episodes.

    A data set is an environment whose info says the right answer, `label`; its action is the answer. Where it has a
    setting `split`, it is learned from "train" and chosen by "validation", so that "test" remains for `neurobot eval`.

    Args:
        iterations: the budget, of `learning.steps` each.
        examples: episodes to learn from.
        tests: episodes of an evaluation, which are not learned from; the program with the best one is kept.
        learning: how to learn.
        evaluate_every: iterations between evaluations.
        threads: of the physics, 0 is one a core.
    """

    method: ClassVar[str] = "classify"
    engines: ClassVar[tuple[str, ...]] = ("local",)
    may_change: ClassVar[tuple[str, ...]] = ("iterations", "threads")

    iterations: int
    examples: int = 4000
    tests: int = 1000
    learning: Learning = field(default_factory=Learning)
    evaluate_every: int = 1
    threads: int = 0

    def __post_init__(self) -> None:
        problems = Problems("classify")
        for name in ("iterations", "examples", "tests", "evaluate_every"):
            problems.count(name, getattr(self, name))
        problems.count("threads", self.threads, low=0)
        problems.done()

    def begin(self, job: Job) -> Run:
        """A run that has not begun.

        Raises:
            EnvError: an unknown task, or one that does not fit the program.
            SpecError: a program without gradients.
            TrainingError: an environment without labels, or a decoder of choices without a gradient, or of numbers.
        """
        from neurobot.train.classification.run import Classification

        return Classification(job, self)
