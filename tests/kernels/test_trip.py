"""Frames of compiled code, compared with those of Python, neurobot.link.frame."""

import socket
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels.trip import (
    FD,
    HEARD,
    LONGEST,
    MORE,
    OTHERWISE,
    SENT,
    SIZE,
    WITHIN,
    WORDS,
    compiled_trip,
    crc32,
    read_frame,
    write_frame,
)
from neurobot.link.frame import ENCODED, OVERHEAD, Damage, Decoder, Frame, cobs_encode, encode
from neurobot.link.protocol import PAYLOAD
from tests.kernels.arrays import examples

pytestmark = pytest.mark.small

blocks = st.lists(
    st.one_of(st.binary(max_size=5), st.just(b"\0"), st.integers(240, 256).map(lambda n: b"\x07" * n)), max_size=4
).map(lambda pieces: b"".join(pieces)[:PAYLOAD])
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.one_of(blocks, st.binary(max_size=PAYLOAD)))


def written(frame):
    body, line = np.zeros(PAYLOAD + OVERHEAD, np.uint8), np.full(ENCODED + 2, 0xAA, np.uint8)
    data = bytes((frame.type, frame.seq)) + frame.payload
    body[: len(data)] = list(data)
    size = write_frame(body, len(data), line)
    return line[:size].tobytes()


def read(line):
    """What was found in bytes that end with 00, or None."""
    body = np.zeros(max(len(line), 1), np.uint8)
    size = read_frame(np.frombuffer(line, np.uint8).copy(), len(line), body)
    assert size == OTHERWISE or 2 <= size <= len(line) - MORE
    return None if size == OTHERWISE else Frame(int(body[0]), int(body[1]), body[2:size].tobytes())


@examples(200)
@given(st.binary(max_size=40))
def test_the_crc_is_that_of_zlib(data):
    assert crc32(np.frombuffer(data, np.uint8).copy(), len(data)) == zlib.crc32(data)


@examples(200)
@given(frames)
def test_a_frame_is_the_bytes_that_python_makes_of_it(frame):
    assert written(frame) == encode(frame)


@examples(200)
@given(frames, st.integers(0, 3))
def test_one_frame_is_read_whatever_zeros_stand_before_it(frame, zeros):
    assert read(bytes(zeros) + encode(frame)) == frame


@examples(200)
@given(frames, st.data())
def test_damaged_bytes_are_read_if_and_only_if_they_still_are_one_frame(frame, data):
    line = bytearray(encode(frame))
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(line) - 2))
        change = data.draw(st.sampled_from(["set", "drop", "add"]))
        line[at : at + (change != "add")] = b"" if change == "drop" else bytes([data.draw(st.integers(0, 255))])
        if len(line) < 2:
            break
    found = Decoder().feed(bytes(line))
    assert read(bytes(line)) == (found[0] if len(found) == 1 and isinstance(found[0], Frame) else None)


@examples(200)
@given(frames, frames)
def test_two_frames_are_not_one(first, second):
    assert read(encode(first) + encode(second)) is None


def test_a_frame_longer_than_any_may_be_is_none():
    assert LONGEST == PAYLOAD + OVERHEAD
    for size in (PAYLOAD, PAYLOAD + 1):
        body = b"\x84\1" + bytes(size)
        line = b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
        assert (read(line) is None) == (size > PAYLOAD) == (Decoder().feed(line) == [Damage.LONG])


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    one.setblocking(False)
    yield one, other
    one.close()
    other.close()


def trip(fd, frame):
    """What comes of a request: the answer or None, bytes sent, bytes that came."""
    run = compiled_trip()
    if run is None:
        pytest.skip("nothing is compiled here")
    words, body = np.zeros(WORDS, np.int64), np.zeros(PAYLOAD + OVERHEAD, np.uint8)
    line, heard, answer = (np.zeros(ENCODED + 2, np.uint8) for _ in range(3))
    data = bytes((frame.type, frame.seq)) + frame.payload
    body[: len(data)] = list(data)
    words[[FD, SIZE, WITHIN]] = fd, len(data), 2_000_000
    size = run(words, body, line, heard, answer)
    told = None if size == OTHERWISE else answer[2:size].tobytes()
    return told, int(words[SENT]), heard[: words[HEARD]].tobytes()


REQUEST = Frame(4, 200, bytes(range(256)) * 2)
ANSWER = encode(Frame(0x84, 200, b"yes" * 100))


def test_a_request_goes_out_and_its_answer_is_read(ends):
    ends[1].send(ANSWER)
    assert trip(ends[0].fileno(), REQUEST) == (b"yes" * 100, len(encode(REQUEST)), ANSWER)
    assert ends[1].recv(2000) == encode(REQUEST)


@pytest.mark.parametrize(
    "came",
    [
        b"", ANSWER[:-1], ANSWER + b"\1", ANSWER * 2, encode(Frame(0x84, 201, b"")), encode(Frame(0x85, 200, b"")),
        encode(Frame(0x84, 200, bytes(PAYLOAD)))[:-1] + bytes(40),
    ],
)  # fmt: skip
def test_what_came_otherwise_is_handed_over(ends, came):
    ends[1].send(came)
    told, sent, heard = trip(ends[0].fileno(), REQUEST)
    assert (told, sent) == (None, len(encode(REQUEST)))
    assert came.startswith(heard) and (heard == came or len(heard) == ENCODED + 2)


def test_a_line_that_cannot_be_written_to_has_sent_nothing():
    assert trip(-1, REQUEST) == (None, 0, b"")


@pytest.mark.parametrize("line", [b"\0", b"\0\0\0", b"\1\0", b"\0\5\1\1\1\1\0"])
def test_bytes_without_a_frame_are_none(line):
    assert read(line) is None
