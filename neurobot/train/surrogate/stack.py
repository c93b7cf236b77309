"""A Program that can be differentiated: spikes forward, gradients backward, a Program again at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from neurobot.core.base import checked_dtype
from neurobot.errors import SpecError, near
from neurobot.program import Program
from neurobot.spec.check import Problems
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.neurons import Input
from neurobot.train.surrogate import encoding as fields
from neurobot.train.surrogate.encoding import Encoding
from neurobot.train.surrogate.given import Given, given_to
from neurobot.train.surrogate.layer import Layer, Record
from neurobot.train.surrogate.parameters import GROUPS, Parameters
from neurobot.train.surrogate.passes import Passes
from neurobot.train.surrogate.products import Products
from neurobot.train.surrogate.structure import structure
from neurobot.train.surrogate.surrogates import FastSigmoid, Surrogate
from neurobot.train.surrogate.trace import Arrays, Block, Gradients, Seeds, Trace

BLOCK = 1 << 19
"""Numbers of the widest layer's arrays that are run through at a time: two megabytes in float32."""


class Stack:
    """A Program as a function of its variables, with the gradients of `neurobot.kernels.bptt`.

    The forward pass is that of the run-time cores. With ``exact=True`` its spikes are theirs bit for bit, in float32
    and float64. Without, sums of weights may be those of BLAS, which differ in the last digits, so that a membrane
    that ends within rounding of its threshold may go the other way.
    A network program whose CubaLIF neurons share all of their parameters is the one exception: the cores add what
    arrives to the current itself, so that there, too, it is the same up to rounding.

    Args:
        program: a controller or a network of IF, LIF, CubaLIF, ALIF and LI with dense projections.
        surrogate: of `neurobot.train.surrogate.surrogates`; may be replaced at any time, as by a `Schedule`.
        reset: ``detached``: gradients take the reset as given; ``attached``: they flow through it.
        train: kinds of variables, of `neurobot.train.surrogate.parameters.GROUPS` and
            `neurobot.train.surrogate.encoding.GROUPS`.
        dtype: ``float32``, or ``float64`` as the reference.
        smooth: spikes are the surrogate's integral, so that gradients are those of the network itself and can be
            checked by differences.

    Attributes:
        values: the variables by name, to be changed in place.
        surrogate: see above.

    Raises:
        SpecError: what has no gradient here, all problems at once.
    """

    def __init__(
        self,
        program: Program,
        surrogate: Surrogate | None = None,
        reset: Literal["detached", "attached"] = "detached",
        train: Sequence[str] = ("weights", "b"),
        *,
        dtype: Literal["float32", "float64"] = "float32",
        smooth: bool = False,
    ) -> None:
        self.program, self.real = program, checked_dtype("Stack", dtype)
        self.surrogate: Surrogate = surrogate or FastSigmoid()
        _check(program, reset, train)
        self._structure = structure(program)
        spec = program.spec
        self.encoding = Encoding(program, train, self.real) if isinstance(spec, ControllerSpec) else None
        self.parameters = Parameters(
            program, self._structure, [name for name in train if name not in fields.GROUPS], self.real
        )
        self.values: Arrays = self.parameters.values | (self.encoding.values if self.encoding else {})
        carry = spec.carry if isinstance(spec, ControllerSpec) else 1.0
        self._layers = {
            p.name: Layer(
                program, p, full=self.parameters.neurons[p.name].full, smooth=smooth, real=self.real,
                attached=reset == "attached", tick=0 if carry == 1.0 else program.substeps, carry=carry,
            )
            for p in program.network.populations if not isinstance(p.model, Input)
        }  # fmt: skip
        for name, layer in self._layers.items():
            layer.set(self.parameters.coefficients(name))
        self._passes = Passes(
            self._structure, self._layers, self.parameters, Products(self.real), max(program.substeps, 1)
        )
        self._parts: Trace | None = None

    def forward(self, inputs: Any, *, exact: bool = False, episode: int = 0, into: Trace | None = None) -> Trace:
        """Run from the start of an episode.

        Args:
            inputs: of a controller, observations (B, n), for one tick, or (ticks, B, n); or, as of a network alone,
                what enters the Input populations by name, each (T, B, n): bools or bytes are spikes, floats are
                currents that take the place of spikes. Populations that are not named stay silent.
            exact: every sum in the order of the run-time cores.
            episode: of chance: Poisson spikes are those of a `BatchCore` of B instances in this episode.
            into: a trace of the same size, whose memory is used again; it is what is returned.

        Raises:
            SpecError: inputs that do not fit; several ticks, where carry is 0 and they have nothing to do with each
                other: let them be instances.
        """
        given = given_to(self.program, self._structure, inputs)
        trace = self._trace(given, into)
        self._take_values()
        for block in trace.blocks:
            self._run(block, given, exact, episode)
        return trace

    def gradients(
        self, inputs: Any, loss: Callable[[Trace, slice], tuple[float, Seeds]], *, exact: bool = False, episode: int = 0
    ) -> tuple[float, Gradients]:
        """Forward, loss and backward, some instances of a batch after the others.

        What one part of the batch leaves behind is gone when the next one runs. So it is still in a cache when its
        gradient is taken, which is quicker than `forward` and `backward` of a large batch, and needs less memory.

        Args:
            inputs: as of `forward`.
            loss: from a run of some instances, and which of the batch they are, to a mean over them and the seeds of
                its gradient.
            exact: as of `forward`.
            episode: as of `forward`.

        Returns:
            The mean over the batch, and its gradients.

        Raises:
            SpecError: as of `forward` and `backward`.
        """
        given = given_to(self.program, self._structure, inputs)
        self._parts = self._trace(given, self._parts if given.fits(self._parts) else None, overwrite=True)
        self._take_values()
        found, entered, total = self._forget(), [], 0.0
        for block in self._parts.blocks:
            self._run(block, given, exact, episode)
            part, share = Trace(given.steps, block.batch, given.ticks, [block]), block.batch / given.batch
            value, seeds = loss(part, block.instances)
            self._check_seeds(part, seeds)
            total += share * value
            entered.append(self._back(block, seeds.scaled(share), found))
        return total, self._gathered(self._parts, found, entered)

    def backward(self, trace: Trace, seeds: Seeds, *, inputs: bool = False) -> Gradients:
        """Gradients of the variables, with the surrogate as it is now.

        Args:
            trace: of `forward`, with the values that it was run with.
            seeds: gradients of a loss for spikes and membranes.
            inputs: whether gradients of the inputs are wanted too.

        Raises:
            SpecError: seeds of populations that do not exist, or that have no such variable.
        """
        self._check_seeds(trace, seeds)
        found = self._forget()
        entered = [
            self._back(block, seeds.of(block.instances, trace.batch), found, inputs) for block in trace.blocks
        ]  # fmt: skip
        result = self._gathered(trace, found, entered)
        if inputs:
            result.inputs = {name: np.concatenate([part[name] for part in entered], axis=1) for name in entered[0]}
        return result

    def to_program(self, **provenance: Any) -> Program:
        """The Program with the values as they are now: what `forward` runs."""
        program = self.parameters.to_program(**provenance)
        return self.encoding.write(program) if self.encoding else program

    @property
    def _trains_encoding(self) -> bool:
        return self.encoding is not None and bool(self.encoding.values)

    def _take_values(self) -> None:
        for name, layer in self._layers.items():
            if self.parameters.neurons[name].trained:
                layer.set(self.parameters.coefficients(name))
            layer.shape(self.surrogate)

    def _run(self, block: Block, given: Given, exact: bool, episode: int) -> None:
        """Forward, from the start of an episode."""
        self._fill(block, given, episode)
        for name, layer in self._layers.items():
            layer.begin(block.scanned[name], block.batch)
        self._passes.forward(block, exact)

    def _forget(self) -> Arrays:
        """Begin to add up gradients; those of weights come into what is returned."""
        for layer in self._layers.values():
            layer.shape(self.surrogate)
            layer.forget()
        return {n: np.zeros_like(v) for n, v in self.parameters.values.items() if n.endswith(".weights")}

    def _back(self, block: Block, seeds: Seeds, found: Arrays, inputs: bool = False) -> Arrays:
        """Add a block's gradients to those found; returns those of what entered, where they are needed."""
        self._passes.backward(block, seeds, found)
        wanted = block.entered if inputs or self._trains_encoding else ()
        return {name: self._back_to_input(block, name) for name in wanted}

    def _gathered(self, trace: Trace, found: Arrays, entered: Sequence[Arrays]) -> Gradients:
        """The gradients of the variables, of what all blocks have found and what entered them."""
        for name, layer in self._layers.items():
            if self.parameters.neurons[name].trained:
                found |= self.parameters.pull_back(name, layer.sums())
        for name, mask in self.parameters.masks.items():
            found[name] *= mask
        result = Gradients({name: found[name] for name in self.parameters.values})
        if self.encoding and self._trains_encoding:
            parts = zip(trace.blocks, entered, strict=True)
            each = [self.encoding.pull_back(block, self._by_tick(block, part)) for block, part in parts]
            result.values |= {name: np.sum([part[name] for part in each], axis=0) for name in each[0]}
        return result

    def _fill(self, block: Block, given: Given, episode: int) -> None:
        """Let a block's instances have what was given."""
        block.entered = set(given.arrays)
        for name, array in given.arrays.items():
            record, some = block.records[name], array[:, block.instances]
            if given.observed:
                assert self.encoding is not None
                block.observations = np.ascontiguousarray(some)
                self.encoding.run(block, record, episode)
                continue
            spikes = array.dtype.kind in "bui"
            flat = some != 0 if spikes else some
            record.z = np.ascontiguousarray(flat.reshape(given.steps, -1), np.uint8 if spikes else self.real)
            record.ran(0, given.steps)

    def _trace(self, given: Given, into: Trace | None, overwrite: bool = False) -> Trace:
        """A trace, new or used; with overwrite its blocks have their memory in common."""
        if into is None:
            return Trace(given.steps, given.batch, given.ticks, self._blocks(given, overwrite))
        if not given.fits(into) or into.blocks[0].layers is not self._layers:
            raise SpecError(
                "forward",
                [f"`into` is a trace of {into.steps} steps of {into.batch} instances, this run has {given.steps} of "
                 f"{given.batch}; give one of this stack and size, or none"],
            )  # fmt: skip
        for block in into.blocks:
            for name in block.entered:
                block.records[name].z = np.zeros((0, 0), np.uint8)
        return into

    def _blocks(self, given: Given, overwrite: bool) -> list[Block]:
        """Instances that run together. Where spikes come back all do: a step is too short to be cut into pieces."""
        widest = max((layer.n for layer in self._layers.values()), default=1)
        looped = any(self._structure.looped(group) for group in self._structure.groups)
        count = 1 if looped else min(given.batch, -(-given.batch * given.steps * widest // BLOCK))
        each = -(-given.batch // count)
        blocks: list[Block] = []
        for first in range(0, given.batch, each):
            batch = min(each, given.batch - first)
            same = next((b for b in blocks if overwrite and b.batch == batch), None)
            blocks.append(self._block(given, first, batch, same))
        _share_gradients(blocks)
        return blocks

    def _block(self, given: Given, first: int, batch: int, same: Block | None) -> Block:
        """A block, with memory of its own or that of another."""
        if same:
            records, scanned = same.records, same.scanned
        else:
            network = self.program.network
            records = {p.name: Record(given.steps, batch, p.n, self.real) for p in network.populations}
            scanned = {name: layer.allocate(records[name]) for name, layer in self._layers.items()}
        return Block(given.steps, first, batch, records, scanned, self._layers, ticks=given.ticks)

    def _check_seeds(self, trace: Trace, seeds: Seeds) -> None:
        problems, names = Problems("backward"), sorted(self._layers)
        for name in {**seeds.spikes, **seeds.v}:
            if name not in self._layers:
                problems.add(f"there is no population {name!r} with a gradient; {near(name, names)}")
            elif name in seeds.spikes and not self._layers[name].spiking:
                problems.add(f"{name!r} is LI and never spikes; give the gradient of its v")
        for name, array in [*seeds.spikes.items(), *seeds.v.items()]:
            if name in self._layers:
                shape = (trace.steps, trace.batch, self._layers[name].n)
                try:
                    np.broadcast_to(array, shape)
                except ValueError:
                    problems.add(f"the gradient of {name!r} has shape {np.shape(array)}, which does not fit {shape}")
        problems.done()

    def _back_to_input(self, block: Block, name: str) -> np.ndarray:
        """Gradient of what entered an Input population, (T, B, n), or of a held current, (ticks, B, n)."""
        record, links = block.records[name], self._structure.out_of(name)
        held = [link for link in links if link.held]
        if not held:
            self._passes.gather(block, name, links)
            return record.g.reshape(block.steps, block.batch, record.n).copy()
        parts = [self._passes.held_gradient(block, link) @ self.parameters.weights(link.name).T for link in held]
        total: np.ndarray = sum(parts[1:], parts[0]).reshape(block.ticks, block.batch, record.n)
        return total

    def _by_tick(self, block: Block, inputs: Arrays) -> np.ndarray:
        """Gradient of the encoder's population, summed over the steps of each tick, (ticks, B, n)."""
        assert self.encoding is not None
        g = inputs[self.encoding.encoder.population]
        return g if len(g) == block.ticks else g.reshape(block.ticks, -1, *g.shape[1:]).sum(axis=1)


def _share_gradients(blocks: Sequence[Block]) -> None:
    """Let all blocks have their gradients in the same memory, which a cache then holds: one goes backward at a time."""
    for name, record in max(blocks, key=lambda block: block.batch).records.items():
        room = np.empty(record.steps * record.batch * record.n, record.real)
        for block in blocks:
            lanes = block.batch * record.n
            block.records[name].g = room[: record.steps * lanes].reshape(record.steps, lanes)


def _check(program: Program, reset: str, train: Sequence[str]) -> None:
    problems = Problems("surrogate gradients")
    problems.choice("reset", reset, ("detached", "attached"))
    known = (*GROUPS, *fields.GROUPS) if isinstance(program.spec, ControllerSpec) else GROUPS
    for name in train:
        problems.choice("train", name, known)
    problems.done()
