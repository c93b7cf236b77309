"""Settings of evolution; what they mean is done in `neurobot.train.evolution.run`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from neurobot.spec.check import Problems
from neurobot.train.budget import check_budget

if TYPE_CHECKING:
    from neurobot.train.method import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolve:
    """Evolution strategies: no gradients, only returns.

    Args:
        algorithm: ``es`` or ``ars``.
        pairs: antithetic pairs a generation; 2 x pairs episodes.
        sigma: standard deviation of the noise, in units of the weights.
        learning_rate: of Adam (es), or the step size (ars).
        final_rate: learning rate at the end of the budget, as a share of the first; it falls linearly.
        top: pairs that count, with ars; None is all.
        alive_bonus: taken off the fitness for every tick, so that standing still does not pay.
        horizon: ticks of an episode at the start of the budget; it grows with the square of the budget's used share
            to the task's own length. Short episodes buy generations while there is much to learn. None is the full
            length throughout.
        weight_decay: share of the parameters that is lost in a step.
        train_biases: whether the neurons' biases are searched as well as the weights.
        generations: the budget; None is without bound.
        core_minutes: process CPU time [min], another budget; None is without bound.
        evaluate_every: generations between evaluations of the unperturbed program.
        episodes: of an evaluation; the program with the best evaluation is kept.
        threads: of the physics, 0 is one a core; on a cluster every worker has one.
    """

    method: ClassVar[str] = "evolve"
    engines: ClassVar[tuple[str, ...]] = ("local", "ray")
    may_change: ClassVar[tuple[str, ...]] = ("generations", "core_minutes", "threads")

    algorithm: Literal["es", "ars"] = "es"
    pairs: int = 16
    sigma: float = 0.1
    learning_rate: float = 0.02
    final_rate: float = 1.0
    top: int | None = None
    alive_bonus: float = 0.0
    horizon: int | None = None
    weight_decay: float = 0.0
    train_biases: bool = True
    generations: int | None = None
    core_minutes: float | None = None
    evaluate_every: int = 20
    episodes: int = 8
    threads: int = 0

    def __post_init__(self) -> None:
        problems = Problems("evolve")
        problems.choice("algorithm", self.algorithm, ("es", "ars"))
        for name in ("pairs", "evaluate_every", "episodes"):
            problems.count(name, getattr(self, name))
        problems.count("threads", self.threads, low=0)
        for name in ("sigma", "learning_rate"):
            problems.number(name, getattr(self, name), above=0.0)
        problems.number("final_rate", self.final_rate, low=0.0, high=1.0)
        problems.number("weight_decay", self.weight_decay, low=0.0, high=1.0)
        problems.number("alive_bonus", self.alive_bonus)
        if self.horizon is not None:
            problems.count("horizon", self.horizon)
        if self.top is not None:
            problems.count("top", self.top)
            if not problems.found and self.top > self.pairs:
                problems.add(f"top is {self.top}, at most pairs = {self.pairs}")
        check_budget(problems, "generations", self.generations, self.core_minutes)
        problems.done()

    def begin(self, job: Job) -> Run:
        """A run that has not begun.

        Raises:
            EnvError: an unknown task, or one that does not fit the program.
            TrainingError: the program has nothing to search.
        """
        from neurobot.train.evolution.run import Evolution

        return Evolution(job, self)
