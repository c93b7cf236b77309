"""A whole controller: encoder, network, decoder, and how a control tick is made of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobot.errors import SpecError, near
from neurobot.spec.check import Problems, as_values
from neurobot.spec.codes import Burst, Current
from neurobot.spec.decoders import Choice, Decoder, Highest, Limits, Membrane, PopulationVector
from neurobot.spec.encoders import Bounds, Encoder
from neurobot.spec.network import NetworkSpec, Population
from neurobot.spec.neurons import Input

MAX_SUBSTEPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSpec:
    """Observation -> encoder -> network -> decoder -> action, `substeps` network steps a control tick.

    Args:
        encoder: how an observation becomes spikes.
        network: the network; all of its Input populations but the encoder's stay silent.
        decoder: how spikes or membranes become an action.
        substeps: network steps in a control tick; control period = substeps x dt.
        carry: how much of v - v_init and of the synaptic currents survives from one tick to the next, in
            [0, 1]. 0 also clears spikes in flight, refractory counts, encoder phases and references, and
            filters of decoders. A population with a carry of its own keeps its membranes and currents by that.
    """

    encoder: Encoder
    network: NetworkSpec
    decoder: Decoder
    substeps: int
    carry: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("controller")
        problems.count("substeps", self.substeps)
        if not problems.found and self.substeps > MAX_SUBSTEPS:
            problems.add(f"substeps is {self.substeps}, at most {MAX_SUBSTEPS} are allowed")
        problems.number("carry", self.carry, low=0.0, high=1.0)
        into = self._population(problems, "encoder", self.encoder.population)
        if into is not None:
            self._check_input(problems, into)
        out = self._population(problems, "decoder", self.decoder.population)
        if out is not None:
            self._check_output(problems, out)
        problems.done()

    @property
    def control_period(self) -> float:
        """Time between two actions [s]."""
        return self.substeps * self.network.dt

    def _population(self, problems: Problems, who: str, name: str) -> Population | None:
        if name in self.network.names:
            return self.network.population(name)
        problems.add(f"{who}: there is no population {name!r}; {near(name, self.network.names)}")
        return None

    def _check_input(self, problems: Problems, into: Population) -> None:
        e = self.encoder
        if not isinstance(into.model, Input):
            problems.add(f"encoder: {into.name!r} is {type(into.model).__name__}, it must be Input")
        if e.size is not None and into.n not in (0, e.field.channels(e.size)):
            problems.add(
                f"encoder: {type(e.field).__name__} makes {e.field.channels(e.size)} channels of {e.size} dimensions, "
                f"but population {into.name!r} has {into.n} neurons"
            )
        if isinstance(e.code, Current):
            for q in self.network.projections:
                for what, given in (("short-term plasticity", q.stp), ("a learning rule", q.rule)):
                    if q.pre == into.name and given is not None:
                        problems.add(f"projection {q.name!r}: {what} needs spikes, and Current sends none")
        if isinstance(e.code, Burst):
            self._check_intervals(problems, e.code)
        rate = getattr(e.code, "max_rate", None)
        if rate is not None and rate * self.network.dt > 1 + 1e-9:
            problems.add(
                f"encoder: max_rate is {rate:g} Hz, more than one spike a step of {self.network.dt:g} s; "
                f"at most {1 / self.network.dt:g} Hz"
            )

    def _check_intervals(self, problems: Problems, burst: Burst) -> None:
        dt = self.network.dt
        for name in ("t_min", "t_max"):
            time = getattr(burst, name)
            if time is not None:
                problems.steps(f"encoder: {name}", time, dt)
                if not 0.5 * dt < time < (MAX_SUBSTEPS + 0.5) * dt:
                    problems.add(f"encoder: {name} is {time:g} s, it must be one to {MAX_SUBSTEPS} steps of {dt:g} s")

    def _check_output(self, problems: Problems, out: Population) -> None:
        d = self.decoder
        reads_v = isinstance(d, Membrane | Highest)
        if not reads_v and not out.spikes:
            problems.add(f"decoder: {type(d).__name__} counts spikes, but {out.name!r} is LI; use Membrane or Highest")
        if isinstance(out.model, Input) and isinstance(self.encoder.code, Current):
            problems.add(f"decoder: {out.name!r} carries currents, not spikes, so there is nothing to count")
        if reads_v and isinstance(out.model, Input):
            other = "Rate" if isinstance(d, Membrane) else "WinnerTakeAll"
            problems.add(f"decoder: {type(d).__name__} reads v, but {out.name!r} is Input and has none; use {other}")
        if d.size is None or not out.n:
            return
        if isinstance(d, PopulationVector):
            wanted = d.problem(out.n)
            if wanted:
                problems.add(f"decoder: {out.name!r} has {out.n} neurons, {wanted}")
            return
        group = group_size(d, 1)
        if out.n % (d.size * group):
            problems.add(
                f"decoder: {out.name!r} has {out.n} neurons, which cannot be split into {d.size} "
                f"equal groups{' with two halves' if group == 2 else ''}"
            )


def group_size(decoder: Decoder, per: int) -> int:
    """Neurons of one action dimension, with `per` on each side; of a population vector as many as it needs."""
    if isinstance(decoder, PopulationVector):
        return 2 if decoder.preferred is None else len(decoder.preferred)
    return 2 * per if getattr(decoder, "push_pull", False) else per


def resolve(spec: ControllerSpec, observation_space: Any = None, action_space: Any = None) -> ControllerSpec:
    """Fill in what a spec leaves to the environment: sizes, ranges and limits.

    Args:
        spec: sizes and limits that are None, and populations of 0 neurons, are filled in.
        observation_space: a flat Gymnasium `Box`.
        action_space: a flat Gymnasium `Box`, or `Discrete` for WinnerTakeAll, FirstSpike and Highest.

    Returns:
        A spec that `build` takes.

    Raises:
        SpecError: a space of another kind; sizes that differ; infinite bounds without a Normalizer.
    """
    encoder, decoder = spec.encoder, spec.decoder
    if observation_space is not None:
        encoder = _resolve_encoder(encoder, observation_space)
    if action_space is not None:
        decoder = _resolve_decoder(decoder, action_space)
    network = spec.network
    if encoder.size is not None:
        network = _resolve_population(network, encoder.population, encoder.field.channels(encoder.size))
    if decoder.size is not None:
        network = _resolve_population(network, decoder.population, group_size(decoder, 1) * decoder.size)
    return replace(spec, encoder=encoder, decoder=decoder, network=network)


def require_resolved(spec: ControllerSpec | NetworkSpec) -> None:
    """Raise SpecError, naming what is missing, unless all is known that a Program needs."""
    if isinstance(spec, NetworkSpec):
        problems, hint = Problems("network"), "give their number"
        _require_neurons(problems, spec, hint)
    else:
        problems, hint = Problems("controller"), "give it, or resolve the spec with the environment's spaces"
        _require_codec(problems, spec, hint)
        _require_neurons(problems, spec.network, hint)
    problems.done()


def _require_neurons(problems: Problems, network: NetworkSpec, hint: str) -> None:
    for population in network.populations:
        if population.n == 0:
            problems.add(f"population {population.name!r} has 0 neurons; {hint}")


def _require_codec(problems: Problems, spec: ControllerSpec, hint: str) -> None:
    e, d = spec.encoder, spec.decoder
    if e.size is None:
        problems.add(f"encoder: size is not known; {hint}")
    if e.field.range is None:
        problems.add(f"encoder: the field has no range; {hint}")
    if d.size is None:
        problems.add(f"decoder: size is not known; {hint}")
    if not isinstance(d, Choice):
        for name in ("low", "high"):
            if getattr(d.limits, name) is None:
                problems.add(f"decoder: limits.{name} is not known; {hint}")


def _resolve_encoder(encoder: Encoder, space: Any) -> Encoder:
    low, high = _flat_box(space, "observation")
    if encoder.size not in (None, low.size):
        raise SpecError("encoder", [f"size is {encoder.size}, but the environment's observation has {low.size} values"])
    field = encoder.field
    if field.range is None:
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise SpecError(
                "encoder", ["the environment's observation has infinite bounds; give the field a Normalizer"]
            )
        given = Bounds(low=as_values(low), high=as_values(high))
        field = replace(field, range=given)
    return replace(encoder, size=int(low.size), field=field)


def _resolve_decoder(decoder: Decoder, space: Any) -> Decoder:
    if isinstance(decoder, Choice):
        if type(space).__name__ != "Discrete":
            raise SpecError(
                "decoder",
                [
                    f"{type(decoder).__name__} picks one of several actions, but the action space is {space}; "
                    "use Rate or Membrane"
                ],
            )
        if int(space.start) != 0:
            raise SpecError(
                "decoder", [f"the action space starts at {space.start}, only Discrete spaces from 0 are supported"]
            )
        return replace(decoder, size=_same_size(decoder.size, int(space.n)))
    low, high = _flat_box(space, "action")
    limits: Limits = decoder.limits
    limits = replace(
        limits,
        low=limits.low if limits.low is not None else as_values(low),
        high=limits.high if limits.high is not None else as_values(high),
    )
    return replace(decoder, size=_same_size(decoder.size, int(low.size)), limits=limits)


def _same_size(given: int | None, size: int) -> int:
    if given not in (None, size):
        raise SpecError("decoder", [f"size is {given}, but the environment's action has {size}"])
    return size


def _flat_box(space: Any, which: str) -> tuple[np.ndarray, np.ndarray]:
    if type(space).__name__ != "Box" or len(space.shape) != 1:
        raise SpecError(
            "controller",
            [f"the {which} space is {space}; a flat Box is supported"
             + (", or Discrete with WinnerTakeAll, FirstSpike or Highest" if which == "action" else "")],
        )  # fmt: skip
    return np.asarray(space.low, dtype=np.float64), np.asarray(space.high, dtype=np.float64)


def _resolve_population(network: NetworkSpec, name: str, n: int) -> NetworkSpec:
    populations = tuple(replace(p, n=n) if p.name == name and p.n == 0 else p for p in network.populations)
    return replace(network, populations=populations)
