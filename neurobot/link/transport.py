"""Lines that bytes go over: serial ports, pseudo-terminals, sockets.

pyserial opens and configures a serial port, because it owns the differences between platforms; bytes are then read from
its file descriptor, which takes half the time of its own `read`. Whatever way a line fails, it is a LinkError.

A socket is for emulators and for boards on a cable of their own: **nothing on it is authenticated or encrypted**, and
whoever reaches the port can move the robot. Opening one warns.
"""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import time
import warnings
from abc import ABC, abstractmethod
from typing import Any, final

from neurobot.errors import LinkError, near

READ = 4096
"""Bytes that are taken at once at most."""
SPIN = 1e-4
"""[s] that the processor is kept busy for an answer before it sleeps, since it wakes up late."""
WRITE_WITHIN = 0.5
"""[s] that a line may take to accept what is written; then it is stuck."""
BITS = 10
"""On the wire for a byte: with start and stop."""


class Transport(ABC):
    """A line, and the time on it.

    Attributes:
        rate: of the line [bytes/s]; infinite where it does not count.
        fd: a file descriptor that takes and gives the line's bytes, and does not block; -1 where there is none.
    """

    rate: float = math.inf
    fd: int = -1

    @abstractmethod
    def read(self, timeout: float) -> bytes:
        """Wait for bytes.

        Args:
            timeout: how long at most [s].

        Returns:
            What came, at least one byte; nothing if the time is over.

        Raises:
            LinkError: the line is gone.
        """

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes.

        Args:
            data: all of them are sent.

        Raises:
            LinkError: the line is gone, or takes no bytes any more.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the line back; twice is once."""

    def now(self) -> float:
        """A monotonic time [s]; lines that are simulated have one of their own."""
        return time.monotonic()


@final
class FileTransport(Transport):
    """A line behind a file descriptor.

    Args:
        fd: of a terminal or socket; it is set to not block.
        name: for messages.
        rate: of the line [bytes/s].
        owner: what the descriptor belongs to, and is closed with `owner.close()`; without one, the descriptor is.
    """

    def __init__(self, fd: int, name: str, *, rate: float = math.inf, owner: Any = None):
        self.rate = rate
        self.fd = fd
        self._name = name
        self._owner = owner
        os.set_blocking(fd, False)

    def read(self, timeout: float) -> bytes:
        """See `Transport.read`."""
        try:
            data = self._soon(min(timeout, SPIN))
            if not data:
                ready, _, _ = select.select((self.fd,), (), (), max(timeout - SPIN, 0.0))
                if not ready:
                    return b""
                data = os.read(self.fd, READ)
        except BlockingIOError:  # somebody else took it
            return b""
        except (OSError, ValueError) as error:  # ValueError: it is closed
            raise self._gone(error) from error
        if not data:
            raise self._gone("it hung up")
        return data

    def _soon(self, within: float) -> bytes:
        """What comes while the processor is kept busy; nothing if nothing does, or if the line is gone."""
        until = time.monotonic() + within
        while True:
            try:
                if data := os.read(self.fd, READ):
                    return data
            except BlockingIOError:
                pass
            if time.monotonic() >= until:
                return b""

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        until = time.monotonic() + WRITE_WITHIN
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self.fd, rest) :]
            except BlockingIOError:
                self._writable(until - time.monotonic())
            except OSError as error:
                raise self._gone(error) from error

    def _writable(self, within: float) -> None:
        if not select.select((), (self.fd,), (), max(within, 0.0))[1]:
            raise LinkError(
                f"{self._name} has taken no bytes for {WRITE_WITHIN} s: does the other side read, "
                "and is flow control off?"
            )

    def _gone(self, why: object) -> LinkError:
        return LinkError(f"{self._name} is gone ({why}): put the cable back or switch the board on, and open it again")

    def close(self) -> None:
        """See `Transport.close`."""
        fd, self.fd = self.fd, -1
        if self._owner is not None:
            self._owner.close()
        elif fd >= 0:
            os.close(fd)


def open_line(address: str, baud: int = 115200) -> Transport:
    """Open the line to a board.

    Args:
        address: of a port, such as /dev/ttyACM0, or socket://HOST:PORT.
        baud: of a serial port [bit/s].

    Returns:
        The line.

    Raises:
        LinkError: it cannot be opened; says why and what to do.
    """
    if address.startswith("socket://"):
        return _open_socket(address)
    return _open_serial(address, baud)


def _open_socket(address: str) -> Transport:
    host, _, port = address.removeprefix("socket://").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise LinkError(f"{address} is no address of a socket: it must be socket://HOST:PORT, with a port up to 65535")
    try:
        line = socket.create_connection((host.strip("[]"), int(port)), timeout=5.0)
    except OSError as error:
        raise LinkError(f"{address} cannot be reached ({error}): does the board or emulator listen there?") from error
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a tick is one small packet, and is waited for
    warnings.warn(
        f"{address}: nothing on this line is authenticated or encrypted, whoever reaches the port can move the robot",
        stacklevel=3,
    )
    return FileTransport(line.fileno(), address, owner=line)


def _open_serial(address: str, baud: int) -> Transport:
    import serial  # not before it is needed: it looks at the platform

    try:
        port = serial.Serial(address, baud, timeout=0, write_timeout=WRITE_WITHIN, exclusive=True)
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise LinkError(_refused(address, baud, error)) from error
    return FileTransport(port.fileno(), address, rate=baud / BITS, owner=port)


def _refused(address: str, baud: int, error: Exception) -> str:
    """Why a port cannot be opened, and what to do about it."""
    number = getattr(error, "errno", None)
    if isinstance(error, ValueError):
        return f"{address} cannot be opened at {baud} baud ({error}): choose a rate that the board and the port have"
    if number == errno.ENOENT:
        return f"there is no port {address}: {near(address, _ports())}"
    if number == errno.EACCES:
        return f"{address}: permission denied. Add yourself to its group (sudo usermod -aG dialout $USER), log in anew"
    if number in (errno.EBUSY, errno.EAGAIN):
        return f"{address} is busy: another program has it open; `fuser {address}` names it"
    return f"{address} cannot be opened: {error}"


def _ports() -> list[str]:
    from serial.tools import list_ports

    return [port.device for port in list_ports.comports()]
