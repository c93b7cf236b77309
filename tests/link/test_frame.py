import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.errors import LinkError
from neurobot.link.frame import ENCODED, Damage, Decoder, Frame, cobs_decode, cobs_encode, encode
from neurobot.link.protocol import PAYLOAD

zeros_and_blocks = st.lists(
    st.one_of(st.binary(max_size=5), st.just(b"\0"), st.integers(250, 260).map(lambda n: b"\x07" * n)), max_size=4
).map(b"".join)
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=PAYLOAD))


@given(zeros_and_blocks)
def test_cobs_gives_back_what_it_was_given_without_a_zero(data):
    coded = cobs_encode(data)
    assert 0 not in coded
    assert len(data) < len(coded) <= len(data) + 1 + len(data) // 254
    assert cobs_decode(coded) == data


@pytest.mark.parametrize(
    ("data", "coded"),
    [  # of the paper and of the examples in Wikipedia's "Consistent Overhead Byte Stuffing"
        ("", "01"),
        ("00", "0101"),
        ("0000", "010101"),
        ("00110000", "0102110101"),
        ("11220033", "0311220233"),
        ("11223344", "0511223344"),
        ("11000000", "0211010101"),
    ],
)
def test_cobs_of_known_vectors(data, coded):
    assert cobs_encode(bytes.fromhex(data)).hex() == coded


def test_cobs_of_254_bytes_has_no_block_after_it_and_of_255_has():
    assert cobs_encode(bytes(range(1, 255))) == b"\xff" + bytes(range(1, 255))
    assert cobs_encode(bytes(range(1, 256))) == b"\xff" + bytes(range(1, 255)) + b"\x02\xff"
    assert cobs_encode(bytes(range(1, 255)) + b"\0") == b"\xff" + bytes(range(1, 255)) + b"\x01\x01"


def chunks(data, draw):
    while data:
        n = draw(st.integers(1, max(len(data), 1)))
        yield data[:n]
        data = data[n:]


@given(st.lists(frames, min_size=1, max_size=4), st.data())
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(sent, data):
    decoder = Decoder()
    got = [f for piece in chunks(b"".join(map(encode, sent)), data.draw) for f in decoder.feed(piece)]
    assert got == sent
    assert (decoder.ok, decoder.crc_err, decoder.cobs_err, decoder.too_long) == (len(sent), 0, 0, 0)


@given(st.lists(st.binary(max_size=700), max_size=6), frames)
def test_after_any_bytes_the_next_frame_is_found(noise, frame):
    decoder = Decoder()
    for piece in noise:
        decoder.feed(piece)
    assert decoder.feed(encode(frame))[-1] == frame


@given(st.binary(max_size=3000), st.data())
def test_what_is_found_does_not_depend_on_how_the_stream_is_cut(stream, data):
    at_once, cut = Decoder(), Decoder()
    found = at_once.feed(stream)
    assert [f for piece in chunks(stream, data.draw) for f in cut.feed(piece)] == found
    assert vars(cut) == vars(at_once)


def test_every_single_bit_flip_of_a_frame_is_dropped():
    frame = Frame(8, 3, bytes(range(40)))
    line = encode(frame)
    for bit in range(8 * len(line)):
        bad = bytearray(line)
        bad[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        found = [f for f in decoder.feed(bytes(bad) + b"\0") if isinstance(f, Frame)]
        assert found in ([], [frame])  # the frame itself where only a 00 before or after it was hit
        assert bit // 8 in (0, len(line) - 1) or found == []


@pytest.mark.parametrize("size", [0, 1, PAYLOAD - 1, PAYLOAD])
@pytest.mark.parametrize("byte", [0, 7])
def test_payloads_up_to_the_largest_fit(size, byte):
    frame = Frame(4, 255, bytes([byte]) * size)
    assert len(encode(frame)) <= ENCODED + 2
    assert Decoder().feed(encode(frame)) == [frame]


def test_a_payload_that_is_too_long_is_refused_with_both_numbers():
    with pytest.raises(LinkError, match=r"payload of 513 bytes .* at most 512: send less"):
        encode(Frame(4, 0, bytes(513)))


def line(body):
    return b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


def test_each_damage_is_counted_as_what_it_is():
    decoder = Decoder()
    good = encode(Frame(1, 2, b"abc"))
    assert decoder.feed(b"\x09\x01\0") == [Damage.COBS]
    assert decoder.feed(cobs_encode(b"short") + b"\0") == [Damage.COBS]
    assert decoder.feed(good.replace(b"abc", b"abd")) == [Damage.CRC]
    assert decoder.feed(b"\x01" * (ENCODED + 1)) == [Damage.LONG]
    assert decoder.feed(b"\x01" * 10_000 + b"\0" + good) == [Frame(1, 2, b"abc")]
    assert decoder.feed(b"\0" + b"\x01" * ENCODED + b"\0") == [Damage.LONG]  # 520 bytes decoded
    counts = decoder.cobs_err, decoder.crc_err, decoder.too_long, decoder.ok
    assert counts == (2, 1, 2, 1)


def test_frames_of_every_length_up_to_the_limit_and_none_above():
    body = bytes(PAYLOAD + 2)
    assert isinstance(Decoder().feed(line(body))[0], Frame)
    assert Decoder().feed(line(body + b"\0")) == [Damage.LONG]


@settings(max_examples=1)
@given(st.integers(0, 2**32))
def test_a_megabyte_of_noise_takes_no_memory_and_yields_no_frame(seed):
    noise, decoder = random.Random(seed), Decoder()
    for _ in range(64):
        found = decoder.feed(noise.randbytes(1 << 14))
        assert not any(isinstance(f, Frame) for f in found)
        assert len(decoder._part) <= ENCODED
    assert decoder.received == 1 << 20
