"""Neuromodulators: the third factor M of `RewardSTDP`, and when it acts.

The reward of a tick is what its caller delivers with the observation, before the first step. Of a network alone every
step is a tick. The reward of an episode's first tick pays for nothing yet, and does not count but for `Dopamine`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from neurobot.spec.check import Problems, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """M = r - mean(r), once a tick (Williams, Mach. Learn. 8, 1992; Fremaux & Gerstner, Front. Neural Circ. 9, 2016).

    The mean is one of the rewards before, weighted by exp(-age / tau), divided by the sum of the weights, so that the
    first reward is not measured against 0 but has no effect. Each projection has its own. It survives a reset.

    Args:
        baseline_tau: tau [s]; None is M = r.
    """

    baseline_tau: float | None = None

    def __post_init__(self) -> None:
        normalise(self, "baseline_tau")
        problems = Problems("Reward")
        if self.baseline_tau is not None:
            problems.number("baseline_tau", self.baseline_tau, above=0.0)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dopamine:
    """A concentration that rewards raise (Izhikevich, Cerebral Cortex 17, 2007, eq. 1 to 3).

        d phi / dt = -phi / tau_d + reward delta(t);    dw / dt = rate e (phi + baseline)

    Every `interval` of the rule this is integrated over the interval to come, with e and phi as they decay without
    spikes: exact where the interval is one step; over longer ones spikes count from the next update on.
    ``rate`` is per second. Izhikevich's program has tau_d=0.2, baseline=0.002, tau_e=1.0, interval=0.01, rate=100.
    The concentration is cleared by a reset; what it would still have done after the last tick is done by
    `Controller.end`.

    Args:
        tau_d: time constant of the concentration [s].
        baseline: tonic level, added to the concentration.
    """

    tau_d: float = 0.2
    baseline: float = 0.0

    def __post_init__(self) -> None:
        normalise(self, "tau_d", "baseline")
        problems = Problems("Dopamine")
        problems.number("tau_d", self.tau_d, above=0.0)
        problems.number("baseline", self.baseline)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class TDError:
    """M = r + discount V' - V, once a tick (Sutton, Machine Learning 3, 1988).

    V is the mean membrane potential of a population, a small critic that learns by the same M: its own projections have
    ``RewardSTDP(A_pre=1, A_plus=0, A_minus=0, modulator=TDError(...))``. V' is the value of the observation that came
    with the reward r, so M is known, and acts, at the start of the tick after it. After an episode's last reward, at
    `Controller.end`, V' is 0 where the episode terminated. Where it was truncated it would have gone on, but no tick
    will see its next observation: V' is then V, the last value there is.

    Args:
        critic: name of the population, LI or any with a membrane.
        discount: factor of the next value, per tick, in [0, 1].
    """

    critic: str
    discount: float = 0.99

    def __post_init__(self) -> None:
        normalise(self, "discount")
        problems = Problems("TDError")
        problems.number("discount", self.discount, low=0.0, high=1.0)
        if not isinstance(self.critic, str) or not self.critic:
            problems.add(f"critic is {self.critic!r}, it must be the name of a population")
        problems.done()


Modulator: TypeAlias = Reward | Dopamine | TDError
