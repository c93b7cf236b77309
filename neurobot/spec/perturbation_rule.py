"""Learning by noise in the weights themselves: a weight goes to where it happened to be while things went well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from neurobot.spec.check import Problems, normalise
from neurobot.spec.learning import Learning
from neurobot.spec.modulators import Modulator, Reward, TDError


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightPerturbation(Learning):
    """Synapses transmit w + xi, and w follows the noise that was there when a reward came.

        d xi_ij / dt = -xi_ij / tau + std sqrt(2 / tau) white noise
        de_ij / dt = -e_ij / tau_e, and once a tick e_ij += xi_ij
        w_ij += rate M e_ij

    xi is drawn anew once a control tick, in every step of a network alone. On average w climbs the gradient of the
    reward, whatever is between the two: neurons that do not spike, a body, a broken motor. (Jabri & Flower, IEEE Trans.
    Neural Networks 3, 1992; noise that goes on with an eligibility: Fiete & Seung, PRL 97, 2006; how it compares with
    noise in neurons: Zuge, Klos & Memmesheimer, PRX 13, 2023.) What is seen, saved and bounded is w, without the noise.
    With `learn` off there is no noise. xi and e are cleared by a reset.

    With `usual` there is only as much noise as reward is lacking, since who does well has little to look for (Pekny,
    Izawa & Shadmehr, J. Neurosci. 35, 2015; Dhawale, Miyamoto, Smith & Olveczky, Current Biology 29, 2019, who found
    that variability of movements follows the rewards of late): the standard deviation is that share of `std` by which
    the running mean of rewards is below `usual`,

        a std,    a = 1 - mean(r) / usual, within [0, 1]

    The mean is `usual` at first, and survives a reset.

    Args:
        std: standard deviation of xi, in units of the weight.
        tau: time constant of xi [s]; 0 is noise that is independent from tick to tick.
        tau_e: time constant of e [s]; 0 keeps it for one tick.
        usual: reward of a tick while nothing is wrong, above 0; None is a = 1.
        tau_mean: time constant of that mean [s].
        modulator: `Reward` or `TDError`.
    """

    std: float
    tau: float = 0.0
    tau_e: float = 0.0
    usual: float | None = None
    tau_mean: float = 10.0
    modulator: Modulator = field(default_factory=Reward)

    def __post_init__(self) -> None:
        normalise(self, "std", "tau", "tau_e", "usual", "tau_mean")
        problems = Problems("WeightPerturbation")
        problems.number("std", self.std, above=0.0)
        for name in ("tau", "tau_e"):
            problems.number(name, getattr(self, name), low=0.0)
        problems.number("tau_mean", self.tau_mean, above=0.0)
        if self.usual is not None:
            problems.number("usual", self.usual, above=0.0)
        if not isinstance(self.modulator, Reward | TDError):
            known = ", ".join(m.__name__ for m in get_args(Modulator) if m in (Reward, TDError))
            problems.add(f"modulator is {self.modulator!r}, it must be one of {known}")
        if self.interval is not None:
            problems.add(f"interval is {self.interval!r}, and weights are perturbed once a tick; leave it out")
        self.check(problems)
        problems.done()
