"""Images from bytes: what is refused, with which words, and that nothing is accepted that could not be run."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.board.assemble import assemble
from neurobot.board.parts import Cells, Decoding, Delivery, Drive, Network, Source
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import OUTPUT, Image
from neurobot.errors import ImageError
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.kernels.fixed_networks import TANH, random_input, random_network
from tests.twins.fixed import FixedTwin

HEAD, ROW = 4 * fx.HEADER_WORDS, 4 * fx.ROW
INPUT, DENSE, SPARSE, NEURON, COUNT, DECODER = range(6)
"""Rows of `spiking`; of `driven` DRIVE is the second."""


def outputs(n=2):
    out = np.zeros(n, OUTPUT)
    out["up"] = out["down"] = out["high"] = 100
    out["low"], out["unit"], out["slew"] = -100, 0.5, 7
    return out


def cells(arrivals, **more):
    n = 6
    given = {"bias": np.zeros(n, int), "init": np.zeros(n, int), "leak_v": np.full(n, 9), "current": fx.HELD}
    given |= {
        "leak_i": np.full(n, 9),
        "share": np.full(n, 65536),
        "threshold": np.full(n, 50),
        "reset": np.zeros(n, int),
    }
    return Cells(arrivals=arrivals, t_ref=np.full(n, 2), count=1, **(given | more))


def spiking(**more):
    """An image with every op but DRIVE."""
    sparse = {"rows": np.arange(7), "targets": np.arange(6), "weights": np.full(6, 5, np.int16)}
    arrivals = (Delivery(pre=0, weights=np.full((9, 6), 20, np.int16)), Delivery(pre=1, delay=2, **sparse))
    parts = (Source(n=9), cells(arrivals, **more))
    decoding = Decoding(population=1, kind=fx.RATE, groups=2, per=3, outputs=outputs(), mult=9, table=TANH)
    return assemble(Network(parts=parts, decoding=decoding, substeps=3, n_in=9)).to_bytes()


def driven():
    parts = (Source(n=9, fed=False), cells((Drive(weights=np.full((9, 6), 20, np.int16), shift=3),)))
    decoding = Decoding(population=1, kind=fx.WINNER, groups=3, per=2, outputs=choice(3))
    return assemble(Network(parts=parts, decoding=decoding, substeps=3, n_in=9, currents=True)).to_bytes()


def choice(n):
    out = np.zeros(1, OUTPUT)
    out["high"], out["unit"] = n - 1, 1.0
    return out


def sealed(body):
    return bytes(body) + struct.pack("<I", zlib.crc32(bytes(body)))


def patched(image, at, value, kind="<I"):
    """An image with other bytes at a place, and the right checksum."""
    body = bytearray(image[:-4])
    struct.pack_into(kind, body, at, value)
    return sealed(body)


def word(image, at):
    return struct.unpack_from("<I", image, at)[0]


def refused(image, words):
    with pytest.raises(ImageError) as error:
        Image.of(image)
    assert words in str(error.value)


def test_what_is_assembled_is_accepted_and_read_back():
    image = Image.of(spiking())
    assert image.to_bytes() == spiking()
    assert (image.substeps, image.n_in, image.n_act, image.currents, image.discrete) == (3, 9, 2, False, False)
    assert [int(row[0]) for row in image.rows] == [fx.INPUT, fx.DENSE, fx.SPARSE, fx.NEURON, fx.COUNT]
    assert image.outputs["unit"].tolist() == [0.5, 0.5]
    assert Image.of(driven()).discrete and Image.of(driven()).currents


HEADER = {
    fx.W_MAGIC: (1, "it begins with 0x1, an image begins with 0x5846424e"),
    fx.W_FORMAT: (2, "its format is 2, 1 can be read"),
    fx.W_ARITHMETIC: (1, "its arithmetic version is 1, 2 can be run; quantize the program again"),
    fx.W_LENGTH: (400, "it says that it has 400 bytes, and has"),
    fx.W_OPS: (4097, "n_ops is 4097, it must be 1 .. 4096"),
    fx.W_SUBSTEPS: (0, "substeps is 0, it must be 1 .. 65535"),
    fx.W_IN: (0, "n_in is 0, it must be 1 .. 65535"),
    fx.W_INPUT: (2, "input is 2, it must be 0 .. 1"),
    fx.W_ACT: (0, "n_act is 0, it must be 1 .. 32767"),
    fx.W_NEURONS: (16, "neurons is 16, the rows have 15"),
    fx.W_SYNAPSES: (1, "synapses is 1, the rows have 60"),
    fx.W_STATE: (4, "state is 4, the rows have"),
    fx.W_SCRATCH: (4, "scratch is 4, the rows have"),
    fx.W_FLAGS: (2, "flags is 2, it must be 0 .. 1"),
    fx.W_READOUT: (1, "readout is 1, it must be 0 .. 0"),
    fx.W_TRACES: (8, "traces is 8, the rows have 0"),
    fx.W_KEPT: (8, "the unit of rewards is 0x0, it must be an f32 above 0, or 0 where nothing learns"),
    fx.W_REWARD: (0x3F800000, "the unit of rewards is 0x3f800000, it must be"),
    31: (1, "words of the header that mean nothing are not 0"),
}


@pytest.mark.parametrize("at", HEADER)
def test_a_header_that_is_wrong_is_refused(at):
    value, words = HEADER[at]
    refused(patched(spiking(), 4 * at, value), words)


ROWS = [
    (INPUT, 0, 7, "op 7 is not known; known: 1 INPUT, 2 DENSE, 3 SPARSE, 4 DRIVE, 5 NEURON, 6 COUNT, 16 LEARN"),
    (INPUT, 0, 17, "op 17 is not known"),
    (INPUT, 0, fx.LEARN, "row 0: row 0 is no DENSE or SPARSE"),
    (DENSE, fx.LEARNT_AT, 16, "1 rows deliver weights that no LEARN changes"),
    (INPUT, 4, 1, "row 0: word 4 of INPUT is not 0"),
    (INPUT, fx.N, 0, "row 0: n is 0, it must be 1 .. 65535"),
    (INPUT, fx.N, 8, "row 0: n is 8, but n_in is another number"),
    (INPUT, fx.FIRST_NEURON, 1, "row 0: first is 1, the rows before it say 0"),
    (INPUT, fx.FED, 2, "row 0: fed is 2, it must be 0 .. 1"),
    (INPUT, fx.FED, 0, "0 rows INPUT are fed, it must be 1"),
    (INPUT, fx.SLOTS, 3, "row 0: slots is 3, it must be a power of two"),
    (INPUT, fx.SLOTS, 0, "row 0: slots is 0, it must be 1 .. 65536"),
    (INPUT, fx.SPIKES_AT, 0, "row 0: spikes_at is 0, the rows before it say 12"),
    (DENSE, fx.N_POST, 65536, "row 1: n_post is 65536, it must be 1 .. 65535"),
    (DENSE, fx.N_POST, 5, "weights at 512 is not filled up with 0"),
    (DENSE, fx.SHIFT, 15, "row 1: shift is 15, it must be 0 .. 14"),
    (DENSE, fx.SHIFT, 13, "neuron 0 has a fan-in of 73729, at most 32767 are allowed"),
    (DENSE, fx.S_AT, 4, "row 1: s_at is 4, the rows before it say 0"),
    (DENSE, fx.DELAY, 1, "row 1: delay 1 with 1 slots"),
    (DENSE, fx.SPIKES_AT, 16, "row 1: delay 0 from a population further down"),
    (DENSE, fx.SLOTS, 4, "row 1: no population of 9 has 4 slots at 12"),
    (DENSE, fx.WEIGHTS_AT, 0, "row 1: weights_at is 0, the rows before it say"),
    (SPARSE, fx.SPIKES_AT, 12, "row 2: no population of 6 has 4 slots at 12"),
    (SPARSE, fx.DELAY, 4, "row 2: delay 4 with 4 slots"),
    (SPARSE, fx.TARGETS_AT, 4, "row 2: targets_at is 4"),
    (SPARSE, fx.N_SYN, 7, "row 2: its rows do not rise from 0 to 7"),
    (NEURON, fx.FLAGS, 64, "row 3: flags is 64, it must be 0 .. 63"),
    (NEURON, fx.FLAGS, 8 | 53, "row 3: flags are 0x3d, which mean nothing"),
    (NEURON, fx.FLAGS, 4, "row 3: flags are 0x4, which mean nothing"),
    (NEURON, fx.FLAGS, 48, "row 3: wait_at is"),
    (NEURON, fx.CARRY, 65537, "row 3: carry is 65537, it must be 0 .. 65536"),
    (NEURON, fx.N, 5, "row 3: n is 5, the rows before it say 6"),
    (NEURON, fx.V_AT, 12, "row 3: v_at is 12, the rows before it say 16"),
    (NEURON, fx.I_AT, 16, "row 3: i_at is 16, the rows before it say 40"),
    (NEURON, fx.WAIT_AT, 16, "row 3: wait_at is 16, the rows before it say 64"),
    (NEURON, fx.PARAMS_AT, 4, "row 3: params_at is 4"),
    (COUNT, fx.N, 5, "row 4: COUNT does not follow the population whose spikes it counts"),
    (COUNT, fx.SPIKES_AT, 12, "row 4: COUNT does not follow the population whose spikes it counts"),
    (COUNT, fx.FIRST_ONLY, 2, "row 4: first_only is 2, it must be 0 .. 1"),
    (COUNT, fx.COUNTS_AT, 0, "row 4: counts_at is 0, the rows before it say 24"),
    (COUNT, fx.DECIDED_AT, 0, "row 4: decided_at is 0, the rows before it say 36"),
    (DECODER, fx.D_KIND, 5, "decoder: kind 5 is not known"),
    (DECODER, fx.D_GROUPS, 0, "decoder: 0 groups, it must be 1 .. 32767"),
    (DECODER, fx.D_GROUPS, 3, "decoder: 2 actions of 3 groups"),
    (DECODER, fx.D_PER, 2, "decoder: there are no 4 neurons to read at 24"),
    (DECODER, fx.D_PER, 40000, "decoder: 40000 neurons a group, it must be 1 .. 32767 in all"),
    (DECODER, fx.D_PUSH_PULL, 2, "decoder: push_pull is 2"),
    (DECODER, fx.D_SOURCE_AT, 4, "decoder: there are no 6 neurons to read at 4"),
    (DECODER, fx.D_MULT, 2**31, "decoder: mult is -2147483648, it must be -2147483647 .. 2147483647"),
    (DECODER, fx.D_SHIFT, 63, "decoder: shift is 63, it must be 0 .. 62"),
    (DECODER, fx.D_TABLE_AT, 4, "decoder: table_at is 4, it must be"),
    (DECODER, fx.D_OUTPUTS_AT, 4, "decoder: outputs_at is 4, it must be"),
    (DECODER, 9, 1, "decoder: words that mean nothing are not 0"),
]


@pytest.mark.parametrize(("row", "at", "value", "words"), ROWS)
def test_a_row_that_is_wrong_is_refused(row, at, value, words):
    refused(patched(spiking(), HEAD + row * ROW + 4 * at, value), words)


def block(image, row, at):
    """Where an array of a row is."""
    return word(image, HEAD + row * ROW + 4 * at)


@pytest.mark.parametrize(
    ("array", "value", "kind", "words"),
    [
        (0, 2**30 + 1, "<i", "row 3: bias of neuron 0 is 1073741825, it must be -1073741824 .. 1073741824"),
        (24, -(2**30) - 1, "<i", "row 3: init of neuron 0 is -1073741825"),
        (60, 0, "<i", "row 3: threshold of neuron 0 is 0, it must be 1 .. 1073741824"),
        (60, 2**30 + 1, "<i", "row 3: threshold of neuron 0 is 1073741825"),
        (84, 51, "<i", "row 3: reset of neuron 0 is 51, it must be -1073741824 .. 50"),
        (84, -(2**30) - 1, "<i", "row 3: reset of neuron 0 is -1073741825"),
        (120, 2**24 + 1, "<I", "row 3: share of neuron 0 is 16777217, it must be 0 .. 16777216"),
    ],
)
def test_an_array_that_leaves_its_range_is_refused(array, value, kind, words):
    image = spiking()
    refused(patched(image, block(image, NEURON, fx.PARAMS_AT) + array, value, kind), words)


def test_what_is_subtracted_is_not_negative():
    image = spiking(subtract=True)
    refused(
        patched(image, block(image, NEURON, fx.PARAMS_AT) + 84, -1, "<i"), "reset of neuron 0 is -1, it must be 0 .."
    )


def test_index_arrays_that_lead_outside_are_refused():
    image = spiking()
    rows, targets = block(image, SPARSE, fx.ROWS_AT), block(image, SPARSE, fx.TARGETS_AT)
    refused(patched(image, rows, 1), "its rows do not rise from 0 to 6")
    refused(patched(image, rows + 4, 9), "its rows do not rise from 0 to 6")
    refused(patched(image, targets, 6, "<H"), "row 2: a target is outside of the 6 neurons")


def test_outputs_and_tables_that_make_no_sense_are_refused():
    image = spiking()
    table, out = (block(image, DECODER, at) for at in (fx.D_TABLE_AT, fx.D_OUTPUTS_AT))
    refused(patched(image, table + 2, 40000, "<H"), "decoder: the table does not rise up to 2^15")
    refused(patched(image, table + 2 * fx.TABLE, 1, "<H"), "table at")
    for at, value, kind, words in (
        (4, 32768, "<i", "output 0: up and down are 32768 and 100, they must be 0 .. 32767"),
        (12, 101, "<h", "output 0: low, rest and high are 101, 0 and 100, they must rise"),
        (20, 3, "<B", "output 0: on_hold is 3, it must be 0 .. 2, and three bytes 0"),
        (21, 3, "<B", "output 0: on_hold is 0"),
        (24, 0.0, "<d", "output 0: unit 0.0 and offset 0.0"),
        (32, float("nan"), "<d", "output 0: unit 0.5 and offset nan"),
    ):
        refused(patched(image, out + at, value, kind), words)
    image = driven()
    refused(patched(image, block(image, 4, fx.D_OUTPUTS_AT) + 14, 5, "<h"), "output 0: limits of a choice are 0 and 2")
    refused(patched(image, HEAD + 4 * ROW + 4 * fx.D_MULT, 1), "decoder: mult is 1, it must be 0 .. 0")


def test_currents_and_spikes_do_not_mix():
    image = driven()
    refused(patched(image, 4 * fx.W_INPUT, 0), "row 1: DRIVE, but the input is spikes")
    refused(patched(image, HEAD + 1 * ROW + 4 * fx.N_PRE, 8), "row 1: n_pre is 8, the rows before it say 9")
    refused(patched(image, HEAD + 4 * fx.FED, 1), "1 rows INPUT are fed, it must be 0")


def test_a_damaged_or_cut_image_is_refused():
    image = spiking()
    refused(b"", "0 bytes are too few for an image")
    refused(image[:-4], "it says that it has")
    refused(image[:200] + bytes([image[200] ^ 1]) + image[201:], "the checksum does not match, it is damaged")
    longer = bytearray(image[:-4] + bytes(4))
    struct.pack_into("<I", longer, 4 * fx.W_LENGTH, len(longer) + 4)
    refused(sealed(longer), "its arrays end at")
    short = bytearray(image[: HEAD + ROW])
    struct.pack_into("<I", short, 4 * fx.W_LENGTH, len(short) + 4)
    refused(sealed(short), "its 5 rows and decoder do not fit in")


def test_what_is_delivered_has_to_arrive():
    image = bytearray(spiking())
    row = HEAD + NEURON * ROW
    other = image[HEAD + INPUT * ROW : HEAD + INPUT * ROW + ROW]
    image[row : row + ROW] = other
    refused(sealed(image[:-4]), "row 3: what was delivered before it has no NEURON")


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 39), changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2**32 - 1)), max_size=3)
)
def test_an_image_with_other_words_is_refused_or_runs_as_its_twin_does(seed, changes):
    """A twin in plain Python would raise IndexError wherever compiled code would leave its memory."""
    body = bytearray(random_network(seed).to_bytes()[:-4])
    for at, value in changes:
        struct.pack_into("<I", body, 4 * (at % (len(body) // 4)), value if value % 3 else value % 300)
    try:
        image = Image.of(sealed(body))
    except ImageError:
        return
    if image.header(fx.W_STATE) > 10**5 or image.substeps > 50:
        return
    core, twin, rng = FixedNetwork(image), FixedTwin(image.to_bytes()), np.random.default_rng(seed)
    for _ in range(2):
        kind, data = random_input(rng, image)
        assert core.tick(kind, data) == OK
        assert twin.tick(kind, data) == core.last.tolist()
        assert core.digest() == twin.digest()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(data):
    with pytest.raises(ImageError):
        Image.of(data)
