"""An image: the block of bytes that a board runs, as docs/fixed.md tells. What is read here was checked before."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from neurobot.core.image_check import check
from neurobot.kernels import fixed_ops as fx

OUTPUT = np.dtype(
    [
        ("lift", "<i4"), ("up", "<i4"), ("down", "<i4"), ("low", "<i2"), ("high", "<i2"), ("rest", "<i2"),
        ("slew", "<u2"), ("on_hold", "u1"), ("zero", "u1", 3), ("unit", "<f8"), ("offset", "<f8"),
    ]
)  # fmt: skip
"""A row of the image's outputs."""
HOLDS = ("last", "rest", "damp")
"""What on_hold means."""


@dataclass(frozen=True, slots=True)
class Learns:
    """A LEARN of an image.

    Args:
        at: where its weights begin in the state [words].
        size: how many it has.
        weights: where they begin in the image [int16].
        low, high: their bounds.
        unit: what 1 of them is in the program's unit.
    """

    at: int
    size: int
    weights: int
    low: int
    high: int
    unit: float

    @staticmethod
    def of(image: Image, row: np.ndarray) -> Learns:
        """The LEARN of a row."""
        q, rule = image.rows[row[fx.DELIVERY]], image.words[row[fx.PARAMS_AT] // 4 :]
        size = int(q[fx.N_SYN] if q[0] == fx.SPARSE else q[fx.N_PRE] * q[fx.N_POST])
        unit = float(row[fx.UNIT : fx.UNIT + 1].view(np.float32)[0])
        where = int(q[fx.LEARNT_AT]) // 4, size, int(q[fx.WEIGHTS_AT]) // 2
        return Learns(*where, int(rule[fx.LOW]), int(rule[fx.HIGH]), unit)

    def start(self, image: Image) -> np.ndarray:
        """The weights as a state begins with them, (size,) int32."""
        halves = image.words.view(np.int16)[self.weights :][: self.size]
        start: np.ndarray = (halves.astype(np.int32) << 16) + (1 << 15)
        return start


@dataclass(frozen=True, eq=False)
class Image:
    """An image that passed `neurobot.core.image_check.check`.

    Args:
        words: (bytes / 4,) int32.
    """

    words: np.ndarray

    @staticmethod
    def of(data: bytes | np.ndarray) -> Image:
        """Check bytes, and make an image of a copy of them.

        Args:
            data: bytes, or (n,) uint8.

        Raises:
            ImageError: they are no image that can be run safely.
        """
        raw = bytes(data) if isinstance(data, bytes) else np.ascontiguousarray(data, np.uint8).tobytes()
        check(raw)
        words = np.frombuffer(raw, "<i4").astype(np.int32)
        words.flags.writeable = False
        return Image(words)

    def to_bytes(self) -> bytes:
        """The block of bytes."""
        return self.words.astype("<i4").tobytes()

    def header(self, word: int) -> int:
        """A word of the header, see `neurobot.kernels.fixed_ops`."""
        return int(self.words[word])

    @property
    def substeps(self) -> int:
        """Steps of a tick."""
        return self.header(fx.W_SUBSTEPS)

    @property
    def n_in(self) -> int:
        """Channels that a tick brings."""
        return self.header(fx.W_IN)

    @property
    def currents(self) -> bool:
        """Whether they are currents, not spikes."""
        return self.header(fx.W_INPUT) == fx.CURRENTS_IN

    @property
    def n_act(self) -> int:
        """Actions that a tick gives."""
        return self.header(fx.W_ACT)

    @property
    def ram_bytes(self) -> int:
        """State and scratch [bytes]."""
        return self.header(fx.W_STATE) + self.header(fx.W_SCRATCH)

    @property
    def rows(self) -> np.ndarray:
        """The op table, (n_ops, ROW) int32; a view."""
        first, count = fx.HEADER_WORDS, self.header(fx.W_OPS)
        return self.words[first : first + count * fx.ROW].reshape(count, fx.ROW)

    @property
    def decoder(self) -> np.ndarray:
        """The decoder's row, (ROW,) int32; a view."""
        first = fx.HEADER_WORDS + self.header(fx.W_OPS) * fx.ROW
        return self.words[first : first + fx.ROW]

    @property
    def discrete(self) -> bool:
        """Whether the action is the number of a choice."""
        return int(self.decoder[fx.D_KIND]) in (fx.WINNER, fx.HIGHEST)

    @property
    def outputs(self) -> np.ndarray:
        """What is done to every action, (n_act,) of `OUTPUT`."""
        at = int(self.decoder[fx.D_OUTPUTS_AT])
        return np.frombuffer(self.to_bytes(), OUTPUT, self.n_act, at)

    def neurons(self) -> list[np.ndarray]:
        """The rows of populations, INPUT and NEURON, in order."""
        return [row for row in self.rows if row[0] in (fx.INPUT, fx.NEURON)]

    @property
    def reward_unit(self) -> float:
        """What 1 of a TICK's reward is; 0 where nothing learns."""
        return float(self.words[fx.W_REWARD : fx.W_REWARD + 1].view(np.float32)[0])

    def learns(self) -> tuple[Learns, ...]:
        """Of every LEARN where its weights are, in order."""
        return tuple(Learns.of(self, row) for row in self.rows if row[0] == fx.LEARN)

    def clear(self, state: np.ndarray) -> None:
        """Write the state of an episode's start, (state bytes / 4,) int32, but for what was learnt."""
        state[: state.size - self.header(fx.W_KEPT) // 4] = 0
        last = state.view(np.int16)[2 * fx.S_LAST :][: self.n_act]
        last[:] = self.outputs["rest"]
        for row in self.neurons():
            if row[0] == fx.NEURON:
                n, at, params = int(row[fx.N]), int(row[fx.V_AT]) // 4, int(row[fx.PARAMS_AT]) // 4
                state[at : at + n] = self.words[params + n : params + 2 * n]

    def forget(self, state: np.ndarray) -> None:
        """Write the image's weights into a state, and no estimate of what is usual."""
        state[state.size - self.header(fx.W_KEPT) // 4 :] = 0
        for q in self.learns():
            state[q.at : q.at + q.size] = q.start(self)

    def learnt(self, state: np.ndarray) -> Image:
        """The image with the weights of a state, but for their lower 16 bits."""
        words = self.words.copy()
        for q in self.learns():
            halves = words.view(np.int16)[q.weights :][: q.size]
            halves[:] = state[q.at : q.at + q.size] >> 16
        words[-1:] = np.array([zlib.crc32(words[:-1].astype("<i4").tobytes())], np.uint32).view(np.int32)
        words.flags.writeable = False
        return Image(words)


def digest(state: np.ndarray) -> int:
    """CRC-32 of a state, (state bytes / 4,) int32, as docs/fixed.md defines it."""
    return zlib.crc32(state.astype("<i4", copy=False).tobytes())
