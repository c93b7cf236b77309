"""How long a tick takes over a line, and whether that fits into a control period."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from neurobot.board.wire import Wire, wire_of
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from neurobot.link.host import Host
from neurobot.link.session import LONGEST

WARM = 20
"""Ticks ahead of those that are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What was measured.

    Args:
        board: its name.
        trips: round trips of ticks [s], in order.
        wire: bytes of a tick.
        cycles: median of what the board told about a tick's own time, in a unit of its own; 0 if it does not.
        period: of the image [s].
        repeats: of requests, while it was measured.
    """

    board: str
    trips: tuple[float, ...]
    wire: Wire
    cycles: float
    period: float
    repeats: int

    def quantile(self, share: float) -> float:
        """The round trip that a share of them does not exceed [s]."""
        ranked = sorted(self.trips)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)]

    @property
    def used(self) -> float:
        """The share of the control period that 99 of 100 round trips stay within."""
        return self.quantile(0.99) / self.period


def silence(image: Image) -> tuple[int, bytes]:
    """An input of no spikes, or of no currents."""
    if image.currents:
        return fx.HELD_CURRENTS, bytes(2 * image.n_in)
    return fx.BITMAPS, bytes(image.substeps * -(-image.n_in // 8))


def everything(image: Image) -> tuple[int, bytes]:
    """An input of spikes of all channels in every step, or of all currents at their ends: the most work there is."""
    if image.currents:
        return fx.HELD_CURRENTS, b"\xff\x7f" * image.n_in
    width, beyond = -(-image.n_in // 8), image.n_in % 8
    row = b"\xff" * (width - 1) + bytes([0xFF >> (8 - beyond) if beyond else 0xFF])
    return fx.BITMAPS, row * image.substeps


def bench(host: Host, image: Image, ticks: int) -> Bench:
    """Measure round trips of ticks, half of them silent and half of them with every channel.

    Args:
        host: of a board's line.
        image: to run.
        ticks: how many to measure.

    Raises:
        LinkError, BoardError: the board cannot be reached, or refuses.
    """
    name = host.connect().name.decode(errors="replace")
    host.load(image.to_bytes())
    inputs = silence(image), everything(image)
    host.arm(hold=LONGEST, watchdog=LONGEST)
    for k in range(WARM):
        host.tick(image.substeps, *inputs[k % 2])
    before, trips, cycles = host.session.exchange.counts.repeats, [], []
    for k in range(ticks):
        begin = time.perf_counter()
        reply = host.tick(image.substeps, *inputs[k % 2])
        trips.append(time.perf_counter() - begin)
        cycles.append(reply.step_cycles)
    repeats = host.session.exchange.counts.repeats - before
    host.reset()
    return Bench(
        board=name, trips=tuple(trips), wire=wire_of(image), cycles=statistics.median(cycles),
        period=image.header(fx.W_PERIOD) / 1e6, repeats=repeats,
    )  # fmt: skip
