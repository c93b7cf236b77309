"""Populations and the projections between them.

The order in which populations are declared is the order in which they are updated within a step,
so a spike reaches a later population within the same step when its delay is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from neurobot.errors import near
from neurobot.spec.check import MULTIPLE_TOLERANCE, Problems, Values, normalise, whole_steps
from neurobot.spec.custom import Custom
from neurobot.spec.eprop import EProp
from neurobot.spec.eprop_check import check_eprop
from neurobot.spec.models import MODELS, Model
from neurobot.spec.neuron_models import Izhikevich, longest_step
from neurobot.spec.neurons import LI, Input, Receptor, parameters, receptors
from neurobot.spec.noise import MOST_STEPS, Noise
from neurobot.spec.plasticity import TsodyksMarkram
from neurobot.spec.rules import RULES, LearningRule
from neurobot.spec.rules_check import check_rule
from neurobot.spec.weights import AllToAll, Dense, FixedProbability, OneToOne, Sparse, Weights

MAX_NEURONS = 10_000_000
MAX_POPULATIONS = 1_000
MAX_PROJECTIONS = 10_000
MAX_DELAY_STEPS = 100_000
MAX_REFRACTORY_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Population:
    """Neurons of one model.

    Args:
        name: unique within the network.
        n: number of neurons; 0 in a launch file means as many as the encoder or decoder needs.
        model: one of `neurobot.spec.models.MODELS`.
        bias: constant input current, one number or one per neuron.
        v_init: v at the start of an episode, one number or one per neuron; default v_leak, 0 for IF, -65 for
            Izhikevich, and what its init says for Custom.
        noise: a noise current into every neuron, for models with an ``r`` or ``c_m`` and for Izhikevich.
        carry: how much of v - v_init and of synaptic currents survives from one control tick to the next, in [0, 1];
            None: as much as the controller says.
    """

    name: str
    n: int
    model: Model
    bias: Values = 0.0
    v_init: Values | None = None
    noise: Noise | None = None
    carry: float | None = None

    def __post_init__(self) -> None:
        normalise(self, "bias", "v_init", "carry")
        problems = Problems(f"population {self.name!r}")
        if not isinstance(self.name, str) or not self.name or len(self.name) > 100 or "->" in self.name:
            problems.add("a name is 1 to 100 characters, without '->'")
        problems.count("n", self.n, low=0)
        if not problems.found and self.n > MAX_NEURONS:
            problems.add(f"n is {self.n}, at most {MAX_NEURONS} are allowed")
        problems.values("bias", self.bias)
        if self.v_init is not None:
            problems.values("v_init", self.v_init)
        if self.carry is not None:
            problems.number("carry", self.carry, low=0.0, high=1.0)
        if not isinstance(self.model, MODELS):
            problems.add(f"model is {self.model!r}, it must be one of {', '.join(m.__name__ for m in MODELS)}")
        elif not problems.found:
            self._check_lengths(problems)
            self._check_noise(problems)
        problems.done()

    def _check_noise(self, problems: Problems) -> None:
        if self.noise is None:
            return
        if not isinstance(self.noise, Noise):
            problems.add(f"noise is {self.noise!r}, it must be a Noise, or None")
            return
        if not isinstance(self.model, Izhikevich) and not hasattr(self.model, "r") and not hasattr(self.model, "c_m"):
            kind = type(self.model).__name__
            problems.add(f"{kind} neurons have no r and no c_m, so a noise current does not act on them")
        for name, value in (("std", self.noise.std), ("tau", self.noise.tau)):
            if isinstance(value, tuple) and self.n and len(value) != self.n:
                problems.add(f"noise: {name} has {len(value)} values, it must have one or {self.n}")

    @property
    def spikes(self) -> bool:
        """Whether the neurons emit spikes."""
        return not isinstance(self.model, LI)

    def _check_lengths(self, problems: Problems) -> None:
        given: dict[str, Values | None] = {**parameters(self.model), "bias": self.bias, "v_init": self.v_init}
        for name, value in given.items():
            if isinstance(value, tuple) and self.n and len(value) != self.n:
                problems.add(f"{name} has {len(value)} values, it must have one or {self.n}")
        if isinstance(self.model, Input) and (self.bias, self.v_init, self.carry) != (0.0, None, None):
            problems.add("Input neurons have no dynamics, so neither bias nor v_init nor carry")
        if isinstance(self.model, Custom) and self.bias != 0.0 and "b" not in self.model.params:
            problems.add(f"a bias is added to a parameter 'b', and the neuron {self.model.id!r} has none")
        if isinstance(self.model, Custom) and self.name in ("encoder", "decoder"):
            problems.add("rename it: a Custom neuron's variables could have names of the encoder's or decoder's own")


@dataclass(frozen=True, slots=True)
class Projection:
    """Synapses from one population to another.

    Args:
        pre: name of the population whose spikes travel.
        post: name of the population where they arrive.
        weights: `Dense` or an array (n_post, n_pre), `Sparse`, a rule, or the name of an array that is
            given to `build`.
        delay: time between spike and arrival [s], a multiple of dt. 0 is within the step, and only
            allowed towards a population declared later.
        receptor: ``inhibitory`` ends at the second synaptic current of a model with a ``tau_syn_in``.
        stp: short-term plasticity, the same for all synapses; x and u are those of the presynaptic neuron.
        rule: a learning rule, see `neurobot.spec.rules`. An array of weights then has a synapse for each of its
            entries, those of 0 too; of weights that are drawn only the pairs that exist have one.
    """

    pre: str
    post: str
    weights: Weights
    delay: float = 0.0
    receptor: Receptor = "excitatory"
    stp: TsodyksMarkram | None = None
    rule: LearningRule | None = None

    def __post_init__(self) -> None:
        weights: Any = self.weights
        if isinstance(weights, np.ndarray | list | tuple):
            object.__setattr__(self, "weights", Dense(weights))
        normalise(self, "delay")
        problems = Problems(f"projection {self.name!r}")
        problems.number("delay", self.delay, low=0.0)
        problems.choice("receptor", self.receptor, get_args(Receptor))
        if self.stp is not None and not isinstance(self.stp, TsodyksMarkram):
            problems.add(f"stp is {self.stp!r}, it must be a TsodyksMarkram, or None")
        if self.rule is not None:
            self._check_rule(problems)
        if not isinstance(self.weights, str | Dense | Sparse | AllToAll | OneToOne | FixedProbability):
            problems.add(
                f"weights is a {type(weights).__name__}; give an array, Dense, Sparse, AllToAll, OneToOne, "
                "FixedProbability or a name"
            )
        problems.done()

    def _check_rule(self, problems: Problems) -> None:
        if not isinstance(self.rule, RULES):
            problems.add(f"rule is {self.rule!r}, it must be one of {', '.join(r.__name__ for r in RULES)}, or None")
        if self.stp is not None:
            problems.add("it has a learning rule and short-term plasticity; only one of them is possible")
        if getattr(self.weights, "delays", None) is not None:
            problems.add("with a learning rule all synapses have one delay; give `delay` instead of a delay for each")

    @property
    def name(self) -> str:
        """``pre->post``, or ``pre->post:inhibitory``; unique within a network."""
        return f"{self.pre}->{self.post}" + (":inhibitory" if self.receptor == "inhibitory" else "")


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A spiking network.

    Args:
        dt: length of a step [s].
        populations: in the order of their update.
        projections: in the order in which their spikes are added up.
    """

    dt: float
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = ()

    def __post_init__(self) -> None:
        normalise(self, "dt")
        object.__setattr__(self, "populations", tuple(self.populations))
        object.__setattr__(self, "projections", tuple(self.projections))
        problems = Problems("network")
        problems.number("dt", self.dt, above=0.0)
        if not self.populations:
            problems.add("there is no population")
        parts = (("population", self.names, MAX_POPULATIONS), ("projection", self._between, MAX_PROJECTIONS))
        for kind, names, most in parts:
            if len(names) > most:
                problems.add(f"there are {len(names)} {kind}s, at most {most} are allowed")
            for name in sorted(n for n, times in Counter(names).items() if times > 1)[:20]:
                problems.add(f"{kind} {name!r} is declared more than once")
        if not problems.found:
            for population in self.populations:
                self._check_refractory(problems, population)
                self._check_step(problems, population)
                self._check_step_of_noise(problems, population)
            for projection in self.projections:
                self._check_projection(problems, projection)
        problems.done()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the populations, in order."""
        return tuple(p.name for p in self.populations)

    def projection(self, name: str) -> Projection:
        """The projection of this name.

        Raises:
            KeyError: there is none; with near matches.
        """
        for projection in self.projections:
            if projection.name == name:
                return projection
        raise KeyError(f"there is no projection {name!r}; {near(name, self._between)}")

    @property
    def _between(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.projections)

    def index(self, name: str) -> int:
        """Position of a population in the order of update.

        Raises:
            SpecError: there is none of this name.
        """
        if name not in self.names:
            problems = Problems("network")
            problems.add(f"there is no population {name!r}; {near(name, self.names)}")
            problems.done()
        return self.names.index(name)

    def population(self, name: str) -> Population:
        """The population of this name; SpecError if there is none."""
        return self.populations[self.index(name)]

    def _check_refractory(self, problems: Problems, population: Population) -> None:
        t_ref: Values = getattr(population.model, "t_ref", 0.0)
        for t in sorted(set(t_ref)) if isinstance(t_ref, tuple) else [t_ref]:
            name = f"population {population.name!r}: t_ref"
            problems.steps(name, t, self.dt)
            if t / self.dt > MAX_REFRACTORY_STEPS:
                problems.add(f"{name} is {t / self.dt:g} steps, at most {MAX_REFRACTORY_STEPS} are allowed")

    def _check_step(self, problems: Problems, population: Population) -> None:
        longest = longest_step(population.model)
        if self.dt > longest * (1 + MULTIPLE_TOLERANCE):
            problems.add(
                f"population {population.name!r}: dt is {self.dt:g} s, {type(population.model).__name__} with these "
                f"parameters is integrated in steps of at most {longest:g} s"
            )

    def _check_step_of_noise(self, problems: Problems, population: Population) -> None:
        tau: Values | None = getattr(population.model, "tau_mem", None)
        if population.noise is not None and tau is not None and self.dt > MOST_STEPS * np.min(tau):
            problems.add(
                f"population {population.name!r}: noise needs a tau_mem of at least dt / {MOST_STEPS:g} = "
                f"{self.dt / MOST_STEPS:g} s, it is {np.min(tau):g} s"
            )

    def _check_projection(self, problems: Problems, p: Projection) -> None:
        unknown = [name for name in (p.pre, p.post) if name not in self.names]
        for name in unknown:
            problems.add(f"projection {p.name!r}: there is no population {name!r}; {near(name, self.names)}")
        if unknown:
            return
        pre, post = self.population(p.pre), self.population(p.post)
        if not pre.spikes:
            problems.add(f"projection {p.name!r}: {p.pre!r} is LI and never spikes")
        if isinstance(post.model, Input):
            problems.add(f"projection {p.name!r}: {p.post!r} is Input and takes spikes from outside only")
        elif p.receptor not in receptors(post.model):
            problems.add(
                f"projection {p.name!r}: {p.post!r} has no receptor {p.receptor!r}; give its model a tau_syn_in, "
                "or use negative weights"
            )
        self._check_shape(problems, p, pre.n, post.n)
        if p.rule is not None:
            critic = getattr(getattr(p.rule, "modulator", None), "critic", None)
            value = self.population(critic).model if critic in self.names else None
            check_rule(problems, p.name, p.rule, post.model, self.dt, value, self.names)
            if isinstance(p.rule, EProp):
                check_eprop(problems, self, p, p.rule)
        for delay in self._delays(p):
            self._check_delay(problems, p, float(delay))

    def _delays(self, p: Projection) -> Iterable[float]:
        delays = getattr(p.weights, "delays", None)
        return [p.delay] if delays is None else np.unique(delays)

    def _check_delay(self, problems: Problems, p: Projection, delay: float) -> None:
        name = f"projection {p.name!r}: delay"
        if not np.isfinite(delay) or delay < 0:
            problems.add(f"{name} is {delay:g} s, it must be finite and not negative")
        elif whole_steps(delay, self.dt) is None:
            problems.steps(name, delay, self.dt)
        elif round(delay / self.dt) > MAX_DELAY_STEPS:
            problems.add(f"{name} is {round(delay / self.dt)} steps, at most {MAX_DELAY_STEPS} are allowed")
        elif round(delay / self.dt) == 0 and self.index(p.post) <= self.index(p.pre):
            where = "itself" if p.pre == p.post else f"{p.post!r}, which is declared before {p.pre!r}"
            problems.add(
                f"{name} is 0 s towards {where}; a spike can arrive within its own step only in a population "
                f"declared later: give at least dt = {self.dt:g} s"
            )

    @staticmethod
    def _check_shape(problems: Problems, p: Projection, n_pre: int, n_post: int) -> None:
        w = p.weights
        if isinstance(w, Dense) and n_pre and n_post and w.values.shape != (n_post, n_pre):
            problems.add(
                f"projection {p.name!r}: weights have shape {w.values.shape}, they must be (n_post, n_pre) = "
                f"({n_post}, {n_pre})"
            )
        if isinstance(w, Sparse) and w.values.size and n_pre and n_post:
            for side, index, n in (("post", w.post, n_post), ("pre", w.pre, n_pre)):
                if index.min() < 0 or index.max() >= n:
                    problems.add(
                        f"projection {p.name!r}: {side} indices go from {index.min()} to {index.max()}, "
                        f"they must be in 0..{n - 1}"
                    )
        if isinstance(w, OneToOne) and n_pre != n_post:
            problems.add(
                f"projection {p.name!r}: OneToOne needs equal sizes, {p.pre!r} has {n_pre} and {p.post!r} {n_post}"
            )
