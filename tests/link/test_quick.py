"""The quick way of a tick: the same answers, actions and counts as the ordinary one, whatever comes on the line."""

import os
import socket
import time
from contextlib import contextmanager

import pytest

from neurobot.errors import BoardError, LinkError
from neurobot.link import protocol as p
from neurobot.link import quick
from neurobot.link.exchange import Exchange, Patience
from neurobot.link.frame import Frame, encode
from neurobot.link.host import Host
from neurobot.link.message import head, pack
from neurobot.link.session import Phase
from neurobot.link.transport import FileTransport
from tests.link.lines import IMAGE, drive, running
from tests.link.served import Served

PATIENCE = Patience(answer=0.02, longest=0.1, lost=5.0)  # other programs run here too
SURE = Patience(answer=3.0, longest=3.0, lost=5.0)
"""Nothing is repeated because another program had the processor."""


@pytest.fixture
def boards(monkeypatch):
    """Makes an armed host on a socket, whose board sends as it is told to; lists what went the quick way."""
    served, settle = [], Exchange.settle

    def board(sends=FileTransport.write, patience=PATIENCE, hears=bytes):
        ours, theirs = socket.socketpair()
        served.append(Served(theirs.detach(), sends, hears))
        host = Host(FileTransport(ours.detach(), "the line"), arithmetic=2, patience=patience)
        host.connect()
        host.load(IMAGE)
        host.arm(hold=0.5, watchdog=0.5)
        served[-1].host, served[-1].quick = host, []
        return served[-1]

    def spied(self, *args):
        reply = settle(self, *args)
        next(s for s in served if s.host.session.exchange is self).quick.append(reply)
        return reply

    monkeypatch.setattr(Exchange, "settle", spied)
    yield board
    for one in served:
        one.close()
        one.host.close()


def only_answers(disturb):
    """Sends all but answers to TICK as they are; those as `disturb(line, out, k)` does, k counting them."""
    seen = []

    def sends(line, out):
        if out[2:3] != bytes((p.Type.TICK | p.ANSWER,)):  # behind 00 and the size of the first block
            return line.write(out)
        seen.append(out)
        return disturb(line, out, len(seen) - 1)

    return sends


def event(reason):
    return encode(Frame(p.Type.EVENT, 0, pack(p.Event(reason, 0, 0))))


def test_a_quiet_line_is_quick_and_everything_is_counted_as_in_the_ordinary_way(boards, monkeypatch):
    swift = boards(patience=SURE)
    if swift.host._quick is None:
        pytest.skip("nothing is compiled here")
    monkeypatch.setattr(quick, "compiled_trip", lambda: None)  # as on a system without such calls
    ordinary = boards(patience=SURE)
    assert drive(swift.host, 300) == drive(ordinary.host, 300) == drive(running()[0], 300)
    assert sum(reply is not None for reply in swift.quick) > 30  # most; some came late, since other programs run here
    assert not ordinary.quick
    one, other = (board.host.session.exchange for board in (swift, ordinary))
    assert one.report() == other.report()
    assert one._sizes == other._sizes
    assert one._trips.keys() == other._trips.keys()


def split(line, out, k):
    line.write(out[: 1 + k % (len(out) - 1)])
    time.sleep(k % 3 * 3e-4)
    line.write(out[1 + k % (len(out) - 1) :])


def flipped(line, out, k):
    line.write(out if k % 3 else out[:9] + bytes((out[9] ^ 0x40,)) + out[10:])


def late(line, out, k):
    time.sleep(k % 4 * 2e-4)
    line.write(out)


def twice(line, out, k):
    line.write(out * (1 + k % 2))


def noisy(line, out, k):
    line.write((b"\x55\xaa", b"\0\0", b"", b"\x03\x07\0")[k % 4] + out)


def told(line, out, k):
    line.write(event(p.Reason.HOLD) + out if k % 2 else out)


def lost(line, out, k):
    if k % 5:
        line.write(out)


@pytest.mark.parametrize("disturb", [split, flipped, late, twice, noisy, told, lost])
def test_whatever_the_line_does_the_trajectory_is_the_undisturbed_one(boards, disturb):
    board = boards(only_answers(disturb))
    simulated = running()[0]
    assert drive(board.host, 60) == drive(simulated, 60)
    assert board.host.digest() == simulated.digest()


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:7] + bytes((data[7] ^ 9,)) + data[8:]])
def test_requests_that_are_lost_or_damaged_are_repeated_and_the_trajectory_is_the_same(boards, damage):
    heard = []

    def hears(data):
        if data[2:3] == bytes((p.Type.TICK,)):
            heard.append(data)
            return damage(data) if len(heard) % 4 == 0 else data
        return data

    board, simulated = boards(hears=hears), running()[0]
    assert drive(board.host, 40) == drive(simulated, 40)
    assert board.host.digest() == simulated.digest()
    assert board.host.session.exchange.counts.repeats >= 10


def test_an_answer_to_another_tick_with_the_number_of_this_one_is_not_taken(boards):
    board = boards()
    exchange = board.host.session.exchange
    drive(board.host, 3)
    before = exchange.report(), dict(exchange._trips)
    numbered = board.host.session.begin_tick(4, p.Input.BITMAP, b"", p.TickFlag.CARRY, 0)
    reply = p.TickReply(9, 0, 0, 0, 0, 0, b"")
    for payload in (pack(reply), pack(reply._replace(tick=4))[:-1], b""):
        assert exchange.settle(numbered, payload, 40, 0.0, 1e-9) is None
    assert (exchange.report(), exchange._trips) == before
    assert exchange.settle(numbered, pack(reply._replace(tick=4)), 40, 0.0, 1e-9).tick == 4


def test_a_line_that_is_full_takes_the_tick_later(boards):
    def pauses(line, out, k):
        line.write(out)
        time.sleep(0.1 if k == 2 else 0.0)

    board = boards(only_answers(pauses), SURE)
    drive(board.host, 3)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(board.host.transport.fd, bytes(5000))  # 00 is nothing between frames
    simulated = running()[0]
    drive(simulated, 3)
    assert drive(board.host, 20, first=3) == drive(simulated, 20, first=3)
    assert board.host.digest() == simulated.digest()


@contextmanager
def around_the_call(monkeypatch, before=None, after=None):
    """A block in which something happens just before or after the compiled call."""
    ask = quick.Quick.ask

    def disturbed(self, *args):
        if before:
            before()
        told = ask(self, *args)
        if after:
            after()
        return told

    with monkeypatch.context() as patch:
        patch.setattr(quick.Quick, "ask", disturbed)
        yield


def press():
    raise KeyboardInterrupt


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_ctrl_c_in_the_middle_the_next_tick_is_another_one(boards, monkeypatch, when):
    board = boards(patience=SURE)
    host, counts = board.host, board.host.session.exchange.counts
    drive(host, 3)
    asked, answered = counts.asked, counts.answered
    with around_the_call(monkeypatch, **{when: press}), pytest.raises(KeyboardInterrupt):
        drive(host, 1)
    assert (host.phase, host.session.done, counts.asked) == (Phase.ARMED, True, asked + 1)
    if when == "after":  # it went out, and the board has made it
        assert host.tick(4, p.Input.BITMAP, b"d").tick == 5
        assert (counts.asked, counts.answered + counts.late) == (asked + 2, answered + 2)
    host.reset()
    host.arm(hold=0.5, watchdog=0.5)
    assert drive(host, 3) == drive(running()[0], 3)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["reset", "stats", "tick"])
def test_a_call_from_the_handler_of_a_signal_is_refused_and_the_tick_goes_on(boards, monkeypatch, when, what):
    host = boards().host
    words = (4, p.Input.BITMAP, b"d") if what == "tick" else ()
    refused = []

    def handler():
        with pytest.raises(LinkError, match="the session is busy with another task") as caught:
            getattr(host, what)(*words)
        refused.append(caught)

    with around_the_call(monkeypatch, **{when: handler}):
        assert drive(host, 5) == drive(running()[0], 5)
    assert len(refused) == 5


def test_a_handler_that_disarms_ends_the_tick(boards, monkeypatch):
    host = boards().host
    with around_the_call(monkeypatch, before=host.disarm, after=lambda: None):
        host.tick(4, p.Input.BITMAP, b"d")
    assert (host.phase, host.session.done) == (Phase.DISCONNECTED, True)


def test_while_half_a_frame_is_there_a_tick_goes_the_ordinary_way(boards):
    board = boards()
    drive(board.host, 3)
    before = len(board.quick)
    board.host.session.exchange.receive(b"\0\7abc", 0.0)
    board.host.tick(4, p.Input.BITMAP, b"d")
    assert len(board.quick) == before
    assert board.host.session.exchange.decoder.cobs_err == 1


def test_the_rest_of_a_frame_is_sent_and_a_repeat_is_whole():
    exchange = Exchange(PATIENCE)
    numbered = exchange.number(p.PingRequest(5))
    line = encode(Frame(p.Type.PING, numbered.seq, numbered.payload))
    exchange.expect(numbered, 0.0, sent=4)
    assert exchange.outgoing() == line[4:]
    exchange.poll(exchange.deadline)
    assert exchange.outgoing() == line


def test_ticks_as_long_as_a_payload_go_through_and_longer_ones_are_refused(boards):
    board, simulated = boards(), running()[0]
    most = p.PAYLOAD - head(p.TickRequest)
    for n in (most - 1, most, 253, 254):
        data = b"d" + bytes(k % 256 for k in range(n - 1))
        one, other = (host.tick(4, p.Input.BITMAP, data) for host in (board.host, simulated))
        assert (one.data, one.spikes) == (other.data, other.spikes)
    with pytest.raises(BoardError, match=f"the input of a tick has {most + 1} bytes, the board takes {most}"):
        board.host.tick(4, p.Input.BITMAP, bytes(most + 1))
    assert board.host.digest() == simulated.digest()


def test_a_tick_that_cannot_be_asked_changes_nothing(boards):
    host = boards().host
    with pytest.raises(LinkError, match="n_sub is -1, it must be a whole number from 0 to"):
        host.tick(-1, p.Input.BITMAP, b"d")
    assert drive(host, 3) == drive(running()[0], 3)


def test_a_line_that_ends_is_a_link_error(boards):
    board = boards()
    drive(board.host, 3)
    board.close()
    with pytest.raises(LinkError, match="the line is gone"):
        drive(board.host, 3)
    assert board.host.phase is Phase.LOST
