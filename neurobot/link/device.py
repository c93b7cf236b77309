"""The board's side: a state machine that is told the time and the bytes that came, and says what is to be sent.

    BOOT ──LOAD_BEGIN──▶ LOADING ──LOAD_COMMIT──▶ READY ──ARM──▶ RUNNING ◀──fresh TICK, or none for hold──▶ HOLD
                                                    ▲              ▲                                        │
                                                  RESET           ARM                  none for the watchdog│
                                                    └────────────── SAFE ◀──────────────────────────────────┘

RESET leads to READY and LOAD_BEGIN to LOADING from every state that has an image. The board owns safety: outputs are at
rest in all states but RUNNING and HOLD, whatever a host says or does not say.

- Exactly once: a TICK that is the last one again gets the same answer and is no step; any but the next is refused.
- Only a fresh TICK feeds the watchdog; neither a repeated or refused one nor any other message does.
- SAFE is latched. ARM has to name this power-up and how often RUNNING was left, as HELLO told them. RUNNING is left
  once for each such number, so that an ARM which was repeated, or kept on the way, arms nothing a second time.

firmware/link/device.c is the same in C, byte for byte: a test drives both with the same bytes. Emulated boards are made
of this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from neurobot.errors import LinkError
from neurobot.link import protocol as p
from neurobot.link.board import ROOM, Board, image_crc
from neurobot.link.frame import Damage, Decoder, Frame, encode
from neurobot.link.message import Message, head, pack, type_of, unpack

U32 = 0xFFFFFFFF
STATE = p.PAYLOAD - head(p.StateReply)
"""Bytes of the state that an answer has room for."""


class _Refusal(Exception):
    """A NAK.

    Args:
        error: its code.
        arg: see the table.
    """

    def __init__(self, error: p.Error, arg: int = 0):
        super().__init__(error)
        self.error = error
        self.arg = arg


@final
class Device:
    """A board's end of the line.

    Args:
        board: what it runs.
        boot_id: a number that differs from power-up to power-up, u32.

    Attributes:
        state: where it is.
        decoder: counts of what came.
        boot_id: as given.
        trip_count: how often RUNNING or HOLD were left, modulo 2**32.
        last_tick: the last tick that was a step, or what ARM said.
        ring_overrun: bytes that the port lost before they came here; it counts them itself.
        dup_tick: ticks that were answered again.
        watchdog_trips: how often it went to SAFE.
    """

    def __init__(self, board: Board, boot_id: int):
        self.state = p.State.BOOT
        self.decoder = Decoder()
        self.boot_id = boot_id
        self.trip_count = self.last_tick = 0
        self.ring_overrun = self.dup_tick = self.watchdog_trips = 0
        self._board = board
        self._image = bytearray()
        self._length = self._crc = 0  # as LOAD_BEGIN told them
        self._armed: p.ArmRequest | None = None  # the request that armed it, until the first tick
        self._hold_us = self._watchdog_ms = 0
        self._fast_nak = False
        self._fresh = 0  # when the last fresh tick came, or ARM [µs]
        self._cached = b""  # the answer to last_tick; none before the first
        self._events = 0
        self._out = bytearray()
        self._handlers: dict[int, tuple[type[Message], Callable[[Any, int], Message]]] = {
            type_of(kind): (kind, handler) for kind, handler in self._known()
        }

    def _known(self) -> list[tuple[type[Message], Callable[[Any, int], Message]]]:
        return [
            (p.HelloRequest, self._hello),
            (p.PingRequest, self._ping),
            (p.LoadBeginRequest, self._load_begin),
            (p.LoadChunkRequest, self._load_chunk),
            (p.LoadCommitRequest, self._load_commit),
            (p.ResetRequest, self._reset),
            (p.ArmRequest, self._arm),
            (p.TickRequest, self._tick),
            (p.StatsRequest, self._stats),
            (p.DigestRequest, self._digest),
            (p.StateRequest, self._tell_state),
        ]

    def start(self, now: int) -> bytes:
        """Power up.

        Args:
            now: the board's clock [µs], modulo 2**32, as everywhere here.

        Returns:
            Bytes to be sent.
        """
        self._board.actuate(())
        self._event(p.Reason.BOOT, now)
        return self._sent()

    def poll(self, now: int) -> bytes:
        """Look at the clock; to be called at least once a millisecond.

        Args:
            now: the board's clock [µs].

        Returns:
            Bytes to be sent.
        """
        self._watch(now)
        return self._sent()

    def receive(self, data: bytes, now: int) -> bytes:
        """Take bytes from the line.

        Args:
            data: any bytes.
            now: the board's clock [µs].

        Returns:
            Bytes to be sent.
        """
        self._watch(now)  # a tick that comes too late is not to be run, even if nobody looked at the clock meanwhile
        for found in self.decoder.each(data):
            if isinstance(found, Frame):
                self._answer(found, now)
            elif isinstance(found, Damage) and self._fast_nak and self._runs():
                self._nak(0, 0, p.Error.FRAME, 0)
        return self._sent()

    def _sent(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def _send(self, seq: int, message: Message) -> None:
        self._out += encode(Frame(type_of(type(message)), seq, pack(message)))

    def _nak(self, kind: int, seq: int, error: p.Error, arg: int) -> None:
        self._send(seq, p.Nak(kind, error, self.state, 0, arg))

    def _event(self, reason: p.Reason, now: int) -> None:
        self._send(self._events, p.Event(self.last_tick, now, reason))
        self._events = (self._events + 1) & 0xFF

    def _answer(self, frame: Frame, now: int) -> None:
        """Do what a request asks for. Answers, events and refusals are none of the board's: so two boards, or a line
        that sends all back, never talk without end."""
        kind = frame.type
        if kind & p.ANSWER or kind in (p.Type.EVENT, p.Type.NAK):
            return
        known = self._handlers.get(kind)
        if known is None:
            return self._nak(kind, frame.seq, p.Error.TYPE, kind)
        try:
            request = unpack(known[0], frame.payload)
        except LinkError:
            return self._nak(kind, frame.seq, p.Error.LENGTH, len(frame.payload))
        try:
            self._send(frame.seq, known[1](request, now))
        except _Refusal as refusal:
            self._nak(kind, frame.seq, refusal.error, refusal.arg)

    def _runs(self) -> bool:
        return self.state is p.State.RUNNING or self.state is p.State.HOLD

    def _loaded(self) -> bool:
        return self.state is not p.State.BOOT and self.state is not p.State.LOADING

    def _watch(self, now: int) -> None:
        """Hold, or go to rest, if there was no fresh tick for too long."""
        if not self._runs():
            return
        quiet = (now - self._fresh) & U32
        if quiet >= self._watchdog_ms * 1000:
            self.watchdog_trips = (self.watchdog_trips + 1) & U32
            self._leave(p.State.SAFE)
            self._event(p.Reason.WATCHDOG, now)
        elif self.state is p.State.RUNNING and quiet >= self._hold_us:
            self.state = p.State.HOLD
            self._board.actuate(self._board.idle(True))
            self._event(p.Reason.HOLD, now)

    def _leave(self, state: p.State) -> None:
        """Go where outputs are at rest."""
        if self._runs():
            self.trip_count = (self.trip_count + 1) & U32
        self.state = state
        self._board.actuate(self._board.idle(False) if self._loaded() else ())

    def _hello(self, request: p.HelloRequest, now: int) -> Message:
        loaded = self._loaded()
        return p.HelloReply(
            major=p.MAJOR, minor=p.MINOR, state=self.state, flags=p.HelloFlag.IMAGE if loaded else 0,
            nonce=request.nonce, boot_id=self.boot_id, trip_count=self.trip_count, fingerprint=p.FINGERPRINT,
            arithmetic=self._board.arithmetic, arena=self._board.arena, payload=p.PAYLOAD,
            watchdog_ms=self._watchdog_ms, image_crc=self._crc if loaded else 0, last_tick=self.last_tick,
            name=self._board.name[:32],
        )  # fmt: skip

    def _ping(self, request: p.PingRequest, now: int) -> Message:
        return p.PingReply(request.host_us, now)

    def _load_begin(self, request: p.LoadBeginRequest, now: int) -> Message:
        if request.length > self._board.arena:
            raise _Refusal(p.Error.SIZE, self._board.arena)
        self._leave(p.State.LOADING)
        self._image.clear()
        self._length, self._crc = request
        return p.LoadBeginReply(0)

    def _load_chunk(self, request: p.LoadChunkRequest, now: int) -> Message:
        received = len(self._image)
        if self.state is not p.State.LOADING:
            raise _Refusal(p.Error.STATE, self.trip_count)
        if request.offset + len(request.data) > received:
            if request.offset != received:
                raise _Refusal(p.Error.OFFSET, received)
            if received + len(request.data) > self._length:
                raise _Refusal(p.Error.SIZE, self._length)
            self._image += request.data
        return p.LoadChunkReply(len(self._image))

    def _load_commit(self, request: p.LoadCommitRequest, now: int) -> Message:
        if self.state is p.State.READY:
            return p.LoadCommitReply(self._crc)
        if self.state is not p.State.LOADING:
            raise _Refusal(p.Error.STATE, self.trip_count)
        crc = image_crc(self._image)
        if len(self._image) != self._length or crc != self._crc:
            raise _Refusal(p.Error.CRC, crc)
        reason = self._board.load(bytes(self._image))
        if reason:
            raise _Refusal(p.Error.IMAGE, reason)
        self._ready()
        return p.LoadCommitReply(crc)

    def _ready(self) -> None:
        self._leave(p.State.READY)
        self.last_tick = 0

    def _reset(self, request: p.ResetRequest, now: int) -> Message:
        if not self._loaded():
            raise _Refusal(p.Error.STATE, self.trip_count)
        self._board.reset()
        self._ready()
        return p.ResetReply()

    def _arm(self, request: p.ArmRequest, now: int) -> Message:
        if not self._loaded():
            raise _Refusal(p.Error.STATE, self.trip_count)
        if request.boot_id != self.boot_id:
            raise _Refusal(p.Error.BOOT, self.boot_id)
        if request.trip_count != self.trip_count:
            raise _Refusal(p.Error.TRIP, self.trip_count)
        if self._runs():
            if request != self._armed:  # the same again is answered again, but not once it has run
                raise _Refusal(p.Error.STATE, self.trip_count)
            return p.ArmReply(self.last_tick)
        if request.flags & p.ArmFlag.CLEAR:
            self._board.reset()
        self.state, self._armed, self._fresh = p.State.RUNNING, request, now
        self._hold_us = request.hold_ms * 1000
        self._watchdog_ms = min(max(request.watchdog_ms, p.WATCHDOG_MS_MIN), p.WATCHDOG_MS_MAX)
        self._fast_nak = bool(request.flags & p.ArmFlag.FAST_NAK)
        self.last_tick, self._cached = request.last_tick, b""
        return p.ArmReply(self.last_tick)

    def _tick(self, request: p.TickRequest, now: int) -> Message:
        if not self._runs():
            raise _Refusal(p.Error.STATE, self.trip_count)
        if self._cached and request.tick == self.last_tick:
            self.dup_tick = (self.dup_tick + 1) & U32
            return unpack(p.TickReply, self._cached)
        if request.tick != (self.last_tick + 1) & U32:
            raise _Refusal(p.Error.SEQ, self.last_tick)
        step = self._board.tick(request)
        if isinstance(step, int):
            raise _Refusal(p.Error.INPUT, step)
        self._board.actuate(step.actions)
        self.state, self._armed, self._fresh, self.last_tick = p.State.RUNNING, None, now, request.tick
        values = b"".join(value.to_bytes(2, "little", signed=True) for value in step.actions)
        data = (values + step.readout)[:ROOM]
        reply = p.TickReply(request.tick, now, step.cycles, self.state, step.error, step.spikes, data)
        self._cached = pack(reply)
        return reply

    def _stats(self, request: p.StatsRequest, now: int) -> Message:
        seen = self.decoder
        counts = (seen.received, seen.ok, seen.crc_err, seen.cobs_err, seen.too_long)
        return p.StatsReply(*(n & U32 for n in (*counts, self.ring_overrun, self.dup_tick, self.watchdog_trips)))

    def _digest(self, request: p.DigestRequest, now: int) -> Message:
        if not self._loaded():
            raise _Refusal(p.Error.STATE, self.trip_count)
        return p.DigestReply(*self._board.digest())

    def _tell_state(self, request: p.StateRequest, now: int) -> Message:
        if not self._loaded():
            raise _Refusal(p.Error.STATE, self.trip_count)
        return p.StateReply(request.offset, self._board.state()[request.offset :][:STATE])
