"""What all learning rules have in common: a rate, bounds, and a sum that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neurobot.spec.check import Problems, normalise

Pairing: TypeAlias = Literal["all", "nearest"]
Bounding: TypeAlias = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Options of every rule.

    Hard bounds cut a weight off at w_min and w_max. With soft ones (Guetig, Aharonov, Rotter & Sompolinsky, J.
    Neurosci. 23, 2003) what strengthens a synapse is multiplied by (1 - u)^mu_plus and what weakens it by u^mu_minus,
    where u goes from 0 at the weakest to 1 at the strongest; exponents of 0 give additive rules, of 1 multiplicative
    ones.

    Args:
        rate: learning rate, a factor of every change.
        w_min: least weight.
        w_max: largest weight; 0 or less for weights that inhibit by their sign.
        bounds: ``hard`` or ``soft``.
        mu_plus: exponent where a synapse is made stronger, with soft bounds.
        mu_minus: exponent where it is made weaker.
        row_sum: what the sizes of the weights that end at one neuron add up to: they are multiplied to do so every
            `interval`, then cut off at the bounds. None leaves them.
        interval: time between updates of all weights at once [s], a multiple of dt: of `row_sum`, `Homeostasis` and
            `Dopamine`. None is once a control tick, in the first step of it, or every step of a network alone.
    """

    rate: float = 1.0
    w_min: float = 0.0
    w_max: float = 1.0
    bounds: Bounding = "hard"
    mu_plus: float = 1.0
    mu_minus: float = 1.0
    row_sum: float | None = None
    interval: float | None = None

    def check(self, problems: Problems, soft: bool = True) -> None:
        """Note what is wrong with the options; `soft` says whether the rule has soft bounds."""
        normalise(self, "rate", "w_min", "w_max", "mu_plus", "mu_minus", "row_sum", "interval")
        before = len(problems.found)
        for name in ("rate", "mu_plus", "mu_minus"):
            problems.number(name, getattr(self, name), low=0.0)
        for name in ("w_min", "w_max"):
            problems.number(name, getattr(self, name))
        for name in ("row_sum", "interval"):
            if getattr(self, name) is not None:
                problems.number(name, getattr(self, name), above=0.0)
        problems.choice("bounds", self.bounds, get_args(Bounding))
        if hasattr(self, "pairing"):
            problems.choice("pairing", self.pairing, get_args(Pairing))
        if len(problems.found) > before:
            return
        if not self.w_min < self.w_max:
            problems.add(f"w_min is {self.w_min:g} and w_max {self.w_max:g}; w_min must be less")
        if self.bounds == "soft" and not soft:
            problems.add(f"{type(self).__name__} has hard bounds only")
        if self.row_sum is not None and self.w_min < 0 < self.w_max:
            problems.add("row_sum needs weights of one sign: a w_min of at least 0, or a w_max of at most 0")
