"""One population over a batch and many steps: its arrays, and the scans over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurobot.kernels import bptt
from neurobot.kernels.bptt_compiled import backward_scan, event_kernel, forward_scan
from neurobot.program import Program
from neurobot.spec.network import Population
from neurobot.spec.neuron_models import ALIF
from neurobot.spec.neurons import LI, CubaLIF
from neurobot.train.surrogate.structure import waits
from neurobot.train.surrogate.surrogates import Surrogate


class Record:
    """What is known of a population after a run, and its gradients; lanes are instances times neurons.

    Args:
        steps: T.
        batch: B, instances.
        n: neurons.
        real: float32 or float64.

    Attributes:
        z: (T, lanes) spikes, bytes of 0 or 1, or reals in a smooth network and for given currents.
        g: (T, lanes) gradient of the spikes; after the backward scan that of what arrived.
    """

    def __init__(self, steps: int, batch: int, n: int, real: np.dtype[Any]) -> None:
        self.steps, self.batch, self.n, self.real = steps, batch, n, real
        self.z = np.zeros((0, 0), np.uint8)
        self.g = np.zeros((0, 0), real)
        self._lists = np.zeros((0, 0), np.int32)
        self._reals = np.zeros((0, 0), real)
        self._ran = self._listed = self._cast = self._counted = self._count = 0
        self._list_rows = event_kernel("list_rows", real.name)

    @property
    def binary(self) -> bool:
        """Whether z holds spikes."""
        return self.z.dtype == np.uint8

    @property
    def density(self) -> float:
        """Share of the steps so far in which a neuron spiked; 1 where z holds reals."""
        if not self.binary:
            return 1.0
        if self._counted < self._ran:
            self._count += int(np.count_nonzero(self.z[self._counted : self._ran].view(np.bool_)))
            self._counted = self._ran
        return self._count / max(self._ran * self.batch * self.n, 1)

    def ran(self, first: int, last: int) -> None:
        """z was written for these steps; a run begins with step 0."""
        if first == 0:
            self._listed = self._cast = self._counted = self._count = 0
        self._ran = last

    def lists(self) -> np.ndarray:
        """Spike lists, (T B, 1 + n) int32, of the steps so far: how many neurons spiked, and which."""
        if self._listed < self._ran:
            if not self._lists.size:
                self._lists = np.empty((self.steps * self.batch, 1 + self.n), np.int32)
            rows = slice(self._listed * self.batch, self._ran * self.batch)
            self._list_rows(self.z.reshape(-1, self.n)[rows], self._lists[rows])
            self._listed = self._ran
        return self._lists

    def reals(self) -> np.ndarray:
        """z in the kind of number of the products, (T B, n), of the steps so far."""
        if not self.binary:
            return self.z.reshape(-1, self.n)
        if self._cast < self._ran:
            if not self._reals.size:
                self._reals = np.empty((self.steps * self.batch, self.n), self.real)
            rows = slice(self._cast * self.batch, self._ran * self.batch)
            np.copyto(self._reals[rows], self.z.reshape(-1, self.n)[rows])
            self._cast = self._ran
        return self._reals


@dataclass(eq=False)
class Scanned:
    """The arrays of the scans of a layer, see `neurobot.kernels.bptt`."""

    s: np.ndarray
    x: np.ndarray
    gate: np.ndarray
    kept: np.ndarray
    state: np.ndarray
    wait: np.ndarray
    starts: np.ndarray
    adjoint: np.ndarray


class Layer:
    """The scans of a population.

    Args:
        program: it belongs to.
        population: which.
        full: whether gradients of all coefficients are wanted.
        smooth: whether spikes are the surrogate's integral.
        real: float32 or float64.
        attached: whether the gradient flows through the reset.
        tick: steps after which `carry` acts; 0 for never.
        carry: share of the state that survives.
    """

    def __init__(
        self, program: Program, population: Population, *, full: bool, smooth: bool, real: np.dtype[Any],
        attached: bool, tick: int, carry: float,
    ) -> None:  # fmt: skip
        model: Any = population.model
        steps = waits(program, population)
        self.n, self.name, self.real = population.n, population.name, real
        self.spiking = not isinstance(model, LI)
        self.variant = bptt.Variant(
            isinstance(model, CubaLIF), isinstance(model, ALIF), bool(steps.any()), full, smooth
        )
        self._kept = bptt.state_rows(self.variant)
        self.subtract = getattr(model, "reset", "value") == "subtract"
        held = 2 if getattr(model, "input", "") == "jump_then_decay" and not isinstance(model, CubaLIF) else 1
        self._settings = np.array([0, 0, 0, self.n, self.subtract, held, 0, attached], np.int64)
        self._width = max(1, bptt.LANES // self.n) * self.n
        self._panels = -(-self.n // bptt.LANES)
        self._coef = np.zeros((self._panels, bptt.ROWS * bptt.LANES), real)
        self._steps = np.zeros(self._panels * bptt.LANES, np.int32)
        self._steps[: max(self._width, self.n)] = np.resize(steps, max(self._width, self.n))
        self._init = program.param(f"{population.name}.init").astype(real)
        self._slope = np.ones(1, real)
        self._tick, self._carry = tick, real.type(carry)
        self._kind = real.name  # numpy works it out anew each time it is asked
        self._forward = forward_scan(self.variant, self._kind)

    def shape(self, surrogate: Surrogate) -> None:
        """Take the surrogate."""
        self._settings[bptt.KIND], self._slope[0] = surrogate.kind, surrogate.slope

    def set(self, coefficients: Mapping[str, np.ndarray]) -> None:
        """Take coefficients, (n,) by name."""
        rows = self._coef.reshape(self._panels, bptt.ROWS, bptt.LANES)
        if not self.spiking:
            coefficients = {**coefficients, "theta": np.full(self.n, np.inf)}
        for k, name in enumerate(bptt.COEFFICIENTS):
            if name in coefficients and self._panels == 1:
                rows[0, k, : self._width].reshape(-1, self.n)[...] = coefficients[name]
            elif name in coefficients:
                for p in range(self._panels):
                    part = coefficients[name][p * bptt.LANES : (p + 1) * bptt.LANES]
                    rows[p, k, : part.size] = part

    def allocate(self, record: Record) -> Scanned:
        """Arrays for the scans of a record."""
        steps, lanes, v = record.steps, record.batch * self.n, self.variant
        if record.z.shape != (steps, lanes):
            record.z = np.zeros((steps, lanes), self.real if v.smooth else np.uint8)
        s = np.empty((steps, lanes), self.real)
        kept = v.adaptive or (v.current and v.full)
        chunks = max(1, -(-steps // self._tick) if self._tick else 1)
        return Scanned(
            s,
            np.empty_like(s) if v.full else s,
            np.zeros((steps if v.refractory else 1, lanes), np.uint8),
            np.empty((2, steps, lanes) if kept else (2, 1, 0), self.real),
            np.zeros((4, lanes), self.real),
            np.zeros(lanes, np.int32),
            np.zeros((chunks, 4, lanes), self.real),
            np.zeros((4, lanes), self.real),
        )

    def begin(self, arrays: Scanned, batch: int) -> None:
        """Put the state at the start of an episode."""
        arrays.state[1 : self._kept] = 0
        arrays.state[0].reshape(batch, self.n)[...] = self._init
        if self.variant.refractory:
            arrays.wait[:] = 0

    def run(self, record: Record, arrays: Scanned, first: int, last: int) -> None:
        """Steps first to last, with what arrives in s."""
        for a, b, chunk in self._chunks(first, last):
            if a == chunk * self._tick:
                if a > 0:
                    self._bring_back(arrays.state, record.batch)
                if self.variant.full:
                    arrays.starts[chunk] = arrays.state
            self._settings[:3] = a, b, chunk * self._tick
            self._forward(
                self._coef, arrays.s, arrays.x, record.z, arrays.gate, arrays.kept, arrays.state, arrays.wait,
                self._steps, self._settings, self._slope,
            )  # fmt: skip

    def end(self, arrays: Scanned) -> None:
        """Begin a backward run: no gradient comes from behind the last step."""
        arrays.adjoint[: self._kept] = 0

    def forget(self) -> None:
        """Begin to add up gradients of the coefficients."""
        self._coef[:, bptt.SUM :] = 0

    def run_back(self, record: Record, arrays: Scanned, gv: np.ndarray, first: int, last: int) -> None:
        """Steps last to first: record.g from the gradient of spikes to that of what arrived."""
        for a, b, chunk in reversed(self._chunks(first, last)):
            self._settings[:3] = a, b, chunk * self._tick
            backward_scan(self.variant, self._kind)(
                self._coef, arrays.s, arrays.x, record.z, arrays.gate, arrays.kept, record.g, gv,
                arrays.starts[chunk], arrays.adjoint, self._settings, self._slope,
            )  # fmt: skip
            if a == chunk * self._tick and a > 0:
                arrays.adjoint *= self._carry

    def sums(self) -> dict[str, np.ndarray]:
        """Gradients of the coefficients, (n,) float64 by name."""
        rows = self._coef.reshape(self._panels, bptt.ROWS, bptt.LANES)[:, bptt.SUM // bptt.LANES :].astype(np.float64)
        if self._panels > 1:
            flat = rows.transpose(1, 0, 2).reshape(len(bptt.COEFFICIENTS), -1)[:, : self.n]
        else:
            flat = rows[0, :, : self._width].reshape(len(bptt.COEFFICIENTS), -1, self.n).sum(axis=1)
        return dict(zip(bptt.COEFFICIENTS, flat, strict=True))

    def after_reset(self, record: Record, arrays: Scanned) -> np.ndarray:
        """v as it is recorded, (T, B, n)."""
        shape = (record.steps, record.batch, self.n)
        x = arrays.x.reshape(shape)
        if not self.spiking:
            return x.copy()
        to = self._coef.reshape(self._panels, bptt.ROWS, bptt.LANES)[:, bptt.TO // bptt.LANES].reshape(-1)[: self.n]
        z = record.z.reshape(shape)
        if not record.binary:
            v: np.ndarray = x - z * (to if self.subtract else x - to)
            return v
        return np.where(z != 0, x - to if self.subtract else to, x)

    def _chunks(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """The steps cut where ticks begin: (from, to, number of the tick)."""
        if not self._tick:
            return [(first, last, 0)]
        edges = [first, *range((first // self._tick + 1) * self._tick, last, self._tick), last]
        return [(a, b, a // self._tick) for a, b in pairwise(edges) if a < b]

    def _bring_back(self, state: np.ndarray, batch: int) -> None:
        start = np.tile(self._init, batch)
        state[0] = start + self._carry * (state[0] - start)
        state[1:] *= self._carry
