"""The encoder of a Program alone: what the host does where the network runs elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.compiled import bind, link
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec

FIELDS = ("FIELD_DIRECT", "FIELD_GAUSSIAN", "FIELD_ONE_HOT", "CHANCE")
BROUGHT_BACK = ("CARRY", "ZERO")
"""Ops of the prologue that belong to the encoder where they are about a block of its own."""
CODES = ("REGULAR", "POISSON", "LATENCY", "DELTA", "PHASE", "BURST")


def encoding_layout(program: Program) -> np.ndarray:
    """The layout of a tick that only encodes: those rows of the table, (words,) int32, with addresses of linked ops."""
    before = int(program.layout[ops.N_PROLOGUE])
    count = before + int(program.layout[ops.N_STEP])
    table = program.layout[ops.HEADER :][: count * ops.WIDTH].reshape(count, ops.WIDTH)
    own = {b.at for name, b in program.blocks["state"].items() if name.startswith("encoder.")}
    prologue = [r for r in table[:before] if _prepares(r, own)]
    steps = [r for r in table[before:] if ops.name_of(r) in CODES]
    out = program.layout.copy()
    out[[ops.N_PROLOGUE, ops.N_STEP, ops.N_EPILOGUE]] = len(prologue), len(steps), 0
    rows = np.array([*prologue, *steps], np.int32).reshape(-1)
    out[ops.HEADER :][: rows.size] = rows
    link(out, "float32", {}, {})
    return out


def _prepares(row: np.ndarray, own: set[int]) -> bool:
    name = ops.name_of(row)
    return name in FIELDS or (name in BROUGHT_BACK and int(row[2]) in own)


def bind_encoder(
    program: Program, params: np.ndarray, state: np.ndarray, ints: np.ndarray, observation: np.ndarray
) -> tuple[Callable[[], int], np.ndarray]:
    """A function that encodes an observation and returns a status, and where it logs the spikes of a tick.

    Args:
        program: of a controller.
        params: (words,) float32.
        state: (words,) float32, of which the header and the encoder's blocks change.
        ints: the same memory as int32.
        observation: (n,) float64, that is read.

    Returns:
        The function, and (1 + 2 spikes,) int32: their number, then pairs (substep, neuron).
    """
    assert isinstance(program.spec, ControllerSpec)
    n = program.network.population(program.spec.encoder.population).n
    log = np.zeros(1 + 2 * n * program.substeps, np.int32)
    nothing = np.zeros(0, np.int32), np.zeros(0, np.float32)
    return bind(
        "float32", (encoding_layout(program), params, state, ints, observation, np.zeros(0), log, *nothing)
    ), log
