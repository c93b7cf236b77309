"""Frames of compiled code, compared with those of Python, neurobot.link.frame."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels.trip import MORE, OTHERWISE, crc32, read_frame, write_frame
from neurobot.link.frame import ENCODED, OVERHEAD, Decoder, Frame, encode
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


@pytest.mark.parametrize("line", [b"\0", b"\0\0\0", b"\1\0", b"\0\5\1\1\1\1\0"])
def test_bytes_without_a_frame_are_none(line):
    assert read(line) is None
