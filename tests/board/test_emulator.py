"""The emulated board: busy, overrun, restarted, and on a pty."""

import os
import threading

import numpy as np
import pytest

from neurobot.board.emulator import Emulator, held, open_pty, serve
from neurobot.core.image import OUTPUT
from neurobot.errors import BoardError
from neurobot.link.host import Host
from neurobot.link.transport import open_line
from tests.board.lines import emulated
from tests.firmware.test_posix import run_in_step
from tests.kernels.fixed_networks import random_input, random_network

IMAGE = random_network(1)


def armed(emulator, **line):
    host, line = emulated(emulator, **line)
    host.connect()
    host.load(IMAGE.to_bytes())
    host.arm(hold=0.2, watchdog=0.4)
    return host, line


def tick(host, seed=0):
    return host.tick(IMAGE.substeps, *random_input(np.random.default_rng(seed), IMAGE))


def test_a_busy_board_answers_when_it_is_done():
    times = {}
    for busy in (0.0, 0.003):
        host, line = armed(Emulator(busy=busy), delay=1e-4)
        before = line.now()
        tick(host)
        times[busy] = line.now() - before
    assert times[0.0] == pytest.approx(2e-4)
    assert 0.003 < times[0.003] < 0.0055


def test_a_busy_board_answers_all_but_ticks_at_once():
    host, line = armed(Emulator(busy=0.05))
    tick(host)
    line.read(0.1)
    before = line.now()
    host.reset()
    host.arm(hold=0.2, watchdog=0.4, last_tick=7)
    host.digest()
    assert line.now() - before < 0.001
    tick(host)
    assert line.now() - before > 0.05


def test_a_busy_board_takes_no_time_for_a_tick_that_it_refuses():
    host, line = armed(Emulator(busy=0.05))
    before = line.now()
    with pytest.raises(BoardError, match="the input of the tick does not fit the image"):
        host.tick(IMAGE.substeps + 1, 0, b"")
    assert line.now() - before < 0.001


def test_a_slow_line_takes_its_time():
    host, line = armed(Emulator(), rate=11520.0, delay=0.0)
    before = line.now()
    tick(host)
    assert line.now() - before > 50 / 11520


def test_what_finds_no_room_while_it_computes_is_lost_and_counted():
    host, line = armed(Emulator(busy=0.05, buffer=16))
    tick(host)
    line.read(0.2)
    kind, data = random_input(np.random.default_rng(1), IMAGE)
    emulator, session = line.device, host.session
    lost, now = emulator.device.ring_overrun, line._board_time()
    assert lost > 0  # the host asked again, for it was not that patient
    session.start(session.tick(IMAGE.substeps, kind, data), line.now())
    emulator.receive(session.outgoing(), now)
    emulator.receive(bytes(100), now + 10)
    assert emulator.device.ring_overrun == lost + 84
    assert emulator.poll(now + 20) == b""
    assert emulator.poll(now + 60_000) != b""


def test_after_a_loss_of_power_it_is_another_power_up_without_an_image():
    host, line = armed(Emulator(boot_id=7))
    boot = host.session.hello.boot_id
    line.power(line.device)
    with pytest.raises(BoardError, match="started anew"):
        tick(host)
    host.disarm()
    hello = host.connect()
    assert (hello.boot_id, hello.flags) == (boot + 1, 0)
    assert host.load(IMAGE.to_bytes()) > 0


def test_outputs_are_held_as_the_page_says():
    outputs = np.zeros(6, OUTPUT)
    outputs["rest"] = [0, 0, 0, 10, 0, 0]
    outputs["on_hold"] = [0, 1, 2, 2, 1, 2]
    outputs["slew"] = [65535, 65535, 65535, 65535, 5, 5]
    last = np.array([7, 7, -7, 3, 100, -100], np.int16)
    assert held(outputs, last).tolist() == [7, 0, -3, 7, 95, -95]


def test_on_a_pty_it_is_a_board_in_real_time_until_the_other_side_hangs_up():
    ours, theirs, name = open_pty()
    board = threading.Thread(target=serve, args=(Emulator(), ours), daemon=True)
    board.start()
    try:
        with Host(open_line(name), arithmetic=2) as host:
            run_in_step(host, 1, ticks=10)
        assert board.is_alive()
    finally:
        os.close(theirs)
        board.join(10.0)
        os.close(ours)
    assert not board.is_alive()
