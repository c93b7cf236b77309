"""The whole firmware, line and core, is the emulator byte for byte: what both say, put out and remember."""

import ctypes as c
import random

import numpy as np
import pytest

from neurobot.board.emulator import Emulator
from neurobot.link import protocol as p
from neurobot.link.board import image_crc
from neurobot.link.frame import Frame, encode
from neurobot.link.message import pack, type_of
from tests.firmware.native import FIRMWARE, FLAGS, SOURCES, need, run
from tests.kernels.fixed_networks import random_input, random_network, random_reward

PORT = [FIRMWARE / "ports/firmware.c", FIRMWARE.parent / "tests/firmware/port_shim.c"]


@pytest.fixture(scope="module")
def library_file(tmp_path_factory):
    need("gcc")
    out = tmp_path_factory.mktemp("firmware") / "libfirmware.so"
    run(["gcc", *FLAGS, f"-I{FIRMWARE / 'ports'}", "-Os", "-fPIC", "-shared", "-o", out, *SOURCES, *PORT], out.parent)
    return out


class Firmware:
    """The firmware with the face of an `Emulator`; there is one at a time, for its memory is static."""

    def __init__(self, path):
        self.library = c.CDLL(str(path))
        self.library.shim_sent.restype = c.c_void_p
        self.library.shim_turns.restype = c.c_uint32
        self.library.shim_outputs.restype = c.c_uint16

    def start(self, now):
        self.library.shim_start(c.c_uint32(now))
        return self.receive(b"", now)

    def receive(self, data, now):
        count = self.library.shim_turns(data, c.c_uint32(len(data)), c.c_uint32(now))
        return c.string_at(self.library.shim_sent(), count)

    @property
    def outputs(self):
        values = (c.c_int16 * 512)()
        return tuple(values[: self.library.shim_outputs(values)])


class Pair:
    """Both, which have to say and put out the same."""

    def __init__(self, path):
        self.firmware, self.emulator = Firmware(path), Emulator()
        self.now, self.seq = 2**32 - 400_000, 0
        assert self.emulator.start(self.now) == self.firmware.start(self.now)
        self.states = set()

    def say(self, data, passed=200):
        self.now = (self.now + passed) & 0xFFFFFFFF
        out = self.emulator.receive(data, self.now)
        assert self.firmware.receive(data, self.now) == out
        assert self.firmware.outputs == self.emulator.board.outputs
        self.states.add(self.emulator.device.state)
        return out

    def ask(self, message, passed=200):
        self.seq = (self.seq + 1) & 0xFF
        return self.say(encode(Frame(type_of(type(message)), self.seq, pack(message))), passed)

    def load(self, image):
        self.ask(p.LoadBeginRequest(len(image), image_crc(image)))
        for at in range(0, len(image), 400):
            self.ask(p.LoadChunkRequest(at, image[at : at + 400]))
        self.ask(p.LoadCommitRequest())

    def arm(self):
        device = self.emulator.device
        self.ask(p.ArmRequest(device.boot_id, device.trip_count, 20, 100, 0, p.ArmFlag.CLEAR))

    def tick(self, rng, image, passed=200, flags=p.TickFlag.CARRY):
        kind, data = random_input(rng, image)
        number, (reward, _) = (self.emulator.device.last_tick + 1) & 0xFFFFFFFF, random_reward(rng, rng.random() < 0.2)
        self.ask(p.TickRequest(number, image.substeps & 0xFF, flags, reward, kind, data[:500]), passed)

    def end(self, rng, flags, data=b""):
        number, (reward, _) = (self.emulator.device.last_tick + 1) & 0xFFFFFFFF, random_reward(rng)
        self.ask(p.TickRequest(number, 0, flags, reward, 0, data))


@pytest.mark.parametrize("seed", range(12))
def test_both_say_do_and_remember_the_same(library_file, seed):
    pair, rng, chance = Pair(library_file), np.random.default_rng(seed), random.Random(seed)
    for k in range(4):
        image = random_network(100 * seed + k, k == 3)
        pair.load(image.to_bytes())
        pair.arm()
        for _ in range(25):
            passed = chance.choice([200, 200, 200, 3000, 25_000, 120_000])
            flags = chance.choice([0, p.TickFlag.LEARN, p.TickFlag.LEARN, p.TickFlag.LEARN | p.TickFlag.FORGET])
            pair.tick(rng, image, passed, flags | chance.choice([p.TickFlag.CARRY] * 4 + [0]))
            if chance.random() < 0.1:
                pair.end(rng, flags, chance.choice([b"", b"", b"1"]))
            pair.ask(p.DigestRequest())
            if pair.emulator.device.state is p.State.SAFE:
                pair.arm()
        pair.say(b"", 30_000)  # HOLD
        pair.ask(p.DigestRequest())
        pair.say(b"", 90_000)  # SAFE
        pair.ask(p.DigestRequest())
    assert pair.states >= {p.State.RUNNING, p.State.HOLD, p.State.SAFE, p.State.LOADING, p.State.READY}


def test_images_that_cannot_be_run_are_refused_alike(library_file):
    pair = Pair(library_file)
    for image in (b"no image", random_network(1).to_bytes()[:-4], bytes(1000)):
        pair.load(image)
        assert pair.emulator.device.state is p.State.LOADING


def test_inputs_that_do_not_fit_are_refused_alike(library_file):
    pair, rng = Pair(library_file), np.random.default_rng(0)
    image = random_network(2)
    pair.load(image.to_bytes())
    pair.arm()
    pair.tick(rng, image)
    for kind in range(6):
        for count in (0, 1, 7, 100):
            pair.ask(p.TickRequest(2, image.substeps, 0, 0, kind, bytes(count)))
            pair.ask(p.TickRequest(2, image.substeps + 1, p.TickFlag.CARRY, 0, kind, bytes(count)))
    assert pair.emulator.device.last_tick == 1
    pair.tick(rng, image)
    assert pair.emulator.device.last_tick == 2
