"""Images whose weights change: what is refused, with which words."""

import struct

import numpy as np
import pytest

from neurobot.board.assemble import assemble
from neurobot.board.parts import Decoding, Delivery, Network, Rule, Source
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from tests.unit.test_image import HEAD, ROW, block, cells, outputs, patched, refused

INPUT, DENSE, SPARSE, NEURON, COUNT, CENTRED, NEAREST = range(7)
"""Rows: DENSE learns by CENTRED, SPARSE by NEAREST."""


def rule(**more):
    given = {"leaks": (9000, 9000, 300, 2000, 100), "rises": (13, 13), "events": (9000, 8000, 10), "e_shift": 6}
    given |= {"gain": 40000, "gain_shift": 9, "bounds": (0, 30000 << 16), "shares": np.array([9, 99, 32768])}
    return Rule(**(given | more))


def learning():
    """An image with two projections that learn."""
    sparse = {"rows": np.arange(7), "targets": np.arange(6), "weights": np.full(6, 5, np.int16)}
    arrivals = (
        Delivery(pre=0, weights=np.full((9, 6), 20, np.int16), rule=rule(centred=True)),
        Delivery(pre=1, delay=2, **sparse, rule=rule(nearest=True)),
    )
    decoding = Decoding(population=1, kind=fx.RATE, groups=2, per=3, outputs=outputs(), mult=9)
    parts = (Source(n=9), cells(arrivals))
    return assemble(Network(parts=parts, decoding=decoding, substeps=3, n_in=9, reward_unit=0.25)).to_bytes()


def test_what_learns_is_accepted_and_read_back():
    image = Image.of(learning())
    assert [int(row[0]) for row in image.rows[CENTRED:]] == [fx.LEARN, fx.LEARN]
    assert (image.header(fx.W_TRACES), image.header(fx.W_KEPT)) == (4 * (15 + 54 + 12 + 6), 4 * (2 + 6 + 54 + 2 + 6))
    assert image.reward_unit == 0.25
    assert [q.size for q in image.learns()] == [54, 6]
    state = FixedNetwork(image).state
    assert [state[q.at] for q in image.learns()] == [(20 << 16) + 32768, (5 << 16) + 32768]


def test_an_image_takes_weights_that_were_learnt():
    image = Image.of(learning())
    network = FixedNetwork(image)
    for q in image.learns():
        network.state[q.at : q.at + q.size] = (np.arange(q.size) - 3 << 16) + 77
    again = Image.of(image.learnt(network.state).to_bytes())
    for q in again.learns():
        assert (q.start(again) >> 16).tolist() == (np.arange(q.size) - 3).tolist()
    assert np.count_nonzero(again.words != image.words) <= 27 + 3 + 1


ROWS = [
    (CENTRED, fx.FLAGS, 4, "row 5: flags is 4, it must be 0 .. 3"),
    (CENTRED, 2, 1, "row 5: word 2 of LEARN is not 0"),
    (CENTRED, fx.DELIVERY, 3, "row 5: row 3 is no DENSE or SPARSE"),
    (CENTRED, fx.DELIVERY, 99, "row 5: row 99 is no DENSE or SPARSE"),
    (CENTRED, fx.DELIVERY, 2, "row 5: learnt_at of row 2 is"),
    (CENTRED, fx.N, 9, "row 5: its spikes are not those of the neurons that it delivers to"),
    (CENTRED, fx.SPIKES_AT, 12, "row 5: its spikes are not those of the neurons that it delivers to"),
    (CENTRED, fx.SLOTS, 1, "row 5: its spikes are not those of the neurons that it delivers to"),
    (CENTRED, fx.TRACES_AT, 4, "row 5: traces_at is 4, the rows before it say"),
    (CENTRED, fx.KEPT_AT, 4, "row 5: kept_at is 4, the rows before it say"),
    (CENTRED, fx.PARAMS_AT, 4, "row 5: params_at is 4, the rows before it say"),
    (NEAREST, fx.FLAGS, 2, "row 6: learnt_at of row 2 is"),
    (NEAREST, fx.DELIVERY, 1, "row 6: learnt_at of row 1 is"),
    (DENSE, fx.LEARNT_AT, 0, "row 5: learnt_at of row 1 is 0, the rows before it say"),
    (COUNT, 0, fx.LEARN, "row 4: word 5 of LEARN is not 0"),
]


@pytest.mark.parametrize(("row", "at", "value", "words"), ROWS)
def test_a_row_that_is_wrong_is_refused(row, at, value, words):
    refused(patched(learning(), HEAD + row * ROW + 4 * at, value), words)


RULES = [
    (fx.LEAK_X, 65536, "leak_x is 65536, it must be 0 .. 65535"),
    (fx.LEAK_Y, -1, "leak_y is -1"),
    (fx.LEAK_MEAN, 65536, "leak_mean is 65536"),
    (fx.LEAK_E, 65537, "leak_e is 65537, it must be 0 .. 65536"),
    (fx.LEAK_REWARD, 65536, "leak_reward is 65536"),
    (fx.RISE_X, 16, "rise_x is 16, it must be 0 .. 15"),
    (fx.RISE_Y, -1, "rise_y is -1"),
    (fx.A_PLUS, 32768, "A_plus is 32768, it must be -32767 .. 32767"),
    (fx.A_MINUS, -32768, "A_minus is -32768"),
    (fx.A_PRE, 32768, "A_pre is 32768"),
    (fx.E_SHIFT, 0, "e_shift is 0, it must be 1 .. 31"),
    (fx.E_SHIFT, 32, "e_shift is 32, it must be 1 .. 31"),
    (fx.GAIN, 65537, "gain is 65537, it must be -65536 .. 65536"),
    (fx.GAIN_SHIFT, 0, "gain_shift is 0, it must be 1 .. 62"),
    (fx.GAIN_SHIFT, 63, "gain_shift is 63, it must be 1 .. 62"),
    (fx.HIGH, -1, "its bounds are 0 and -1, they must rise"),
]


@pytest.mark.parametrize(("word", "value", "words"), RULES)
def test_a_rule_that_leaves_its_range_is_refused(word, value, words):
    image = learning()
    refused(patched(image, block(image, NEAREST, fx.PARAMS_AT) + 4 * word, value, "<i"), f"row 6: {words}")


def test_a_share_above_1_is_refused():
    image = learning()
    at = block(image, CENTRED, fx.PARAMS_AT) + 4 * fx.RULE
    refused(patched(image, at + 2, 32769, "<H"), "row 5: a share is 32769, it must be 0 .. 32768")
    refused(patched(image, at + 6, 1, "<H"), "shares at")


@pytest.mark.parametrize(
    ("word", "value", "words"),
    [
        (fx.W_TRACES, 4, "row 5: traces_at is"),
        (fx.W_KEPT, 2**24, "traces and kept are 348 and 16777216 bytes of a state of"),
        (fx.W_KEPT, 6, "traces and kept are 348 and 6 bytes of a state of"),
        (fx.W_REWARD, 0, "the unit of rewards is 0x0, it must be an f32 above 0"),
        (fx.W_REWARD, 0x7F800000, "the unit of rewards is 0x7f800000"),
        (fx.W_REWARD, 0x80800000, "the unit of rewards is 0x80800000"),
        (fx.W_STATE, 1000, "row 5: traces_at is"),
    ],
)
def test_a_header_that_does_not_fit_what_learns_is_refused(word, value, words):
    refused(patched(learning(), 4 * word, value), words)


def test_a_header_that_tells_of_more_than_there_is_is_refused():
    image = bytearray(learning())
    (kept,) = struct.unpack_from("<I", image, 4 * fx.W_KEPT)
    (state,) = struct.unpack_from("<I", image, 4 * fx.W_STATE)
    struct.pack_into("<I", image, 4 * fx.W_KEPT, kept + 8)
    refused(patched(bytes(image), 4 * fx.W_STATE, state + 8), f"kept is {kept + 8}, the rows have {kept}")
    struct.pack_into("<I", image, 4 * fx.W_KEPT, kept)
    refused(patched(bytes(image), 4 * fx.W_STATE, state + 4), "row 5: traces_at is")


def test_nothing_stands_behind_what_learns():
    image = bytearray(learning())
    image[HEAD + NEAREST * ROW : HEAD + NEAREST * ROW + ROW] = image[HEAD : HEAD + ROW]
    refused(patched(bytes(image), 4 * fx.W_FLAGS, 0), "row 6: it is behind a LEARN, and is none")
