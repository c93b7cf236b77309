"""From the parts of a network in integers to the bytes of an image: rows, decoder, arrays, checksum (docs/fixed.md)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from neurobot.board.parts import Cells, Delivery, Drive, Network, Rule, Source
from neurobot.core.image import Image
from neurobot.core.image_blocks import align4
from neurobot.kernels import fixed_ops as fx


def assemble(network: Network) -> Image:
    """The image of a network.

    Raises:
        ImageError: it is too large, or has numbers that no image may have.
    """
    return Image.of(_Assembly(network).image())


class _Assembly:
    """Rows and arrays as they are made."""

    def __init__(self, network: Network):
        self.network = network
        self.rows: list[list[int]] = []
        self.arrays: list[tuple[int | None, int, bytes]] = []
        self.state = 4 * fx.S_LAST + align4(2 * network.decoding.outputs.size)
        self.scratch = sum(4 * p.n for p in network.parts if isinstance(p, Cells))
        self.sums = self.neurons = self.synapses = 0
        self.voltages: dict[int, int] = {}
        self.counts: dict[int, int] = {}
        self.learning: list[tuple[int, int, Rule]] = []
        self.traces = self.kept = 0
        slots = [1] * len(network.parts)
        for p in network.parts:
            for q in p.arrivals if isinstance(p, Cells) else ():
                if isinstance(q, Delivery):
                    slots[q.pre] = max(slots[q.pre], 1 << q.delay.bit_length())
        self.slots = slots
        self.histories = self._plan()

    def _plan(self) -> list[int]:
        """Where the history of each population will be, which a delivery from further down has to know."""
        at, out = self.state, []
        for k, p in enumerate(self.network.parts):
            if isinstance(p, Cells):
                at += 4 * p.n * (1 + (p.current != fx.NONE)) + (align4(2 * p.n) if p.t_ref is not None else 0)
            out.append(at)
            at += 4 * self.slots[k] * -(-p.n // 32) if self._spikes(k) else 0
        return out

    def _spikes(self, k: int) -> bool:
        p = self.network.parts[k]
        return isinstance(p, Source) or p.threshold is not None

    def image(self) -> bytes:
        """The bytes."""
        for k, p in enumerate(self.network.parts):
            if isinstance(p, Source):
                self._source(k, p)
            else:
                for q in p.arrivals:
                    self._drive(q, p.n) if isinstance(q, Drive) else self._delivery(q, p.n)
                self._cells(k, p)
        for learn in self.learning:
            self._learn(*learn)
        self._kept()
        self._decoder()
        at = 4 * fx.HEADER_WORDS + 4 * fx.ROW * len(self.rows)
        blocks = b""
        for row, word, raw in self.arrays:
            if row is not None:
                self.rows[row][word] = at + len(blocks)
            blocks += raw + bytes(-len(raw) % 4)
        table = b"".join(struct.pack("<16I", *(w & 0xFFFFFFFF for w in row)) for row in self.rows)
        body = self._header(at + len(blocks) + 4) + table + blocks
        return body + struct.pack("<I", zlib.crc32(body))

    def _header(self, length: int) -> bytes:
        n, words = self.network, [0] * fx.HEADER_WORDS
        given = {
            fx.W_MAGIC: fx.MAGIC, fx.W_FORMAT: fx.FORMAT, fx.W_ARITHMETIC: fx.ARITHMETIC, fx.W_LENGTH: length,
            fx.W_OPS: len(self.rows) - 1, fx.W_SUBSTEPS: n.substeps, fx.W_IN: n.n_in, fx.W_INPUT: int(n.currents),
            fx.W_ACT: n.decoding.outputs.size, fx.W_NEURONS: self.neurons, fx.W_SYNAPSES: self.synapses,
            fx.W_STATE: self.state, fx.W_SCRATCH: self.scratch, fx.W_FLAGS: fx.FRESH if n.fresh else 0,
            fx.W_PERIOD: n.period, fx.W_TRACES: self.traces, fx.W_KEPT: self.kept,
            fx.W_REWARD: _f32(n.reward_unit) if self.kept else 0,
        }  # fmt: skip
        for word, value in given.items():
            words[word] = value
        return struct.pack(f"<{fx.HEADER_WORDS}I", *words)

    def _row(self, op: int, words: dict[int, int]) -> int:
        row = [0] * fx.ROW
        row[0] = op
        for word, value in words.items():
            row[word] = value
        self.rows.append(row)
        return len(self.rows) - 1

    def _array(self, row: int, word: int, array: np.ndarray, dtype: str) -> None:
        self.arrays.append((row, word, np.ascontiguousarray(array, dtype).tobytes()))

    def _history(self, k: int, n: int) -> dict[int, int]:
        at = self.state
        assert at == self.histories[k]
        self.state += 4 * self.slots[k] * -(-n // 32)
        return {fx.SPIKES_AT: at, fx.SLOTS: self.slots[k]}

    def _source(self, k: int, p: Source) -> None:
        words = {fx.N: p.n, fx.FIRST_NEURON: self.neurons, fx.FED: int(p.fed)}
        self._row(fx.INPUT, words | self._history(k, p.n))
        self.neurons += p.n

    def _delivery(self, q: Delivery, n_post: int) -> None:
        n_pre = self.network.parts[q.pre].n
        words = {fx.N_PRE: n_pre, fx.N_POST: n_post, fx.SHIFT: q.shift, fx.S_AT: self.sums, fx.DELAY: q.delay}
        words |= {fx.SPIKES_AT: self.histories[q.pre], fx.SLOTS: self.slots[q.pre]}
        row = self._row(fx.DENSE if q.rows is None else fx.SPARSE, words)
        if q.rows is not None and q.targets is not None:
            self.rows[row][fx.N_SYN] = q.weights.size
            self._array(row, fx.ROWS_AT, q.rows, "<u4")
            self._array(row, fx.TARGETS_AT, q.targets, "<u2")
        self._array(row, fx.WEIGHTS_AT, q.weights, "<i2")
        self.synapses += q.weights.size
        if q.rule is not None:
            self.learning.append((row, len(self.rows), q.rule))

    def _drive(self, q: Drive, n_post: int) -> None:
        words = {fx.N_PRE: q.weights.shape[0], fx.N_POST: n_post, fx.SHIFT: q.shift, fx.S_AT: self.sums}
        row = self._row(fx.DRIVE, words | {fx.DRIVE_AT: self.scratch})
        self.scratch += 4 * n_post
        self._array(row, fx.WEIGHTS_AT, q.weights, "<i2")
        self.synapses += q.weights.size

    def _cells(self, k: int, p: Cells) -> None:
        words = {fx.N: p.n, fx.FIRST_NEURON: self.neurons, fx.FLAGS: p.flags, fx.CARRY: p.carry, fx.S_AT: self.sums}
        words |= {fx.V_AT: self.state, fx.UNIT: _f32(p.unit)}
        self.voltages[k] = self.state
        self.state += 4 * p.n
        if p.current != fx.NONE:
            words[fx.I_AT] = self.state
            self.state += 4 * p.n
        if p.t_ref is not None:
            words[fx.WAIT_AT] = self.state
            self.state += align4(2 * p.n)
        if p.threshold is not None:
            words |= self._history(k, p.n)
        row = self._row(fx.NEURON, words)
        blocks = [np.ascontiguousarray(a, t).tobytes() for a, t in p.blocks() if a is not None]
        padded = b"".join(raw + bytes(-len(raw) % 4) for raw in blocks)
        self.arrays.append((row, fx.PARAMS_AT, padded))
        self.neurons += p.n
        self.sums += 4 * p.n
        if p.count:
            self._count(k, p)

    def _count(self, k: int, p: Cells) -> None:
        at = {fx.COUNTS_AT: self.scratch, fx.DECIDED_AT: self.scratch + align4(2 * p.n)}
        self.counts[k] = self.scratch
        self.scratch += align4(2 * p.n) + 4
        words = {fx.N: p.n, fx.FIRST_ONLY: p.count - 1, fx.SPIKES_AT: self.histories[k], fx.SLOTS: self.slots[k]}
        self._row(fx.COUNT, words | at)

    def _learn(self, delivery: int, cells: int, rule: Rule) -> None:
        """A LEARN; what it keeps is laid out in `_kept`."""
        q, post = self.rows[delivery], next(row for row in self.rows[cells:] if row[0] == fx.NEURON)
        n, count = post[fx.N], q[fx.N_SYN] if q[0] == fx.SPARSE else q[fx.N_PRE] * q[fx.N_POST]
        words = {fx.N: n, fx.FLAGS: fx.NEAREST * rule.nearest | fx.CENTRED * rule.centred, fx.DELIVERY: delivery}
        words |= {fx.TRACES_AT: self.state + self.traces, fx.UNIT: _f32(rule.unit)}
        words |= {fx.SPIKES_AT: post[fx.SPIKES_AT], fx.SLOTS: post[fx.SLOTS], fx.KEPT_AT: self.kept}
        row = self._row(fx.LEARN, words)
        self.traces += 4 * (q[fx.N_PRE] + n + count)
        self.kept += 4 * (fx.MEMORY + n * rule.centred)
        q[fx.LEARNT_AT] = self.kept
        self.kept += 4 * count
        self.arrays.append((row, fx.PARAMS_AT, rule.words().astype("<i4").tobytes()))
        self.arrays.append((None, 0, np.ascontiguousarray(rule.shares, "<u2").tobytes()))

    def _kept(self) -> None:
        """Once all traces are known: where what is kept begins, behind them."""
        self.state += self.traces
        for row in self.rows:
            if row[0] == fx.LEARN:
                row[fx.KEPT_AT] += self.state
                self.rows[row[fx.DELIVERY]][fx.LEARNT_AT] += self.state
        self.state += self.kept

    def _decoder(self) -> None:
        d = self.network.decoding
        source = (self.counts if d.kind in (fx.RATE, fx.WINNER) else self.voltages)[d.population]
        row = self._row(d.kind, {
            fx.D_GROUPS: d.groups, fx.D_PER: d.per, fx.D_PUSH_PULL: int(d.push_pull), fx.D_SOURCE_AT: source,
            fx.D_MULT: d.mult, fx.D_SHIFT: d.shift,
        })  # fmt: skip
        if d.table is not None:
            self._array(row, fx.D_TABLE_AT, d.table, "<u2")
        self.arrays.append((row, fx.D_OUTPUTS_AT, d.outputs.tobytes()))


def _f32(x: float) -> int:
    """The bits of a number as an f32."""
    return int(np.array([x], "<f4").view("<u4")[0])
