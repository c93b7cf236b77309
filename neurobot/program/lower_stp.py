"""Lowering of projections with short-term plasticity: their synapses are indexed, and deliver through a ring."""

from __future__ import annotations

import numpy as np

from neurobot.kernels import ops
from neurobot.program.draw import Synapses
from neurobot.program.lowered import Lowered
from neurobot.spec.network import Projection

AT_ONCE = 1e30
"""dt / tau where tau is 0: a number that float32 holds, and whose exponential is 0."""


def ring_slots(low: Lowered, q: Projection) -> int:
    """Slots of the ring of a projection that delivers through one."""
    shape = low.shapes[q.name]
    return 1 + (shape.max_delay if shape.kind == "delayed" else low.delay(q))


def plastic_operands(low: Lowered, q: Projection, n_pre: int) -> dict[str, int]:
    """Operands of a projection's own behind those of all scattered ones; reserves its blocks."""
    low.state.rows([f"{q.name}.used", f"{q.name}.spent"], n_pre)
    return {
        "delay": low.delay(q),
        "share_at": low.state.at(f"{q.name}.used"),
        "last_at": low.state.add(f"{q.name}.last", n_pre, integer=True),
        "coef_at": low.params.add(f"{q.name}.stp", 3),
    }


def carry_rows(low: Lowered, factor: int) -> list[list[int]]:
    """Rows that bring short-term plasticity back towards its start."""
    rows = []
    for q in low.network.projections:
        if low.kind(q) == "stp":
            for name in (f"{q.name}.used", f"{q.name}.spent"):
                block = low.state.blocks[name]
                init = low.params.add(f"{name}_init", block.size)
                rows.append(ops.row("CARRY", n=block.size, at=block.at, init_at=init, carry_at=factor))
    return rows


def stp_coefficients(q: Projection, dt: float) -> np.ndarray:
    """U, dt / tau_rec, dt / tau_facil, (3,) float64."""
    assert q.stp is not None
    rates = [dt / tau if tau > dt / AT_ONCE else AT_ONCE for tau in (q.stp.tau_rec, q.stp.tau_facil)]
    return np.array([q.stp.u, *rates])


def indexed_if_plastic(q: Projection, s: Synapses) -> Synapses:
    """Whole rows as indexed synapses, without those of weight 0, where a projection has short-term plasticity."""
    if q.stp is None or s.indptr is not None:
        return s
    exists = s.weights != 0
    indptr = np.concatenate([[0], np.cumsum(exists.sum(axis=1))]).astype(np.int32)
    return Synapses(s.weights[exists], indptr, np.nonzero(exists)[1].astype(np.int32))
