"""What makes the LEARN rows of an image valid, and the weights that they change: docs/fixed.md, sections 8 and 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from neurobot.core.image_blocks import need
from neurobot.kernels import fixed_ops as fx

if TYPE_CHECKING:
    from neurobot.core.image_check import _Walk

RANGES = {
    "leak_x": (0, 65535), "leak_y": (0, 65535), "leak_mean": (0, 65535), "leak_e": (0, 65536),
    "leak_reward": (0, 65535), "rise_x": (0, 15), "rise_y": (0, 15),
    "A_plus": (-32767, 32767), "A_minus": (-32767, 32767),
    "A_pre": (-32767, 32767), "e_shift": (1, 31), "gain": (-65536, 65536), "gain_shift": (1, 62),
}  # fmt: skip
"""Of the words of a rule ahead of its bounds, in order."""
SHARE = 1 << 15
LEAST_UNIT, MOST_UNIT = 0x00800000, 0x7F7FFFFF
"""Bits of the f32 that are above 0, normal and finite."""


def check_learning(words: list[int]) -> None:
    """Raise ImageError unless a header's words that are about learning fit each other."""
    traces, kept, state = words[fx.W_TRACES], words[fx.W_KEPT], words[fx.W_STATE]
    need(
        traces + kept <= state and traces % 4 == kept % 4 == state % 4 == 0,
        f"traces and kept are {traces} and {kept} bytes of a state of {state}",
    )
    unit = words[fx.W_REWARD]
    right = LEAST_UNIT <= unit <= MOST_UNIT if kept else unit == 0
    need(right, f"the unit of rewards is {unit:#x}, it must be an f32 above 0, or 0 where nothing learns")


@final
class Learning:
    """The LEARN rows, one after the other, with what was found so far.

    Args:
        walk: over all rows.
        rows: all of them.
    """

    def __init__(self, walk: _Walk, rows: list[list[int]]):
        self._walk, self._rows = walk, rows
        self._kept = walk.words[fx.W_STATE] - walk.words[fx.W_KEPT]
        self._traces = self._first = self._kept - walk.words[fx.W_TRACES]
        self._waiting = 0
        self._seen = False

    def ahead(self, row: list[int]) -> None:
        """Any row: how many deliver weights of the state, and that LEARN rows are the last ones."""
        self._walk.need(row[0] == fx.LEARN or not self._seen, "it is behind a LEARN, and is none")
        self._seen |= row[0] == fx.LEARN
        self._waiting += row[0] in (fx.DENSE, fx.SPARSE) and row[fx.LEARNT_AT] > 0

    def row(self, row: list[int]) -> None:
        """A LEARN."""
        walk, n = self._walk, row[fx.N]
        walk.range("flags", row[fx.FLAGS], 0, fx.NEAREST | fx.CENTRED)
        rows = self._rows
        known = row[fx.DELIVERY] < len(rows) and rows[row[fx.DELIVERY]][0] in (fx.DENSE, fx.SPARSE)
        walk.need(known, f"row {row[fx.DELIVERY]} is no DENSE or SPARSE")
        q = self._rows[row[fx.DELIVERY]]
        count = q[fx.N_PRE] * q[fx.N_POST] if q[0] == fx.DENSE else q[fx.N_SYN]
        spike = [fx.N, fx.SPIKES_AT, fx.SLOTS, fx.S_AT]
        post = [n, row[fx.SPIKES_AT], row[fx.SLOTS], q[fx.S_AT]]
        cells = [p for p in self._rows if p[0] == fx.NEURON and p[fx.FLAGS] & fx.SPIKING]
        fits = post in [[p[word] for word in spike] for p in cells]
        walk.need(fits, "its spikes are not those of the neurons that it delivers to")
        walk.at("traces_at", row[fx.TRACES_AT], self._traces)
        self._traces += 4 * (q[fx.N_PRE] + n + count)
        walk.at("kept_at", row[fx.KEPT_AT], self._kept)
        self._kept += 4 * (fx.MEMORY + (n if row[fx.FLAGS] & fx.CENTRED else 0))
        walk.at(f"learnt_at of row {row[fx.DELIVERY]}", q[fx.LEARNT_AT], self._kept)
        self._kept += 4 * count
        self._waiting -= 1
        walk.at("params_at", row[fx.PARAMS_AT], walk.blocks.at)
        self._rule(walk.blocks.take("rule", "<i4", fx.RULE).tolist())
        shares = walk.blocks.take("shares", "<u2", walk.words[fx.W_SUBSTEPS])
        walk.need(bool((shares <= SHARE).all()), f"a share is {shares.max()}, it must be 0 .. {SHARE}")

    def _rule(self, rule: list[int]) -> None:
        for (name, (low, high)), value in zip(RANGES.items(), rule, strict=False):
            self._walk.range(name, value, low, high)
        low, high = rule[fx.LOW], rule[fx.HIGH]
        self._walk.need(low <= high, f"its bounds are {low} and {high}, they must rise")

    def end(self, state: int) -> int:
        """Bytes of a state that has so many without learning; ImageError where the header tells others."""
        words = self._walk.words
        need(self._waiting == 0, f"{self._waiting} rows deliver weights that no LEARN changes")
        traces, kept = self._traces - self._first, self._kept - words[fx.W_STATE] + words[fx.W_KEPT]
        need(traces == words[fx.W_TRACES], f"traces is {words[fx.W_TRACES]}, the rows have {traces}")
        need(kept == words[fx.W_KEPT], f"kept is {words[fx.W_KEPT]}, the rows have {kept}")
        return state + traces + kept
