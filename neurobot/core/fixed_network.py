"""The network and decoder of an image, as a board has them: what a TICK brings in, int16 actions out."""

from __future__ import annotations

from typing import final

import numpy as np

from neurobot.core.image import Image, digest
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.fixed_compiled import bind_fixed
from neurobot.kernels.status import BAD_INPUT


@final
class FixedNetwork:
    """Runs an image, one tick a call.

    Args:
        image: what to run.
        state: (state bytes / 4,) int32, contiguous, to use as its state; default its own.
        log_spikes: room for this many spikes a tick in `events`.

    Attributes:
        image: what runs.
        state: all that lasts.
        last: (n_act,) int16, the last actions; part of the state.
        wanted: (n_act,) int32, the actions before their limits.
        data: (bytes,) uint8, room for the largest input of a tick.
        arguments: those of `neurobot.kernels.fixed.fixed_tick`.
        events: (1 + 2 log_spikes,) int32, as `neurobot.kernels.tick` logs spikes; empty without room.
    """

    def __init__(self, image: Image, state: np.ndarray | None = None, log_spikes: int = 0):
        self.image = image
        own = np.zeros(image.header(fx.W_STATE) // 4, np.int32)
        self.state = own if state is None else state
        self.last = self.state.view(np.int16)[2 * fx.S_LAST :][: image.n_act]
        self.wanted = np.zeros(image.n_act, np.int32)
        self.data = np.zeros(image.substeps * (2 + 2 * image.n_in), np.uint8)
        self.events = np.zeros(1 + 2 * log_spikes if log_spikes else 0, np.int32)
        self._scratch = np.zeros(image.header(fx.W_SCRATCH) // 4, np.int32)
        self._io = np.zeros(fx.IO + len(image.learns()), np.int64)
        largest = int(max(row[fx.N : fx.N_POST + 1].max() if _delivers(row) else row[fx.N] for row in image.rows))
        lists = np.zeros(1 + largest, np.int32), np.zeros(largest, np.int64)
        words = np.array(image.words)  # its own: compiled code is given writeable arrays
        areas = (words, self.state, self._scratch, self.data, self._io)
        self.arguments = (*areas, self.wanted, self.events, *lists)
        self._tick = bind_fixed(self.arguments)
        self.clear()
        self.forget()

    def forget(self) -> None:
        """Go back to the image's weights, and to no estimate of what is usual."""
        self.image.forget(self.state)

    def clear(self) -> None:
        """Begin an episode; what was learnt stays."""
        self.image.clear(self.state)
        self._scratch[:] = 0
        self.wanted[:] = self.last

    def tick(self, kind: int, data: bytes, reward: int = 0, *, learn: bool = False) -> int:
        """Run a tick on an input, as docs/fixed.md, section 6 tells.

        Args:
            kind, data: the input.
            reward: of the tick before, int32, in the image's unit.
            learn: whether weights change.

        Returns:
            OK, or BAD_INPUT, with nothing changed.
        """
        if len(data) > self.data.size:  # longer than any input
            return BAD_INPUT
        self.data[: len(data)] = np.frombuffer(data, np.uint8)
        self._io[fx.IO_KIND], self._io[fx.IO_SIZE] = kind, len(data)
        self.reward(reward, learn)
        return self._tick()

    def reward(self, reward: int, learn: bool) -> None:
        """What the next tick is given beside its input."""
        self._io[fx.IO_FLAGS], self._io[fx.IO_REWARD] = fx.LEARNS if learn else 0, reward

    def end(self, reward: int, learn: bool) -> None:
        """Take the reward of an episode's last tick; there is no step."""
        self._io[fx.IO_FLAGS], self._io[fx.IO_REWARD] = fx.ENDS | (fx.LEARNS if learn else 0), reward
        self._tick()

    @property
    def changes(self) -> np.ndarray:
        """How many weights each LEARN changed in the last tick, or in `end`, (LEARNs,) int64, a view."""
        return self._io[fx.IO :]

    @property
    def given(self) -> tuple[int, bytes]:
        """Kind and data of the last tick's input."""
        return int(self._io[fx.IO_KIND]), self.data[: self._io[fx.IO_SIZE]].tobytes()

    @property
    def spikes(self) -> int:
        """Spikes of the last tick."""
        return int(self._io[fx.IO_SPIKES])

    @property
    def synops(self) -> int:
        """Synaptic operations of the last tick."""
        return int(self._io[fx.IO_SYNOPS])

    @property
    def saturated(self) -> int:
        """How many membranes and currents met their bound in the last tick."""
        return int(self._io[fx.IO_SATURATED])

    def counts(self) -> np.ndarray | None:
        """Spikes of the decoded population in the last tick, (n,) uint16, a view; None where they are not counted."""
        for row in self.image.rows:
            if row[0] == fx.COUNT:
                return self._scratch.view(np.uint16)[row[fx.COUNTS_AT] // 2 :][: row[fx.N]]
        return None

    def digest(self) -> int:
        """CRC-32 of the state."""
        return digest(self.state)


def _delivers(row: np.ndarray) -> bool:
    return int(row[0]) in (fx.DENSE, fx.SPARSE, fx.DRIVE)
