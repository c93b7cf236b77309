"""What makes the decoder of an image valid: docs/fixed.md, sections 4 and 8."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobot.core.image_blocks import Blocks, need
from neurobot.kernels import fixed_ops as fx

MOST_MULT = {fx.RATE: (1 << 31) - 1, fx.MEMBRANE: 65535}
"""Sums of counts are below 2^31, those of membranes below 2^45."""
OUTPUT = "<3i3hHB3s2d"


def check_decoder(
    blocks: Blocks, words: list[int], d: list[int], voltages: Mapping[int, int], counts: Mapping[int, int]
) -> None:
    """Raise ImageError unless the decoder can be run safely.

    Args:
        blocks: at the decoder's arrays.
        words: of the header.
        d: the decoder's words.
        voltages: sizes of what MEMBRANE and HIGHEST may read, by offset.
        counts: of what RATE and WINNER may.
    """
    kind, groups, per, push_pull = d[fx.D_KIND], d[fx.D_GROUPS], d[fx.D_PER], d[fx.D_PUSH_PULL]
    choice = kind in (fx.WINNER, fx.HIGHEST)
    need(fx.RATE <= kind <= fx.HIGHEST, f"decoder: kind {kind} is not known")
    need(1 <= groups <= 32767, f"decoder: {groups} groups, it must be 1 .. 32767")
    need(push_pull <= (0 if choice else 1), f"decoder: push_pull is {push_pull}")
    need(1 <= per * (1 + push_pull) <= 32767, f"decoder: {per} neurons a group, it must be 1 .. 32767 in all")
    need(words[fx.W_ACT] == (1 if choice else groups), f"decoder: {words[fx.W_ACT]} actions of {groups} groups")
    sources = counts if kind in (fx.RATE, fx.WINNER) else voltages
    n = groups * per * (1 + push_pull)
    need(sources.get(d[fx.D_SOURCE_AT]) == n, f"decoder: there are no {n} neurons to read at {d[fx.D_SOURCE_AT]}")
    mult = d[fx.D_MULT] - (d[fx.D_MULT] >> 31 << 32)
    most = MOST_MULT.get(kind, 0)
    need(abs(mult) <= most, f"decoder: mult is {mult}, it must be {-most} .. {most}")
    need(d[fx.D_SHIFT] <= (0 if choice else 62), f"decoder: shift is {d[fx.D_SHIFT]}, it must be 0 .. 62")
    need(not any(d[fx.D_OUTPUTS_AT + 1 :]), "decoder: words that mean nothing are not 0")
    if d[fx.D_TABLE_AT]:
        need(not choice, "decoder: a table, but the action is a choice")
        need(d[fx.D_TABLE_AT] == blocks.at, f"decoder: table_at is {d[fx.D_TABLE_AT]}, it must be {blocks.at}")
        table = blocks.take("table", "<u2", fx.TABLE).astype(np.int64)
        need(bool((np.diff(table) >= 0).all()) and table[-1] <= 1 << 15, "decoder: the table does not rise up to 2^15")
    need(d[fx.D_OUTPUTS_AT] == blocks.at, f"decoder: outputs_at is {d[fx.D_OUTPUTS_AT]}, it must be {blocks.at}")
    raw = blocks.take("outputs", "u1", words[fx.W_ACT] * fx.OUTPUT_BYTES).tobytes()
    for a, output in enumerate(struct.iter_unpack(OUTPUT, raw)):
        _check_output(f"output {a}", output, groups - 1 if choice else None)


def _check_output(where: str, output: tuple[Any, ...], last_choice: int | None) -> None:
    _, up, down, low, high, rest, _, on_hold, zero, unit, offset = output
    need(0 <= up <= 32767 and 0 <= down <= 32767, f"{where}: up and down are {up} and {down}, they must be 0 .. 32767")
    need(low <= rest <= high, f"{where}: low, rest and high are {low}, {rest} and {high}, they must rise")
    if last_choice is not None:
        need((low, high) == (0, last_choice), f"{where}: limits of a choice are 0 and {last_choice}")
    need(on_hold <= 2 and zero == b"\0\0\0", f"{where}: on_hold is {on_hold}, it must be 0 .. 2, and three bytes 0")
    need(bool(np.isfinite([unit, offset]).all()) and unit > 0, f"{where}: unit {unit} and offset {offset}")
