"""What is trained: free numbers, from which the coefficients of a Program follow and remain valid.

| variable | coefficients |
|---|---|
| ``pre->post.weights`` (n_pre, n_post) | the weights themselves |
| ``population.b`` (n,) | b at the time constant that the Program came with: what is added to v in a step |
| ``population.tau_mem`` (n,) | a: the decay alpha is 1 / (1 + exp(-a)), in (0, 1), so tau = -dt / ln(alpha) > 0 |
| ``population.tau_syn, tau_w, tau_theta`` (n,) | likewise the decays of current, w and threshold |
| ``population.v_threshold`` (n,) | r: theta = floor + (theta0 - floor) exp(r) stays above where a spike leaves v |
| ``population.jump, rise`` (n,) | what a spike adds to the adaptation current and to the threshold of ALIF |

The floor is v_reset, or theta0 - v_subtract; without a v_subtract of its own what is subtracted follows the threshold.
What the model derives from a time constant follows it: the gains of input and current as `build` computes them, and b
as b0 (1 - alpha) / (1 - alpha0), so that the neuron's resting potential stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.core.base import cast_params
from neurobot.program import Program
from neurobot.program.coefficients import coefficients
from neurobot.spec.check import Problems
from neurobot.spec.network import Population
from neurobot.spec.neuron_models import ALIF
from neurobot.spec.neurons import LI, CubaLIF, Input
from neurobot.train.surrogate.structure import Structure, uniform

GROUPS = ("weights", "b", "tau_mem", "tau_syn", "tau_w", "tau_theta", "v_threshold", "jump", "rise")
"""Kinds of variables."""
DECAYS = {"tau_mem": "alpha", "tau_syn": "beta", "tau_w": "decay_w", "tau_theta": "decay_theta"}
"""The decay of each time constant."""
FOLLOWS = ("alpha", "lam", "kappa", "beta", "mu", "decay_w", "decay_theta")
"""Coefficients that `neurobot.program.coefficients` derives from time constants."""
STEP = 1e-5
"""Of the central differences that take a gradient from those coefficients to logits: wrong by about 1e-10."""

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Neurons:
    """The coefficients of a population as the Program has them, and which variables it has.

    Args:
        population: as declared.
        dt: step [s].
        base: (n,) float64 by name.
        trained: names of variables.
    """

    population: Population
    dt: float
    base: Mapping[str, np.ndarray]
    trained: tuple[str, ...]

    @property
    def full(self) -> bool:
        """Whether gradients of other coefficients than b are needed."""
        return any(name != "b" for name in self.trained)

    def start(self) -> Arrays:
        """Variables that give the Program's own coefficients, (n,) float64."""
        out = {}
        for name in self.trained:
            if name in DECAYS:
                decay = self.base[DECAYS[name]]
                out[name] = np.log(decay) - np.log1p(-decay)
            else:
                out[name] = np.zeros(self.population.n) if name == "v_threshold" else self.base[name].copy()
        return out

    def coefficients(self, values: Mapping[str, np.ndarray]) -> Arrays:
        """Coefficients by name, (n,) float64, of values of the variables."""
        out = dict(self.base) | {name: np.asarray(values[name], np.float64) for name in ("b", "jump", "rise")
                                 if name in self.trained}  # fmt: skip
        taus = self._taus(values)
        if taus:
            out |= self._derived(taus)
            out["b"] = out["b"] * self._share(out["alpha"])
        if "v_threshold" in self.trained:
            out["theta"] = self.base["theta"] + self.above * np.expm1(np.asarray(values["v_threshold"], np.float64))
            if self._bound:
                out["to"] = out["theta"]
        return out

    def pull_back(self, values: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]) -> Arrays:
        """Gradients of the variables, (n,) float64, from those of the coefficients."""
        out: Arrays = {name: gradients[name] for name in ("jump", "rise") if name in self.trained}
        taus = self._taus(values)
        share = self._share(self._derived(taus)["alpha"]) if taus else 1.0
        if "b" in self.trained:
            out["b"] = gradients["b"] * share
        b = np.asarray(values["b"], np.float64) if "b" in self.trained else self.base["b"]
        for name, logit in taus.items():
            low, high = (self._derived({**taus, name: logit + h}) for h in (-STEP, STEP))
            slopes = {key: (high[key] - low[key]) / (2 * STEP) for key in low}
            slopes["b"] = b * (self._share(high["alpha"]) - self._share(low["alpha"])) / (2 * STEP)
            out[name] = np.sum([gradients[key] * slope for key, slope in slopes.items()], axis=0)
        if "v_threshold" in self.trained:
            both = gradients["theta"] + (gradients["to"] if self._bound else 0.0)
            out["v_threshold"] = both * self.above * np.exp(np.asarray(values["v_threshold"], np.float64))
        return out

    @property
    def _bound(self) -> bool:
        """Whether what a reset subtracts is the threshold."""
        model: Any = self.population.model
        return bool(model.reset == "subtract" and model.v_subtract is None)

    @property
    def above(self) -> np.ndarray:
        """How far the threshold is above its floor, (n,)."""
        model: Any = self.population.model
        above: np.ndarray = self.base["to"] if model.reset == "subtract" else self.base["theta"] - self.base["to"]
        return above

    def _taus(self, values: Mapping[str, np.ndarray]) -> Arrays:
        """The logits of decays among the variables."""
        return {name: np.asarray(values[name], np.float64) for name in self.trained if name in DECAYS}

    def _derived(self, logits: Arrays) -> Arrays:
        """Coefficients that follow from time constants.

        The spec is a copy that is not checked again, neuron by neuron: what a logit stands for is valid.
        """
        population, model = copy(self.population), copy(self.population.model)
        for name, a in logits.items():
            object.__setattr__(model, name, self.dt / np.logaddexp(0.0, -a))
        object.__setattr__(population, "model", model)
        given = coefficients(population, self.dt)
        return {name: given[name] for name in FOLLOWS if name in given}

    def _share(self, alpha: np.ndarray) -> np.ndarray:
        """How b follows the decay."""
        share: np.ndarray = (1 - alpha) / (1 - self.base["alpha"])
        return share


class Parameters:
    """All variables of a Program, by name.

    Args:
        program: they come from, and go into.
        layout: its structure.
        train: kinds of variables, of `GROUPS`, each where a population has it.
        real: float32 or float64.

    Attributes:
        values: by name, of the kind of number; to be changed in place.
        neurons: by population.
        masks: by variable, False where a weight is no synapse.

    Raises:
        SpecError: a kind that no population has; neurons that share one number.
    """

    def __init__(self, program: Program, layout: Structure, train: Sequence[str], real: np.dtype[Any]) -> None:
        self.program, self.real = program, real
        problems = Problems("surrogate gradients: train")
        populations = [p for p in program.network.populations if not isinstance(p.model, Input)]
        self.neurons = {p.name: _neurons(program, p, train) for p in populations}
        for p in populations:
            _check_uniform(problems, program, p, self.neurons[p.name])
        _check_used(problems, self, layout, train)
        problems.done()
        cast = program.with_params(cast_params(program, real))
        self.values: Arrays = {}
        self.masks: Arrays = {}
        self._fixed = {f"{link.name}.weights": cast.param(f"{link.name}.weights").astype(real) for link in layout.links}
        if "weights" in train:
            self.values, self._fixed = self._fixed, {}
            self.masks = {f"{q.name}.weights": self.values[f"{q.name}.weights"] != 0 for q in layout.links if q.gaps}
        for name, neurons in self.neurons.items():
            self.values |= {f"{name}.{key}": value.astype(real) for key, value in neurons.start().items()}

    def weights(self, link: str) -> np.ndarray:
        """Weights of a link, (n_pre, n_post)."""
        return (self._fixed or self.values)[f"{link}.weights"]

    def coefficients(self, population: str) -> Arrays:
        """Coefficients of a population, (n,) float64 by name."""
        return self.neurons[population].coefficients(self._of(population))

    def pull_back(self, population: str, gradients: Mapping[str, np.ndarray]) -> Arrays:
        """Gradients of the variables of a population, by their names, from those of its coefficients."""
        found = self.neurons[population].pull_back(self._of(population), gradients)
        return {f"{population}.{name}": value.astype(self.real) for name, value in found.items()}

    def to_program(self, **provenance: Any) -> Program:
        """The program with the coefficients and weights as they are now."""
        params, blocks = self.program.params.copy(), self.program.blocks["params"]
        for name, value in self.values.items():
            if name.endswith(".weights"):
                blocks[name].of(params)[...] = value
        for name, neurons in self.neurons.items():
            if neurons.trained:
                for key, value in self.coefficients(name).items():
                    if f"{name}.{key}" in blocks and blocks[f"{name}.{key}"].size == value.size:
                        blocks[f"{name}.{key}"].of(params)[...] = value
        return self.program.with_params(params, **provenance)

    def _of(self, population: str) -> Arrays:
        return {key: self.values[f"{population}.{key}"] for key in self.neurons[population].trained}


def _neurons(program: Program, p: Population, train: Sequence[str]) -> Neurons:
    """The coefficients of a population; those that a uniform one does not store are the spec's."""
    base = {}
    for name, value in coefficients(p, program.network.dt).items():
        block = program.blocks["params"].get(f"{p.name}.{name}")
        stored = value if block is None else np.broadcast_to(block.of(program.params), (p.n,))
        base[name] = np.array(stored, np.float64)
    has = {"b", *(["tau_mem"] if "tau_mem" in _fields(p) else [])}
    if not isinstance(p.model, LI):
        has.add("v_threshold")
    if isinstance(p.model, CubaLIF):
        has.add("tau_syn")
    if isinstance(p.model, ALIF):
        has |= {"tau_w", "tau_theta", "jump", "rise"}
    return Neurons(p, program.network.dt, base, tuple(name for name in GROUPS if name in has and name in train))


def _fields(p: Population) -> tuple[str, ...]:
    return tuple(getattr(type(p.model), "__dataclass_fields__", ()))


def _check_uniform(problems: Problems, program: Program, p: Population, neurons: Neurons) -> None:
    if uniform(program, p) and neurons.full:
        names = ", ".join(name for name in neurons.trained if name != "b")
        problems.add(
            f"{names} of population {p.name!r} are one number for all of its neurons; give its tau_mem as a list, one "
            "number a neuron, so that each can have its own"
        )


def _check_used(problems: Problems, parameters: Parameters, layout: Structure, train: Sequence[str]) -> None:
    """Every kind that is asked for is one that something has, and a threshold has room to move."""
    found = {name for neurons in parameters.neurons.values() for name in neurons.trained}
    found |= {"weights"} if layout.links else set()
    for name in train:
        if name not in found:
            problems.add(f"{name!r} is to be trained, but no population has it")
    for name, neurons in parameters.neurons.items():
        if "v_threshold" in neurons.trained and (neurons.above <= 0).any():
            problems.add(f"v_threshold of population {name!r} is not above where a spike leaves v, so it cannot move")
