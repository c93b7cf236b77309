"""A board that is quick to run and forgets nothing: its state is a CRC-32 over all that it was asked for."""

import struct
import zlib

from neurobot.link.board import Board, Step


class ToyBoard(Board):
    """An image is two bytes, numbers of outputs and of bytes read out, and then anything; b"\\xff..." cannot be run."""

    def __init__(self, arena=4096, name=b"toy", most=496):
        self.arena, self.name, self.arithmetic = arena, name, 2
        self.image, self.most = b"", most
        self.moved = []
        self.steps = self.crc = 0
        self.last = ()

    def load(self, image):
        if len(image) < 2 or image[0] == 255:
            return 7
        if 2 * image[0] + image[1] > self.most:
            return 9
        self.image = image
        self.reset()
        return 0

    def reset(self):
        self.steps, self.crc, self.last = 0, zlib.crc32(self.image), self.idle(False)

    def tick(self, request):
        if request.data[:1] == b"\xee":
            return 1000 + len(request.data)
        told = struct.pack("<BBiB", request.n_sub, request.flags, request.reward, request.kind)
        self.crc = zlib.crc32(told + request.data, self.crc)
        self.steps += request.n_sub
        self.last = tuple((self.crc * (k + 3) >> 7) % 65536 - 32768 for k in range(self.image[0]))
        readout = bytes((self.crc + k) & 0xFF for k in range(self.image[1]))
        return Step(self.crc & 0xFFFF, self.crc & 3, self.crc >> 16, self.last, readout)

    def digest(self):
        return self.steps & 0xFFFFFFFF, self.crc

    def state(self):
        return struct.pack("<II", self.steps & 0xFFFFFFFF, self.crc) + self.image

    def idle(self, hold):
        return self.last if hold else tuple(-1 - k for k in range(self.image[0]))

    def actuate(self, values):
        self.moved.append(values)
