"""A Ctrl-C in the middle of a call: the next call is possible at once, and nothing is answered with what is old."""

from contextlib import contextmanager

import pytest

from neurobot.errors import BoardError, LinkError
from neurobot.link import protocol as p
from neurobot.link.session import Phase
from tests.link.lines import IMAGE, drive, local, running


@contextmanager
def interrupted(monkeypatch, what, name):
    """A block that ends in a Ctrl-C where something is called."""

    def press(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(what, name, press)
        yield


@pytest.mark.parametrize("where", ["read", "write"])
def test_an_armed_board_can_be_reset_at_once(monkeypatch, where):
    host, line = running()
    drive(host, 3)
    with interrupted(monkeypatch, line, where):
        drive(host, 1)
    before = line.now()
    host.reset()
    assert (line.device.state, host.phase) == (p.State.READY, Phase.DISARMED)
    assert line.now() - before < 0.001
    host.arm(hold=0.1, watchdog=0.5)
    assert drive(host, 3) == drive(running()[0], 3)
    assert host.session.exchange.counts.late == (where == "read")


def test_what_was_not_sent_yet_is_not_sent_with_the_next_call(monkeypatch):
    host, line = running()
    drive(host, 3)
    with interrupted(monkeypatch, host, "_send"):
        drive(host, 1)
    host.reset()
    assert line.device.decoder.ok == host.session.exchange.counts.asked - 1


@pytest.mark.parametrize("where", ["read", "write"])
def test_the_next_tick_is_never_answered_with_the_answer_to_the_interrupted_one(monkeypatch, where):
    host, line = running()
    drive(host, 3)
    with interrupted(monkeypatch, line, where):
        host.tick(1, p.Input.BITMAP, b"one")
    if where == "read":  # it went out
        assert host.tick(1, p.Input.BITMAP, b"two").tick == 5
        assert line.device.dup_tick == 0
        return
    with pytest.raises(BoardError, match="refuses TICK"):
        host.tick(1, p.Input.BITMAP, b"two")


def test_a_tick_with_an_impossible_number_is_not_counted():
    host, _ = running()
    with pytest.raises(LinkError, match="n_sub is 300"):
        host.tick(300, p.Input.BITMAP, b"")
    assert host.tick(1, p.Input.BITMAP, b"").tick == 1


def test_an_image_of_which_only_a_part_was_sent_is_sent_again(monkeypatch):
    host, line = local()
    host.connect()
    with interrupted(monkeypatch, host.session, "poll"):
        host.load(IMAGE)
    assert host.load(IMAGE) == len(IMAGE)
    host.arm(hold=0.1, watchdog=0.5)
    drive(host, 3)
    assert line.device.state is p.State.RUNNING


def test_a_call_from_the_handler_of_a_signal_is_refused_and_the_other_goes_on(monkeypatch):
    host, line = running()
    read = line.read

    def reset_and_read(timeout):
        monkeypatch.setattr(line, "read", read)
        with pytest.raises(LinkError, match="the session is busy with another task"):
            host.reset()
        return read(timeout)

    monkeypatch.setattr(line, "read", reset_and_read)
    assert host.tick(1, p.Input.BITMAP, b"").tick == 1
