"""The host's side, without a clock or a port: what to ask in which order, and what to make of it.

    DISCONNECTED ──connect──▶ DISARMED ──load, arm──▶ ARMED ──reset──▶ DISARMED
         ▲                        │ error                │ error
         └───────disarm()──────── LOST ◀─────────────────┘

Whatever goes wrong while a board is armed, or on the line at any time, leads to LOST. Nothing but `disarm`, which an
operator calls, leads out, then `connect` and `arm` anew: no robot starts to move because a cable was put back.

Each task is a generator; `neurobot.link.conversation` says how one is carried through.
"""

from __future__ import annotations

import math
from contextlib import suppress
from enum import IntEnum
from typing import final

from neurobot.errors import BoardError, LinkError, NeurobotError
from neurobot.link import protocol as p
from neurobot.link.board import image_crc
from neurobot.link.clock import BoardClock, Ping, estimate
from neurobot.link.conversation import Conversation, Job
from neurobot.link.exchange import Exchange, Numbered, Patience
from neurobot.link.message import head
from neurobot.link.refusal import check_hello, explain, restarted, safe

SHORTEST, LONGEST = p.WATCHDOG_MS_MIN / 1000, p.WATCHDOG_MS_MAX / 1000
"""What the watchdog of a board can be set to [s]."""


def in_force(hold: float, watchdog: float) -> tuple[int, int]:
    """The times that a board has once it is armed with these: whole milliseconds, a watchdog of `SHORTEST` at least.

    Args:
        hold: without a tick for so long it is to hold its outputs [s].
        watchdog: without a tick for so long it is to go to rest [s].

    Returns:
        Both [ms].

    Raises:
        BoardError: they cannot be.
    """
    if math.isfinite(hold + watchdog):
        hold_ms, watchdog_ms = round(1000 * hold), round(1000 * watchdog)
        if 0 < hold_ms <= watchdog_ms <= p.WATCHDOG_MS_MAX:
            return hold_ms, max(watchdog_ms, p.WATCHDOG_MS_MIN)
    raise BoardError(f"hold is {hold} s and watchdog {watchdog} s: it must be 0.001 <= hold <= watchdog <= {LONGEST}")


class Phase(IntEnum):
    """Where the host is."""

    DISCONNECTED = 0
    DISARMED = 1
    ARMED = 2
    LOST = 3


@final
class Session(Conversation):
    """The host's side of one board.

    Args:
        arithmetic: version of the arithmetic that images of this host have.
        patience: how long it waits.
        nonce: where to begin with the numbers that tell one HELLO from another.

    Attributes:
        arithmetic: as given.
        phase: where it is.
        hello: what the board told last, and which image it has by now; None before it was connected.
        exchange, done, result: see `Conversation`.
        restarts: how often a board that was connected had started anew.
        holds: how often the board held its outputs.
    """

    def __init__(self, *, arithmetic: int, patience: Patience | None = None, nonce: int = 0):
        super().__init__(Exchange(patience or Patience()))
        self.arithmetic = arithmetic
        self.phase = Phase.DISCONNECTED
        self.hello: p.HelloReply | None = None
        self.restarts = self.holds = 0
        self._nonce = nonce
        self._image_crc: int | None = None
        self._tick = 0

    def lose(self) -> None:
        """The port failed: the task is over, and the board is lost."""
        self._end()
        self.phase = Phase.LOST

    def disarm(self) -> None:
        """An operator has seen what is wrong: it may be connected again.

        Allowed in every phase. Says nothing to the board, which is SAFE by now or will be.
        """
        self._end()
        self.phase = Phase.DISCONNECTED

    def connect(self) -> Job:
        """Find out who is there; a board that still runs for an earlier host is taken to rest.

        Returns:
            A task that results in the board's `HelloReply`.
        """
        self._only("connect", Phase.DISCONNECTED, Phase.DISARMED)
        known, self.phase = self.hello, Phase.DISCONNECTED
        hello = yield from self._hello()
        if known is not None and hello.boot_id != known.boot_id:
            self.restarts += 1
            self._image_crc = None
        self.phase = Phase.DISARMED
        if hello.state in (p.State.RUNNING, p.State.HOLD):
            yield from self._ask(p.ResetRequest())
            hello = yield from self._hello()
        return hello

    def load(self, image: bytes) -> Job:
        """Have an image loaded; nothing is sent if it is there already.

        Args:
            image: of the arithmetic that this session was made for.

        Returns:
            A task that results in the bytes that were sent of it.
        """
        hello, crc = self._connected("load", Phase.DISARMED), image_crc(image)
        if len(image) > hello.arena:
            raise BoardError(
                f"the image has {len(image)} bytes, the board {hello.name.decode(errors='replace')} has room for "
                f"{hello.arena}: make the network smaller, or take a larger board",
                error=p.Error.SIZE,
                state=hello.state,
            )
        self._image_crc = crc
        if hello.flags & p.HelloFlag.IMAGE and hello.image_crc == crc:
            return 0
        self.hello = hello._replace(flags=hello.flags & ~p.HelloFlag.IMAGE, image_crc=0)
        yield from self._ask(p.LoadBeginRequest(len(image), crc))
        yield from self._chunks(image, min(hello.payload, p.PAYLOAD) - head(p.LoadChunkRequest))
        yield from self._ask(p.LoadCommitRequest())
        self.hello = hello._replace(flags=hello.flags | p.HelloFlag.IMAGE, image_crc=crc)
        return len(image)

    def _chunks(self, image: bytes, size: int) -> Job:
        """Send an image in pieces, some of them on their way at once; where one was lost, go back to it."""
        sent = received = 0
        while received < len(image):
            while sent < len(image) and self.exchange.waiting < p.WINDOW:
                self.exchange.ask(p.LoadChunkRequest(sent, image[sent : sent + size]), self._now)
                sent += len(image[sent : sent + size])
            if not self.exchange.waiting and not self.exchange.answers:
                raise LinkError(f"the board acknowledges {received} of {len(image)} bytes and wants none: it is wrong")
            answer = yield
            message = answer.message
            if isinstance(message, p.Nak) and message.error == p.Error.OFFSET:
                self.exchange.forget()
                sent = message.arg
            else:
                received = max(received, self._agreed(message, p.LoadChunkReply).received)

    def arm(self, *, hold: float, watchdog: float, last_tick: int = 0, clear: bool = True, fast: bool = True) -> Job:
        """Let the board run.

        Args:
            hold: without a tick for so long it holds its outputs [s]; see `in_force`.
            watchdog: without a tick for so long it goes to rest [s]; see `in_force`.
            last_tick: the first tick is the one after it.
            clear: start with cleared state.
            fast: have damaged frames told at once.

        Returns:
            A task that results in None.
        """
        before = self._connected("arm", Phase.DISARMED)
        hold_ms, watchdog_ms = in_force(hold, watchdog)
        hello = yield from self._hello()
        if hello.boot_id != before.boot_id:
            raise self._restarted(hello.state)
        if self._image_crc is None or hello.image_crc != self._image_crc or not hello.flags & p.HelloFlag.IMAGE:
            raise BoardError("the board has no image of this session: call load first", state=hello.state)
        flags = (p.ArmFlag.CLEAR if clear else 0) | (p.ArmFlag.FAST_NAK if fast else 0)
        request = p.ArmRequest(hello.boot_id, hello.trip_count, hold_ms, watchdog_ms, last_tick, flags)
        yield from self._ask(request)
        self.phase, self._tick = Phase.ARMED, last_tick

    def tick(self, n_sub: int, kind: int, data: bytes, *, flags: int = p.TickFlag.CARRY, reward: int = 0) -> Job:
        """One control tick.

        Args:
            n_sub: steps of the network; 0 for the last reward of an episode, without data.
            kind: of the data, `protocol.Input`.
            data: input for the network.
            flags: `protocol.TickFlag`.
            reward: of the tick before, in the unit of the image.

        Returns:
            A task that results in a `TickReply`.
        """
        numbered = self.begin_tick(n_sub, kind, data, flags, reward)
        return (yield from self.rest_of_tick(numbered))

    def begin_tick(self, n_sub: int, kind: int, data: bytes, flags: int, reward: int) -> Numbered:
        """The next tick as a request; whatever comes of it, the next one is not to be taken for this one.

        Raises:
            LinkError: the board is not armed, or a field has a value that it cannot have; nothing has changed.
            BoardError: more data than the board takes; nothing has changed.
        """
        hello = self._connected("tick", Phase.ARMED)
        request = p.TickRequest((self._tick + 1) & 0xFFFFFFFF, n_sub, flags, reward, kind, data)
        room = min(hello.payload, p.PAYLOAD) - head(p.TickRequest)
        if len(data) > room:
            raise BoardError(
                f"the input of a tick has {len(data)} bytes, the board takes {room}: "
                "send spikes as bitmaps or as a list, or make fewer sub-steps"
            )
        numbered = self.exchange.number(request)
        self._tick = request.tick
        return numbered

    def rest_of_tick(self, numbered: Numbered, sent: int = 0) -> Job:
        """Send a tick, of which so many bytes were sent already, and wait for its answer; a task, as `tick`."""
        self.exchange.expect(numbered, self._now, sent)
        answer = yield
        return self._agreed(answer.message, p.TickReply)

    def count_tick(self, numbered: Numbered, sent: int, heard: bytes, asked: float) -> None:
        """Count a tick that was stopped on the quick way: so much of it was sent, and this came."""
        self.exchange.expect(numbered, asked, sent)
        with suppress(LinkError):
            self.exchange.receive(heard, asked)

    def reset(self) -> Job:
        """Stop: outputs to rest, state cleared.

        Returns:
            A task that results in None.
        """
        self._only("reset", Phase.DISARMED, Phase.ARMED)
        yield from self._ask(p.ResetRequest())
        self.phase = Phase.DISARMED

    def stats(self) -> Job:
        """The board's own counts.

        Returns:
            A task that results in a `StatsReply`.
        """
        self._only("stats", Phase.DISARMED, Phase.ARMED)
        return (yield from self._ask(p.StatsRequest()))

    def digest(self) -> Job:
        """Steps, and the CRC-32 of the whole state.

        Returns:
            A task that results in a `DigestReply`.
        """
        self._only("digest", Phase.DISARMED, Phase.ARMED)
        return (yield from self._ask(p.DigestRequest()))

    def state(self) -> Job:
        """All of the board's state, as docs/fixed.md, section 5 tells: spikes, membranes, currents.

        Returns:
            A task that results in bytes.
        """
        self._only("state", Phase.DISARMED, Phase.ARMED)
        told = b""
        while True:
            reply = yield from self._ask(p.StateRequest(len(told)))
            told += reply.data
            if not reply.data:
                return told

    def synchronise(self, count: int = 16) -> Job:
        """Compare the board's clock with the host's; not while ticks are to be sent.

        Args:
            count: round trips; those in which a request was repeated do not count, and are made up for.

        Returns:
            A task that results in a `BoardClock`.
        """
        self._only("synchronise", Phase.DISARMED, Phase.ARMED)
        pings: list[Ping] = []
        for _ in range(4 * count):
            if len(pings) == count:
                break
            self.exchange.ask(p.PingRequest(round(self._now * 1e6)), self._now)
            answer = yield
            reply = self._agreed(answer.message, p.PingReply)
            if not answer.repeats:
                pings.append(Ping(answer.sent, reply.dev_us, answer.received))
        clock: BoardClock = estimate(pings)
        return clock

    def _hello(self) -> Job:
        """Ask who is there, and refuse to go on with what does not fit."""
        self._nonce = (self._nonce + 1) & 0xFFFFFFFF
        hello = yield from self._ask(p.HelloRequest(p.MAJOR, p.MINOR, self._nonce))
        check_hello(hello, self.arithmetic)
        self.hello = hello
        return hello

    def _told(self, event: p.Event) -> None:
        """See `Conversation`."""
        if event.reason == p.Reason.HOLD:
            self.holds += 1
        elif event.reason == p.Reason.BOOT and self.phase in (Phase.DISARMED, Phase.ARMED):
            raise self._restarted(p.State.BOOT)
        elif event.reason == p.Reason.WATCHDOG and self.phase is Phase.ARMED:
            raise safe()

    def _refused(self, nak: p.Nak) -> BoardError:
        """See `Conversation`; a board without the image that it was given has started anew."""
        if nak.state == p.State.BOOT and self._image_crc is not None and self.phase is not Phase.DISCONNECTED:
            return self._restarted(nak.state)
        return explain(nak)

    def _failed(self, error: NeurobotError) -> None:
        """While the board is armed, or if it cannot be reached, it is lost."""
        if self.phase is Phase.ARMED or isinstance(error, LinkError):
            self.phase = Phase.LOST

    def _restarted(self, state: int) -> BoardError:
        """The board is another one now, as far as anybody knows."""
        self.restarts += 1
        self.hello = self._image_crc = None
        if self.phase is Phase.DISARMED:
            self.phase = Phase.DISCONNECTED
        return restarted(state)

    def _only(self, what: str, *phases: Phase) -> None:
        if self.phase not in phases:
            allowed = " or ".join(phase.name for phase in phases)
            todo = "call disarm and connect once the robot is safe" if self.phase is Phase.LOST else "see Session"
            raise LinkError(f"{what} is for a board that is {allowed}, this one is {self.phase.name}: {todo}")

    def _connected(self, what: str, phase: Phase) -> p.HelloReply:
        self._only(what, phase)
        assert self.hello is not None
        return self.hello
