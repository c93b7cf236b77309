"""Settings of TD3; what they mean is done in `neurobot.train.td3.run`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

from neurobot.spec.check import Problems
from neurobot.train.budget import check_budget
from neurobot.train.surrogate_names import SurrogateName

if TYPE_CHECKING:
    from neurobot.train.method import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TD3:
    """TD3 with a spiking actor: learns from every step it ever made; for actions that are numbers.

    Critics may say quantiles of what an action is worth, as those of TQC, see `neurobot.train.td3.targets`.

    Args:
        steps: the budget, environment steps; None is without bound.
        core_minutes: process CPU time [min], another budget; None is without bound.
        num_envs: environments side by side; as many updates follow each of their steps.
        round_ticks: ticks of each environment in a round; every round begins with new episodes.
        start_steps: steps with random actions before anything is learned.
        replay: transitions that are remembered.
        batch: transitions of an update.
        actor_rate: learning rate of the actor.
        critic_rate: learning rate of the critics.
        hidden: neurons of the critics' hidden layers.
        layer_norm: whether the critics' hidden layers are normalised, which keeps them from promising too much for
            actions that were never tried.
        quantiles: numbers that each of the two critics says of what an action is worth; 1 is the mean.
        dropped: how many of the highest numbers of both are left out of what is next worth; with 1 of 2 means the lower
            one counts.
        discount: what a reward is worth one step later.
        tau: share of the critics that goes over into the targets in an update.
        target_actor: whether an average of the actor, which follows it as the targets do the critics, says what is done
            next, is evaluated and kept; else it does so itself.
        policy_delay: updates of the critics for each of the actor.
        noise: standard deviation of what is added to actions while exploring, in half ranges of the action.
        smoothing: standard deviation of the noise on actions in targets.
        smoothing_clip: its bound.
        normalize_until: steps after which the normaliser of observations is frozen; None is never. Too early and it
            fits only what random actions do.
        observation_clip: bound on normalised observations that critics see.
        surrogate: derivative of a spike.
        slope: of the surrogate.
        train: what is trained of the actor, see `neurobot.train.surrogate.Stack`.
        rate_cost: of firing more than `rate_target`, as a share of what actions are worth; 0 is for free.
        rate_target: share of the steps in which a neuron may fire without a cost.
        evaluate_every: rounds between evaluations of the actor without noise.
        episodes: of an evaluation; the program with the best evaluation is kept.
    """

    method: ClassVar[str] = "td3"
    engines: ClassVar[tuple[str, ...]] = ("local",)
    may_change: ClassVar[tuple[str, ...]] = ("steps", "core_minutes")

    steps: int | None = None
    core_minutes: float | None = None
    num_envs: int = 8
    round_ticks: int = 1000
    start_steps: int = 10_000
    replay: int = 1_000_000
    batch: int = 128
    actor_rate: float = 3e-4
    critic_rate: float = 5e-4
    hidden: tuple[int, ...] = (192, 192)
    layer_norm: bool = False
    quantiles: int = 1
    dropped: int = 1
    discount: float = 0.99
    tau: float = 0.005
    target_actor: bool = False
    policy_delay: int = 2
    noise: float = 0.1
    smoothing: float = 0.2
    smoothing_clip: float = 0.5
    normalize_until: int | None = 60_000
    observation_clip: float = 10.0
    surrogate: SurrogateName = "rectangular"
    slope: float = 1.0
    train: tuple[str, ...] = ("weights", "b")
    rate_cost: float = 1.0
    rate_target: float = 0.1
    evaluate_every: int = 5
    episodes: int = 10

    def __post_init__(self) -> None:
        problems = Problems("td3")
        counts = (
            "num_envs",
            "round_ticks",
            "replay",
            "batch",
            "quantiles",
            "policy_delay",
            "evaluate_every",
            "episodes",
        )
        for name in counts:
            problems.count(name, getattr(self, name))
        for name in ("start_steps", "dropped"):
            problems.count(name, getattr(self, name), low=0)
        for name in ("actor_rate", "critic_rate", "observation_clip", "slope"):
            problems.number(name, getattr(self, name), above=0.0)
        for name in ("discount", "tau", "rate_target"):
            problems.number(name, getattr(self, name), low=0.0, high=1.0)
        for name in ("noise", "smoothing", "smoothing_clip", "rate_cost"):
            problems.number(name, getattr(self, name), low=0.0)
        if not self.hidden:
            problems.add("hidden is empty, a critic has one hidden layer or more")
        for k, n in enumerate(self.hidden):
            problems.count(f"hidden[{k}]", n)
        if not self.train:
            problems.add("train is empty, name what is trained, e.g. 'weights'")
        problems.choice("surrogate", self.surrogate, get_args(SurrogateName))
        if self.normalize_until is not None:
            problems.count("normalize_until", self.normalize_until, low=0)
        if not problems.found and self.num_envs % self.policy_delay:
            problems.add(f"num_envs is {self.num_envs}, it must be a multiple of policy_delay = {self.policy_delay}")
        if not problems.found and self.replay < self.batch:
            problems.add(f"replay is {self.replay}, it must hold a batch = {self.batch}")
        if not problems.found and self.dropped >= 2 * self.quantiles:
            problems.add(f"dropped is {self.dropped}, something must be left of 2 critics x {self.quantiles} quantiles")
        check_budget(problems, "steps", self.steps, self.core_minutes)
        problems.done()

    def begin(self, job: Job) -> Run:
        """A run that has not begun.

        Raises:
            EnvError: an unknown task, or one that does not fit the program.
            SpecError: the program has something without a gradient.
            TrainingError: the program cannot be an actor of TD3.
        """
        from neurobot.train.td3.run import TD3Run

        return TD3Run(job, self)
