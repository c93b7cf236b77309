"""The board's state machine, one rule a test; time is an argument."""

import pytest

from neurobot.link import protocol as p
from neurobot.link.board import image_crc
from neurobot.link.device import Device
from neurobot.link.frame import Decoder, Frame, encode
from neurobot.link.message import pack, type_of, unpack
from tests.link.toy import ToyBoard

IMAGE = bytes([2, 3]) + bytes(range(200))
REST = (-1, -2)


class Bench:
    """A device and what it says, at a time that a test sets."""

    def __init__(self, boot_id=77, **board):
        self.board = ToyBoard(**board)
        self.device = Device(self.board, boot_id)
        self.now = 1000
        self.seq = 0
        self.decoder = Decoder()
        self.said = self.decoder.feed(self.device.start(self.now))

    def ask(self, request, seq=None):
        """The one answer to a request."""
        self.seq = (self.seq + 1) & 0xFF if seq is None else seq
        self.said = self.decoder.feed(
            self.device.receive(encode(Frame(type_of(type(request)), self.seq, pack(request))), self.now)
        )
        answer = self.said[-1]
        assert answer.seq == self.seq
        return unpack({type_of(kind): kind for kind in p.LAYOUTS}[answer.type], answer.payload)

    def poll(self, us=0):
        """Events of the time that passes."""
        self.now += us
        return [unpack(p.Event, f.payload) for f in self.decoder.feed(self.device.poll(self.now))]

    def load(self, image=IMAGE):
        assert self.ask(p.LoadBeginRequest(len(image), image_crc(image))) == p.LoadBeginReply(0)
        for at in range(0, len(image), 100):
            self.ask(p.LoadChunkRequest(at, image[at : at + 100]))
        return self.ask(p.LoadCommitRequest())

    def arm(self, trip=0, boot=77, hold=10, watchdog=50, last=0, flags=p.ArmFlag.CLEAR):
        return self.ask(p.ArmRequest(boot, trip, hold, watchdog, last, flags))

    def tick(self, tick, data=b"x", **kw):
        return self.ask(p.TickRequest(tick, 4, 0, 0, p.Input.BITMAP, data), **kw)


@pytest.fixture
def ready():
    bench = Bench()
    bench.load()
    return bench


@pytest.fixture
def running(ready):
    assert ready.arm() == p.ArmReply(0)
    return ready


def refused(answer, error, arg=0):
    assert isinstance(answer, p.Nak), answer
    assert (answer.error, answer.arg) == (error, arg)
    return answer


def test_a_board_starts_with_its_outputs_off_and_says_so():
    bench = Bench()
    assert bench.board.moved == [()]
    assert unpack(p.Event, bench.said[0].payload) == p.Event(0, 1000, p.Reason.BOOT)
    assert bench.device.state is p.State.BOOT


def test_hello_tells_who_it_is_and_changes_nothing(running):
    running.tick(1)
    hello = running.ask(p.HelloRequest(9, 9, 12345))
    assert hello == p.HelloReply(
        major=p.MAJOR, minor=p.MINOR, state=p.State.RUNNING, flags=p.HelloFlag.IMAGE, nonce=12345, boot_id=77,
        trip_count=0, fingerprint=p.FINGERPRINT, arithmetic=2, arena=4096, payload=512, watchdog_ms=50,
        image_crc=image_crc(IMAGE), last_tick=1, name=b"toy",
    )  # fmt: skip
    assert running.device.state is p.State.RUNNING


def test_a_long_name_is_cut():
    assert Bench(name=b"n" * 40).ask(p.HelloRequest(1, 0, 0)).name == b"n" * 32


def test_ping_tells_the_boards_time():
    bench = Bench()
    bench.now = 2**32 - 5
    assert bench.ask(p.PingRequest(2**63)) == p.PingReply(2**63, 2**32 - 5)


def test_without_an_image_nothing_runs():
    bench = Bench()
    for request in (
        p.ResetRequest(), p.DigestRequest(), p.LoadCommitRequest(), p.LoadChunkRequest(0, b"a"),
        p.ArmRequest(77, 0, 1, 50, 0, 0), p.TickRequest(1, 1, 0, 0, 0, b""),
    ):  # fmt: skip
        assert refused(bench.ask(request), p.Error.STATE).type == type_of(type(request))
    assert bench.device.state is p.State.BOOT


def test_an_image_is_written_checked_and_ready(ready):
    assert ready.said[0].payload == image_crc(IMAGE).to_bytes(4, "little")
    assert ready.device.state is p.State.READY
    assert ready.board.image == IMAGE
    assert ready.board.moved[-1] == REST


def test_commit_is_answered_again_once_the_image_is_ready(ready):
    ready.board.crc = 5
    assert ready.ask(p.LoadCommitRequest()) == p.LoadCommitReply(image_crc(IMAGE))
    assert ready.board.crc == 5


def test_pieces_of_the_past_are_acknowledged_and_gaps_refused_with_what_is_wanted():
    bench = Bench()
    bench.ask(p.LoadBeginRequest(10, image_crc(b"0123456789")))
    assert bench.ask(p.LoadChunkRequest(0, b"0123")) == p.LoadChunkReply(4)
    assert bench.ask(p.LoadChunkRequest(0, b"xxxx")) == p.LoadChunkReply(4)
    refused(bench.ask(p.LoadChunkRequest(5, b"56789")), p.Error.OFFSET, 4)
    refused(bench.ask(p.LoadChunkRequest(3, b"3456")), p.Error.OFFSET, 4)
    refused(bench.ask(p.LoadChunkRequest(4, b"456789+")), p.Error.SIZE, 10)
    refused(bench.ask(p.LoadCommitRequest()), p.Error.CRC, image_crc(b"0123"))
    assert bench.ask(p.LoadChunkRequest(4, b"456789")) == p.LoadChunkReply(10)
    assert bench.ask(p.LoadCommitRequest()) == p.LoadCommitReply(image_crc(b"0123456789"))


def test_an_image_that_is_too_large_damaged_or_unfit_is_refused():
    bench = Bench(arena=300)
    refused(bench.ask(p.LoadBeginRequest(301, 0)), p.Error.SIZE, 300)
    assert bench.device.state is p.State.BOOT
    bench.ask(p.LoadBeginRequest(3, 12345))
    bench.ask(p.LoadChunkRequest(0, b"\x01\x01\x01"))
    refused(bench.ask(p.LoadCommitRequest()), p.Error.CRC, image_crc(b"\x01\x01\x01"))
    refused(bench.load(b"\xff\xff\xff"), p.Error.IMAGE, 7)
    assert bench.device.state is p.State.LOADING


def test_arm_has_to_name_this_power_up_and_how_often_running_was_left(ready):
    refused(ready.arm(boot=78), p.Error.BOOT, 77)
    refused(ready.arm(trip=1), p.Error.TRIP, 0)
    assert ready.device.state is p.State.READY
    assert ready.arm() == p.ArmReply(0)
    assert ready.device.state is p.State.RUNNING


def test_outputs_stay_at_rest_until_the_first_tick(running):
    assert running.board.moved[-1] == REST
    reply = running.tick(1)
    assert running.board.moved[-1] == running.board.last != REST
    assert reply.state == p.State.RUNNING


def test_a_tick_tells_what_the_core_gave(running):
    running.now = 4321
    reply = running.tick(1)
    board = running.board
    values = b"".join(v.to_bytes(2, "little", signed=True) for v in board.last)
    assert reply.data == values + bytes((board.crc + k) & 0xFF for k in range(3))
    assert reply[:6] == (1, 4321, board.crc & 0xFFFF, p.State.RUNNING, board.crc & 3, board.crc >> 16)


def test_the_last_tick_again_is_answered_again_and_is_no_step(running):
    first = running.tick(1)
    moves, crc = len(running.board.moved), running.board.crc
    running.now += 3000
    assert running.tick(1, b"other") == first
    assert (len(running.board.moved), running.board.crc) == (moves, crc)
    assert running.ask(p.StatsRequest()).dup_tick == 1


def test_any_but_the_next_tick_is_refused(running):
    refused(running.tick(0), p.Error.SEQ, 0)  # there is no answer to tick 0
    running.tick(1)
    refused(running.tick(3), p.Error.SEQ, 1)
    refused(running.tick(0), p.Error.SEQ, 1)
    assert running.board.steps == 4


def test_ticks_go_on_after_the_largest_number(ready):
    ready.arm(last=2**32 - 2)
    assert ready.tick(2**32 - 1).tick == 2**32 - 1
    assert ready.tick(0).tick == 0


def test_input_that_does_not_fit_is_refused_and_is_no_tick(running):
    refused(running.tick(1, b"\xee123"), p.Error.INPUT, 1004)
    assert running.tick(1).tick == 1


def test_without_ticks_it_holds_and_then_goes_to_rest_for_good(running):
    running.tick(1)
    last = running.board.last
    assert running.poll(9_999) == []
    assert running.poll(1) == [p.Event(1, running.now, p.Reason.HOLD)]
    assert (running.device.state, running.board.moved[-1]) == (p.State.HOLD, last)
    assert running.poll(39_999) == []
    assert running.poll(1) == [p.Event(1, running.now, p.Reason.WATCHDOG)]
    assert (running.device.state, running.board.moved[-1]) == (p.State.SAFE, REST)
    refused(running.tick(2), p.Error.STATE, 1)
    refused(running.tick(1), p.Error.STATE, 1)
    assert running.ask(p.StatsRequest()).watchdog_trips == 1


def test_a_fresh_tick_ends_a_hold(running):
    running.poll(20_000)
    assert running.device.state is p.State.HOLD
    assert running.tick(1).state == p.State.RUNNING
    assert running.poll(9_999) == []


def test_a_tick_that_comes_too_late_is_not_run_even_if_nobody_polled(running):
    running.tick(1)
    running.now += 50_000
    refused(running.tick(2), p.Error.STATE, 1)
    assert running.board.moved[-1] == REST


@pytest.mark.parametrize(
    "request_",
    [
        p.PingRequest(0), p.HelloRequest(1, 0, 0), p.StatsRequest(), p.DigestRequest(), p.LoadCommitRequest(),
        p.TickRequest(1, 4, 0, 0, 0, b"x"), p.TickRequest(9, 4, 0, 0, 0, b"x"), p.TickRequest(2, 4, 0, 0, 0, b"\xee"),
        p.ArmRequest(77, 0, 10, 50, 0, 0), p.LoadBeginRequest(2**32 - 1, 0),
    ],
)  # fmt: skip
def test_nothing_but_a_fresh_tick_feeds_the_watchdog(running, request_):
    running.tick(1)
    for _ in range(5):
        running.now += 9_999
        running.ask(request_)
    assert running.device.state is p.State.HOLD
    running.poll(5)
    assert running.device.state is p.State.SAFE


@pytest.mark.parametrize(("wish", "gets"), [(0, 5), (4, 5), (500, 500), (65535, 500)])
def test_the_watchdog_is_kept_within_limits(ready, wish, gets):
    ready.arm(watchdog=wish, hold=1000)
    assert ready.ask(p.HelloRequest(1, 0, 0)).watchdog_ms == gets
    assert ready.poll(gets * 1000 - 1) == []
    assert ready.poll(1)[0].reason == p.Reason.WATCHDOG


def test_time_that_wraps_or_goes_back_is_no_excuse(ready):
    ready.now = 2**32 - 3000
    ready.arm()
    ready.now = 2000
    assert ready.tick(1).tick == 1
    ready.now = 1999
    ready.poll()
    assert ready.device.state is p.State.SAFE


def test_the_same_arm_again_is_answered_again_until_a_tick_ran(running):
    running.now += 5_000
    assert running.arm() == p.ArmReply(0)
    refused(running.arm(last=3), p.Error.STATE)
    assert running.poll(5_000)[0].reason == p.Reason.HOLD  # it did not feed the watchdog
    assert running.arm() == p.ArmReply(0)
    running.tick(1)
    refused(running.arm(), p.Error.STATE)
    assert running.device.last_tick == 1


def test_an_old_arm_never_ends_safe_and_a_new_one_does(running):
    running.poll(10**5)
    assert running.device.state is p.State.SAFE
    refused(running.arm(), p.Error.TRIP, 1)
    assert running.device.state is p.State.SAFE
    assert running.arm(trip=1, last=5) == p.ArmReply(5)
    assert running.tick(6).tick == 6


def test_an_old_arm_arms_nothing_after_a_reset_either(running):
    running.tick(1)
    assert running.ask(p.ResetRequest()) == p.ResetReply()
    assert (running.device.state, running.board.moved[-1], running.board.steps) == (p.State.READY, REST, 0)
    refused(running.arm(), p.Error.TRIP, 1)
    assert running.arm(trip=1) == p.ArmReply(0)


def test_arm_keeps_or_clears_the_state_as_it_is_told(running):
    running.tick(1)
    running.poll(10**5)
    running.arm(trip=1, last=1, flags=0)
    assert running.board.steps == 4
    refused(running.tick(1), p.Error.SEQ, 1)  # of before: not known any more
    running.tick(2)
    running.poll(10**5)
    running.arm(trip=2, flags=p.ArmFlag.CLEAR)
    assert running.board.steps == 0


def test_a_new_image_takes_a_running_board_to_rest(running):
    running.tick(1)
    running.ask(p.LoadBeginRequest(10, 0))
    assert (running.device.state, running.board.moved[-1], running.device.trip_count) == (p.State.LOADING, (), 1)


def test_digest_tells_steps_and_state(running):
    running.tick(1)
    assert running.ask(p.DigestRequest()) == p.DigestReply(4, running.board.crc)


def test_the_state_comes_in_as_many_pieces_as_it_takes(running):
    running.tick(1)
    whole, told = running.board.state(), b""
    while (reply := running.ask(p.StateRequest(len(told)))).data:
        assert reply.offset == len(told)
        told += reply.data
    assert told == whole
    assert len(running.ask(p.StateRequest(0)).data) == min(len(whole), p.PAYLOAD - 4)
    assert running.ask(p.StateRequest(2**32 - 1)) == p.StateReply(2**32 - 1, b"")
    refused(Bench().ask(p.StateRequest(0)), p.Error.STATE, 0)


def test_unknown_types_and_wrong_lengths_are_refused_and_answers_are_not_for_boards():
    bench = Bench()
    out = Decoder().feed(bench.device.receive(encode(Frame(0x33, 5, b"abc")), 0))
    assert unpack(p.Nak, out[0].payload) == p.Nak(0x33, p.Error.TYPE, p.State.BOOT, 0, 0x33)
    out = Decoder().feed(bench.device.receive(encode(Frame(p.Type.PING, 6, b"abc")), 0))
    assert out[0].seq == 6
    assert unpack(p.Nak, out[0].payload) == p.Nak(p.Type.PING, p.Error.LENGTH, p.State.BOOT, 0, 3)
    for kind in (p.Type.EVENT, p.Type.NAK, p.Type.PING | p.ANSWER, 0xFF):
        assert bench.device.receive(encode(Frame(kind, 0, b"")), 0) == b""


def test_a_damaged_frame_is_told_at_once_only_where_that_was_asked_for(ready):
    assert ready.device.receive(b"\0\x05\x01\0", 0) == b""
    ready.arm(flags=p.ArmFlag.FAST_NAK)
    out = Decoder().feed(ready.device.receive(b"\0\x05\x01\0" + b"\x01" * 600, ready.now))
    assert [unpack(p.Nak, f.payload) for f in out] == [p.Nak(0, p.Error.FRAME, p.State.RUNNING, 0, 0)] * 2
    ready.poll(10**5)
    assert ready.device.receive(b"\0\x05\x01\0", ready.now) == b""


def test_stats_count_what_came():
    bench = Bench()
    bench.device.ring_overrun = 6
    bad = b"\x05\x01\0"
    bench.device.receive(bad, 0)
    stats = bench.ask(p.StatsRequest())
    size = len(encode(Frame(p.Type.STATS, 1, b"")))
    assert stats == p.StatsReply(len(bad) + size, 1, 0, 1, 0, 6, 0, 0)
