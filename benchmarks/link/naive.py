"""A host as it is often written: pyserial, `read_until` for the end of a frame, one answer for one question.

It shares messages, COBS and CRC with ours, so that only the way in which it waits and reads differs; and it repeats
nothing.
"""

from __future__ import annotations

import zlib

from serial import Serial

from benchmarks.link.boards import BAUD, LONGEST
from neurobot.core.image import Image
from neurobot.link import protocol as p
from neurobot.link.board import image_crc
from neurobot.link.frame import Frame, cobs_decode, encode
from neurobot.link.message import Message, pack, type_of, unpack

CHUNK = p.PAYLOAD - 4


class Naive:
    """A host.

    Args:
        name: of a port.
    """

    def __init__(self, name: str):
        self.port = Serial(name, BAUD, timeout=1.0)
        self._seq = self._tick = 0

    def ask(self, request: Message, kind: type[Message]) -> Message:
        """The answer to a request."""
        number, self._seq = type_of(type(request)), (self._seq + 1) & 0xFF
        self.port.write(encode(Frame(number, self._seq, pack(request))))
        while True:
            piece = self.port.read_until(b"\0")
            if piece == b"\0":  # what begins a frame
                continue
            body = cobs_decode(piece[:-1])
            if not body or zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
                raise OSError(f"{piece!r} is no frame")
            if body[:2] == bytes((number | p.ANSWER, self._seq)):
                return unpack(kind, body[2:-4])
            if body[0] == p.Type.NAK:
                raise OSError(f"{unpack(p.Nak, body[2:-4])}")

    def start(self, image: Image) -> None:
        """Load an image and arm."""
        data = image.to_bytes()
        crc = image_crc(data)
        self.ask(p.LoadBeginRequest(len(data), crc), p.LoadBeginReply)
        for at in range(0, len(data), CHUNK):
            self.ask(p.LoadChunkRequest(at, data[at : at + CHUNK]), p.LoadChunkReply)
        self.ask(p.LoadCommitRequest(), p.LoadCommitReply)
        hello = self.ask(p.HelloRequest(p.MAJOR, p.MINOR, 1), p.HelloReply)
        assert isinstance(hello, p.HelloReply)
        times = (round(1000 * LONGEST),) * 2
        self.ask(p.ArmRequest(hello.boot_id, hello.trip_count, *times, 0, p.ArmFlag.CLEAR), p.ArmReply)
        self._tick = 0

    def tick(self, n_sub: int, kind: int, data: bytes) -> Message:
        """One tick."""
        self._tick += 1
        return self.ask(p.TickRequest(self._tick, n_sub, p.TickFlag.CARRY, 0, kind, data), p.TickReply)
