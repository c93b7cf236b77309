"""A board that is emulated: the integer network behind the board's state machine, in this process or on a pty.

What it does with bytes is `neurobot.link.device`, what it runs is `neurobot.core.FixedNetwork`; both are what the
firmware does, byte for byte. Beside that it has what makes real boards harder: it is busy while it computes, and what
comes meanwhile goes into a buffer that may run over; and it can lose its power.
"""

from __future__ import annotations

import os
import select
import time
from typing import final

import numpy as np

from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.core.outputs import held
from neurobot.errors import ImageError
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from neurobot.link.board import ROOM, Board, Step
from neurobot.link.device import Device
from neurobot.link.protocol import TickFlag, TickRequest

INVALID, RAM, ACTIONS = 1, 2, 3
"""Why an image is refused: it is none, needs more memory for its state, has more actions than fit into an answer."""
STEPS, DATA = 1, 2
"""Why the input of a tick is: another number of steps, or other data than the image says."""
MEGABYTE = 1 << 20
READ = 4096


@final
class FixedBoard(Board):
    """The integer network as what a device runs.

    Args:
        arena: the largest image [bytes].
        ram: for state and scratch [bytes].

    Attributes:
        outputs: what was last written to them; none while there is no image.
        ticks: how many it ran.
    """

    def __init__(self, arena: int = MEGABYTE, ram: int = MEGABYTE):
        self.name, self.arithmetic, self.arena = b"emulator", fx.ARITHMETIC, arena
        self.outputs: tuple[int, ...] = ()
        self.ticks = 0
        self._ram = ram
        self._network: FixedNetwork | None = None

    @property
    def network(self) -> FixedNetwork:
        """What runs; there is an image."""
        assert self._network is not None
        return self._network

    def load(self, image: bytes) -> int:
        """See `Board.load`."""
        self._network = None
        try:
            checked = Image.of(image)
        except ImageError:
            return INVALID
        if checked.ram_bytes > self._ram:
            return RAM
        if 2 * checked.n_act > ROOM:
            return ACTIONS
        self._network = FixedNetwork(checked)
        return 0

    def reset(self) -> None:
        """See `Board.reset`."""
        self.network.clear()

    def tick(self, request: TickRequest) -> Step | int:
        """See `Board.tick`."""
        state, forgets = self.network.state, bool(request.flags & TickFlag.FORGET)
        before = state.copy() if forgets else state
        if forgets:
            self.network.forget()
        done = self._run(request)
        if not isinstance(done, int):
            self.ticks += 1
        elif forgets:
            state[:] = before
        return done

    def _run(self, request: TickRequest) -> Step | int:
        network, learn = self.network, bool(request.flags & TickFlag.LEARN)
        if request.n_sub == 0 and network.image.learns():
            if request.data:
                return DATA
            network.end(request.reward, learn)
            return Step(0, 0, 0, tuple(network.last.tolist()), b"")
        if request.n_sub != network.image.substeps:
            return STEPS
        if network.tick(request.kind, request.data, request.reward, learn=learn) != OK:
            return DATA
        return Step(0, 0, min(network.spikes, 65535), tuple(network.last.tolist()), b"")

    def digest(self) -> tuple[int, int]:
        """See `Board.digest`."""
        return int(self.network.state[fx.S_STEP]) & 0xFFFFFFFF, self.network.digest()

    def state(self) -> bytes:
        """See `Board.state`."""
        return self.network.state.astype("<i4").tobytes()

    def idle(self, hold: bool) -> tuple[int, ...]:
        """See `Board.idle`; what it returns becomes the last actions, from which slew counts."""
        network = self.network
        outputs, last = network.image.outputs, network.last
        rest = outputs["rest"].astype(np.int64)
        last[:] = held(outputs, last) if hold else rest
        return tuple(last.tolist())

    def actuate(self, values: tuple[int, ...]) -> None:
        """See `Board.actuate`."""
        self.outputs = values


@final
class Emulator:
    """A board with a processor that takes its time, a buffer for what comes meanwhile, and a switch.

    Args:
        board: what it runs.
        boot_id: of its first power-up; each other one counts it up.
        busy: how long a tick takes [s].
        buffer: bytes that may wait to be read; more are lost, and counted.

    Attributes:
        device: the state machine of this power-up.
    """

    def __init__(self, board: FixedBoard | None = None, *, boot_id: int = 1, busy: float = 0.0, buffer: int = 1024):
        self.board = board or FixedBoard()
        self._boot_id, self._busy, self._buffer = boot_id, round(busy * 1e6), buffer
        self._waiting = bytearray()
        self._unsent = b""
        self._until = 0
        self._computes = False
        self.device = Device(self.board, boot_id)

    def start(self, now: int) -> bytes:
        """Power up, again: what was loaded is gone. Takes and returns what `Device.start` does."""
        self.device = Device(self.board, self._boot_id)
        self._boot_id = (self._boot_id + 1) & 0xFFFFFFFF
        self._waiting.clear()
        self._unsent, self._computes = b"", False
        return self.device.start(now)

    def poll(self, now: int) -> bytes:
        """See `Device.poll`; while it is busy it does not look at its clock."""
        return self.receive(b"", now)

    def receive(self, data: bytes, now: int) -> bytes:
        """See `Device.receive`; while it is busy, bytes wait in the buffer, and what it has to say waits too."""
        if self._computing(now):
            room = self._buffer - len(self._waiting)
            self._waiting += data[:room]
            self.device.ring_overrun += max(len(data) - room, 0)
            return b""
        said, self._unsent = self._unsent, b""
        data = bytes(self._waiting) + data
        self._waiting.clear()
        before = self.board.ticks
        out = self.device.receive(data, now)
        if self._busy and self.board.ticks != before:
            self._until, self._unsent = (now + self._busy) & 0xFFFFFFFF, out
            self._computes = True
            return said
        return said + out

    def _computing(self, now: int) -> bool:
        if self._computes and (now - self._until) & 0xFFFFFFFF < 0x80000000:  # it wraps
            self._computes = False
        return self._computes


def open_pty() -> tuple[int, int, str]:
    """A pty that passes all bytes as they are.

    Returns:
        Descriptors of the board's end and of the other one, which is to stay open so that hosts may come and go; and
        the name of that.
    """
    import tty

    ours, theirs = os.openpty()
    tty.setraw(theirs)
    return ours, theirs, os.ttyname(theirs)


def serve(emulator: Emulator, fd: int) -> None:
    """Run an emulated board by the clock, until the other side hangs up.

    Args:
        emulator: is started.
        fd: its end of a pty or socket; it is set to not block, and what it does not take at once is dropped.
    """
    os.set_blocking(fd, False)
    _send(fd, emulator.start(_now()))
    while True:
        ready, _, _ = select.select((fd,), (), (), 0.001)
        data = b""
        if ready:
            try:
                data = os.read(fd, READ)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
        _send(fd, emulator.receive(data, _now()) if data else emulator.poll(_now()))


def _now() -> int:
    return time.monotonic_ns() // 1000 & 0xFFFFFFFF


def _send(fd: int, data: bytes) -> None:
    try:
        if data:
            os.write(fd, data)
    except (BlockingIOError, BrokenPipeError):
        pass  # a board drops what nobody reads; that it hung up is seen when reading
