"""From a decoder to integers: what a sum is multiplied by, and the outputs (docs/fixed.md, sections 4, 7 and 10)."""

from __future__ import annotations

import math

import numpy as np

from neurobot.board.parts import Decoding
from neurobot.core.image import HOLDS, OUTPUT
from neurobot.core.image_decoder import MOST_MULT
from neurobot.errors import SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program
from neurobot.spec.check import as_array
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Choice, Highest, Membrane, Rate

ONE = 65536
"""u = 1."""
MOST_SHIFT = 62
FULL = 32767
NEARLY = 1e-6
"""What a whole number may lack, in units, for rounding."""


def decoding_of(program: Program, spec: ControllerSpec, scale: float) -> Decoding:
    """The decoder in integers.

    Args:
        program: of a controller.
        spec: its own.
        scale: of the decoded population's v.

    Raises:
        SpecError: a gain or slew that integers cannot say.
    """
    d = spec.decoder
    population, n, size = spec.network.index(d.population), spec.network.population(d.population).n, d.size or 1
    if isinstance(d, Choice):
        outputs = np.zeros(1, OUTPUT)
        outputs["high"], outputs["rest"], outputs["unit"] = size - 1, d.rest, 1.0
        outputs["slew"], outputs["on_hold"] = fx.NO_SLEW, HOLDS.index(d.on_hold)
        kind = fx.HIGHEST if isinstance(d, Highest) else fx.WINNER
        return Decoding(population=population, kind=kind, groups=size, per=n // size, outputs=outputs)
    assert isinstance(d, Rate | Membrane)
    per = n // (size * (2 if d.push_pull else 1))
    gain = float(program.param("decoder.gain")[0])
    reads_v = isinstance(d, Membrane)
    kind = fx.MEMBRANE if reads_v else fx.RATE
    mult, shift = _factor(gain / per * ONE / (scale if reads_v else 1.0), gain, MOST_MULT[kind])
    outputs = _outputs(program, spec)
    outputs["lift"] = np.rint(ONE * _lift(program, spec, gain, per)).astype(np.int64)
    return Decoding(
        population=population, kind=kind, groups=size, per=per, push_pull=d.push_pull,
        mult=mult, shift=shift, outputs=outputs,
        table=tanh_table() if isinstance(d, Membrane) and d.squash == "tanh" else None,
    )  # fmt: skip


def tanh_table() -> np.ndarray:
    """2^15 tanh(k / 32), to nearest, (257,)."""
    table: np.ndarray = np.rint(2**15 * np.tanh(np.arange(fx.TABLE) / 32)).astype(np.uint16)
    return table


def _factor(factor: float, gain: float, most: int) -> tuple[int, int]:
    """mult and shift, factor being mult / 2^shift."""
    if abs(factor) > most:
        raise SpecError(
            "fixed point",
            [f"decoder: gain {gain:g} is {abs(factor) / most:.3g} times too large; give a smaller one"],
        )
    shift = MOST_SHIFT if factor == 0 else min(MOST_SHIFT, math.floor(math.log2(most / abs(factor))))
    return round(factor * 2.0**shift), shift


def _lift(program: Program, spec: ControllerSpec, gain: float, per: int) -> np.ndarray:
    """What is taken from u, (n_act,): the program's offset, less what it takes for v_leak, from which v is counted."""
    d, size = spec.decoder, spec.decoder.size or 1
    offset = np.asarray(program.param("decoder.offset"), np.float64)
    if not isinstance(d, Membrane):
        return offset
    p = spec.network.population(d.population)
    sides = as_array(getattr(p.model, "v_leak", 0.0), p.n).reshape(size, -1, per).mean(axis=2)
    out: np.ndarray = offset - gain * (sides[:, 0] - sides[:, 1] if d.push_pull else sides[:, 0])
    return out


def _outputs(program: Program, spec: ControllerSpec) -> np.ndarray:
    low, high, rest, slew = (np.asarray(program.param(f"decoder.{name}")) for name in ("low", "high", "rest", "slew"))
    up, down = high - rest, rest - low
    unit = np.maximum(up, down) / FULL
    out = np.zeros(low.size, OUTPUT)
    out["unit"], out["offset"] = unit, rest
    out["up"], out["down"] = np.rint(up / unit), np.rint(down / unit)
    out["high"], out["low"] = np.floor(up / unit + NEARLY), -np.floor(down / unit + NEARLY)
    steps = np.floor(slew / unit + NEARLY)
    for a in np.flatnonzero(steps < 1):
        raise SpecError(
            "fixed point",
            [f"decoder: slew lets output {a} change by {slew[a]:g} in a tick, but its unit is {unit[a]:g}; allow more"],
        )
    out["slew"] = np.minimum(steps, fx.NO_SLEW)
    limits = spec.decoder.limits  # type: ignore[union-attr]
    holds = limits.on_hold if isinstance(limits.on_hold, tuple) else (limits.on_hold,) * low.size
    out["on_hold"] = [HOLDS.index(how) for how in holds]
    return out
