"""A device in a thread of its own, at one end of a real line."""

import threading
import time

from neurobot.errors import LinkError
from neurobot.link.device import Device
from neurobot.link.transport import FileTransport
from tests.link.toy import ToyBoard

SLOW = 10


class Served:
    """The device and its thread.

    Its clock goes slowly, so that no watchdog trips because other programs take the processor.

    Args:
        fd: of the line; it is closed with the device.
        sends: `sends(line, out)` sends what the device says, not at all, late, or in pieces, as a bad line would.
        hears: `hears(data)` is what the device hears of bytes that came.
    """

    def __init__(self, fd, sends=FileTransport.write, hears=bytes):
        self.device = Device(ToyBoard(), 77)
        self.line, self.sends, self.hears = FileTransport(fd, "the board's end"), sends, hears
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        start = time.monotonic()

        def now():
            return int((time.monotonic() - start) * 1e6 / SLOW)

        try:
            self.line.write(self.device.start(now()))
            while not self.stop.is_set():
                data = self.hears(self.line.read(0.001))
                if out := self.device.receive(data, now()) if data else self.device.poll(now()):
                    self.sends(self.line, out)
        except LinkError:
            pass

    def close(self):
        self.stop.set()
        self.thread.join()
        self.line.close()
