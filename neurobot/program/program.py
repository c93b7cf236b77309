"""A Program: what a core runs, what a trainer writes and what a file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.errors import SpecError
from neurobot.program.codec import decoder_params, encoder_params
from neurobot.program.coefficients import coefficients, refractory_steps
from neurobot.program.draw import Synapses, draw
from neurobot.program.eprop_coefficients import eprop_coefficients
from neurobot.program.layout import Block, find
from neurobot.program.lower import lower
from neurobot.program.lower_noise import noise_coefficients
from neurobot.program.lower_rule import POST_INDEX, period, post_index
from neurobot.program.lower_stp import indexed_if_plastic, stp_coefficients
from neurobot.program.lowered import Lowered, Shape
from neurobot.program.rule_coefficients import rule_coefficients
from neurobot.spec.check import Problems
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec, require_resolved
from neurobot.spec.decoders import Choice
from neurobot.spec.eprop import EProp
from neurobot.spec.network import NetworkSpec, Projection
from neurobot.spec.neuron_models import conductances
from neurobot.spec.neurons import Input
from neurobot.spec.weights import Dense, Sparse


@dataclass(frozen=True, eq=False)
class Program:
    """A spec laid out for a core.

    Args:
        spec: what it was built from. Weights that were given as arrays appear by name; `weights` has them.
        seed: of the drawn weights, and of chance where `reset` is given none.
        layout: (words,) int32, frozen: header, op table, index arrays.
        params: (words,) float64: coefficients, weights, ranges, limits. What is here is what runs; where a
            trainer has changed it, it is no longer what the spec says.
        blocks: names of the blocks of ``layout``, ``params`` and ``state``.
        state_words: size of the state arena.
        provenance: where it comes from: plain data, for people.
        image: (bytes,) uint8, the program in integers, for boards, see docs/fixed.md; None until it is quantized.
    """

    spec: ControllerSpec | NetworkSpec
    seed: int
    layout: np.ndarray
    params: np.ndarray
    blocks: Mapping[str, Mapping[str, Block]]
    state_words: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
    image: np.ndarray | None = None

    @property
    def network(self) -> NetworkSpec:
        """The network."""
        return self.spec if isinstance(self.spec, NetworkSpec) else self.spec.network

    @property
    def substeps(self) -> int:
        """Network steps in a tick; 1 for a network without encoder and decoder."""
        return self.spec.substeps if isinstance(self.spec, ControllerSpec) else 1

    @property
    def control_period(self) -> float:
        """Time of a tick [s]."""
        return self.substeps * self.network.dt

    @property
    def observation_size(self) -> int:
        """Numbers a tick takes: the observation, or a spike train entry per Input neuron."""
        if isinstance(self.spec, ControllerSpec):
            return self.spec.encoder.size or 0
        return sum(p.n for p in self.network.populations if isinstance(p.model, Input))

    @property
    def action_size(self) -> int:
        """Numbers a tick gives; a discrete action is one number, and a network alone gives none."""
        if not isinstance(self.spec, ControllerSpec):
            return 0
        return 1 if self.discrete else self.spec.decoder.size or 0

    @property
    def discrete(self) -> bool:
        """Whether the action is the number of a choice."""
        return isinstance(self.spec, ControllerSpec) and isinstance(self.spec.decoder, Choice)

    @property
    def plastic(self) -> tuple[Projection, ...]:
        """The projections that learn."""
        return tuple(q for q in self.network.projections if q.rule is not None)

    @property
    def neurons(self) -> int:
        """Number of neurons, Input ones included."""
        return sum(p.n for p in self.network.populations)

    @property
    def synapses(self) -> int:
        """Number of synapses, those of weight 0 in dense blocks included."""
        return sum(self.blocks["params"][f"{q.name}.weights"].size for q in self.network.projections)

    @property
    def footprint_bytes(self) -> int:
        """Bytes that a float32 core needs: layout, params and state."""
        return 4 * (self.layout.size + self.params.size + self.state_words)

    def param(self, name: str) -> np.ndarray:
        """A block of params by name, e.g. ``hidden.b`` or ``input->hidden.weights``; a view.

        Raises:
            KeyError: there is none of this name; with near matches.
        """
        return find(dict(self.blocks["params"]), name, "parameter").of(self.params)

    def weights(self, projection: str) -> np.ndarray:
        """Weights of a projection, (n_post, n_pre); synapses of the same pair are added up.

        Raises:
            KeyError: there is no such projection; with near matches.
        """
        q = self.network.projection(projection)
        return self.synapses_of(projection).dense(self.network.population(q.pre).n, self.network.population(q.post).n)

    def synapses_of(self, projection: str) -> Synapses:
        """The synapses of a projection as they are stored."""
        tables = {n: b.of(self.layout) for n, b in self.blocks["layout"].items() if n.startswith(f"{projection}.")}
        arrays = (tables.get(f"{projection}.{part}") for part in ("indptr", "indices", "delays"))
        return Synapses(self.param(f"{projection}.weights"), *arrays)

    def save(self, path: str | Path) -> None:
        """Write the program to a safetensors file, atomically; see `neurobot.program.file.save`."""
        from neurobot.program.file import save

        save(self, path)

    @staticmethod
    def load(path: str | Path) -> Program:
        """Read a program from a file; see `neurobot.program.file.load`."""
        from neurobot.program.file import load

        return load(path)

    def summary(self) -> str:
        """Populations, projections, ops and sizes, for people."""
        from neurobot.program.report import summary

        return summary(self)

    def diff(self, other: Program) -> list[str]:
        """What differs from another program, a line each; empty where they run alike."""
        from neurobot.program.report import diff

        return diff(self, other)

    def with_params(self, params: np.ndarray, **provenance: Any) -> Program:
        """The same program with other params, (words,), and more provenance; an image of the old ones is left out."""
        if params.shape != self.params.shape:
            raise SpecError("program", [f"params have shape {params.shape}, they must have {self.params.shape}"])
        frozen = _freeze(np.array(params, dtype=np.float64))
        return replace(self, params=frozen, provenance={**self.provenance, **provenance}, image=None)

    def with_image(self, image: bytes, **provenance: Any) -> Program:
        """The same program with an image for boards, and more provenance."""
        frozen = _freeze(np.frombuffer(image, np.uint8).copy())
        return replace(self, image=frozen, provenance={**self.provenance, **provenance})


def build(
    spec: ControllerSpec | NetworkSpec,
    seed: int = 0,
    weights: Mapping[str, np.ndarray | Dense | Sparse] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Program:
    """Lower a spec to a Program.

    Args:
        spec: a controller whose sizes and ranges are known (see `neurobot.spec.resolve`), or a network alone.
        seed: of the weights that are drawn.
        weights: arrays (n_post, n_pre), or `Sparse`, for projections whose weights are a name.
        provenance: plain data that goes into the file.

    Raises:
        SpecError: sizes that are not known, weights that are missing or do not fit.
    """
    problems = Problems("build")
    problems.seed(seed)
    problems.done()
    require_resolved(spec)
    network = spec if isinstance(spec, NetworkSpec) else spec.network
    synapses = draw(network, seed, weights or {})
    synapses = {name: _dense_if_held(spec, network.projection(name), s) for name, s in synapses.items()}
    synapses = {name: indexed_if_plastic(network.projection(name), s) for name, s in synapses.items()}
    _check_weights(network, synapses)
    blank = blank_program(_by_name(spec), seed, {name: shape_of(s) for name, s in synapses.items()}, provenance or {})
    layout, params = blank.layout.copy(), blank.params.copy()
    fill_tables(blank, layout, synapses)
    for name, s in synapses.items():
        blank.blocks["params"][f"{name}.weights"].of(params)[...] = s.weights
    _fill_coefficients(blank, params)
    return replace(blank, layout=_freeze(layout), params=_freeze(params))


def _check_weights(network: NetworkSpec, synapses: Mapping[str, Synapses]) -> None:
    problems = Problems("build")
    for q in network.projections:
        weights = synapses[q.name].weights
        if q.rule is not None and weights.size and not q.rule.w_min <= weights.min() <= weights.max() <= q.rule.w_max:
            problems.add(
                f"projection {q.name!r}: weights go from {weights.min():g} to {weights.max():g}, but its rule keeps "
                f"them in w_min = {q.rule.w_min:g} to w_max = {q.rule.w_max:g}"
            )
        model, least = network.population(q.post).model, weights.min(initial=0.0)
        if conductances(model) and least < 0:
            problems.add(
                f"projection {q.name!r}: there is a weight {least:g}, but weights into {type(model).__name__} are "
                'conductances, at least 0; let those that inhibit end at receptor="inhibitory"'
            )
    problems.done()


def blank_program(
    spec: ControllerSpec | NetworkSpec, seed: int, shapes: dict[str, Shape], provenance: Mapping[str, Any]
) -> Program:
    """A Program of this spec with all params and index arrays 0; refractory steps are filled in."""
    low: Lowered = lower(spec, shapes)
    blocks = {"layout": low.tables.blocks, "params": low.params.blocks, "state": low.state.blocks}
    rough = Program(spec, seed, np.zeros(0, np.int32), np.zeros(low.params.size), blocks, low.state.size, provenance)
    layout = low.header(rough.substeps, rough.observation_size, rough.action_size)
    for p in rough.network.populations:
        if f"{p.name}.refractory" in blocks["layout"]:
            blocks["layout"][f"{p.name}.refractory"].of(layout)[...] = refractory_steps(p, rough.network.dt)
    return replace(rough, layout=layout)


def shape_of(synapses: Synapses) -> Shape:
    """What lowering needs to know of synapses."""
    longest = 0 if synapses.delays is None else int(synapses.delays.max(initial=0))
    return Shape(synapses.kind, 0 if synapses.kind == "dense" else synapses.weights.size, longest)


def fill_tables(program: Program, layout: np.ndarray, synapses: Mapping[str, Synapses]) -> None:
    """Write index arrays into a layout."""
    for name, s in synapses.items():
        for part, array in (("indptr", s.indptr), ("indices", s.indices), ("delays", s.delays)):
            if array is not None:
                program.blocks["layout"][f"{name}.{part}"].of(layout)[...] = array
        index = program.blocks["layout"].get(f"{name}{POST_INDEX}")
        if index is not None:
            n_post = program.network.population(program.network.projection(name).post).n
            index.of(layout)[...] = post_index(s, n_post)


def _by_name(spec: ControllerSpec | NetworkSpec) -> ControllerSpec | NetworkSpec:
    """The spec with arrays of weights replaced by the projection's name."""
    network = spec if isinstance(spec, NetworkSpec) else spec.network
    projections = tuple(_named(p, network.dt) for p in network.projections)
    network = replace(network, projections=projections)
    return network if isinstance(spec, NetworkSpec) else replace(spec, network=network)


def _named(p: Projection, dt: float) -> Projection:
    """With delays per synapse the projection's own is not used, but it has to be legal once they are out of sight."""
    if not isinstance(p.weights, Dense | Sparse):
        return p
    delays = p.weights.delays
    shortest = p.delay if delays is None else float(delays.min(initial=np.inf))
    return replace(p, weights=p.name, delay=shortest if np.isfinite(shortest) else dt)


def _dense_if_held(spec: ControllerSpec | NetworkSpec, q: Projection, s: Synapses) -> Synapses:
    """A held current reaches its synapses as whole rows; delays of single synapses make no sense there."""
    if isinstance(spec, NetworkSpec) or not isinstance(spec.encoder.code, Current):
        return s
    if q.pre != spec.encoder.population or s.kind == "dense":
        return s
    if s.delays is not None:
        raise SpecError("build", [f"projection {q.name!r}: the Current code cannot have a delay per synapse"])
    return Synapses(s.dense(spec.network.population(q.pre).n, spec.network.population(q.post).n).T.copy())


def _fill_coefficients(program: Program, params: np.ndarray) -> None:
    def put(name: str, value: Any) -> None:
        program.blocks["params"][name].of(params)[...] = value

    network = program.network
    for p in network.populations:
        if not isinstance(p.model, Input):
            dt = network.dt
            for name, value in (coefficients(p, dt) | noise_coefficients(p, dt)).items():
                _put_all(program, params, f"{p.name}.{name}", value)
    for q in program.network.projections:
        if q.stp is not None:
            put(f"{q.name}.stp", stp_coefficients(q, program.network.dt))
        if q.rule is not None:
            numbers = rule_coefficients(q.rule, network.dt, period(program.spec, q.rule))
            numbers |= eprop_coefficients(q, q.rule, network) if isinstance(q.rule, EProp) else {}
            for name, value in numbers.items():
                put(f"{q.name}.{name}", value)
    if isinstance(program.spec, ControllerSpec):
        for name, value in encoder_params(program.spec.encoder, program.network.dt).items():
            if f"encoder.{name}" in program.blocks["params"]:
                put(f"encoder.{name}", value)
        for name, value in decoder_params(program.spec).items():
            if f"decoder.{name}" in program.blocks["params"]:
                put(f"decoder.{name}", value)
        carries = {"carry": program.spec.carry} | {f"{p.name}.carry": p.carry for p in network.populations}
        for name, carry in carries.items():
            if name in program.blocks["params"]:
                put(name, carry)


def _put_all(program: Program, params: np.ndarray, name: str, value: np.ndarray) -> None:
    """One value a neuron, or the one that all share; a coefficient that the op does not have is left out."""
    block = program.blocks["params"].get(name)
    if block is not None:
        block.of(params)[...] = value[: block.size]


def _freeze(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
