"""Ten million neuron-steps on everything that runs images: spikes, actions and state are those of FixedNetwork."""

import pytest

from neurobot.board.emulator import Emulator
from tests.board.lines import emulated
from tests.firmware import matrix
from tests.firmware.bench import BENCH, play, programs
from tests.firmware.board_process import build_posix, on_a_socket
from tests.firmware.native import build_core, core_of, need

NEURON_STEPS, LEARNING = 10_000_000, 2_000_000
"""Of all networks, and of those of them that learn."""
pytestmark = pytest.mark.xdist_group("matrix")  # what they are compared with is made once


def native(folder):
    library = build_core(folder)

    def run(case):
        core = core_of(library, case.image)
        for kind, data, reward, learn in case.given:
            assert core.tick(kind, data, reward, learn=learn) == 0
            yield matrix.Gave(core.actions(), core.spikes, core.digest()[1])
        core.check()

    return lambda cases: [list(run(case)) for case in cases]


def emulator(folder):
    host, _ = emulated(Emulator())
    return lambda cases: [list(matrix.through_a_line(host, case)) for case in cases]


def posix(folder):
    def run(cases):
        with on_a_socket(build_posix(folder)) as (host, _):
            return [list(matrix.through_a_line(host, case)) for case in cases]

    return run


def asked(kind, data, reward, learn):
    return BENCH.Given(kind, data, flags=BENCH.LEARN * learn, reward=reward)


def processor(name):
    def made(folder):
        need("make", "arm-none-eabi-gcc", "qemu-system-arm")
        program = programs(folder, name)[name]

        def run(cases):
            played = play(
                name, program, [(case.image.to_bytes(), [asked(*one) for one in case.given]) for case in cases]
            )
            return [[matrix.Gave(list(t.actions), t.spikes, t.digest) for t in ticks] for ticks in played]

        return run

    return made


def compare(cases, results):
    """Neuron-steps that were the same, which is all of them."""
    for case, given in zip(cases, results, strict=True):
        assert given == case.gave
    return sum(case.neuron_steps for case in cases)


@pytest.mark.parametrize(
    ("target", "room"),
    [
        (native, matrix.LARGE), (emulator, matrix.LARGE), (posix, matrix.LARGE), (processor("m3"), matrix.LARGE),
        (processor("m0"), matrix.SMALL),
    ],
    ids=["core", "emulator", "posix", "m3", "m0"],
)  # fmt: skip
def test_ten_million_neuron_steps_are_the_same(target, room, tmp_path):
    cases = matrix.cases(NEURON_STEPS, room)
    assert compare(cases, target(tmp_path)(cases)) >= NEURON_STEPS
    assert sum(case.neuron_steps for case in cases if case.image.learns()) >= LEARNING
