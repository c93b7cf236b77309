"""Conversion: a trained ANN policy becomes a spiking Program without training.

Roll-outs of the ANN in its environment show what its neurons do; `balance` makes weights of that for
integrate-and-fire neurons with reset by subtraction; the observation goes in as a constant current, and an
integrator that never spikes adds the last layer up and is read at the end of the tick. With many steps a tick the
action is the ANN's; with few it is rounded.

Potentials start anew in every tick. Carried over (`carry`), what a neuron has not yet spent in a tick counts in the
next one, which makes up for rounding where the observation changes little from tick to tick, but does harm where
neurons stay far below their threshold and then cannot answer at once. Xu et al., "CRPI" (ICML 2026, arXiv:2601.21778)
carry over a share of it that is tuned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobot.errors import EnvError
from neurobot.interop.ann import ANN, Layer
from neurobot.loop.fit import env_period
from neurobot.program import Program, build
from neurobot.spec import (
    IF,
    LI,
    ControllerSpec,
    Current,
    Decoder,
    Dense,
    Direct,
    Encoder,
    Highest,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normalizer,
    Population,
    Projection,
)
from neurobot.spec.check import Problems, as_values
from neurobot.spec.controller import MAX_SUBSTEPS
from neurobot.train.convert.balance import balance
from neurobot.train.convert.play import play

CHOICES = {"percentile": (99.9, 99.0, 100.0), "carry": (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)}
"""What tuning tries, in this order; of values that earn the same the first one is taken."""
DEFAULT_SPLIT = {"relu": 1, "tanh": 4}
MAX_SPLIT = 100
NO_LEAK = 1e6
"""Time constant of the integrators, in ticks: what leaks within a tick is a millionth."""
MARGIN = 8.0
"""Observations without a normaliser are cut off this many times as far from 0 as any that was met."""
UNKNOWN_PERIOD = 0.02
"""Control period [s] where an environment does not tell its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How to convert.

    Args:
        substeps: steps of a control tick, the latency of an action.
        split: neurons for each unit of the ANN, see `neurobot.train.convert.balance`; None: 1 for ReLU, 4 for tanh.
        episodes: of calibration.
        percentile: of a unit's activations, where its neurons reach a spike a step: a small one gives resolution, a
            large one room for what is rare. None: tune it, see `carry`.
        carry: how much of the hidden neurons' potentials survives a tick, in [0, 1]. None: tune it, which takes the
            one of `CHOICES` whose program earns most in the episodes of calibration.
        seed: of the first calibration episode.
    """

    substeps: int = 10
    split: int | None = None
    episodes: int = 10
    percentile: float | None = None
    carry: float | None = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        problems = Problems("conversion")
        for name in ("substeps", "episodes"):
            problems.count(name, getattr(self, name))
        if not problems.found and self.substeps > MAX_SUBSTEPS:
            problems.add(f"substeps is {self.substeps}, at most {MAX_SUBSTEPS} are allowed")
        if self.split is not None:
            problems.count("split", self.split)
            if not problems.found and self.split > MAX_SPLIT:
                problems.add(f"split is {self.split}, at most {MAX_SPLIT} are allowed")
        if self.percentile is not None:
            problems.number("percentile", self.percentile, above=50.0, high=100.0)
        if self.carry is not None:
            problems.number("carry", self.carry, low=0.0, high=1.0)
        problems.seed(self.seed)
        problems.done()


def convert(ann: ANN, env: Any, how: Conversion | None = None, observations: np.ndarray | None = None) -> Program:
    """Make a Program of an ANN.

    Args:
        ann: the policy.
        env: the Gymnasium environment it was trained for.
        how: settings; default `Conversion()`.
        observations: (m, n_obs) to calibrate with, where `calibrate` has been called already.

    Raises:
        EnvError: an environment that the ANN does not fit.
    """
    how = Conversion() if how is None else how
    check_ann(ann, env)
    if observations is None:
        observations = calibrate(ann, env, how)
    tried: dict[str, dict[str, float]] = {}
    for name, values in CHOICES.items():
        if getattr(how, name) is None:
            changes: list[dict[str, Any]] = [{name: value} for value in values]
            options = [replace(how, **change) for change in changes]
            earned = [_earned(ann, env, option, observations) for option in options]
            how = options[int(np.argmax(earned))]
            tried[name] = {f"{value:g}": e for value, e in zip(values, earned, strict=True)}
    program = _program(ann, env, how, observations)
    return replace(program, provenance={**program.provenance, "tried": tried}) if tried else program


def calibrate(ann: ANN, env: Any, how: Conversion) -> np.ndarray:
    """Observations that the ANN meets in its episodes of calibration, (m, n_obs)."""
    check_ann(ann, env)
    return play(env, actor(ann, env), range(how.seed, how.seed + how.episodes)).observations


def actor(ann: ANN, env: Any) -> Any:
    """The ANN as a function from observation to action, in the units of an environment."""
    space = env.action_space
    if ann.squash == "argmax":
        return ann.act
    low, high = np.asarray(space.low, np.float64), np.asarray(space.high, np.float64)
    return lambda observation: ann.act(observation, low, high)


def check_ann(ann: ANN, env: Any) -> None:
    """Compare an ANN with an environment's spaces; EnvError where they do not fit."""
    from gymnasium.spaces import Box, Discrete

    seen, done = env.observation_space, env.action_space
    if not isinstance(seen, Box) or seen.shape != (ann.observation_size,):
        raise EnvError(
            f"the ANN takes {ann.observation_size} values, but the observation space is {seen}; give the environment "
            "that the policy was trained for"
        )
    if ann.squash == "argmax":
        if not isinstance(done, Discrete) or (int(done.n), int(done.start)) != (ann.output_size, 0):
            raise EnvError(f"the ANN picks one of {ann.output_size} actions, but the action space is {done}")
    elif not isinstance(done, Box) or done.shape != (ann.output_size,):
        raise EnvError(f"the ANN gives {ann.output_size} real numbers, but the action space is {done}")
    elif not (np.isfinite(done.low).all() and np.isfinite(done.high).all()):
        raise EnvError(f"the action space {done} is not bounded; an actuator needs limits, so wrap it in RescaleAction")


def _earned(ann: ANN, env: Any, how: Conversion, observations: np.ndarray) -> float:
    """Mean return of a program in the episodes of calibration."""
    from neurobot.controller import Controller

    controller = Controller(_program(ann, env, how, observations))
    return float(play(env, controller.step, range(how.seed, how.seed + how.episodes), controller.reset).returns.mean())


def _program(ann: ANN, env: Any, how: Conversion, observations: np.ndarray) -> Program:
    carry, percentile = how.carry or 0.0, how.percentile or CHOICES["percentile"][0]
    split = how.split or DEFAULT_SPLIT[ann.activation]
    layers = balance(ann, observations, percentile, split)
    span, layers[0] = _range(ann, layers[0], observations)
    decoder, layers[-1] = _decoder(ann, layers[-1], env.action_space)
    dt = (env_period(env) or UNKNOWN_PERIOD) / how.substeps
    names = ["input", *(f"hidden{k}" for k in range(1, len(layers))), "output"]
    spec = ControllerSpec(
        encoder=Encoder(field=Direct(range=span, push_pull=False), code=Current(), size=ann.observation_size),
        network=NetworkSpec(
            dt=dt,
            populations=(
                Population("input", ann.observation_size, Input()),
                *_populations(names[1:], layers, dt, how.substeps, carry),
            ),
            projections=tuple(
                Projection(pre, post, Dense(layer.weights))
                for pre, post, layer in zip(names[:-1], names[1:], layers, strict=True)
            ),
        ),
        decoder=decoder,
        substeps=how.substeps,
        carry=0.0,
    )
    about = {"method": "convert", "env": env.spec.id if env.spec else None, "carry": carry, "macs": ann.macs}
    about |= {"percentile": percentile, "split": split, "calibration_ticks": len(observations)}
    return build(spec, provenance=about)


def _populations(names: list[str], layers: list[Layer], dt: float, substeps: int, carry: float) -> Iterator[Population]:
    """Hidden ones with threshold 1 that start half way, and integrators with 1 / substeps of what arrives."""
    fires = IF(r=1 / dt, v_threshold=1.0, reset="subtract")
    tau = NO_LEAK * substeps * dt
    adds = LI(tau_mem=tau, r=1 / (substeps * -float(np.expm1(-dt / tau))))
    for name, layer in zip(names[:-1], layers[:-1], strict=True):
        yield Population(name, layer.bias.size, fires, bias=as_values(layer.bias), v_init=0.5, carry=carry or None)
    yield Population(names[-1], layers[-1].bias.size, adds, bias=as_values(layers[-1].bias))


def _range(ann: ANN, first: Layer, observations: np.ndarray) -> tuple[Normalizer, Layer]:
    """The normaliser, whose u is in [-1, 1], and the first layer for u."""
    given = ann.statistics
    if given is not None:
        span = Normalizer(clip=given.clip, mean=as_values(given.mean), std=as_values(given.std))
        return span, Layer(first.weights * given.clip, first.bias)
    largest = np.abs(observations).max(0)
    reach = MARGIN * np.where(largest > 0, largest, 1.0)
    return Normalizer(clip=1.0, mean=0.0, std=as_values(reach)), Layer(first.weights * reach, first.bias)


def _decoder(ann: ANN, last: Layer, space: Any) -> tuple[Decoder, Layer]:
    """The decoder, and the last layer for its u, which is 1 at the upper limit of an action and -1 at the lower one."""
    if ann.squash == "argmax":
        return Highest(size=ann.output_size), last
    low, high = np.asarray(space.low, np.float64), np.asarray(space.high, np.float64)
    middle, half = (low + high) / 2, (high - low) / 2
    limits = Limits(low=as_values(low), high=as_values(high), rest=as_values(middle))
    if ann.squash == "tanh":
        return Membrane(size=ann.output_size, squash="tanh", limits=limits), last
    scaled = Layer(last.weights / half[:, None], (last.bias - middle) / half)
    return Membrane(size=ann.output_size, limits=limits), scaled
