"""A session with a line: what a program on the host talks to a board with.

    host = Host(open_line("/dev/ttyACM0"), arithmetic=2)
    host.connect()
    host.load(image)
    host.arm(hold=0.02, watchdog=0.1)
    reply = host.tick(n_sub=4, kind=Input.BITMAP, data=bits)

Each call waits for its answer and returns it. What goes wrong is a LinkError or a BoardError; see
`neurobot.link.session` for what is possible after one. A call that Ctrl-C ends leaves the board where it was: `reset`
takes it to rest.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import LinkError
from neurobot.link import protocol as p
from neurobot.link.clock import BoardClock
from neurobot.link.conversation import Job
from neurobot.link.exchange import Patience
from neurobot.link.session import Phase, Session
from neurobot.link.transport import SPIN, Transport

if TYPE_CHECKING:
    from neurobot.link.quick import Quick


@final
class Host:
    """The host's end of a line.

    Args:
        transport: the line; it is closed with the host.
        arithmetic: version of the arithmetic that images have.
        patience: how long to wait; without one, as usual, at the line's rate.

    Attributes:
        transport: as given.
        session: what is known of the board.
    """

    def __init__(self, transport: Transport, *, arithmetic: int, patience: Patience | None = None):
        self.transport = transport
        patience = patience or Patience(rate=transport.rate)
        nonce = round(transport.now() * 1e6) & 0xFFFFFFFF  # so that no answer to an earlier program is taken for ours
        self.session = Session(arithmetic=arithmetic, patience=patience, nonce=nonce)
        self._quick: Quick | None = None

    def __enter__(self) -> Host:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the line. An armed board holds and then goes to rest by itself; `reset` first is quicker."""
        self.transport.close()

    @property
    def phase(self) -> Phase:
        """Where the host is."""
        return self.session.phase

    def connect(self) -> p.HelloReply:
        """See `Session.connect`."""
        hello: p.HelloReply = self._do(self.session.connect())
        return hello

    def load(self, image: bytes) -> int:
        """See `Session.load`; returns the bytes that were sent."""
        if self.transport.fd >= 0 and self._quick is None:
            from neurobot.link.quick import quick_way  # compiled code: not before there is something to run

            self._quick = quick_way()
        sent: int = self._do(self.session.load(image))
        return sent

    def arm(self, *, hold: float, watchdog: float, last_tick: int = 0, clear: bool = True, fast: bool = True) -> None:
        """See `Session.arm`; times in [s]."""
        self._do(self.session.arm(hold=hold, watchdog=watchdog, last_tick=last_tick, clear=clear, fast=fast))

    def tick(
        self, n_sub: int, kind: int, data: bytes, *, flags: int = p.TickFlag.CARRY, reward: int = 0
    ) -> p.TickReply:
        """See `Session.tick`."""
        session, quick = self.session, self._quick
        if quick is None or not (session.done and session.exchange.quiet):
            reply = self._do(session.tick(n_sub, kind, data, flags=flags, reward=reward))
        else:
            reply = self._tick_quickly(quick, n_sub, kind, data, flags, reward)
        return reply  # type: ignore[no-any-return]

    def _tick_quickly(self, quick: Quick, *tick: Any) -> Any:
        """A tick in one call, if that goes well; else the ordinary way goes on from there."""
        session, line = self.session, self.transport
        numbered = reply = None
        asked = line.now()
        try:
            session.claim()
            quick.clear()
            numbered = session.begin_tick(*tick)
            told = quick.ask(line.fd, p.Type.TICK, numbered.seq, numbered.payload, SPIN)
            if told is not None:
                reply = session.exchange.settle(numbered, told, quick.heard_size, asked, line.now())
            if reply is None and not session.done:  # done: a signal's handler has disarmed it
                session.go_on(session.rest_of_tick(numbered, quick.sent), asked)
                reply = self._carry(quick.heard)
        except BaseException:
            if numbered is not None and reply is None and not session.done and not session.exchange.waiting:
                session.count_tick(numbered, quick.sent, quick.heard, asked)
            raise
        finally:
            if not session.done:
                session.give_up()
        return reply

    def reset(self) -> None:
        """See `Session.reset`."""
        self._do(self.session.reset())

    def stats(self) -> p.StatsReply:
        """See `Session.stats`."""
        stats: p.StatsReply = self._do(self.session.stats())
        return stats

    def digest(self) -> p.DigestReply:
        """See `Session.digest`."""
        digest: p.DigestReply = self._do(self.session.digest())
        return digest

    def state(self) -> bytes:
        """See `Session.state`."""
        state: bytes = self._do(self.session.state())
        return state

    def synchronise(self, count: int = 16) -> BoardClock:
        """See `Session.synchronise`."""
        clock: BoardClock = self._do(self.session.synchronise(count))
        return clock

    def disarm(self) -> None:
        """See `Session.disarm`."""
        self.session.disarm()

    def listen(self, seconds: float) -> None:
        """Wait, and hear what the board tells by itself meanwhile.

        Args:
            seconds: how long [s].

        Raises:
            LinkError: the line is gone.
            BoardError: the board has gone to its safe state, or started anew.
        """
        until = self.transport.now() + seconds
        while (left := until - self.transport.now()) > 0:
            data = self._read(left)
            if data:
                self.session.receive(data, self.transport.now())

    def _do(self, job: Job) -> Any:
        """Carry a task through, or give it up, as on Ctrl-C, so that the next one is possible at once."""
        idle = self.session.done
        try:
            self.session.start(job, self.transport.now())
            return self._carry()
        except BaseException:
            if idle:  # and not what a signal's handler asks in the middle of another task
                self.session.give_up()
            raise

    def _carry(self, heard: bytes = b"") -> Any:
        """Bring the task that has begun to its end; some bytes may have come already."""
        session, line = self.session, self.transport
        self._send()
        if heard:
            session.receive(heard, line.now())
        while not session.done:
            data = self._read(max(0.0, session.deadline - line.now()))
            now = line.now()
            if data:
                session.receive(data, now)
            session.poll(now)
            self._send()
        return session.result

    def _send(self) -> None:
        try:
            if out := self.session.outgoing():
                self.transport.write(out)
        except LinkError:
            self.session.lose()
            raise

    def _read(self, timeout: float) -> bytes:
        try:
            return self.transport.read(timeout)
        except LinkError:
            self.session.lose()
            raise
