import math

import pytest

from neurobot.errors import LinkError
from neurobot.link import protocol as p
from neurobot.link.exchange import Exchange, Patience
from neurobot.link.frame import Decoder, Frame, encode
from neurobot.link.message import pack, type_of


@pytest.fixture
def exchange():
    return Exchange(Patience(answer=0.005, longest=0.02, lost=0.1, first=0.1))


def sent(exchange):
    return Decoder().feed(exchange.outgoing())


def reply(message, seq):
    return encode(Frame(type_of(type(message)), seq, pack(message)))


def test_a_request_is_sent_at_once_and_its_answer_ends_the_waiting(exchange):
    exchange.ask(p.PingRequest(5), 1.0)
    frame = Frame(p.Type.PING, 0, pack(p.PingRequest(5)))
    assert sent(exchange) == [frame]
    assert (exchange.waiting, exchange.deadline) == (1, 1.005)
    exchange.receive(reply(p.PingReply(5, 9), 0), 1.002)
    assert exchange.answers.popleft() == (p.PingRequest(5), p.PingReply(5, 9), 1.0, 1.002, 0)
    assert (exchange.waiting, exchange.deadline) == (0, math.inf)


def test_a_request_is_repeated_with_the_same_number_after_times_that_double():
    exchange = Exchange(Patience(answer=1 / 128, longest=1 / 32, first=1 / 8))
    exchange.ask(p.StatsRequest(), 0.0)
    first, times = sent(exchange), []
    for k in range(1, 128):
        exchange.poll(k / 1024)
        if again := sent(exchange):
            assert again == first
            times.append(k)
    assert times == [8, 24, 56, 88, 120]
    assert exchange.deadline == 1 / 8
    assert exchange.counts.repeats == 5


def test_after_too_long_the_board_is_lost_and_the_message_says_what_was_asked(exchange):
    exchange.ask(p.TickRequest(1, 1, 0, 0, 0, b""), 0.0)
    exchange.poll(0.05)
    with pytest.raises(LinkError, match=r"no answer to TICK for 0\.1 s, asked 2 times: is the board on"):
        exchange.poll(0.1)


def test_the_first_answer_of_all_may_take_longer():
    exchange = Exchange(Patience(lost=0.1, first=0.5))
    exchange.ask(p.PingRequest(5), 0.0)
    exchange.poll(0.49)
    exchange.receive(reply(p.PingReply(5, 9), 0), 0.49)
    exchange.ask(p.PingRequest(5), 1.0)
    with pytest.raises(LinkError, match=r"no answer to PING for 0\.2 s, asked 1 times: is the board on"):
        exchange.poll(1.2)


def test_something_that_talks_and_is_no_board_is_told_as_that():
    exchange = Exchange(Patience(first=0.1))
    exchange.ask(p.PingRequest(5), 0.0)
    exchange.receive(b"login: ", 0.05)
    with pytest.raises(LinkError, match=r"7 bytes came, and none of them are of this protocol\. Is it a board with"):
        exchange.poll(0.1)


def test_a_line_that_is_slower_than_expected_is_soon_not_asked_twice(exchange):
    for k in range(5):
        exchange.ask(p.PingRequest(k), float(k))
        exchange.poll(k + 0.0059)
        exchange.receive(reply(p.PingReply(k, 0), k), k + 0.016)  # as an adapter that collects for 16 ms
    assert exchange.counts.repeats == 1


def test_one_answer_that_was_long_in_coming_does_not_make_the_next_wait_long(exchange):
    exchange.ask(p.PingRequest(0), 0.0)
    exchange.receive(reply(p.PingReply(0, 0), 0), 0.09)
    exchange.ask(p.PingRequest(1), 1.0)
    assert exchange.deadline == 1.02


def test_the_time_on_the_wire_is_waited_for_too():
    exchange = Exchange(Patience(answer=0.005, rate=1000.0))
    exchange.ask(p.LoadChunkRequest(0, bytes([1] * 480)), 0.0)
    line = len(exchange.outgoing())
    assert exchange.deadline == pytest.approx(0.005 + (line + 64) / 1000)
    exchange.ask(p.LoadChunkRequest(480, b"a"), 0.0)
    second = len(exchange.outgoing())
    exchange.receive(reply(p.LoadChunkReply(480), 0), 0.4)
    assert exchange.deadline == pytest.approx(0.005 + (line + second + 64) / 1000)  # it waits behind the first


def test_long_answers_are_waited_for_longer_once_they_are_known():
    exchange = Exchange(Patience(answer=0.005, rate=1000.0))
    exchange.ask(p.TickRequest(1, 1, 0, 0, 0, b""), 0.0)
    short = exchange.deadline
    exchange.receive(reply(p.TickReply(1, 0, 0, 3, 0, 0, bytes(400)), 0), 1.0)
    exchange.ask(p.TickRequest(2, 1, 0, 0, 0, b""), 0.0)
    assert exchange.deadline > short + 0.4


def test_a_damaged_frame_has_the_request_repeated_at_once_but_once_only(exchange):
    exchange.ask(p.StatsRequest(), 0.0)
    sent(exchange)
    for _ in range(5):
        exchange.receive(b"\0\x05\x01\0", 0.001)
        exchange.receive(reply(p.Nak(0, p.Error.FRAME, 3, 0, 0), 0), 0.001)
    assert len(sent(exchange)) == 1
    exchange.poll(0.006)
    exchange.receive(b"\0\x05\x01\0", 0.007)
    assert len(sent(exchange)) == 2  # the time-out, and once more at once
    assert (exchange.counts.repeats, exchange.counts.fast, exchange.counts.damaged) == (3, 2, 5)


def test_answers_that_nobody_waits_for_are_dropped_and_counted(exchange):
    exchange.receive(reply(p.PingReply(5, 9), 0), 0.0)
    exchange.ask(p.PingRequest(5), 0.0)
    exchange.receive(reply(p.PingReply(5, 9), 1), 0.0)
    exchange.receive(reply(p.StatsReply(*range(8)), 0), 0.0)
    exchange.receive(reply(p.Nak(p.Type.PING, 4, 0, 0, 0), 3), 0.0)
    assert (exchange.waiting, exchange.counts.late) == (1, 4)
    exchange.receive(2 * reply(p.PingReply(5, 9), 0), 0.0)
    assert (len(exchange.answers), exchange.counts.late) == (1, 5)


@pytest.mark.parametrize(
    ("request_", "stale", "right"),
    [
        (p.TickRequest(257, 1, 0, 0, 0, b""), p.TickReply(1, 0, 0, 3, 0, 0, b""), p.TickReply(257, 0, 0, 3, 0, 0, b"")),
        (p.PingRequest(2), p.PingReply(1, 0), p.PingReply(2, 0)),
        (
            p.HelloRequest(1, 0, 9),
            p.HelloReply(p.MAJOR, *[0] * 13, name=b""),
            p.HelloReply(p.MAJOR, *[0, 0, 0], 9, *[0] * 9, name=b""),
        ),
    ],
)
def test_an_answer_with_the_right_number_to_another_request_is_stale(exchange, request_, stale, right):
    exchange.ask(request_, 0.0)
    exchange.receive(reply(stale, 0), 0.0)
    assert (exchange.waiting, exchange.counts.stale) == (1, 1)
    exchange.receive(reply(right, 0), 0.0)
    assert exchange.answers[0].message == right


def test_a_refusal_is_an_answer(exchange):
    exchange.ask(p.ResetRequest(), 0.0)
    nak = p.Nak(p.Type.RESET, p.Error.STATE, 0, 0, 0)
    exchange.receive(reply(nak, 0), 0.0)
    assert exchange.answers[0].message == nak
    assert exchange.counts.refused == 1


def test_numbers_begin_anew_after_255(exchange):
    for k in range(300):
        exchange.ask(p.PingRequest(k), 0.0)
        (frame,) = sent(exchange)
        assert frame.seq == k % 256
        exchange.receive(reply(p.PingReply(k, 0), frame.seq), 0.0)
    assert len(exchange.answers) == 300


def test_events_are_kept_up_to_a_number_and_what_no_board_sends_is_counted(exchange):
    for k in range(100):
        exchange.receive(reply(p.Event(k, 0, 2), 0), 0.0)
    exchange.receive(reply(p.PingRequest(0), 0) + encode(Frame(0xEE, 0, b"")), 0.0)
    assert [event.last_tick for event in exchange.events] == list(range(36, 100))
    assert (exchange.counts.events, exchange.counts.strange) == (100, 2)


def test_another_version_of_the_protocol_is_told_with_both_numbers(exchange):
    exchange.ask(p.HelloRequest(1, 0, 9), 0.0)
    with pytest.raises(LinkError, match=rf"speaks version 7\.2 of the protocol, this package {p.MAJOR}\.{p.MINOR}"):
        exchange.receive(encode(Frame(p.Type.HELLO | p.ANSWER, 0, b"\x07\x02whatever it says")), 0.0)


def test_an_answer_of_another_length_is_an_error(exchange):
    exchange.ask(p.PingRequest(0), 0.0)
    with pytest.raises(LinkError, match="answer to PING: the payload has 1 bytes, it must have 12"):
        exchange.receive(encode(Frame(p.Type.PING | p.ANSWER, 0, b"\0")), 0.0)


def test_the_report_has_both_ends(exchange):
    exchange.ask(p.PingRequest(0), 0.0)
    exchange.receive(b"\0\x05\x01\0" + reply(p.PingReply(0, 0), 0), 0.0)
    report = exchange.report()
    assert (report["asked"], report["answered"], report["cobs_err"], report["rx_ok"]) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    "wrong", [{"answer": 0.0}, {"longest": 0.001}, {"lost": math.inf}, {"first": 0.0}, {"rate": 0.0}]
)
def test_patience_that_cannot_be_is_refused(wrong):
    with pytest.raises(LinkError, match=r"it must be (0 < answer <= longest <= lost, and first above 0|above 0)"):
        Patience(**wrong)
