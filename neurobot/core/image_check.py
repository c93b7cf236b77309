"""What makes an image valid: docs/fixed.md, section 8. After this a kernel, or a board, follows it without looking.

No offset is believed. All of them follow from the sizes that rows tell, so the rows are walked with a running sum for
each area of memory, and every offset has to be that sum.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

from neurobot.core.image_blocks import Blocks, align4, need
from neurobot.core.image_decoder import check_decoder
from neurobot.core.image_learning import Learning, check_learning
from neurobot.kernels import fixed_ops as fx

HEAD = 4 * fx.HEADER_WORDS
ROW = 4 * fx.ROW
MOST_ROWS = 4096
MOST_N = 65535
MOST_SLOTS = 65536
USED = {
    fx.INPUT: (1, 2, 3, 9, 10),
    fx.DENSE: (1, 2, 3, 4, 5, 9, 10, 11, 12),
    fx.SPARSE: (1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15),
    fx.DRIVE: (1, 2, 3, 4, 5, 11),
    fx.NEURON: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    fx.COUNT: (1, 3, 4, 5, 9, 10),
    fx.LEARN: (1, 3, 4, 6, 7, 9, 10, 11, 12),
}
"""Words that an op has; the others are 0."""


def check(image: bytes) -> None:
    """Raise ImageError unless an image can be run safely, for ever."""
    words = _header(image)
    n_ops = words[fx.W_OPS]
    need(len(image) >= HEAD + (n_ops + 1) * ROW + 4, f"its {n_ops} rows and decoder do not fit in {len(image)} bytes")
    rows = [list(struct.unpack_from("<16I", image, HEAD + r * ROW)) for r in range(n_ops)]
    walk = _Walk(image, words, rows)
    for r, row in enumerate(rows):
        walk.where = f"row {r}"
        walk.row(row)
    walk.end()
    decoder = list(struct.unpack_from("<16I", image, HEAD + n_ops * ROW))
    check_decoder(walk.blocks, words, decoder, walk.voltages, walk.counts)
    walk.blocks.end()


def _header(image: bytes) -> list[int]:
    """The header's words, after what they say of themselves was found to be right."""
    need(len(image) >= HEAD + ROW + 4, f"{len(image)} bytes are too few for an image")
    words = list(struct.unpack_from(f"<{fx.HEADER_WORDS}I", image))
    need(words[fx.W_MAGIC] == fx.MAGIC, f"it begins with {words[fx.W_MAGIC]:#x}, an image begins with {fx.MAGIC:#x}")
    need(words[fx.W_FORMAT] == fx.FORMAT, f"its format is {words[fx.W_FORMAT]}, {fx.FORMAT} can be read")
    need(
        words[fx.W_ARITHMETIC] == fx.ARITHMETIC,
        f"its arithmetic version is {words[fx.W_ARITHMETIC]}, {fx.ARITHMETIC} can be run; quantize the program again",
    )
    need(words[fx.W_LENGTH] == len(image), f"it says that it has {words[fx.W_LENGTH]} bytes, and has {len(image)}")
    need(len(image) <= fx.MOST_BYTES and len(image) % 4 == 0, f"{len(image)} bytes: a multiple of 4, at most 2^24")
    (crc,) = struct.unpack_from("<I", image, len(image) - 4)
    need(crc == zlib.crc32(image[:-4]), "the checksum does not match, it is damaged")
    _range("n_ops", words[fx.W_OPS], 1, MOST_ROWS)
    _range("substeps", words[fx.W_SUBSTEPS], 1, MOST_N)
    _range("n_in", words[fx.W_IN], 1, MOST_N)
    _range("input", words[fx.W_INPUT], 0, 1)
    _range("n_act", words[fx.W_ACT], 1, 32767)
    _range("flags", words[fx.W_FLAGS], 0, fx.FRESH)
    _range("readout", words[fx.W_READOUT], 0, 0)
    need(not any(words[fx.W_REWARD + 1 :]), "words of the header that mean nothing are not 0")
    for name, word in (("state", fx.W_STATE), ("scratch", fx.W_SCRATCH)):
        _range(name, words[word], 0, fx.MOST_BYTES)
    check_learning(words)
    return words


def _range(name: str, value: int, low: int, high: int) -> None:
    need(low <= value <= high, f"{name} is {value}, it must be {low} .. {high}")


class _Walk:
    """The rows, one after the other, with what was found so far.

    Attributes:
        where: of messages.
        blocks: the arrays behind the rows.
        voltages, counts: sizes by offset, of what a decoder may read.
    """

    def __init__(self, image: bytes, words: list[int], rows: list[list[int]]):
        self.words, self.blocks = words, Blocks(image, HEAD + (len(rows) + 1) * ROW)
        self.state = 4 * fx.S_LAST + align4(2 * words[fx.W_ACT])
        self.sums, self.scratch = 0, sum(4 * row[fx.N] for row in rows if row[0] == fx.NEURON)
        self.where, self.neurons, self.synapses, self.fed = "", 0, 0, 0
        self.sources: dict[int, tuple[int, int]] = {}
        self.voltages: dict[int, int] = {}
        self.counts: dict[int, int] = {}
        self.waiting: list[tuple[list[int], np.ndarray]] = []
        self.later: list[tuple[str, list[int]]] = []
        self.newest = -1
        self.learning = Learning(self, rows)

    def row(self, row: list[int]) -> None:
        """One row."""
        op = row[0]
        self.need(op in USED, f"op {op} is not known; known: " + ", ".join(f"{k} {v}" for k, v in fx.OP_NAMES.items()))
        unused = [w for w in range(1, fx.ROW) if row[w] and w not in USED[op]]
        self.need(not unused, f"word {unused[0] if unused else 0} of {fx.OP_NAMES[op]} is not 0")
        self.range("n", row[fx.N], 1, MOST_N)
        self.learning.ahead(row)
        {
            fx.INPUT: self._input, fx.DENSE: self._dense, fx.SPARSE: self._sparse, fx.DRIVE: self._drive,
            fx.NEURON: self._neuron, fx.COUNT: self._count, fx.LEARN: self._learn,
        }[op](row)  # fmt: skip

    def end(self) -> None:
        """What has to hold of all rows together."""
        self.where = "rows"
        self.need(not self.waiting, "the last one delivers to no NEURON")
        for where, row in self.later:
            known = self.sources.get(row[fx.SPIKES_AT]) == (row[fx.N_PRE], row[fx.SLOTS])
            need(known, f"{where}: no population of {row[fx.N_PRE]} has {row[fx.SLOTS]} slots at {row[fx.SPIKES_AT]}")
        wanted = {
            "neurons": (fx.W_NEURONS, self.neurons), "synapses": (fx.W_SYNAPSES, self.synapses),
            "state": (fx.W_STATE, self.learning.end(self.state)), "scratch": (fx.W_SCRATCH, self.scratch),
        }  # fmt: skip
        for name, (word, value) in wanted.items():
            need(self.words[word] == value, f"{name} is {self.words[word]}, the rows have {value}")
        fed = int(self.words[fx.W_INPUT] == fx.SPIKES_IN)
        need(self.fed == fed, f"{self.fed} rows INPUT are fed, it must be {fed}")

    def need(self, right: bool, words: str) -> None:
        need(right, f"{self.where}: {words}")

    def range(self, name: str, value: int, low: int, high: int) -> None:
        self.need(low <= value <= high, f"{name} is {value}, it must be {low} .. {high}")

    def at(self, name: str, given: int, wanted: int) -> None:
        self.need(given == wanted, f"{name} is {given}, the rows before it say {wanted}")

    def _population(self, row: list[int]) -> None:
        self.at("first", row[fx.FIRST_NEURON], self.neurons)
        self.neurons += row[fx.N]

    def _history(self, row: list[int]) -> None:
        slots, n = row[fx.SLOTS], row[fx.N]
        self.range("slots", slots, 1, MOST_SLOTS)
        self.need(slots & (slots - 1) == 0, f"slots is {slots}, it must be a power of two")
        self.at("spikes_at", row[fx.SPIKES_AT], self.state)
        self.sources[self.state] = (n, slots)
        self.newest = self.state
        self.state += 4 * slots * -(-n // 32)
        self.need(self.state <= fx.MOST_BYTES, f"the state has over {fx.MOST_BYTES} bytes")

    def _input(self, row: list[int]) -> None:
        self.need(not self.waiting, "what was delivered before it has no NEURON")
        self._population(row)
        self.range("fed", row[fx.FED], 0, 1)
        self.need(not row[fx.FED] or row[fx.N] == self.words[fx.W_IN], f"n is {row[fx.N]}, but n_in is another number")
        self.fed += row[fx.FED]
        self._history(row)

    def _delivers(self, row: list[int], most_shift: int) -> None:
        self.range("n_post", row[fx.N_POST], 1, MOST_N)
        self.range("shift", row[fx.SHIFT], 0, most_shift)
        self.at("s_at", row[fx.S_AT], self.sums)

    def _arrives(self, row: list[int]) -> None:
        """Of spikes: whose they are, which is known at the end, but for those of this step."""
        self._delivers(row, 14)
        self.need(row[fx.DELAY] < max(row[fx.SLOTS], 1), f"delay {row[fx.DELAY]} with {row[fx.SLOTS]} slots")
        self.need(row[fx.DELAY] > 0 or row[fx.SPIKES_AT] in self.sources, "delay 0 from a population further down")
        self.later.append((self.where, row))

    def _weights(self, row: list[int], n: int, fan_in: Any) -> None:
        self.at("weights_at", row[fx.WEIGHTS_AT], self.blocks.at)
        self.blocks.take("weights", "<i2", n)
        self.synapses += n
        self.waiting.append((row, fan_in))

    def _dense(self, row: list[int]) -> None:
        self._arrives(row)
        n_pre, n_post = row[fx.N_PRE], row[fx.N_POST]
        self._weights(row, n_pre * n_post, np.int64(n_pre << row[fx.SHIFT]))

    def _sparse(self, row: list[int]) -> None:
        self._arrives(row)
        n_pre, n_post, n_syn = row[fx.N_PRE], row[fx.N_POST], row[fx.N_SYN]
        self.at("rows_at", row[fx.ROWS_AT], self.blocks.at)
        rows = self.blocks.take("rows", "<u4", n_pre + 1).astype(np.int64)
        rising = rows[0] == 0 and rows[-1] == n_syn and bool((np.diff(rows) >= 0).all())
        self.need(rising, f"its rows do not rise from 0 to {n_syn}")
        self.at("targets_at", row[fx.TARGETS_AT], self.blocks.at)
        targets = self.blocks.take("targets", "<u2", n_syn).astype(np.int64)
        self.need(bool((targets < n_post).all()), f"a target is outside of the {n_post} neurons")
        self._weights(row, n_syn, np.bincount(targets, minlength=n_post) << row[fx.SHIFT])

    def _drive(self, row: list[int]) -> None:
        self.need(self.words[fx.W_INPUT] == fx.CURRENTS_IN, "DRIVE, but the input is spikes")
        self.at("n_pre", row[fx.N_PRE], self.words[fx.W_IN])
        self._delivers(row, 31)
        self.at("drive_at", row[fx.DRIVE_AT], self.scratch)
        self.scratch += 4 * row[fx.N_POST]
        self._weights(row, row[fx.N_PRE] * row[fx.N_POST], np.int64(fx.DRIVE_FAN_IN))

    def _neuron(self, row: list[int]) -> None:
        n, flags = row[fx.N], row[fx.FLAGS]
        self._population(row)
        self.range("flags", flags, 0, 63)
        bits = flags & (fx.SUBTRACT | fx.REFRACTORY | 8)
        self.need(not bits or (bool(flags & fx.SPIKING) and not flags & 8), f"flags are {flags:#x}, which mean nothing")
        self.range("carry", row[fx.CARRY], 0, 65536)
        self._fan_in(n)
        self.at("s_at", row[fx.S_AT], self.sums)
        self.sums += 4 * n
        current = flags >> fx.CURRENT_SHIFT
        self.voltages[self.state] = n
        for name, word, there, size in (
            ("v_at", fx.V_AT, True, 4 * n),
            ("i_at", fx.I_AT, current != fx.NONE, 4 * n),
            ("wait_at", fx.WAIT_AT, bool(flags & fx.REFRACTORY), align4(2 * n)),
        ):
            self.at(name, row[word], self.state if there else 0)
            self.state += size if there else 0
        if flags & fx.SPIKING:
            self._history(row)
        else:
            self.need(not row[fx.SPIKES_AT] and not row[fx.SLOTS], "slots of a population that does not spike")
        self.at("params_at", row[fx.PARAMS_AT], self.blocks.at)
        self._params(n, flags, current)

    def _params(self, n: int, flags: int, current: int) -> None:
        take, within = self.blocks.take, self.blocks.within
        for name in ("bias", "init"):
            within(self.where, name, take(name, "<i4", n), -fx.BOUND, fx.BOUND)
        take("leak_v", "<u2", n)
        if flags & fx.SPIKING:
            threshold = take("threshold", "<i4", n)
            within(self.where, "threshold", threshold, 1, fx.BOUND)
            low, high = (0, fx.BOUND) if flags & fx.SUBTRACT else (-fx.BOUND, threshold)
            within(self.where, "reset", take("reset", "<i4", n), low, high)
        if current != fx.NONE:
            take("leak_i", "<u2", n)
        if current == fx.HELD:
            within(self.where, "share", take("share", "<u4", n), 0, 1 << 24)
        if flags & fx.REFRACTORY:
            take("t_ref", "<u2", n)

    def _fan_in(self, n: int) -> None:
        """The 32767 that keep the sum of what arrives below 2^30."""
        total = np.zeros(n, np.int64)
        for row, fan_in in self.waiting:
            self.at("n", n, row[fx.N_POST])
            total += fan_in
        most = int(total.max())
        self.need(
            most <= fx.FAN_IN, f"neuron {int(total.argmax())} has a fan-in of {most}, at most {fx.FAN_IN} are allowed"
        )
        self.waiting = []

    def _learn(self, row: list[int]) -> None:
        self.need(not self.waiting, "what was delivered before it has no NEURON")
        self.learning.row(row)

    def _count(self, row: list[int]) -> None:
        n = row[fx.N]
        self.range("first_only", row[fx.FIRST_ONLY], 0, 1)
        self.need(not self.waiting, "what was delivered before it has no NEURON")
        self.need(
            row[fx.SPIKES_AT] == self.newest and self.sources.get(self.newest) == (n, row[fx.SLOTS]),
            "COUNT does not follow the population whose spikes it counts",
        )
        self.at("counts_at", row[fx.COUNTS_AT], self.scratch)
        self.counts[self.scratch] = n
        self.scratch += align4(2 * n)
        self.at("decided_at", row[fx.DECIDED_AT], self.scratch)
        self.scratch += 4
