"""Settings of learning from examples; what they mean is done in `neurobot.train.supervised.learner`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from neurobot.spec.check import Problems
from neurobot.train.surrogate_names import SurrogateName


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Surrogate gradients and Adam.

    Args:
        steps: of Adam in an iteration.
        batch: ticks in a step with carry = 0, where no tick knows of another; windows where state carries over.
        rate: learning rate.
        late_rate: its share from `late` on.
        late: share of the budget after which the rate is lower.
        window: ticks of a window that count.
        lead: ticks ahead of a window that bring the state to where it would be, and do not count; fewer where the
            episode begins, and there they count.
        variables: what is trained, of `neurobot.train.surrogate.parameters.GROUPS` and `encoding.GROUPS`.
        surrogate: what stands for the derivative of a spike, see `neurobot.train.surrogate.surrogates`.
        slope: of the surrogate [1 / unit of v].
        clip: bound on the length of a gradient; None is without.
        sparse: strength of the penalty on firing rates, see `neurobot.train.surrogate.rate_penalty`.
        most: rate from which on it is felt, as a share of steps.
    """

    steps: int = 400
    batch: int = 128
    rate: float = 1e-3
    late_rate: float = 0.3
    late: float = 0.6
    window: int = 24
    lead: int = 8
    variables: tuple[str, ...] = ("weights", "b")
    surrogate: SurrogateName = "rectangular"
    slope: float = 1.0
    clip: float | None = None
    sparse: float = 0.0
    most: float = 0.1

    def __post_init__(self) -> None:
        problems = Problems("learning")
        for name in ("steps", "batch", "window"):
            problems.count(name, getattr(self, name))
        problems.count("lead", self.lead, low=0)
        for name in ("rate", "slope"):
            problems.number(name, getattr(self, name), above=0.0)
        problems.number("late_rate", self.late_rate, above=0.0, high=1.0)
        for name in ("late", "most"):
            problems.number(name, getattr(self, name), low=0.0, high=1.0)
        problems.number("sparse", self.sparse, low=0.0)
        problems.choice("surrogate", self.surrogate, get_args(SurrogateName))
        if self.clip is not None:
            problems.number("clip", self.clip, above=0.0)
        if not self.variables:
            problems.add("variables is empty; name what is trained, e.g. weights and b")
        problems.done()

    def rate_at(self, share: float) -> float:
        """The learning rate where `share` of the budget is used."""
        return self.rate * (self.late_rate if share >= self.late else 1.0)
