"""Noise currents."""

from __future__ import annotations

from dataclasses import dataclass

from neurobot.spec.check import Problems, Values, normalise

MOST_STEPS = 80.0
"""Length of a step in membrane time constants, at most: beyond it nothing of v is left that noise could be added to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A Gaussian current of mean 0 into every neuron of a population, independent of all others.

    It is an Ornstein-Uhlenbeck process, tau dI = -I dt + std sqrt(2 tau) dW, of which every step takes one value and
    holds it: I <- rho I + std sqrt(1 - rho^2) xi with rho = exp(-dt / tau), exact for any dt (Gillespie, Physical
    Review E 54, 1996), and stationary from the first step on. With tau = 0 the values of different steps are
    independent, as of NEST's noise_generator with a dt of one step; mind that the effect of such noise on v depends
    on dt. Like a bias it moves v by (1 - alpha) r I in a step. Where a model is not linear it adds dt I / c_m, or to
    Izhikevich's v dt I (dt in ms), ahead of the step, which is right to the first order of dt.

    It is chance: it follows from the seed, the episode, the step, the population and the neuron. `carry` leaves it
    alone, because it comes from outside.

    Args:
        std: standard deviation, in the unit of the bias; one number or one per neuron.
        tau: correlation time [s]; one number or one per neuron.
    """

    std: Values
    tau: Values = 0.0

    def __post_init__(self) -> None:
        normalise(self, "std", "tau")
        problems = Problems("Noise")
        problems.values("std", self.std, low=0.0)
        problems.values("tau", self.tau, low=0.0)
        problems.done()
