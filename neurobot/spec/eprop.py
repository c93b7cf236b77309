"""E-prop: gradients of a recurrent network, forward in time, from what a synapse and its neuron know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neurobot.spec.check import Problems, normalise
from neurobot.spec.learning import Learning

Feedback: TypeAlias = Literal["symmetric", "random"]
Loss: TypeAlias = Literal["squared", "cross_entropy"]
Descent: TypeAlias = Literal["plain", "adam"]
PseudoDerivative: TypeAlias = Literal["fast_sigmoid", "atan", "triangular", "rectangular", "sigmoid"]
"""The words of `neurobot.train.surrogate_names`, and what they mean there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EProp(Learning):
    """E-prop (Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass, Nature Communications 11, 2020).

        e_ij = psi_j (x_i - a_ij);  a_ij <- rho_j (a_ij + beta_j e_ij), of ALIF only
        L_j = gate sum over k of B_jk (y_k - target_k)
        g_ij += L_j F(e_ij) + rate_reg (r_j - target_rate dt) e_ij;    w_ij -= rate g_ij

    x_i is what an arrival at i does to v of a neuron whose weight is 1, which decays as v does; psi_j = gamma times the
    surrogate's derivative at v - threshold, 0 while a neuron is refractory; a_ij is what the adaptive threshold does. F
    is the filter of the read-out y, an LI population, whose neurons may be as many as wanted. r_j is a running mean of
    spikes a step. Of a projection that ends at the read-out itself g_ij += gate (y_i - target_i) F(spikes). The reset
    is taken as given, as in the paper. Where spikes reach the read-out within their step, B is symmetric and neurons
    have no other way to each other, g is the gradient of sum over steps and k of (y_k - target_k)^2 / 2.

    Weights change by the g of each control tick (of each step in a network alone), of each `interval`, or, with
    `episodes`, of whole episodes, at `Controller.end`: that is the paper's batch form.

    Postsynaptic neurons are LIF or ALIF (without adaptation current) that are reset by subtraction, share tau_mem and r
    and take spikes as ``current`` or ``jump``; or they are the read-out. `w_min` and `w_max` are wide.

    Args:
        readout: name of an LI population, y.
        target: name of an LI population of the same size, what y is to be. It is a population as any other: currents
            into it are the target itself where its tau_mem is short against dt, spikes into it a filtered one.
        gate: name of an LI population of one neuron, whose v multiplies the learning signal: when the target counts,
            or how much, as a neuromodulator would say. None is 1.
        feedback: B. ``symmetric`` is the weights from the postsynaptic population to the read-out as they are now,
            ``random`` is drawn once, N(0, feedback_std).
        feedback_std: see there.
        feedback_seed: of what is drawn.
        loss: ``squared``, or ``cross_entropy``, where softmax(y) takes the place of y in L.
        surrogate: form of the pseudo-derivative.
        slope: its steepness [1 / unit of v]; None is 1 / v_threshold, the paper's.
        gamma: its height, the paper's dampening factor.
        rate_reg: strength of the regulariser of rates.
        target_rate: what it pulls them to [Hz].
        tau_rate: time constant of r [s]. r survives a reset.
        descent: ``plain`` or ``adam`` (Kingma & Ba, ICLR 2015; its means survive a reset).
        beta_1: decay of Adam's mean, each time weights change.
        beta_2: decay of its mean square.
        epsilon: of Adam.
        episodes: weights change at the end of every so many episodes, by the mean of their g; 0 changes them online.
    """

    readout: str
    target: str
    gate: str | None = None
    feedback: Feedback = "symmetric"
    feedback_std: float = 1.0
    feedback_seed: int = 0
    loss: Loss = "squared"
    surrogate: PseudoDerivative = "triangular"
    slope: float | None = None
    gamma: float = 0.3
    rate_reg: float = 0.0
    target_rate: float = 10.0
    tau_rate: float = 1.0
    descent: Descent = "plain"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    episodes: int = 0
    rate: float = 1e-3
    w_min: float = -1e3
    w_max: float = 1e3

    def __post_init__(self) -> None:
        normalise(self, "feedback_std", "slope", "gamma", "rate_reg", "target_rate", "tau_rate")
        normalise(self, "beta_1", "beta_2", "epsilon")
        problems = Problems("EProp")
        for name in ("readout", "target", *(() if self.gate is None else ("gate",))):
            given = getattr(self, name)
            if not isinstance(given, str) or not given:
                problems.add(f"{name} is {given!r}, it must be the name of a population")
        for name, words in (("feedback", Feedback), ("loss", Loss), ("surrogate", PseudoDerivative)):
            problems.choice(name, getattr(self, name), get_args(words))
        problems.choice("descent", self.descent, get_args(Descent))
        problems.seed(self.feedback_seed)
        problems.count("episodes", self.episodes, low=0)
        for name in ("feedback_std", "gamma", "rate_reg", "target_rate"):
            problems.number(name, getattr(self, name), low=0.0)
        for name in ("tau_rate", "epsilon", *(() if self.slope is None else ("slope",))):
            problems.number(name, getattr(self, name), above=0.0)
        for name in ("beta_1", "beta_2"):
            problems.number(name, getattr(self, name), low=0.0, high=1 - 2.0**-20)
        if self.episodes and self.interval is not None:
            problems.add("an interval is given and episodes too; weights change by the one or by the other")
        self.check(problems, soft=False)
        problems.done()
