"""Which image a board has: after some that were loaded, and some that were not."""

import pytest

from neurobot.errors import BoardError, LinkError
from neurobot.link.host import Host
from neurobot.link.local import LocalLine
from neurobot.link.transport import BITS
from tests.link.lines import IMAGE, drive, local, running

OTHER = IMAGE + b"other"


def has(host, image):
    """Whether the board runs an image, which it does not ask for."""
    assert host.load(image) == 0
    host.arm(hold=0.1, watchdog=0.5)
    drive(host, 1)
    running = host.transport.device._board.image
    host.reset()
    return running == image


def test_an_image_that_was_just_loaded_is_not_sent_again():
    host, _ = local()
    host.connect()
    for image in (IMAGE, OTHER):
        assert host.load(image) == len(image)
        assert has(host, image)


def test_an_image_that_another_one_has_replaced_is_sent_again():
    first, line = running()
    first.reset()
    host = Host(line, arithmetic=2)
    host.connect()
    assert host.load(OTHER) == len(OTHER)
    assert host.load(IMAGE) == len(IMAGE)
    assert has(host, IMAGE)


def test_a_board_that_could_not_run_an_image_has_none():
    host, _ = running()
    host.reset()
    with pytest.raises(BoardError, match="cannot run the image"):
        host.load(b"\xff" * 10)
    assert host.load(IMAGE) == len(IMAGE)
    assert has(host, IMAGE)


def test_an_image_that_is_refused_unsent_replaces_none():
    host, _ = running()
    host.reset()
    with pytest.raises(BoardError, match="has room for 4096"):
        host.load(bytes(5000))
    assert has(host, IMAGE)


@pytest.mark.parametrize("baud", [300, 4800, 9600, 115200])
def test_on_a_slow_line_an_image_takes_its_time_and_nothing_is_repeated(monkeypatch, baud):
    put = LocalLine._put

    def byte_by_byte(line, queue, data):
        for byte in data:
            put(line, queue, bytes([byte]))

    monkeypatch.setattr(LocalLine, "_put", byte_by_byte)
    host, line = local(rate=baud / BITS)
    host.connect()
    assert host.load(IMAGE) == len(IMAGE)
    assert host.session.exchange.counts.repeats == 0
    assert line.now() > len(IMAGE) * BITS / baud


def test_on_a_slow_line_a_board_that_is_gone_is_still_noticed():
    host, line = local(rate=480.0)
    host.connect()
    line.power(None)
    before = line.now()
    with pytest.raises(LinkError, match="no answer to LOAD_BEGIN"):
        host.load(IMAGE)
    assert 1.0 < line.now() - before < 1.5
