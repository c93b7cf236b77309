"""A Program in words, and what tells two of them apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobot.kernels import ops
from neurobot.program.program import Program
from neurobot.spec.serialize import to_data

MOST_LINES = 40


def summary(program: Program) -> str:
    """Populations, projections, ops and sizes, a line each."""
    network = program.network
    lines = [
        f"{program.substeps} steps of {network.dt:g} s a tick, control period {program.control_period:g} s",
        f"{program.neurons} neurons, {program.synapses} synapses, {program.footprint_bytes} bytes in float32",
        f"{program.observation_size} numbers in, {program.action_size} out",
    ]
    for p in network.populations:
        lines.append(f"population {p.name}: {p.n} {type(p.model).__name__}")
    for q in network.projections:
        w = program.param(f"{q.name}.weights")
        delays = "delays of its own" if program.synapses_of(q.name).kind == "delayed" else f"delay {q.delay:g} s"
        delays += ", short-term plasticity" if q.stp is not None else ""
        delays += f", learns by {type(q.rule).__name__}" if q.rule is not None else ""
        lines.append(f"projection {q.name}: {program.synapses_of(q.name).kind}, {w.size} weights, {delays}")
    if program.image is not None:
        lines.append(f"quantized: an image of {program.image.size} bytes")
    lines.append("ops: " + ", ".join(op_names(program)))
    return "\n".join(lines)


def op_names(program: Program) -> list[str]:
    """The names of the rows of the op table, in order."""
    layout = program.layout
    rows = int(layout[ops.N_PROLOGUE] + layout[ops.N_STEP] + layout[ops.N_EPILOGUE])
    table = layout[ops.HEADER : ops.HEADER + rows * ops.WIDTH].reshape(rows, ops.WIDTH)
    return [ops.name_of(row) for row in table]


def diff(a: Program, b: Program) -> list[str]:
    """What differs between two programs, a line each; none where they run alike.

    Keys of the spec that differ come first, then blocks of params and index arrays.
    """
    lines = diff_data({"seed": a.seed, "spec": to_data(a.spec)}, {"seed": b.seed, "spec": to_data(b.spec)})
    for arena in ("params", "layout"):
        mine, theirs = a.blocks[arena], b.blocks[arena]
        for name in sorted(mine.keys() | theirs.keys()):
            lines += _diff_block(f"{arena}.{name}", *(_block(p, arena, name) for p in (a, b)))
    lines += _diff_block("image", a.image, b.image)
    hidden = len(lines) - MOST_LINES
    return lines if hidden <= 0 else [*lines[:MOST_LINES], f"... and {hidden} more"]


def _block(program: Program, arena: str, name: str) -> np.ndarray | None:
    block = program.blocks[arena].get(name)
    return None if block is None else block.of(getattr(program, arena))


def _diff_block(name: str, a: np.ndarray | None, b: np.ndarray | None) -> list[str]:
    if a is None and b is None:
        return []
    if a is None or b is None:
        return [f"{name}: only in the {'second' if a is None else 'first'}"]
    if a.shape != b.shape:
        return [f"{name}: shape {a.shape} against {b.shape}"]
    wrong = int((a != b).sum())
    if not wrong:
        return []
    return [f"{name}: {wrong} of {a.size} entries differ, by up to {float(np.abs(a.astype(np.float64) - b).max()):g}"]


def diff_data(a: Any, b: Any, path: str = "") -> list[str]:
    """The keys at which plain data differ, with both values, a line each."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [line for k in {**a, **b} for line in diff_data(a.get(k), b.get(k), f"{path}.{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [line for j, (x, y) in enumerate(zip(a, b, strict=True)) for line in diff_data(x, y, f"{path}[{j}]")]
    return [] if a == b else [f"{path.removeprefix('.')}: {_short(a)} against {_short(b)}"]


def _short(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 60 else text[:57] + "..."
