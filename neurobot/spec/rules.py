"""Learning rules: how the weights of a projection change while the network runs.

A spike that leaves neuron i moves its trace x_i when it arrives, one of neuron j moves y_j at once; traces decay
exponentially. In every step, after all populations have updated: traces decay; arrivals change weights by y and move
x; postsynaptic spikes change weights by x and move y. So of two spikes in the same step the arrival is the first.
A trace rises by 1 (``pairing="all"``: every pair of spikes counts) or is set to 1 (``"nearest"``: the last one does).

Weights of synapses that inhibit by a negative sign are bounded by ``w_max=0``; the rule then acts on -w, so that
"stronger" means the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from neurobot.spec.check import Problems, normalise
from neurobot.spec.custom_rule import CustomRule
from neurobot.spec.eprop import EProp
from neurobot.spec.learning import Learning, Pairing
from neurobot.spec.modulators import Dopamine, Modulator, Reward, TDError
from neurobot.spec.perturbation_rule import WeightPerturbation


@dataclass(frozen=True, slots=True, kw_only=True)
class STDP(Learning):
    """Pairs of spikes (Song, Miller & Abbott, Nature Neuroscience 3, 2000).

        arrival at i:  w_ij -= rate A_minus y_j;    spike of j:  w_ij += rate A_plus x_i

    A pair with dt between arrival and spike adds A_plus exp(-dt / tau_plus) where the spike is later, and takes
    A_minus exp(dt / tau_minus) where it is earlier. The defaults are those of the paper for weights from 0 to 1.

    Args:
        A_plus: what a pair adds at most, in units of the weight.
        A_minus: what a pair takes at most.
        tau_plus: time constant of x [s].
        tau_minus: time constant of y [s].
        pairing: ``all`` pairs, or each spike with the ``nearest`` one of the other side.
    """

    A_plus: float = 0.01
    A_minus: float = 0.0105
    tau_plus: float = 20e-3
    tau_minus: float = 20e-3
    pairing: Pairing = "all"

    def __post_init__(self) -> None:
        _check(self, numbers=("A_plus", "A_minus"), taus=("tau_plus", "tau_minus"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TripletSTDP(Learning):
    """Pairs and triplets of spikes (Pfister & Gerstner, J. Neurosci. 26, 2006, eq. 3 and 4).

        arrival at i:  w_ij -= rate y_j (A2_minus + A3_minus x'_i)
        spike of j:    w_ij += rate x_i (A2_plus + A3_plus y'_j)

    x' and y' are slow traces, read before this spike moves them. The defaults are the paper's fit to visual cortex,
    all pairs, full model (also NEST's stdp_triplet_synapse).

    Args:
        A2_plus, A3_plus: what a pair, and a triplet post-pre-post, adds, in units of the weight.
        A2_minus, A3_minus: what a pair, and a triplet pre-post-pre, takes.
        tau_plus, tau_x: time constants of x and x' [s].
        tau_minus, tau_y: time constants of y and y' [s].
        pairing: ``all``, or ``nearest``, where all four traces are set to 1.
    """

    A2_plus: float = 5e-10
    A3_plus: float = 6.2e-3
    A2_minus: float = 7e-3
    A3_minus: float = 2.3e-4
    tau_plus: float = 16.8e-3
    tau_x: float = 101e-3
    tau_minus: float = 33.7e-3
    tau_y: float = 125e-3
    pairing: Pairing = "all"

    def __post_init__(self) -> None:
        numbers = ("A2_plus", "A3_plus", "A2_minus", "A3_minus")
        _check(self, numbers=numbers, taus=("tau_plus", "tau_x", "tau_minus", "tau_y"))


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitorySTDP(Learning):
    """Inhibition that balances excitation (Vogels, Sprekeler, Zenke, Clopath & Gerstner, Science 334, 2011).

        arrival at i:  w_ij += rate (y_j - 2 target tau);    spike of j:  w_ij += rate x_i

    Pairs strengthen a synapse in either order, arrivals alone weaken it, so that the postsynaptic rate goes to target.

    Args:
        target: rate of the postsynaptic neuron [Hz], rho_0 of the paper.
        tau: time constant of both traces [s].
        pairing: ``all``, or ``nearest``.
    """

    target: float
    tau: float = 20e-3
    pairing: Pairing = "all"

    def __post_init__(self) -> None:
        _check(self, numbers=(), taus=("tau", "target"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Homeostasis(Learning):
    """Synaptic scaling (Turrigiano et al., Nature 391, 1998; van Rossum, Bi & Turrigiano, J. Neurosci. 20, 2000).

        dw_ij / dt = rate w_ij (1 - r_j / target)

    with r_j a running mean of the postsynaptic rate. Every `interval` w is multiplied by
    exp(rate interval (1 - r_j / target)); bounds are hard.

    Args:
        target: rate of the postsynaptic neuron [Hz].
        tau: time constant of the running mean [s]. It survives a reset.
    """

    target: float
    tau: float = 1.0

    def __post_init__(self) -> None:
        _check(self, numbers=(), taus=("tau", "target"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardSTDP(Learning):
    """STDP that waits for a reward: pairs move an eligibility e, and a third factor M moves weights by it.

        de_ij / dt = -e_ij / tau_e;    arrival at i:  e_ij += A_pre - A_minus y_j;    spike of j:  e_ij += A_plus x_i
        w_ij += rate M e_ij

    With ``tau_e=0`` and `Reward` this is MSTDP of Florian (Neural Computation 19, 2007, eq. 3.9), e being that of the
    step before; with a tau_e it is MSTDPET (eq. 2.7, 2.8; our rate = his gamma dt / tau_z). With `Dopamine` it is
    Izhikevich's rule (Cerebral Cortex 17, 2007), with `TDError` an actor-critic. What M is, and when weights change,
    is said by the modulator. M of a step meets e as it was at the end of the step before. Florian's constants are the
    defaults. e is cleared by a reset.

    With a `tau_mean` spikes of j are counted against their running mean m_j: in every step e_ij += A_plus x_i (s_j -
    m_j), with s_j 1 where j spikes. This takes away what makes weights drift when M has a mean (Fremaux, Sprekeler &
    Gerstner, J. Neurosci. 30, 2010); m survives a reset.

    Args:
        A_plus: what a pair adds to e at most.
        A_minus: what a pair takes from e at most.
        A_pre: what an arrival adds to e alone. With A_plus and A_minus 0 this is the eligibility of a linear read-out,
            and the postsynaptic population may be LI: so a critic learns.
        tau_plus: time constant of x [s].
        tau_minus: time constant of y [s].
        tau_e: time constant of e [s]; 0 keeps it for one step.
        tau_mean: time constant of m [s]; None does without.
        modulator: `Reward`, `Dopamine` or `TDError`.
        pairing: ``all``, or ``nearest``.
    """

    A_plus: float = 1.0
    A_minus: float = 1.0
    A_pre: float = 0.0
    tau_plus: float = 20e-3
    tau_minus: float = 20e-3
    tau_e: float = 25e-3
    tau_mean: float | None = None
    modulator: Modulator = field(default_factory=Reward)
    pairing: Pairing = "all"

    def __post_init__(self) -> None:
        normalise(self, "tau_e", "tau_mean")
        problems = Problems("RewardSTDP")
        problems.number("tau_e", self.tau_e, low=0.0)
        if self.tau_mean is not None:
            problems.number("tau_mean", self.tau_mean, above=0.0)
        if not isinstance(self.modulator, get_args(Modulator)):
            names = ", ".join(m.__name__ for m in get_args(Modulator))
            problems.add(f"modulator is {self.modulator!r}, it must be one of {names}")
        elif isinstance(self.modulator, Dopamine) and self.tau_e == 0:
            problems.add("tau_e is 0, and dopamine acts over time: give the eligibility a tau_e")
        elif isinstance(self.modulator, Reward | TDError) and self.interval is not None:
            problems.add(f"{type(self.modulator).__name__} acts once a tick; an interval is for Dopamine")
        _check(self, numbers=("A_plus", "A_minus", "A_pre"), taus=("tau_plus", "tau_minus"), problems=problems)

    @property
    def needs_spikes(self) -> bool:
        """Whether the postsynaptic neurons have to spike."""
        return bool(self.A_plus or self.A_minus or self.tau_mean is not None)


LearningRule: TypeAlias = (
    STDP | TripletSTDP | InhibitorySTDP | Homeostasis | RewardSTDP | EProp | WeightPerturbation | CustomRule
)
RULES: tuple[type[Any], ...] = get_args(LearningRule)
Direction: TypeAlias = Literal[1, -1]


def direction(rule: Learning) -> Direction:
    """-1 where weights are negative and a stronger synapse is one of a smaller w, else 1."""
    return -1 if rule.w_max <= 0 else 1


def _check(rule: Any, numbers: tuple[str, ...], taus: tuple[str, ...], problems: Problems | None = None) -> None:
    """Check a rule under construction: finite numbers, times and rates above 0, and what all rules have."""
    problems = problems or Problems(type(rule).__name__)
    normalise(rule, *numbers, *taus)
    for name in numbers:
        problems.number(name, getattr(rule, name))
    for name in taus:
        problems.number(name, getattr(rule, name), above=0.0)
    rule.check(problems, soft=not isinstance(rule, Homeostasis))
    problems.done()
