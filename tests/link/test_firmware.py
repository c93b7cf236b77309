"""The C code does what its Python twin does, byte for byte."""

import random
import re
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.link.board import image_crc
from neurobot.link.device import Device
from neurobot.link.frame import ENCODED, Frame, cobs_encode, encode
from neurobot.link.message import pack, type_of
from neurobot.link.protocol import (
    PAYLOAD,
    ArmRequest,
    LoadBeginRequest,
    LoadChunkRequest,
    LoadCommitRequest,
    State,
    TickRequest,
    Type,
)
from tests.link.native import ROOT, SOURCES, NativeDevice, build, c
from tests.link.streams import operations
from tests.link.toy import ToyBoard


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("native"))


class Pair:
    """Both twins, on equal boards; they have to say and do the same at each call."""

    def __init__(self, library, boot_id=0xB007, **board):
        name = b"a board" + boot_id % 2 * b" whose name is longer than HELLO tells"
        self.twin = Device(ToyBoard(name=name, **board), boot_id)
        self.native = NativeDevice(library, ToyBoard(name=name, **board), boot_id)
        self.now = 0xFFFFFFFF - 300_000  # soon it wraps
        self.states, self.said = set(), set()
        self.same("start")

    def same(self, call, *args):
        out = getattr(self.twin, call)(*args, self.now)
        assert getattr(self.native, call)(*args, self.now) == out
        boards = self.twin._board, self.native.board
        assert boards[1].moved == boards[0].moved
        for board in boards:
            board.moved.clear()
        assert (self.native.state, self.native.last_tick, self.native.trip_count) == (
            self.twin.state, self.twin.last_tick, self.twin.trip_count,
        )  # fmt: skip
        self.states.add(self.twin.state)
        return out

    def run(self, random, count):
        for data, passed in operations(random, self.twin, count):
            self.now = (self.now + passed) & 0xFFFFFFFF
            if data is None:
                self.same("poll")
            else:
                self.same("receive", data)
        assert boards_equal(self)


def boards_equal(pair):
    return vars(pair.twin._board) == vars(pair.native.board)


@pytest.mark.parametrize("seed", range(20))
def test_both_say_and_do_the_same_whatever_comes(library, seed):
    pair = Pair(library)
    pair.run(random.Random(seed), 400)
    assert pair.states >= {State.BOOT, State.LOADING, State.READY, State.RUNNING}


def test_the_streams_reach_every_state_and_step_often(library):
    states, steps = set(), 0
    for seed in range(20):
        pair = Pair(library, seed)
        pair.run(random.Random(1000 + seed), 200)
        states |= pair.states
        steps += pair.twin._board.steps
    assert states == set(State)
    assert steps > 1000


@given(st.lists(st.one_of(st.binary(max_size=700), st.just(b"\0"), st.just(b"\x01" * (ENCODED + 1))), max_size=8))
def test_both_say_the_same_to_bytes_without_sense(library, pieces):
    pair = Pair(library)
    for piece in pieces:
        pair.same("receive", piece)


@given(st.integers(0, 255), st.integers(0, 255), st.one_of(st.binary(max_size=PAYLOAD), st.just(b"\x01" * PAYLOAD)))
def test_frames_are_the_same(library, kind, seq, payload):
    out = (c.c_uint8 * (ENCODED + 2))()
    size = library.nb_encode(out, c.c_uint8(kind), c.c_uint8(seq), payload, c.c_uint16(len(payload)))
    assert bytes(out[:size]) == encode(Frame(kind, seq, payload))


@pytest.mark.parametrize("size", range(514, 521))
def test_both_draw_the_line_between_the_longest_frame_and_one_that_is_too_long(library, size):
    body = bytes([Type.LOAD_CHUNK]) + bytes(size - 5)
    line = b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    pair = Pair(library)
    pair.same("receive", line)
    assert (pair.twin.decoder.ok, pair.twin.decoder.too_long) == ((1, 0) if size <= 518 else (0, 1))
    pair.same("receive", encode(Frame(Type.STATS, 0, b"")))


@pytest.mark.parametrize("image", [bytes([250, 20]), bytes([247, 255]), bytes([248, 0]), bytes([0, 255])])
def test_a_core_that_gives_more_than_fits_is_cut_off(library, image):
    pair = Pair(library, most=10_000)
    boot, trip = pair.twin.boot_id, pair.twin.trip_count
    for request in (
        LoadBeginRequest(2, image_crc(image)), LoadChunkRequest(0, image), LoadCommitRequest(),
        ArmRequest(boot, trip, 10, 50, 0, 0), TickRequest(1, 1, 0, 0, 0, b""),
    ):  # fmt: skip
        out = pair.same("receive", encode(Frame(type_of(type(request)), 0, pack(request))))
    assert pair.twin.last_tick == 1
    assert len(out) <= ENCODED + 2


def test_both_refuse_an_upload_whose_checksum_is_another(library):
    pair, image = Pair(library), bytes([2, 3]) + bytes(30)
    for crc, state in ((image_crc(image) ^ 1, State.LOADING), (image_crc(image), State.READY)):
        for request in (LoadBeginRequest(len(image), crc), LoadChunkRequest(0, image), LoadCommitRequest()):
            pair.same("receive", encode(Frame(type_of(type(request)), 0, pack(request))))
        assert pair.twin.state is state


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_checksum_is_zlibs(library, first, second):
    crc = library.nb_crc32(c.c_uint32(0), first, c.c_uint32(len(first)))
    assert library.nb_crc32(c.c_uint32(crc), second, c.c_uint32(len(second))) == zlib.crc32(first + second)


def test_nothing_is_used_of_the_c_library_but_memory_and_nothing_allocates(tmp_path):
    objects = compiled(tmp_path)
    listed = subprocess.run(["nm", "-u", *objects], capture_output=True, text=True, check=True).stdout
    outside = {name for name in re.findall(r"U (\w+)", listed) if not name.startswith("nb_")}
    assert outside <= {"memcpy", "memset", "memcmp", "memmove", "_GLOBAL_OFFSET_TABLE_"}


def test_no_function_takes_512_bytes_of_stack_and_none_calls_itself(tmp_path):
    compiled(tmp_path, "-fstack-usage")
    frames = {}
    for path in tmp_path.glob("*.su"):
        for line in path.read_text().splitlines():
            name, size, how = line.split("\t")
            assert how == "static", line
            frames[name.rpartition(":")[2]] = int(size)
    assert len(frames) > 15
    assert max(frames.values()) < 512, frames
    assert "nb_crc32" in calls()["nb_encode"]
    assert cycle(calls()) is None


def calls():
    """Who calls whom, by name, as the sources read."""
    source = "".join(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S) for path in SOURCES)
    bodies = dict(re.findall(r"^[\w *]*?\b(\w+)\([^;{]*\) \{( [^\n]*|\n.*?^)\}$", source, flags=re.S | re.M))
    return {name: {other for other in bodies if re.search(rf"\b{other}\(", body)} for name, body in bodies.items()}


def cycle(graph):
    """A function that can call itself, or None."""
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            name = todo.pop()
            if name == start:
                return start
            if name not in seen:
                seen.add(name)
                todo += graph[name]
    return None


def compiled(folder, *flags):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    sources = [str(path) for path in SOURCES if path.name != "shim.c"]
    command = ["gcc", "-std=c99", "-Os", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Werror", *flags]
    subprocess.run([*command, "-c", *sources], cwd=folder, check=True)
    return [str(path) for path in folder.glob("*.o")]


def test_the_makefile_builds_the_library(tmp_path):
    if shutil.which("make") is None or shutil.which("gcc") is None:
        pytest.skip("no make or gcc here")
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware", ignore=shutil.ignore_patterns("build"))
    subprocess.run(["make", "-s", "-C", str(tmp_path / "firmware")], check=True)
    assert (tmp_path / "firmware/build/libneurobot.a").stat().st_size > 1000
