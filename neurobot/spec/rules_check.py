"""Whether a learning rule fits the network around it."""

from __future__ import annotations

from collections.abc import Iterable

from neurobot.errors import near
from neurobot.spec.check import Problems
from neurobot.spec.eprop import EProp
from neurobot.spec.models import Model
from neurobot.spec.modulators import TDError
from neurobot.spec.neuron_models import conductances
from neurobot.spec.neurons import LI, Input
from neurobot.spec.perturbation_rule import WeightPerturbation
from neurobot.spec.rules import LearningRule, RewardSTDP


def check_rule(
    problems: Problems,
    name: str,
    rule: LearningRule,
    post: Model,
    dt: float,
    critic: Model | None,
    names: Iterable[str],
) -> None:
    """Note what does not fit.

    Args:
        problems: of the network.
        name: of the projection.
        rule: its rule.
        post: model of the postsynaptic population.
        dt: length of a step [s].
        critic: model of the critic, where the rule names one that exists.
        names: of all populations.
    """
    kind, where = type(rule).__name__, f"projection {name!r}"
    takes_li = isinstance(rule, EProp | WeightPerturbation) or (isinstance(rule, RewardSTDP) and not rule.needs_spikes)
    if isinstance(post, LI) and not takes_li:
        more = " (with A_plus and A_minus 0 and an A_pre it needs none)" if isinstance(rule, RewardSTDP) else ""
        problems.add(f"{where}: {kind} needs spikes of its postsynaptic neurons, which are LI{more}")
    if conductances(post) and rule.w_min < 0:
        problems.add(
            f"{where}: w_min is {rule.w_min:g}, but weights into {type(post).__name__} are conductances, at least 0"
        )
    if rule.interval is not None:
        problems.steps(f"{where}: interval", rule.interval, dt)
        if rule.interval < 0.5 * dt:
            problems.add(f"{where}: interval is {rule.interval:g} s, it must be at least dt = {dt:g} s")
    if isinstance(rule, RewardSTDP | WeightPerturbation) and isinstance(rule.modulator, TDError):
        if critic is None:
            problems.add(
                f"{where}: there is no population {rule.modulator.critic!r}; {near(rule.modulator.critic, names)}"
            )
        elif isinstance(critic, Input):
            problems.add(f"{where}: the critic {rule.modulator.critic!r} is Input and has no membrane")
