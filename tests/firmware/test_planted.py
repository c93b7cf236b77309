"""Every mistake that is planted in the firmware is found by a test of it, run on what the mistake makes of the code.

Each runs in a process of its own, which a mistake may end: a crash finds it too.
"""

import faulthandler
import os
import random
import signal
import warnings
from functools import cache

import pytest

from neurobot.board.conform import recorded
from neurobot.core.image import Image
from neurobot.errors import ImageError
from neurobot.kernels import fixed_ops as fx
from neurobot.link.protocol import TickFlag
from tests.firmware import native, test_check, test_core
from tests.firmware.planted import PLANTED
from tests.kernels.fixed_networks import random_network
from tests.link import native as link
from tests.link import test_firmware
from tests.unit.test_image import driven, spiking
from tests.unit.test_image_learning import learning

WITHIN = 60
"""Of one mistake [s]: one that has no end is found."""
SHIM = native.ROOT / "tests/link/shim.c"
FLAGS = ["-std=c99", "-w", "-O1", "-fPIC", "-ffreestanding"]


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """The sources as they are, compiled one by one."""
    native.need("gcc")
    folder = tmp_path_factory.mktemp("right")
    _compile(folder, native.FIRMWARE, [*native.SOURCES, SHIM])
    return folder


def _compile(folder, firmware, units):
    native.run(["gcc", *FLAGS, f"-I{firmware / 'core'}", f"-I{firmware / 'link'}", "-c", *units], folder)


def _planted(folder, right, file, old, new):
    """A library with a mistake."""
    for part in ("core", "link"):
        (folder / part).mkdir()
        for path in (native.FIRMWARE / part).glob("*.[ch]"):
            (folder / part / path.name).write_bytes(path.read_bytes())
    source = (folder / file).read_text()
    assert source.count(old) == 1
    (folder / file).write_text(source.replace(old, new))
    units = [folder / file] if file.endswith(".c") else sorted((folder / "core").glob("*.c"))
    _compile(folder, folder, units)
    made = {path.name: path for path in (*right.glob("*.o"), *folder.glob("*.o"))}
    native.run(["gcc", "-shared", "-o", folder / "planted.so", *made.values()], folder)
    return folder / "planted.so"


@cache
def judged():
    """Images, and whether they can be run: words of all kinds in the places of others."""
    images, rng = [], random.Random(1)
    for image in (
        spiking(),
        spiking(subtract=True),
        driven(),
        learning(),
        *(random_network(s).to_bytes() for s in range(12)),
    ):
        places = range(len(image) // 4 - 1)
        for at in rng.sample(places, min(150, len(places))):
            images += [test_check.with_words(image, [(at, value)]) for value in rng.sample(test_check.VALUES, 4)]
    images += [spiking()[:-4] + bytes(4), spiking()[:100], *fan_ins(), *sources(), *behind_learning()]
    return [(image, _is_valid(image)) for image in images]


def fan_ins():
    """Shifts of deliveries, one more and the next, for networks that have many synapses."""
    made = []
    for seed in range(60):
        image = random_network(seed)
        for r, row in enumerate(image.rows):
            at = fx.HEADER_WORDS + fx.ROW * r + fx.SHIFT
            if row[0] in (fx.DENSE, fx.SPARSE):
                made += [test_check.with_words(image.to_bytes(), [(at, shift)]) for shift in range(9, 15)]
    return made


def sources():
    """Delays of 0 and of as many steps as there are slots."""
    made = []
    for seed in range(60):
        image = random_network(seed)
        for r, row in enumerate(image.rows):
            at = fx.HEADER_WORDS + fx.ROW * r + fx.DELAY
            if row[0] in (fx.DENSE, fx.SPARSE):
                made += [test_check.with_words(image.to_bytes(), [(at, d)]) for d in (0, int(row[fx.SLOTS]))]
    return made


def behind_learning():
    """Other rows behind one that learns."""
    made = []
    for image in (image for image in map(random_network, range(1, 60, 2)) if len(image.learns()) > 1):
        at = fx.HEADER_WORDS + fx.ROW * (len(image.rows) - 1)
        row = [fx.INPUT, 1, *[0] * (fx.ROW - 2)]
        made.append(test_check.with_words(image.to_bytes(), list(enumerate(row, at))))
    return made


def _is_valid(image):
    try:
        Image.of(image)
    except ImageError:
        return False
    return True


def judges_images(library):
    core = native.NativeCore(library, 1 << 20)
    for image, valid in judged():
        assert (core.load(image) == 0) == valid


def repeats_vectors(library):
    for vector in recorded():
        core = native.core_of(library, Image.of(vector.image))
        for t in vector.ticks:
            learn, forget = bool(t.flags & TickFlag.LEARN), bool(t.flags & TickFlag.FORGET)
            assert core.tick(t.kind, t.data, t.reward, learn=learn, forget=forget, n_sub=t.steps) == 0
            assert core.actions() == list(t.actions)
            assert core.digest()[1] == t.digest


def runs_in_step(library):
    for seed in (1, 5, 7, 11):  # not those that the slow twin looks at, too
        test_core.lockstep(library, random_network(seed), 6, seed)


def runs_streams(library):
    for seed in range(12):
        test_firmware.Pair(library, seed).run(random.Random(seed), 400)
    for size in range(514, 521):
        test_firmware.test_both_draw_the_line_between_the_longest_frame_and_one_that_is_too_long(library, size)
    test_firmware.test_both_refuse_an_upload_whose_checksum_is_another(library)
    for size in (520, 521, 522, 523, 1100):
        pair = test_firmware.Pair(library)
        for data in (b"\x01" * size, b"\0", test_firmware.encode(test_firmware.Frame(9, 0, b""))):
            pair.same("receive", data)


TESTS = {
    "core": (
        repeats_vectors,
        runs_in_step,
        test_core.test_an_input_that_does_not_fit_is_refused_where_the_host_refuses_it_and_changes_nothing,
        test_core.test_outputs_without_a_tick_go_where_the_image_says,
        test_core.test_an_image_that_needs_more_than_there_is_is_refused_with_the_reason,
        judges_images,
    ),
    "link": (runs_streams, repeats_vectors),
}


def holds(path, part):
    """Whether all tests pass on a library, in a process of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, of forks beside threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            faulthandler.disable()
            signal.alarm(WITHIN)
            for test in TESTS[part]:
                test((link if test is runs_streams else native).opened(path))
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture(scope="module", autouse=True)
def beforehand():
    judged()


@pytest.mark.parametrize("part", TESTS)
def test_the_firmware_as_it_is_passes(tmp_path, right, part):
    native.run(["gcc", "-shared", "-o", tmp_path / "right.so", *right.glob("*.o")], tmp_path)
    assert holds(tmp_path / "right.so", part)


@pytest.mark.parametrize(("file", "old", "new"), PLANTED, ids=[f"{f}-{k}" for k, (f, _, _) in enumerate(PLANTED)])
def test_a_planted_mistake_is_found(tmp_path, right, file, old, new):
    assert not holds(_planted(tmp_path, right, file, old, new), file.partition("/")[0])
