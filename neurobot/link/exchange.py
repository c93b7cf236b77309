"""Requests and their answers over a line that damages and loses frames: the host's lower half, without clock and port.

A request goes out with a number (seq) and is repeated until the answer of that type and number comes: after a time that
doubles, and at once when a damaged frame says that something was just lost (the board says NAK FRAME, or the host sees
one itself), but only once between two time-outs, so that noise does not make a storm. Repeating is harmless because
every request may be done twice, and TICK is a step only once (neurobot.link.device).

An answer that is not waited for is dropped and counted: one that came twice, or too late. Whether it repeats what the
request said (tick, nonce, time) is looked at beside seq, which is used again after 256 requests.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass
from typing import NamedTuple, final

from neurobot.errors import LinkError
from neurobot.link import protocol as p
from neurobot.link.frame import Damage, Decoder, Frame, encode
from neurobot.link.message import Message, fits, pack, title, type_of, unpack

SHORT = 64
"""Bytes that an answer is taken to have until one of its type came."""
SLACK = 1.5
"""An answer may take so much longer than the quickest of its type before the request is repeated, up to `longest`."""
EVENTS = 64
"""Events that are kept until somebody takes them; the oldest go first."""

_REPLIES: dict[int, type[Message]] = {number: kind for kind, (number, _) in p.LAYOUTS.items() if number & p.ANSWER}
_ECHOES = {p.TickReply: "tick", p.HelloReply: "nonce", p.PingReply: "host_us", p.StateReply: "offset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the host waits.

    Attributes:
        answer: for an answer, beside the time that both frames take on the line, before the request is repeated [s].
        longest: the waiting time doubles up to this [s].
        lost: without an answer for so long, beside the time that both frames take on the line, the board is lost [s].
        first: the same for the first answer of all: opening the port of some boards starts them anew [s].
        rate: of the line [bytes/s]; infinite where it does not count, as on USB and sockets.
    """

    answer: float = 0.005
    longest: float = 0.1
    lost: float = 1.0
    first: float = 3.0
    rate: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be waited for."""
        if not 0 < self.answer <= self.longest <= self.lost < math.inf or not 0 < self.first < math.inf:
            raise LinkError(
                f"patience is answer {self.answer}, longest {self.longest}, lost {self.lost}, first {self.first} s: "
                "it must be 0 < answer <= longest <= lost, and first above 0"
            )
        if not self.rate > 0:
            raise LinkError(f"the rate of the line is {self.rate} bytes/s, it must be above 0")


@dataclass(slots=True)
class Counts:
    """What happened on the line, as the host saw it.

    Attributes:
        asked: requests.
        answered: of them, with an answer or a refusal.
        repeats: requests that were sent again, for whatever reason.
        fast: of them, at once after a damaged frame.
        refused: NAK for a request.
        damaged: NAK for a frame that the board could not read.
        late: answers that nobody waited for any more.
        stale: answers with the right number to another request.
        strange: frames that no board sends.
        events: of the board.
    """

    asked: int = 0
    answered: int = 0
    repeats: int = 0
    fast: int = 0
    refused: int = 0
    damaged: int = 0
    late: int = 0
    stale: int = 0
    strange: int = 0
    events: int = 0


class Numbered(NamedTuple):
    """A request that has its number, and was not sent yet.

    Attributes:
        request: what is asked.
        seq: its number.
        payload: its bytes.
    """

    request: Message
    seq: int
    payload: bytes


class Answer(NamedTuple):
    """An answer, or a refusal.

    Attributes:
        request: what was asked.
        message: what the board said: the request's answer, or a `protocol.Nak`.
        sent: when the request was first sent [s].
        received: when the answer came [s].
        repeats: how often the request was sent again.
    """

    request: Message
    message: Message
    sent: float
    received: float
    repeats: int


@dataclass(slots=True)
class _Pending:
    """A request without an answer."""

    request: Message
    type: int
    seq: int
    line: bytes
    first: float  # when it was sent first
    end: float  # when the board is lost
    again: float  # when it is to be repeated
    wait: float
    repeats: int = 0
    fast: bool = False  # repeated at once since the last time-out


@final
class Exchange:
    """One end of the line.

    Args:
        patience: how long it waits.

    Attributes:
        patience: as given.
        counts: what happened so far.
        decoder: the counts of what came.
        answers: those that nobody took yet, in order.
        events: of the board, that nobody took yet.
    """

    def __init__(self, patience: Patience):
        self.patience = patience
        self.counts = Counts()
        self.decoder = Decoder()
        self.answers: deque[Answer] = deque()
        self.events: deque[p.Event] = deque(maxlen=EVENTS)
        self._pending: list[_Pending] = []
        self._seq = 0
        self._out = b""
        self._sizes: dict[int, int] = {}  # of the longest answer to each type
        self._trips: dict[int, float] = {}  # the shortest time from a request of each type to its answer [s]

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._pending)

    @property
    def quiet(self) -> bool:
        """Whether nothing is waited for, to be sent, to be taken, or half read."""
        return not (self._pending or self._out or self.answers or self.events or self.decoder.amid)

    @property
    def deadline(self) -> float:
        """When `poll` has something to do [s]; infinite if nothing is waited for."""
        return min([entry.again for entry in self._pending], default=math.inf)

    def ask(self, request: Message, now: float) -> None:
        """Send a request.

        Args:
            request: of `neurobot.link.protocol`.
            now: a monotonic time [s].

        Raises:
            LinkError: a field has a value that it cannot have.
        """
        self.expect(self.number(request), now)

    def number(self, request: Message) -> Numbered:
        """Give a request its number.

        Args:
            request: of `neurobot.link.protocol`.

        Raises:
            LinkError: a field has a value that it cannot have.
        """
        numbered = Numbered(request, self._seq, pack(request))
        self._seq = (self._seq + 1) & 0xFF
        return numbered

    def expect(self, numbered: Numbered, now: float, sent: int = 0) -> None:
        """Send a request, and wait for its answer.

        Args:
            numbered: the request.
            now: a monotonic time [s].
            sent: bytes of its frame that were sent already.
        """
        request, seq, payload = numbered
        kind = type_of(type(request))
        line = encode(Frame(kind, seq, payload))
        size = len(line) + self._sizes.get(kind, SHORT)
        for entry in self._pending:
            size += len(entry.line)
        wait = self.patience.answer + size / self.patience.rate
        wait = max(wait, min(SLACK * self._trips.get(kind, 0.0), self.patience.longest))
        end = now + size / self.patience.rate + (self.patience.lost if self.decoder.ok else self.patience.first)
        self._pending.append(_Pending(request, kind, seq, line, now, end, now + wait, wait))
        self._out += line[sent:]
        self.counts.asked += 1

    def settle(self, numbered: Numbered, told: bytes, heard: int, asked: float, now: float) -> Message | None:
        """Take the answer to a request that went the quick way, `neurobot.link.quick`, while `quiet`.

        Args:
            numbered: the request.
            told: payload of a frame of its answer's type and number.
            heard: bytes that came for it.
            asked: when it was sent [s].
            now: a monotonic time [s].

        Returns:
            The answer; None if it is not one to this request, and nothing has changed.
        """
        request, _, _ = numbered
        asked_for = type_of(type(request))
        kind = _REPLIES[asked_for | p.ANSWER]
        if not fits(kind, told) or _strays(message := unpack(kind, told), request):
            return None
        self.counts.asked += 1
        self.counts.answered += 1
        self.decoder.received += heard
        self.decoder.ok += 1
        self._observe(asked_for, len(told), now - asked)
        return message

    def forget(self) -> None:
        """Wait for no answer any more, and send nothing that waits; answers that still come are late."""
        self._pending.clear()
        self.answers.clear()
        self._out = b""

    def outgoing(self) -> bytes:
        """Take what is to be sent."""
        out, self._out = self._out, b""
        return out

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the line; answers and events are then in `answers` and `events`.

        Args:
            data: any bytes.
            now: a monotonic time [s].

        Raises:
            LinkError: an answer that no board of this version gives.
        """
        for found in self.decoder.each(data):
            if isinstance(found, Damage):
                self._repeat_at_once(now)
            elif found.type == p.Type.EVENT:
                self.counts.events += 1
                self.events.append(unpack(p.Event, found.payload))
            elif found.type == p.Type.NAK:
                self._refused(unpack(p.Nak, found.payload), found.seq, now)
            elif found.type in _REPLIES:
                self._answered(found, now)
            else:
                self.counts.strange += 1

    def poll(self, now: float) -> None:
        """Repeat what has waited long enough.

        Args:
            now: a monotonic time [s].

        Raises:
            LinkError: there was no answer for too long.
        """
        for entry in self._pending:
            if now >= entry.end:
                raise LinkError(self._silence(entry, now))
            if now >= entry.again:
                entry.wait = min(2 * entry.wait, max(entry.wait, self.patience.longest))
                entry.fast = False
                self._repeat(entry, now)

    def report(self) -> dict[str, int]:
        """All counts, of this end and of what came, by name."""
        seen = self.decoder
        return asdict(self.counts) | {
            "rx_bytes": seen.received, "rx_ok": seen.ok, "crc_err": seen.crc_err, "cobs_err": seen.cobs_err,
            "too_long": seen.too_long,
        }  # fmt: skip

    def _repeat(self, entry: _Pending, now: float) -> None:
        entry.repeats += 1
        entry.again = min(now + entry.wait, entry.end)
        self.counts.repeats += 1
        self._out += entry.line

    def _silence(self, entry: _Pending, now: float) -> str:
        """That there was no answer, and what to look at."""
        said = f"no answer to {title(entry.type)} for {now - entry.first:.3g} s, asked {entry.repeats + 1} times: "
        if self.decoder.received and not self.decoder.ok:
            return said + (
                f"{self.decoder.received} bytes came, and none of them are of this protocol. Is it a board with this "
                "firmware, and is the baud rate the board's?"
            )
        return said + "is the board on, the cable in, and the baud rate the board's?"

    def _repeat_at_once(self, now: float) -> None:
        """Something was lost just now: it may be what is waited for."""
        for entry in self._pending:
            if not entry.fast:
                entry.fast = True
                self.counts.fast += 1
                self._repeat(entry, now)

    def _refused(self, nak: p.Nak, seq: int, now: float) -> None:
        if nak.error == p.Error.FRAME:
            self.counts.damaged += 1
            return self._repeat_at_once(now)
        entry = self._find(nak.type, seq)
        if entry is not None:
            self.counts.refused += 1
            self._done(entry, nak, now)

    def _answered(self, frame: Frame, now: float) -> None:
        asked = frame.type & ~p.ANSWER
        entry = self._find(asked, frame.seq)
        if entry is None:
            return
        kind = _REPLIES[frame.type]
        if kind is p.HelloReply and frame.payload[:1] != bytes((p.MAJOR,)):
            raise LinkError(_other_version(frame.payload))
        message = unpack(kind, frame.payload)
        if _strays(message, entry.request):
            self.counts.stale += 1
            return
        self._observe(asked, len(frame.payload), now - entry.first)
        self._done(entry, message, now)

    def _observe(self, kind: int, payload: int, trip: float) -> None:
        """How long an answer is, and how soon it comes."""
        size = payload + SHORT
        if size > self._sizes.get(kind, SHORT):
            self._sizes[kind] = size
        if trip < self._trips.get(kind, math.inf):
            self._trips[kind] = trip

    def _find(self, kind: int, seq: int) -> _Pending | None:
        """The request that an answer belongs to."""
        for entry in self._pending:
            if entry.type == kind and entry.seq == seq:
                return entry
        self.counts.late += 1
        return None

    def _done(self, entry: _Pending, message: Message, now: float) -> None:
        self._pending.remove(entry)
        self.counts.answered += 1
        self.answers.append(Answer(entry.request, message, entry.first, now, entry.repeats))


def _strays(message: Message, request: Message) -> bool:
    """Whether an answer repeats something else than its request said."""
    echo = _ECHOES.get(type(message))
    return echo is not None and getattr(message, echo) != getattr(request, echo)


def _other_version(payload: bytes) -> str:
    told = ".".join(str(number) for number in payload[:2]) or "unknown"
    return (
        f"the board speaks version {told} of the protocol, this package {p.MAJOR}.{p.MINOR}: "
        "build its firmware from the release that you have installed"
    )
