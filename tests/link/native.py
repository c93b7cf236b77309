"""The C code of firmware/link as a shared library of this machine, and a device of it like the Python twin."""

import ctypes as c
import shutil
import subprocess
from pathlib import Path

import pytest

from neurobot.link.protocol import TickRequest

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "firmware/link").glob("*.c")), Path(__file__).with_name("shim.c")]
WARNINGS = [
    "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror", "-Wstack-usage=512",
]  # fmt: skip
U8P, I16P, U32P = c.POINTER(c.c_uint8), c.POINTER(c.c_int16), c.POINTER(c.c_uint32)


def build(folder, *flags):
    """Compile into a folder; returns the library."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    out = folder / "libneurobot.so"
    command = ["gcc", *WARNINGS, "-Os", *flags, "-fPIC", "-shared", f"-I{ROOT / 'firmware/link'}", "-o", str(out)]
    done = subprocess.run([*command, *map(str, SOURCES)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return opened(out)


def opened(path):
    """A library that was compiled, with the types of what it returns."""
    library = c.CDLL(str(path))
    library.shim_size.restype = c.c_size_t
    library.shim_last_tick.restype = library.shim_trip_count.restype = library.nb_crc32.restype = c.c_uint32
    library.shim_state.restype = c.c_uint8
    return library


class Tick(c.Structure):
    _fields_ = [
        ("tick", c.c_uint32), ("reward", c.c_int32), ("n_sub", c.c_uint8), ("flags", c.c_uint8), ("kind", c.c_uint8),
        ("data", U8P), ("count", c.c_uint16),
    ]  # fmt: skip


class Step(c.Structure):
    _fields_ = [
        ("cycles", c.c_uint32), ("error", c.c_uint8), ("spikes", c.c_uint16), ("actions", I16P),
        ("n_actions", c.c_uint16), ("readout", U8P), ("n_readout", c.c_uint16),
    ]  # fmt: skip


LOAD = c.CFUNCTYPE(c.c_uint32, c.c_void_p, U8P, c.c_uint32)
RESET = c.CFUNCTYPE(None, c.c_void_p)
TICK = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.POINTER(Tick), c.POINTER(Step))
DIGEST = c.CFUNCTYPE(c.c_uint32, c.c_void_p, U32P)
STATE = c.CFUNCTYPE(c.c_void_p, c.c_void_p, U32P)
IDLE = c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_uint8, c.POINTER(c.c_uint16))
ACTUATE = c.CFUNCTYPE(None, c.c_void_p, I16P, c.c_uint16)
WRITE = c.CFUNCTYPE(None, c.c_void_p, U8P, c.c_uint16)


class Ops(c.Structure):
    _fields_ = [
        ("self", c.c_void_p), ("load", LOAD), ("reset", RESET), ("tick", TICK), ("digest", DIGEST),
        ("state", STATE), ("idle", IDLE), ("actuate", ACTUATE), ("write", WRITE),
    ]  # fmt: skip


class BoardInfo(c.Structure):
    _fields_ = [
        ("name", c.c_char_p), ("arithmetic", c.c_uint8), ("arena", U8P), ("arena_size", c.c_uint32),
        ("boot_id", c.c_uint32),
    ]  # fmt: skip


class NativeDevice:
    """`neurobot.link.device.Device` in C, around a board in Python."""

    def __init__(self, library, board, boot_id):
        self.library, self.board, self.boot_id = library, board, boot_id
        self.out = bytearray()
        self.device = c.create_string_buffer(library.shim_size())
        self.arena = (c.c_uint8 * board.arena)()  # of the exact size, so that a sanitizer sees the byte after it
        self.info = BoardInfo(board.name, board.arithmetic, self.arena, board.arena, boot_id)
        self.ops = Ops(
            None, LOAD(self._load), RESET(lambda _: board.reset()), TICK(self._tick), DIGEST(self._digest),
            STATE(self._state), IDLE(self._idle), ACTUATE(self._actuate), WRITE(self._write),
        )  # fmt: skip
        self.kept = {}

    def _load(self, _, image, count):
        return self.board.load(bytes(image[:count]))

    def _tick(self, _, tick, step):
        t = tick.contents
        done = self.board.tick(TickRequest(t.tick, t.n_sub, t.flags, t.reward, t.kind, bytes(t.data[: t.count])))
        if isinstance(done, int):
            return done
        actions = (c.c_int16 * len(done.actions))(*done.actions)
        readout = (c.c_uint8 * len(done.readout))(*done.readout)
        self.kept["step"] = actions, readout
        s = step.contents
        s.cycles, s.error, s.spikes = done.cycles, done.error, done.spikes
        s.actions, s.n_actions = c.cast(actions, I16P), len(actions)
        s.readout, s.n_readout = c.cast(readout, U8P), len(readout)
        return 0

    def _digest(self, _, step):
        step[0], crc = self.board.digest()
        return crc

    def _state(self, _, count):
        data = self.board.state()
        self.kept["state"] = (c.c_uint8 * len(data)).from_buffer_copy(data)  # of the exact size, as the arena
        count[0] = len(data)
        return c.addressof(self.kept["state"])

    def _idle(self, _, hold, count):
        values = self.board.idle(bool(hold))
        self.kept["idle"] = (c.c_int16 * len(values))(*values)
        count[0] = len(values)
        return c.addressof(self.kept["idle"])

    def _actuate(self, _, values, count):
        self.board.actuate(tuple(values[:count]) if count else ())

    def _write(self, _, data, count):
        self.out += bytes(data[:count])

    def _sent(self):
        out = bytes(self.out)
        self.out.clear()
        return out

    def start(self, now):
        self.library.nb_start(self.device, c.byref(self.info), c.byref(self.ops), c.c_uint32(now))
        return self._sent()

    def poll(self, now):
        self.library.nb_poll(self.device, c.c_uint32(now))
        return self._sent()

    def receive(self, data, now):
        exact = (c.c_uint8 * len(data)).from_buffer_copy(data)
        self.library.nb_receive(self.device, exact, c.c_uint16(len(data)), c.c_uint32(now))
        return self._sent()

    @property
    def state(self):
        return self.library.shim_state(self.device)

    @property
    def last_tick(self):
        return self.library.shim_last_tick(self.device)

    @property
    def trip_count(self):
        return self.library.shim_trip_count(self.device)
