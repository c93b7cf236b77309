"""Made of firmware/protocol.toml by firmware/tools/protocol.py: change that."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NamedTuple

FINGERPRINT = 0x44EFCA89
"""CRC-32 of the table; HELLO tells it."""
MAJOR = 1
MINOR = 0
PAYLOAD = 512
WINDOW = 2
WATCHDOG_MS_MIN = 5
WATCHDOG_MS_MAX = 500
ANSWER = 0x80
"""The type of an answer is that of the request | ANSWER."""


class State(IntEnum):
    """Where the board is. Outputs are at rest in all states but RUNNING and HOLD."""

    BOOT = 0
    LOADING = 1
    READY = 2
    RUNNING = 3
    HOLD = 4
    SAFE = 5


class Error(IntEnum):
    """Why the board refuses, in a NAK; what `arg` is stands beside it."""

    NONE = 0
    FRAME = 1
    TYPE = 2
    LENGTH = 3
    STATE = 4
    SEQ = 5
    BOOT = 6
    TRIP = 7
    SIZE = 8
    OFFSET = 9
    CRC = 10
    IMAGE = 11
    INPUT = 12


class Reason(IntEnum):
    """What an EVENT tells."""

    BOOT = 1
    HOLD = 2
    WATCHDOG = 3


class Input(IntEnum):
    """What the data of a TICK are."""

    BITMAP = 0
    HELD = 1
    CURRENTS = 2
    SPIKES = 3


class HelloFlag(IntFlag):
    """Bits of `flags` in the answer to HELLO."""

    IMAGE = 1


class ArmFlag(IntFlag):
    """Bits of `flags` in ARM."""

    CLEAR = 1
    FAST_NAK = 2


class TickFlag(IntFlag):
    """Bits of `flags` in TICK."""

    LEARN = 1
    CARRY = 2
    FORGET = 4


class Type(IntEnum):
    """Types of messages."""

    HELLO = 0x01
    PING = 0x02
    LOAD_BEGIN = 0x03
    LOAD_CHUNK = 0x04
    LOAD_COMMIT = 0x05
    RESET = 0x06
    ARM = 0x07
    TICK = 0x08
    STATS = 0x09
    DIGEST = 0x0A
    STATE = 0x0B
    EVENT = 0x7E
    NAK = 0x7F


class HelloRequest(NamedTuple):
    """Who are you? In any state, and changes nothing."""

    major: int
    minor: int
    nonce: int


class HelloReply(NamedTuple):
    """Answer to HELLO."""

    major: int
    minor: int
    state: int
    flags: int
    nonce: int
    boot_id: int
    trip_count: int
    fingerprint: int
    arithmetic: int
    arena: int
    payload: int
    watchdog_ms: int
    image_crc: int
    last_tick: int
    name: bytes


class PingRequest(NamedTuple):
    """What time is it? In any state, and changes nothing."""

    host_us: int


class PingReply(NamedTuple):
    """Answer to PING."""

    host_us: int
    dev_us: int


class LoadBeginRequest(NamedTuple):
    """An image follows: outputs go to rest, the old image is dropped."""

    length: int
    crc: int


class LoadBeginReply(NamedTuple):
    """Answer to LOAD_BEGIN."""

    received: int


class LoadChunkRequest(NamedTuple):
    """A piece of the image. What was written before is acknowledged again, a gap is refused."""

    offset: int
    data: bytes


class LoadChunkReply(NamedTuple):
    """Answer to LOAD_CHUNK."""

    received: int


class LoadCommitRequest(NamedTuple):
    """The image is complete: check all of it, and have it ready. Once it is, again the same answer."""


class LoadCommitReply(NamedTuple):
    """Answer to LOAD_COMMIT."""

    crc: int


class ResetRequest(NamedTuple):
    """Stop: outputs to rest, state cleared but for what was learnt, READY."""


class ResetReply(NamedTuple):
    """Answer to RESET."""


class ArmRequest(NamedTuple):
    """Run, from last_tick + 1 on. Boot id and trip count must be those that HELLO told."""

    boot_id: int
    trip_count: int
    hold_ms: int
    watchdog_ms: int
    last_tick: int
    flags: int


class ArmReply(NamedTuple):
    """Answer to ARM."""

    last_tick: int


class TickRequest(NamedTuple):
    """One control tick. The last tick again is answered again, and is no step."""

    tick: int
    n_sub: int
    flags: int
    reward: int
    kind: int
    data: bytes


class TickReply(NamedTuple):
    """Answer to TICK."""

    tick: int
    dev_us: int
    step_cycles: int
    state: int
    last_error: int
    spikes: int
    data: bytes


class StatsRequest(NamedTuple):
    """What the board counted since it started. In any state."""


class StatsReply(NamedTuple):
    """Answer to STATS."""

    rx_bytes: int
    rx_ok: int
    crc_err: int
    cobs_err: int
    too_long: int
    ring_overrun: int
    dup_tick: int
    watchdog_trips: int


class DigestRequest(NamedTuple):
    """How many steps were made, and the CRC-32 of the whole state."""


class DigestReply(NamedTuple):
    """Answer to DIGEST."""

    step: int
    crc: int


class StateRequest(NamedTuple):
    """Bytes of the whole state from an offset on, as many as there are and fit: spikes, membranes and all else."""

    offset: int


class StateReply(NamedTuple):
    """Answer to STATE."""

    offset: int
    data: bytes


class Event(NamedTuple):
    """The board tells something by itself; not assured."""

    last_tick: int
    dev_us: int
    reason: int


class Nak(NamedTuple):
    """The board refuses."""

    type: int
    error: int
    state: int
    zero: int
    arg: int


LAYOUTS: dict[type[tuple[int | bytes, ...]], tuple[int, str]] = {
    HelloRequest: (Type.HELLO, "<BBI"),
    HelloReply: (Type.HELLO | ANSWER, "<BBBBIIIIBIHHII"),
    PingRequest: (Type.PING, "<Q"),
    PingReply: (Type.PING | ANSWER, "<QI"),
    LoadBeginRequest: (Type.LOAD_BEGIN, "<II"),
    LoadBeginReply: (Type.LOAD_BEGIN | ANSWER, "<I"),
    LoadChunkRequest: (Type.LOAD_CHUNK, "<I"),
    LoadChunkReply: (Type.LOAD_CHUNK | ANSWER, "<I"),
    LoadCommitRequest: (Type.LOAD_COMMIT, "<"),
    LoadCommitReply: (Type.LOAD_COMMIT | ANSWER, "<I"),
    ResetRequest: (Type.RESET, "<"),
    ResetReply: (Type.RESET | ANSWER, "<"),
    ArmRequest: (Type.ARM, "<IIHHIB"),
    ArmReply: (Type.ARM | ANSWER, "<I"),
    TickRequest: (Type.TICK, "<IBBiB"),
    TickReply: (Type.TICK | ANSWER, "<IIIBBH"),
    StatsRequest: (Type.STATS, "<"),
    StatsReply: (Type.STATS | ANSWER, "<IIIIIIII"),
    DigestRequest: (Type.DIGEST, "<"),
    DigestReply: (Type.DIGEST | ANSWER, "<II"),
    StateRequest: (Type.STATE, "<I"),
    StateReply: (Type.STATE | ANSWER, "<I"),
    Event: (Type.EVENT, "<IIB"),
    Nak: (Type.NAK, "<BBBBI"),
}
"""The type of each payload and its `struct` format; a last field of bytes is what follows that."""
