"""The core in C accepts an image where the host does, refuses it where the host does, and never leaves its memory."""

import base64
import json
import random
import struct
import subprocess
import zlib

import pytest

from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.errors import ImageError
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.firmware.native import FIRMWARE, FLAGS, SOURCES, build_core, core_of, need, run
from tests.golden.make.fixed_record import FORGET, LEARN
from tests.kernels.fixed_networks import random_network
from tests.unit.test_image import driven, spiking
from tests.unit.test_image_learning import learning

HARNESS = FIRMWARE.parent / "tests/firmware/harness.c"
VECTORS = sorted((FIRMWARE / "vectors").glob("*.json"))
VALUES = (0, 1, 2, 3, 4, 5, 8, 255, 4096, 32767, 32768, 65535, 65536, 2**24, 2**30, 2**31, 2**32 - 1)
INVALID, RAM = 1, 2
HEAD = 4 * fx.HEADER_WORDS


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    need("gcc")
    folder = tmp_path_factory.mktemp("harness")
    sanitize = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    flags = [flag for flag in FLAGS if not flag.startswith(("-Wstack", "-ffreestanding"))]  # sanitizers take stack
    run(["gcc", *flags, *sanitize, "-o", folder / "harness", HARNESS, *SOURCES], folder)
    return folder / "harness"


def judged_by_c(harness, images):
    """Reason, and digest of a valid one, for each image."""
    records = b"".join(struct.pack("<I", len(image)) + image for image in images)
    done = subprocess.run([harness], input=records, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(images)
    return [tuple(map(int, line.split())) for line in lines]


def judged_by_python(image):
    """The same of the host."""
    try:
        network = FixedNetwork(Image.of(image))
    except ImageError:
        return (INVALID,)
    for value in (0, 0, 255):
        assert network.tick(*constant(network.image, value), 1000 if value else -1000, learn=True) == OK
    return (0, network.digest())


def constant(image, value):
    if image.currents:
        return fx.HELD_CURRENTS, bytes([value]) * (2 * image.n_in)
    row = bytearray([value]) * (-(-image.n_in // 8))
    if image.n_in % 8:
        row[-1] &= 0xFF >> (8 - image.n_in % 8)
    return fx.BITMAPS, bytes(row) * image.substeps


def sealed(body):
    body = bytes(body)
    return body + struct.pack("<I", zlib.crc32(body))


def with_words(image, changes):
    body = bytearray(image[:-4])
    for at, value in changes:
        struct.pack_into("<I", body, 4 * at, value)
    return sealed(body)


def compare(harness, images):
    """How many were accepted, after both said the same to all."""
    accepted = 0
    for image, c in zip(images, judged_by_c(harness, images), strict=True):
        python = judged_by_python(image)
        if c == (RAM,):
            state, scratch = struct.unpack_from("<2I", image, 4 * fx.W_STATE)
            assert state + scratch > 2**22
        else:
            assert c == python
        accepted += python[0] == 0
    return accepted


def test_images_that_the_host_makes_are_accepted_and_run(harness):
    images = [random_network(seed, seed % 2 == 1).to_bytes() for seed in range(60)]
    assert compare(harness, images) == len(images)


@pytest.mark.parametrize(
    "image",
    [spiking(), spiking(subtract=True), driven(), learning()],
    ids=["spikes", "subtract", "currents", "learning"],
)
def test_every_word_ahead_of_the_arrays_is_checked_as_on_the_host(harness, image):
    (n_ops,) = struct.unpack_from("<I", image, 4 * fx.W_OPS)
    words = range(fx.HEADER_WORDS + (n_ops + 1) * fx.ROW)
    images = []
    for at in words:
        (old,) = struct.unpack_from("<I", image, 4 * at)
        near = {(old + 1) % 2**32, (old - 1) % 2**32, (old + 4) % 2**32, (old - 4) % 2**32}
        images += [with_words(image, [(at, value)]) for value in (*VALUES, *near)]
    assert 0 < compare(harness, images) < len(images) // 4


def test_every_number_of_the_arrays_is_checked_as_on_the_host(harness):
    images = []
    for image in (spiking(), driven(), learning()):
        (n_ops,) = struct.unpack_from("<I", image, 4 * fx.W_OPS)
        first = fx.HEADER_WORDS + (n_ops + 1) * fx.ROW
        for at in range(first, len(image) // 4 - 1):
            values = (0, 1, 0xFFFF, 0x8000, 0x80000000, 0x7FFFFFFF, 0x7FF00000, 0x40000001, 0xC0000000, 0xBFFFFFFF)
            images += [with_words(image, [(at, value)]) for value in values]
    accepted = compare(harness, images)
    assert 100 < accepted < len(images) - 100


def test_images_with_several_other_words_are_judged_as_on_the_host(harness):
    rng, images = random.Random(4), []
    for seed in range(1200):
        image = random_network(seed % 60, seed % 2 == 1).to_bytes()
        (n_ops,) = struct.unpack_from("<I", image, 4 * fx.W_OPS)
        most = fx.HEADER_WORDS + (n_ops + 1) * fx.ROW if rng.random() < 0.7 else len(image) // 4 - 1
        changes = []
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(most)
            (old,) = struct.unpack_from("<I", image, 4 * at)
            changes.append((at, rng.choice([rng.choice(VALUES), rng.getrandbits(32), old ^ 1 << rng.randrange(32)])))
        images.append(with_words(image, changes))
    images = [image for image in images if struct.unpack_from("<I", image, 4 * fx.W_SUBSTEPS)[0] < 300]
    assert 20 < compare(harness, images) < len(images)


def test_damaged_cut_and_senseless_images_are_refused(harness):
    rng, image = random.Random(5), random_network(7).to_bytes()
    images = [b"", image[:-4], image[:-1], image + bytes(4), image[:200], bytes(len(image))]
    images += [sealed(image[: 4 * n]) for n in (1, 31, 32, 47, 48, 60)]
    images += [rng.randbytes(rng.randrange(600)) for _ in range(100)]
    for _ in range(100):
        at = rng.randrange(len(image))
        images.append(image[:at] + bytes([image[at] ^ 1 << rng.randrange(8)]) + image[at + 1 :])
    assert compare(harness, images) == 0


@pytest.mark.parametrize("path", VECTORS, ids=[path.stem for path in VECTORS])
def test_the_recorded_vectors_are_repeated(library, path):
    vector = json.loads(path.read_text())
    core = core_of(library, Image.of(base64.b64decode(vector["image"])))
    assert core.digest() == (0, vector["digest"])
    for tick in vector["ticks"]:
        learn, forget = bool(tick.get("flags", 0) & LEARN), bool(tick.get("flags", 0) & FORGET)
        told = {"learn": learn, "forget": forget, "n_sub": tick.get("steps")}
        assert core.tick(tick["kind"], base64.b64decode(tick["data"]), tick.get("reward", 0), **told) == 0
        assert core.actions() == tick["actions"]
        assert core.digest()[1] == tick["digest"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_core(tmp_path_factory.mktemp("vectors"))
