"""A host and a board that talk, in simulated time, over a line without faults."""

import zlib

import pytest

from neurobot.errors import BoardError, LinkError
from neurobot.link import protocol as p
from neurobot.link.device import Device
from neurobot.link.exchange import Patience
from neurobot.link.frame import Decoder, Frame, encode
from neurobot.link.host import Host
from neurobot.link.message import pack, type_of, unpack
from neurobot.link.refusal import explain
from neurobot.link.session import Phase, Session
from tests.link.lines import IMAGE, drive, local, running
from tests.link.toy import ToyBoard


def test_from_hello_to_the_first_tick_and_back():
    host, line = local()
    hello = host.connect()
    assert (hello.name, hello.boot_id, hello.state) == (b"toy", 77, p.State.BOOT)
    assert host.load(IMAGE) == len(IMAGE)
    host.arm(hold=0.1, watchdog=0.5)
    assert host.phase is Phase.ARMED
    reply = host.tick(4, p.Input.BITMAP, b"abc")
    assert (reply.tick, reply.state) == (1, p.State.RUNNING)
    assert host.digest() == p.DigestReply(4, line.device._board.crc)
    assert host.state() == line.device._board.state()
    host.reset()
    assert (host.phase, line.device.state) == (Phase.DISARMED, p.State.READY)
    counts = host.session.exchange.counts
    assert counts.asked == counts.answered
    assert (counts.repeats, counts.late) == (0, 0)


def test_ticks_count_on_from_where_arm_says():
    host, _line = running()
    drive(host, 3)
    host.reset()
    host.arm(hold=0.1, watchdog=0.5, last_tick=2**32 - 2)
    assert [host.tick(1, 0, b"").tick for _ in range(2)] == [2**32 - 1, 0]


def test_two_pieces_of_an_image_are_on_their_way_at_once():
    host, line = local(delay=0.001, patience=Patience(answer=0.05))
    host.connect()
    before = line.now()
    host.load(IMAGE)  # 2050 bytes: five pieces
    assert 0.0098 < line.now() - before < 0.0112  # begin and commit 4 ms; pairs of pieces 3 times 2 ms


def test_after_a_lost_piece_both_are_sent_again_at_once_and_nothing_else_is_waited_for():
    host, line = local()
    host.connect()
    session = host.session

    def deliver(frames):
        for frame in frames:
            session.receive(line.device.receive(encode(frame), 0), 0.0)
        return Decoder().feed(session.outgoing())

    session.start(session.load(IMAGE), 0.0)
    first = deliver(Decoder().feed(session.outgoing()))
    assert len(first) == 2
    again = deliver(first[1:])
    assert [frame.payload for frame in again] == [frame.payload for frame in first]
    assert (session.exchange.waiting, session.exchange.counts.repeats) == (2, 0)
    while not session.done:
        again = deliver(again)
    assert session.result == len(IMAGE)


@pytest.mark.parametrize("answer", [p.LoadChunkReply(5), p.Nak(p.Type.LOAD_CHUNK, p.Error.OFFSET, 1, 0, 10**6)])
def test_a_board_that_acknowledges_what_cannot_be_is_not_waited_for(answer):
    host, _line = local()
    host.connect()
    session = host.session
    session.start(session._chunks(b"0123456789", 508), 0.0)
    (frame,) = Decoder().feed(session.outgoing())
    with pytest.raises(LinkError, match=r"acknowledges \d of 10 bytes and wants none"):
        session.receive(encode(Frame(type_of(type(answer)), frame.seq, pack(answer))), 0.0)


def test_a_board_without_an_image_has_no_digest_and_has_not_started_anew():
    host, line = running()
    host.reset()
    line.power(mute(Device(ToyBoard(), 78)))
    host.connect()
    with pytest.raises(BoardError, match="refuses DIGEST: it has no image"):
        host.digest()
    assert host.session.restarts == 1


def test_an_image_that_is_there_is_not_sent_again():
    host, _line = running()
    host.reset()
    host.connect()
    sent = host.session.exchange.counts.asked
    assert host.load(IMAGE) == 0
    assert host.session.exchange.counts.asked == sent
    assert host.load(IMAGE + b"x") == len(IMAGE) + 1


def test_a_small_board_gets_small_pieces():
    host, _line = local()
    host.connect()
    host.session.hello = host.session.hello._replace(payload=20)
    host.load(IMAGE)
    assert host.session.exchange.counts.asked == 3 + -(-len(IMAGE) // 16)
    host.arm(hold=0.1, watchdog=0.5)
    host.session.hello = host.session.hello._replace(payload=20)
    with pytest.raises(BoardError, match=r"input of a tick has 12 bytes, the board takes 9: send spikes as bitmaps"):
        host.tick(1, 0, bytes(12))
    assert host.phase is Phase.ARMED
    host.tick(1, 0, bytes(9))


def test_times_that_cannot_be_are_refused_before_anything_is_sent():
    host, _line = local()
    host.connect()
    host.load(IMAGE)
    asked = host.session.exchange.counts.asked
    for wrong in ({"hold": 0.0, "watchdog": 0.1}, {"hold": 0.2, "watchdog": 0.1}, {"hold": 0.1, "watchdog": 0.6}):
        with pytest.raises(BoardError, match=r"it must be 0\.001 <= hold <= watchdog <= 0\.5"):
            host.arm(**wrong)
    assert host.session.exchange.counts.asked == asked
    assert host.phase is Phase.DISARMED


def test_images_that_a_board_cannot_have_are_refused_with_the_numbers():
    host, _line = local(board=ToyBoard(arena=2000))
    host.connect()
    with pytest.raises(
        BoardError, match=r"the image has 2050 bytes, the board toy has room for 2000: make the network"
    ):
        host.load(IMAGE)
    with pytest.raises(BoardError, match=r"refuses LOAD_COMMIT: its core cannot run the image \(reason 7\)") as caught:
        host.load(b"\xff" * 10)
    assert (caught.value.error, caught.value.state) == (p.Error.IMAGE, p.State.LOADING)
    assert host.phase is Phase.DISARMED
    with pytest.raises(BoardError, match="no image of this session: call load first"):
        host.arm(hold=0.1, watchdog=0.5)
    host.load(IMAGE[:100])
    host.arm(hold=0.1, watchdog=0.5)


def test_each_call_has_its_phase_and_the_message_says_which():
    host, _line = local()
    for call in (lambda: host.load(IMAGE), lambda: host.arm(hold=0.1, watchdog=0.5), host.digest, host.stats):
        with pytest.raises(LinkError, match=r"is for a board that is DISARMED.*, this one is DISCONNECTED"):
            call()
    host.connect()
    with pytest.raises(LinkError, match="tick is for a board that is ARMED, this one is DISARMED"):
        host.tick(1, 0, b"")
    host.load(IMAGE)
    host.arm(hold=0.1, watchdog=0.5)
    for call in (host.connect, lambda: host.load(IMAGE), lambda: host.arm(hold=0.1, watchdog=0.5)):
        with pytest.raises(LinkError, match=r"is for a board that is .*DISARMED, this one is ARMED"):
            call()
    assert host.phase is Phase.ARMED  # what was refused has changed nothing
    drive(host, 1)


def test_one_task_after_the_other():
    session = Session(arithmetic=2)
    session.start(session.connect(), 0.0)
    with pytest.raises(LinkError, match="busy with another task"):
        session.start(session.connect(), 0.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fingerprint": 5}, r"board toy has the message table 0x00000005, this package 0x[0-9a-f]{8}: build its"),
        ({"arithmetic": 9}, r"board toy computes by version 9 of the arithmetic, .* for version 2: build its firmware"),
    ],
)
def test_a_board_that_would_misread_is_refused(change, says):
    host, line = local()
    job = host.session.connect()
    host.session.start(job, 0.0)
    (frame,) = Decoder().feed(host.session.outgoing())
    (_, answer) = Decoder().feed(line.device.start(0) + line.device.receive(encode(frame), 0))
    other = unpack(p.HelloReply, answer.payload)._replace(**change)
    with pytest.raises(LinkError, match=says):
        host.session.receive(encode(Frame(answer.type, answer.seq, pack(other))), 0.0)
    assert host.phase is Phase.LOST


def test_without_a_board_the_wait_ends_and_an_operator_has_to_look():
    host, line = local()
    line.power(None)
    with pytest.raises(LinkError, match=r"no answer to HELLO for 3 s, asked \d+ times: is the board on"):
        host.connect()
    with pytest.raises(LinkError, match="this one is LOST: call disarm and connect once the robot is safe"):
        host.connect()
    line.power(Device(ToyBoard(), 78))
    host.disarm()
    host.connect()


def test_a_board_that_was_too_long_without_a_tick_is_safe_and_stays_so():
    host, line = running(hold=0.02, watchdog=0.1)
    drive(host, 3)
    host.listen(0.05)
    assert (line.device.state, host.session.holds) == (p.State.HOLD, 1)
    drive(host, 1, first=3)
    assert line.device.state is p.State.RUNNING
    with pytest.raises(BoardError, match="the board is SAFE: it got no fresh tick") as caught:
        host.listen(0.2)
    assert (caught.value.state, caught.value.exit_code) == (p.State.SAFE, 4)
    assert host.phase is Phase.LOST
    with pytest.raises(LinkError, match="this one is LOST"):
        host.tick(1, 0, b"")
    assert line.device.state is p.State.SAFE
    host.disarm()
    assert host.connect().trip_count == 1
    assert host.load(IMAGE) == 0
    host.arm(hold=0.02, watchdog=0.1)
    assert drive(host, 3) == drive(running()[0], 3)


def test_a_tick_that_comes_after_the_watchdog_is_refused():
    host, line = running(hold=0.02, watchdog=0.1)
    line.read(0.0)
    line._now += 0.2  # the process was stopped; the event is still on its way
    line._next_poll = line._now + 1
    with pytest.raises(BoardError, match="the board is SAFE"):
        host.tick(1, 0, b"")
    assert host.phase is Phase.LOST


def test_a_board_that_starts_anew_is_found_out_and_not_armed_again():
    host, line = running()
    drive(host, 3)
    line.power(Device(ToyBoard(), 78))
    with pytest.raises(BoardError, match="the board has started anew: its image and state are gone"):
        host.tick(1, 0, b"")
    assert (host.phase, host.session.restarts) == (Phase.LOST, 1)
    host.disarm()
    assert host.connect().boot_id == 78
    with pytest.raises(BoardError, match="call load first"):
        host.arm(hold=0.1, watchdog=0.5)
    host.load(IMAGE)
    host.arm(hold=0.1, watchdog=0.5)
    assert drive(host, 3) == drive(running()[0], 3)


def mute(device):
    """A device that started while nobody listened."""
    device.start(0)
    device.start = lambda now: b""
    return device


def test_a_restart_whose_event_was_lost_is_found_out_by_the_refusal():
    host, line = running()
    line.power(mute(Device(ToyBoard(), 78)))
    with pytest.raises(BoardError, match="the board has started anew"):
        host.tick(1, 0, b"")


def test_a_restart_between_connect_and_arm_is_found_out_by_the_boot_id():
    host, line = local()
    host.connect()
    host.load(IMAGE)
    line.power(mute(Device(ToyBoard(), 78)))
    with pytest.raises(BoardError, match="the board has started anew"):
        host.arm(hold=0.1, watchdog=0.5)
    assert (host.session.restarts, host.phase) == (1, Phase.DISCONNECTED)
    host.connect()
    assert host.session.restarts == 1


def test_a_restart_while_an_image_is_written_is_found_out(monkeypatch):
    host, line = local()
    host.connect()
    written, write = [], line.write

    def write_and_restart(data):
        written.append(data)
        if len(written) == 3:
            line.power(mute(Device(ToyBoard(), 78)))
        write(data)

    monkeypatch.setattr(line, "write", write_and_restart)
    with pytest.raises(BoardError, match="the board has started anew"):
        host.load(IMAGE)
    assert host.connect().boot_id == 78
    assert host.load(IMAGE) == len(IMAGE)


def test_a_host_that_finds_a_running_board_takes_it_to_rest():
    first, line = running()
    drive(first, 3)
    second = Host(line, arithmetic=2)
    hello = second.connect()
    assert (hello.state, hello.trip_count) == (p.State.READY, 1)
    assert line.device._board.moved[-1] == (-1, -2)


def test_clocks_are_compared():
    host, line = running(clock=2**32 - 1000, delay=0.0003)
    clock = host.synchronise()
    assert clock.round_trip == pytest.approx(0.0006, abs=2e-6)
    reply = host.tick(1, 0, b"")
    assert clock.host_time(reply.dev_us, line.now()) == pytest.approx(line.now() - 0.0003, abs=3e-6)


def test_a_round_trip_in_which_a_request_was_repeated_does_not_count():
    host, line = local()
    host.connect()
    session = host.session

    def deliver(now):
        session.receive(line.device.receive(session.outgoing(), round(now * 1e6)), now)

    session.start(session.synchronise(1), 5.0)
    session.outgoing()  # lost
    session.poll(5.5)
    deliver(5.5)
    assert not session.done
    deliver(5.5)
    assert session.result == (0.0, 0.0)


def test_clocks_cannot_be_compared_on_a_line_that_loses_every_first_request():
    host, line = local()
    host.connect()
    session = host.session
    session.start(session.synchronise(2), 5.0)
    with pytest.raises(LinkError, match="no PING came back without being repeated"):
        for k in range(30):
            session.outgoing()
            session.poll(5.5 + 0.5 * k)
            session.receive(line.device.receive(session.outgoing(), 0), 5.5 + 0.5 * k)


def test_a_restart_while_nothing_is_asked_is_heard_of_and_connecting_anew_is_enough():
    host, line = local()
    host.connect()
    line.power(Device(ToyBoard(), 78))
    with pytest.raises(BoardError, match="the board has started anew"):
        host.listen(0.01)
    line.power(Device(ToyBoard(), 79))
    assert host.connect().boot_id == 79  # its event, which comes before the answer, is no news
    assert host.session.restarts == 1


def test_connecting_anew_to_a_board_that_has_started_anew_is_no_error():
    host, line = local()
    host.connect()
    line.power(Device(ToyBoard(), 78))
    assert host.connect().boot_id == 78
    assert (host.phase, host.session.restarts) == (Phase.DISARMED, 1)


def test_that_a_board_went_safe_is_no_news_to_a_host_that_has_not_armed_it():
    host, _line = local()
    host.connect()
    event = p.Event(3, 0, p.Reason.WATCHDOG)
    host.session.receive(encode(Frame(p.Type.EVENT, 0, pack(event))), 0.0)
    assert host.phase is Phase.DISARMED


def test_boards_counts_are_told():
    host, _line = running()
    drive(host, 5)
    stats = host.stats()
    assert stats.rx_ok == host.session.exchange.counts.asked
    assert stats.rx_bytes > 2000


@pytest.mark.parametrize("error", [e for e in p.Error if e not in (p.Error.NONE, p.Error.FRAME)])
@pytest.mark.parametrize("state", list(p.State))
def test_each_refusal_is_a_sentence_that_says_what_and_why(error, state):
    told = explain(p.Nak(p.Type.TICK, error, state, 0, 41))
    assert (told.error, told.state) == (error, state)
    assert "TICK: " in str(told) or "SAFE" in str(told)
    assert "{" not in str(told)
    assert "error" not in str(told)


def test_a_refusal_that_is_not_known_is_told_by_its_numbers():
    assert str(explain(p.Nak(0x55, 99, 42, 0, 7))) == "the board refuses type 0x55: error 99, arg 7"


def test_images_that_end_with_their_own_checksum_are_told_apart():
    host, _ = local()
    host.connect()
    for k in range(2):
        body = bytes([1, k]) + bytes(200)
        image = body + zlib.crc32(body).to_bytes(4, "little")
        assert host.load(image) == len(image)
        host.connect()
        assert host.load(image) == 0
