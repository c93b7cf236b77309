import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.errors import LinkError
from neurobot.link.message import pack, title, type_of, unpack
from neurobot.link.protocol import LAYOUTS, ArmRequest, HelloReply, LoadChunkRequest, Nak, PingReply, TickRequest

RANGES = {"B": (0, 2**8 - 1), "H": (0, 2**16 - 1), "I": (0, 2**32 - 1), "Q": (0, 2**64 - 1), "h": (-(2**15), 2**15 - 1)}
RANGES["i"] = (-(2**31), 2**31 - 1)


@st.composite
def messages(draw):
    kind = draw(st.sampled_from(list(LAYOUTS)))
    values = [draw(st.integers(*RANGES[code])) for code in LAYOUTS[kind][1][1:]]
    rest = [draw(st.binary(max_size=40))] if len(values) < len(kind._fields) else []
    return kind(*values, *rest)


@given(messages())
def test_messages_come_out_as_they_went_in(message):
    payload = pack(message)
    assert unpack(type(message), payload) == message
    fixed = struct.calcsize(LAYOUTS[type(message)][1])
    assert len(payload) == fixed + (len(message[-1]) if message and isinstance(message[-1], bytes) else 0)


def test_numbers_are_little_endian_and_nothing_is_padded():
    assert pack(TickRequest(1, 2, 3, -2, 5, b"\x06")).hex() == "010000000203feffffff0506"
    assert pack(Nak(8, 5, 3, 0, 258)).hex() == "0805030002010000"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (PingReply(0, 2**32), r"answer to PING: dev_us is 4294967296, it must be a whole number from 0 to 4294967295"),
        (TickRequest(0, 0, 0, -(2**31) - 1, 0, b""), r"TICK: reward is -2147483649, .* from -2147483648 to 2147483647"),
        (ArmRequest(0, 0, 0, 1.5, 0, 0), r"ARM: watchdog_ms is 1\.5, it must be a whole number"),
        (LoadChunkRequest(0, "text"), r"LOAD_CHUNK: data is str, it must be bytes"),
    ],
)
def test_what_cannot_be_packed_is_named(message, says):
    with pytest.raises(LinkError, match=says):
        pack(message)


@pytest.mark.parametrize(
    ("kind", "size", "says"),
    [
        (PingReply, 11, r"answer to PING: the payload has 11 bytes, it must have 12"),
        (PingReply, 13, r"it must have 12: host and board are of different versions"),
        (HelloReply, 4, r"answer to HELLO: the payload has 4 bytes, it must have at least 37"),
    ],
)
def test_a_payload_of_another_length_is_refused(kind, size, says):
    with pytest.raises(LinkError, match=says):
        unpack(kind, bytes(size))


def test_types_have_names():
    assert title(type_of(TickRequest)) == "TICK"
    assert title(type_of(PingReply)) == "answer to PING"
    assert title(0x55) == "type 0x55"
