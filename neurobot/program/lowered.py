"""A layout in the making: sections of rows, the blocks of the three arenas, and what all parts of lowering ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.kernels import ops
from neurobot.program.coefficients import refractory_steps
from neurobot.program.layout import MAX_STATE, Arena
from neurobot.program.models import linked_model
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.network import NetworkSpec, Population, Projection


@dataclass(frozen=True, slots=True)
class Shape:
    """What lowering needs to know of a projection's synapses.

    Args:
        kind: ``dense``, ``sparse`` or ``delayed`` (a delay per synapse).
        nnz: number of synapses, where indexed.
        max_delay: the longest delay [steps], where ``delayed``.
    """

    kind: str
    nnz: int = 0
    max_delay: int = 0


class Lowered:
    """Where `neurobot.program.lower` puts what it makes.

    Args:
        spec: resolved.
        shapes: of every projection's synapses, by name.
        rows: number of rows of the table; index arrays lie behind them.
    """

    def __init__(self, spec: ControllerSpec | NetworkSpec, shapes: dict[str, Shape], rows: int = 0):
        self.spec, self.shapes = spec, shapes
        self.network = spec if isinstance(spec, NetworkSpec) else spec.network
        self.prologue: list[list[int]] = []
        self.step: list[list[int]] = []
        self.epilogue: list[list[int]] = []
        self.params = Arena("params")
        self.state = Arena("state", ops.STATE_HEADER, MAX_STATE)
        self.tables = Arena("layout", ops.HEADER + rows * ops.WIDTH)
        sizes = [p.n for p in self.network.populations]
        self.first = dict(zip(self.network.names, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return len(self.prologue) + len(self.step) + len(self.epilogue)

    def header(self, substeps: int, n_obs: int, n_act: int) -> np.ndarray:
        """The layout arena with its rows, and index arrays still 0; (words,) int32."""
        rows = [*self.prologue, *self.step, *self.epilogue]
        head = np.zeros(ops.HEADER, np.int32)
        for where, value in (
            (ops.SUBSTEPS, substeps), (ops.N_OBS, n_obs), (ops.N_ACT, n_act),
            (ops.N_PROLOGUE, len(self.prologue)), (ops.N_STEP, len(self.step)), (ops.N_EPILOGUE, len(self.epilogue)),
        ):  # fmt: skip
            head[where] = value
        return np.concatenate([head, np.array(rows, np.int32).reshape(-1), np.zeros(self.tables.size, np.int32)])

    def delay(self, q: Projection) -> int:
        """Delay of a projection [steps]."""
        return round(q.delay / self.network.dt)

    def kind(self, q: Projection) -> str:
        """How spikes travel: ``dense``, ``sparse``, ``delayed``, ``stp``, ``plastic``, or ``held`` as currents."""
        held = isinstance(self.spec, ControllerSpec) and isinstance(self.spec.encoder.code, Current)
        if held and isinstance(self.spec, ControllerSpec) and q.pre == self.spec.encoder.population:
            return "held"
        if q.rule is not None:
            return "plastic"
        return "stp" if q.stp is not None else self.shapes[q.name].kind

    def slots(self, p: Population) -> int:
        """How many steps the spikes of a population are kept for."""
        listed = ("dense", "sparse", "plastic")
        steps = [self.delay(q) for q in self.network.projections if q.pre == p.name and self.kind(q) in listed]
        return 1 + max(steps, default=0)

    def spike_operands(self, p: Population) -> dict[str, int]:
        """Where the spike lists of a population are."""
        return {"spikes_at": self.state.at(f"{p.name}.spikes"), "slots": self.slots(p)}

    def refractory(self, p: Population) -> np.ndarray:
        """t_ref in steps, (n,) int32."""
        return refractory_steps(p, self.network.dt)

    def waits(self, p: Population) -> bool:
        """Whether every neuron of a population has a count of the steps that it still waits."""
        model = linked_model(self.spec, p)
        if model is not None:
            return not model.uniform and model.refractory
        return p.spikes and bool(self.refractory(p).any())

    def carried(self, p: Population) -> tuple[str, ...]:
        """The variables of a population that `carry` brings back towards their start."""
        model = linked_model(self.spec, p)
        names = ("v", "i") if model is None else tuple(name for name in model.state if name not in ("s", "s_in"))
        return tuple(name for name in names if f"{p.name}.{name}" in self.state.blocks)
