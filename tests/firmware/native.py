"""The firmware's core as a shared library of this machine, with the face of `FixedNetwork`."""

import ctypes as c
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from neurobot.kernels import fixed_ops as fx

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
SOURCES = [*sorted((FIRMWARE / "core").glob("*.c")), *sorted((FIRMWARE / "link").glob("*.c"))]
FLAGS = [
    "-std=c99", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror",
    "-Wstack-usage=512", f"-I{FIRMWARE / 'core'}", f"-I{FIRMWARE / 'link'}",
]  # fmt: skip
MOST_ACTIONS = 32767


def need(*tools):
    """Skip where a tool is missing, and say which."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")


def run(command, folder):
    """Run a compiler, and show what it says against the code."""
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build_core(folder, *flags, compiler="gcc"):
    """Compile core and frames into a folder; returns the library."""
    need(compiler)
    out = folder / "libcore.so"
    run([compiler, *FLAGS, "-Os", *flags, "-fPIC", "-shared", "-o", out, *SOURCES], folder)
    return opened(out)


def opened(path):
    """A library that was compiled, with the types of what it returns."""
    library = c.CDLL(str(path))
    library.nb_core_load.restype = library.nb_core_tick.restype = library.nb_core_digest.restype = c.c_uint32
    library.nb_core_state.restype = c.c_void_p
    library.nb_core_idle.restype = library.nb_core_actions.restype = c.POINTER(c.c_int16)
    return library


class _Core(c.Structure):
    _fields_ = [
        ("image", c.c_void_p), ("ram", c.c_void_p), ("scratch", c.c_void_p), ("ram_size", c.c_uint32),
        ("spikes", c.c_uint32),
    ]  # fmt: skip


class _Input(c.Structure):
    _fields_ = [
        ("kind", c.c_uint8), ("data", c.c_char_p), ("count", c.c_uint32), ("learn", c.c_uint8), ("forget", c.c_uint8),
        ("reward", c.c_int32),
    ]  # fmt: skip


class NativeCore:
    """struct nb_core, on memory of the exact size, with canaries around it.

    Args:
        library: of `build_core`.
        ram: bytes of state and scratch.
    """

    def __init__(self, library, ram):
        self.library, self.size = library, ram
        self.memory = np.full(ram // 4 + 8, 0x5A5A5A5A, np.uint32)
        self.core = _Core()
        library.nb_core_init(c.byref(self.core), c.c_void_p(self.memory.ctypes.data + 16), c.c_uint32(ram))
        self.words = None

    def load(self, image, most_actions=MOST_ACTIONS):
        self.words = np.frombuffer(image + bytes(-len(image) % 4), np.uint32).copy()
        where = c.c_void_p(self.words.ctypes.data)
        reason = self.library.nb_core_load(
            c.byref(self.core), where, c.c_uint32(len(image)), c.c_uint32(most_actions)
        )  # fmt: skip
        self.check()
        return reason

    def check(self):
        assert (self.memory[[0, 1, 2, 3, -4, -3, -2, -1]] == 0x5A5A5A5A).all()

    def reset(self):
        self.library.nb_core_reset(c.byref(self.core))

    def tick(self, kind, data, reward=0, *, learn=False, forget=False, n_sub=None):
        given = _Input(kind, data, len(data), learn, forget, reward)
        n_sub = int(self.words[fx.W_SUBSTEPS]) if n_sub is None else n_sub
        return self.library.nb_core_tick(c.byref(self.core), c.c_uint32(n_sub), c.byref(given))

    def end(self, reward, learn):
        assert self.tick(0, b"", reward, learn=learn, n_sub=0) == 0

    def _numbers(self, function, *args):
        count = c.c_uint16()
        values = function(c.byref(self.core), *args, c.byref(count))
        return values[: count.value]

    def actions(self):
        return self._numbers(self.library.nb_core_actions)

    def idle(self, hold):
        return self._numbers(self.library.nb_core_idle, c.c_uint8(hold))

    @property
    def spikes(self):
        return self.core.spikes

    def state(self):
        count = c.c_uint32()
        at = self.library.nb_core_state(c.byref(self.core), c.byref(count))
        assert at == self.memory.ctypes.data + 16
        return c.string_at(at, count.value)

    def digest(self):
        step = c.c_uint32()
        crc = self.library.nb_core_digest(c.byref(self.core), c.byref(step))
        return step.value, crc


def core_of(library, image):
    """A core that runs an image, in exactly the memory that it needs."""
    core = NativeCore(library, image.ram_bytes)
    assert core.load(image.to_bytes()) == 0
    return core
