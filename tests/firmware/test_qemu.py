"""The firmware on emulated microcontrollers: what it computes there is what is computed here."""

import numpy as np
import pytest

from neurobot.board import firmware
from neurobot.board.conform import conform, recorded
from neurobot.board.ports import MACHINES, open_board
from neurobot.core.fixed_network import FixedNetwork
from neurobot.errors import BoardError
from neurobot.link.protocol import State
from tests.firmware.native import need
from tests.firmware.test_posix import SEEDS, run_in_step
from tests.kernels.fixed_networks import random_input, random_network


@pytest.fixture
def qemu(firmware_builds, monkeypatch):
    need("arm-none-eabi-gcc", "qemu-system-arm")
    monkeypatch.setattr(firmware, "_cache", lambda: firmware_builds)
    return lambda board="m3": open_board(f"qemu:{board}")


@pytest.mark.parametrize("board", ["m3", "m0"])
def test_a_cortex_m3_and_a_micro_bit_repeat_all_that_was_recorded(qemu, board):
    with qemu(board) as host:
        result = conform(host, recorded())
    assert result.difference is None
    assert (result.skipped, result.vectors) == ((), len(recorded()))
    assert result.neuron_steps > 10_000


def test_a_cortex_m3_runs_random_networks_as_the_host_does(qemu):
    with qemu() as host:
        for seed in SEEDS[:6]:
            run_in_step(host, seed, ticks=20)


@pytest.mark.parametrize("board", [name for name in MACHINES if name not in ("m0", "m3")])
def test_its_relatives_do_too(qemu, board):
    with qemu(board) as host:
        run_in_step(host, SEEDS[2], ticks=20)


def test_without_ticks_it_goes_to_rest_by_itself_and_runs_again_only_when_armed(qemu):
    image, rng = random_network(SEEDS[1]), np.random.default_rng(0)
    with qemu() as host:
        host.connect()
        host.load(image.to_bytes())
        host.arm(hold=0.05, watchdog=0.2)
        host.tick(image.substeps, *random_input(rng, image))
        with pytest.raises(BoardError, match="SAFE"):
            host.listen(20.0)
        host.disarm()
        assert host.connect().state == State.SAFE
        host.arm(hold=0.5, watchdog=0.5)
        network, given = FixedNetwork(image), random_input(rng, image)
        network.tick(*given)
        assert np.frombuffer(host.tick(image.substeps, *given).data, "<i2").tolist() == network.last.tolist()
        assert host.stats().watchdog_trips == 1
