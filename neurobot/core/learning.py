"""What cores do for projections that learn: what survives a reset, what is forgotten, how a last reward comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurobot.errors import SpecError
from neurobot.kernels import ops
from neurobot.program import Program
from neurobot.program.layout import Block
from neurobot.program.lower_rule import KEPT
from neurobot.spec.eprop import EProp

AHEAD = ("MODULATE", "EPROP_APPLY", "NORMALISE")
"""Ops that change all weights at once, at the start of a step."""


@dataclass(frozen=True, slots=True)
class Plasticity:
    """The weights of a projection that learns, in numbers.

    Attributes:
        at_low: share of the weights at their lower bound.
        at_high: share at their upper bound.
        mean: of the weights.
        moved: mean distance of a weight from what it is in the program.
        changes: how often a weight was changed since the program began or was gone back to, rounding included.
    """

    at_low: float
    at_high: float
    mean: float
    moved: float
    changes: int


def kept(program: Program) -> tuple[Block, ...]:
    """The blocks of the state that a reset leaves as they are."""
    names = [f"{q.name}.{part}" for q in program.plastic for part in KEPT]
    blocks = [program.blocks["state"][name] for name in names if name in program.blocks["state"]]
    return tuple(blocks)


def copy_kept(blocks: tuple[Block, ...], source: np.ndarray, target: np.ndarray) -> None:
    """Copy what is kept from state to state, (..., words)."""
    for block in blocks:
        words = slice(block.at, block.at + block.size)
        target[..., words] = source[..., words]


def check_learn(program: Program, learn: bool, what: str) -> None:
    """SpecError where a program is to learn that cannot."""
    if learn and not program.plastic:
        raise SpecError(what, ["learn is on, but no projection has a rule; give one: Projection(..., rule=STDP())"])


def takes_reward(program: Program) -> bool:
    """Whether a reward makes a difference."""
    return any(hasattr(q.rule, "modulator") for q in program.plastic)


def acts_at_end(program: Program) -> bool:
    """Whether the end of an episode changes weights."""
    return takes_reward(program) or any(isinstance(q.rule, EProp) for q in program.plastic)


def ending_layout(program: Program, layout: np.ndarray) -> np.ndarray:
    """The layout of a tick that only delivers a reward: no steps, and what is ahead of the populations once, (words,).

    Args:
        program: laid out for.
        layout: with addresses of linked ops.
    """
    before = int(program.layout[ops.N_PROLOGUE])
    count = before + int(program.layout[ops.N_STEP])
    table = layout[ops.HEADER : ops.HEADER + count * ops.WIDTH].reshape(count, ops.WIDTH)
    names = [ops.name_of(row) for row in program.layout[ops.HEADER :][: count * ops.WIDTH].reshape(count, ops.WIDTH)]
    rows = [row for name, row in zip(names, table, strict=True) if name in AHEAD]
    out = layout.copy()
    out[[ops.SUBSTEPS, ops.N_OBS, ops.N_STEP, ops.N_EPILOGUE]] = 0
    out[ops.N_PROLOGUE] = len(rows)
    if rows:
        out[ops.HEADER :][: len(rows) * ops.WIDTH] = np.concatenate(rows)
    return out


def learnt(program: Program, params: np.ndarray, state: np.ndarray) -> Program:
    """The program with params as they are in a core, (words,), and weights as they were learnt, from (words,)."""
    params = params.astype(np.float64)
    for q in program.plastic:
        program.blocks["params"][f"{q.name}.weights"].of(params)[...] = weights_of(program, q.name, state)
    return program.with_params(params)


def weights_of(program: Program, projection: str, state: np.ndarray) -> np.ndarray:
    """The weights that a state holds, as the program stores them: (n_pre, n_post) or (nnz,); a view."""
    return program.blocks["state"][f"{projection}.w"].of(state)


def plasticity(program: Program, params: np.ndarray, state: np.ndarray, ints: np.ndarray) -> Mapping[str, Plasticity]:
    """What `Controller.plasticity` tells, from a core's params, state and ints, (words,) each."""
    return {q.name: told(program, q.name, weights_of(program, q.name, state), params, ints) for q in program.plastic}


def told(program: Program, projection: str, w: np.ndarray, params: np.ndarray, ints: np.ndarray) -> Plasticity:
    """Of weights as they are now, as the program stores them, with a core's params and ints, (words,) each."""
    start = program.blocks["params"][f"{projection}.weights"].of(params)
    low, high = program.blocks["params"][f"{projection}.limits"].of(params)[:2]
    size = max(w.size, 1)
    at = program.blocks["state"][f"{projection}.watch"].at
    changes = (int(ints[at]) & 0xFFFFFFFF) | int(ints[at + 1]) << 32
    shares = float((w <= low).sum() / size), float((w >= high).sum() / size)
    moved = float(np.abs(w - start).sum(dtype=np.float64) / size)
    return Plasticity(*shares, float(w.sum(dtype=np.float64) / size), moved, changes)
