"""Boards by their address: emulated here, as a process, under QEMU, or real ones at a port."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurobot.board.emulator import Emulator
from neurobot.board.firmware import build
from neurobot.errors import LinkError, near
from neurobot.kernels.fixed_compiled import warm
from neurobot.kernels.fixed_ops import ARITHMETIC
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.local import LocalLine
from neurobot.link.transport import FileTransport, Transport, open_line
from neurobot.loop.realtime import come_first

EMULATOR, POSIX, QEMU = "emulator", "posix", "qemu:"
MACHINES = {"m0": "microbit", "m3": "mps2-an385", "m4": "mps2-an386", "m7": "mps2-an500"}
ADDRESSES = (EMULATOR, POSIX, *(QEMU + name for name in MACHINES), "/dev/ttyACM0", "socket://HOST:PORT")
"""What a board's address may be; any other port is one too."""
PATIENT = Patience(answer=0.02, longest=0.2, lost=10.0)
"""With boards that are processes: they wait for their turn as any other."""
WITHIN = 10.0
"""How long QEMU may take to open its line [s]."""
STARTS_WITHIN = 60.0
"""And a process to start, which may have to compile kernels [s]."""
ENDS_WITHIN = 5.0
"""And a process to end, once its line is closed; then it is killed [s]."""


@contextmanager
def open_board(address: str, *, baud: int = 115200, realtime: bool = False, first: bool = False) -> Iterator[Host]:
    """A host on a board's line; what was started for it is stopped at the end.

    Args:
        address: see `ADDRESSES`.
        baud: of a serial port [bit/s].
        realtime: the emulator is a process of its own with a clock, instead of one for which time stands still while
            nobody waits for it.
        first: a board that is a process runs ahead of others, as one with a processor of its own, where permitted.

    Raises:
        LinkError: it cannot be opened, built or started; says why and what to do.
    """
    if address == EMULATOR and not realtime:
        with Host(LocalLine(Emulator()), arithmetic=ARITHMETIC) as host:
            yield host
    elif address == EMULATOR:
        warm()  # here: what is compiled then is there for the other process too, which has to answer soon
        with _child([sys.executable, "-m", "neurobot", "board", "emulate", "--fd"], "the emulator", first) as line:
            yield _host(line)
    elif address == POSIX:
        with _child([str(build(POSIX)), "--fd"], "the board's process", first) as line:
            yield _host(line)
    elif address.startswith(QEMU):
        with _qemu(address.removeprefix(QEMU)) as line:
            yield _host(line)
    else:
        _known(address)
        with Host(open_line(address, baud), arithmetic=ARITHMETIC) as host:
            yield host


def _host(line: Transport) -> Host:
    return Host(line, arithmetic=ARITHMETIC, patience=PATIENT)


def _known(address: str) -> None:
    """LinkError for a word that is no port."""
    if "/" not in address and ":" not in address and not address.upper().startswith("COM"):
        raise LinkError(f"there is no board {address!r}: {near(address, ADDRESSES)}")


@contextmanager
def _child(command: list[str], name: str, first: bool) -> Iterator[Transport]:
    """A process on the other end of a socket, whose number ends its command line."""
    ours, theirs = socket.socketpair()
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(  # in a group of its own: Ctrl-C is for the loop, which then brings it to rest
            [*command, str(number)], pass_fds=[number], stdin=subprocess.DEVNULL, process_group=0
        )
    line = FileTransport(ours.fileno(), name, owner=ours)
    try:
        if first and hasattr(os, "sched_setscheduler"):
            with suppress(OSError):  # not permitted; so is the loop's own wish, and that is told
                come_first(process.pid)
        if not select.select((ours,), (), (), STARTS_WITHIN)[0]:  # it tells that it has started
            raise LinkError(f"{name} has not started within {STARTS_WITHIN:g} s: is this machine that busy? Try again")
        yield line
    finally:
        line.close()  # which ends it
        _end(process)


@contextmanager
def _qemu(board: str) -> Iterator[Transport]:
    """The firmware on an emulated microcontroller. Its time is not to be trusted, and what it computes is."""
    if board not in MACHINES:
        raise LinkError(f"there is no board {QEMU}{board}: {near(board, MACHINES)}")
    if shutil.which("qemu-system-arm") is None:
        raise LinkError("there is no qemu-system-arm: apt-get install qemu-system-arm, or take --port posix")
    program = build(board)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "line"
        process = subprocess.Popen(
            [
                "qemu-system-arm", "-M", MACHINES[board], "-display", "none", "-monitor", "none",
                "-kernel", str(program),
                "-chardev", f"socket,id=line,path={place},server=on,wait=off", "-serial", "chardev:line",
            ],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0,
        )  # fmt: skip
        line: Transport | None = None
        try:
            line = _connected(place, process)
            yield line
        finally:
            if line is not None:
                line.close()
            process.kill()
            _end(process)


def _connected(place: Path, process: subprocess.Popen[bytes]) -> Transport:
    ours = socket.socket(socket.AF_UNIX)
    until = time.monotonic() + WITHIN
    while True:
        try:
            ours.connect(str(place))
            return FileTransport(ours.fileno(), "QEMU", owner=ours)
        except OSError as error:
            if process.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
                continue
            ours.close()
            said = (
                process.stderr.read().decode(errors="replace")[:500]
                if process.poll() is not None and process.stderr
                else ""
            )
            raise LinkError(f"QEMU has not opened its line ({error}) {said}".rstrip()) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was asked to end, and do not wait for ever."""
    try:
        process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()
