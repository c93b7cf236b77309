"""Hosts and toy boards on simulated lines."""

import zlib

from neurobot.link.device import Device
from neurobot.link.host import Host
from neurobot.link.local import LocalLine
from neurobot.link.protocol import Input
from tests.link.toy import ToyBoard

IMAGE = bytes([2, 3]) + bytes(range(256)) * 8


def local(board=None, boot_id=77, patience=None, **line):
    """A host, and the line to its board."""
    line = LocalLine(Device(board or ToyBoard(), boot_id), **line)
    return Host(line, arithmetic=2, patience=patience), line


def running(watchdog=0.5, hold=0.1, **kw):
    """The same, armed."""
    host, line = local(**kw)
    host.connect()
    host.load(IMAGE)
    host.arm(hold=hold, watchdog=watchdog)
    return host, line


def drive(host, ticks, first=0):
    """Actions of some ticks, whose input depends on what came before, as in a closed loop."""
    actions, seen = [], b""
    for k in range(first, first + ticks):
        data = b"d" + zlib.crc32(seen, k).to_bytes(4, "little") * (1 + k % 7)
        reply = host.tick(4, Input.BITMAP, data, reward=(k % 300 - 150) * 100_000)
        seen = reply.data
        actions.append(seen)
    return actions
