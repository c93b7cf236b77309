"""The guard: which action a robot may have in this tick. A state machine with time as an argument.

    DISARMED ──arm──▶ READY ──run──▶ RUNNING ◀──fault, no fault──▶ HOLD ──hold_for──▶ SAFE ──disarm──▶ DISARMED

    DISARMED, READY   the rest action; nothing has been asked for yet
    RUNNING           the controller's own action
    HOLD              `Controller.hold`: the last action, or what `Limits.on_hold` says; the network stands still
    SAFE              the rest action, latched: only an operator leaves it, and only once the cause is gone

`advance` is the whole machine: a function of settings, state, time and flags. It moves one state at a time, remembers
what the first cause was, and never guesses: a time that goes backwards, or a tick that is later than the actuators
may be left to themselves, is a fault like any other. Limits, slew and finiteness are below it, in the compiled tick;
the guard adds states and nothing else. Detectors that turn measurements into flags are in `neurobot.loop.detect`.
"""

from __future__ import annotations

import math
from collections import deque
from enum import IntEnum, IntFlag
from typing import NamedTuple, final

from neurobot.errors import GuardError
from neurobot.spec.guard import GuardSpec


class Mode(IntEnum):
    """States of the guard."""

    DISARMED = 0
    READY = 1
    RUNNING = 2
    HOLD = 3
    SAFE = 4


_RUNNING, _HOLD = Mode.RUNNING, Mode.HOLD  # a member of an enum is slow to reach, and every tick asks


class Flag(IntFlag):
    """What a tick tells the guard: commands, and faults. No flag is a tick with nothing to tell."""

    ARM = 1 << 0
    RUN = 1 << 1
    DISARM = 1 << 2
    STOP = 1 << 3

    OBSERVATION = 1 << 4
    ACTION = 1 << 5
    STALE = 1 << 6
    FROZEN = 1 << 7
    SILENT = 1 << 8
    RUNAWAY = 1 << 9
    LATE = 1 << 10
    DEAD_MAN = 1 << 11

    OVERRUNS = 1 << 12
    GAP = 1 << 13
    FAILED = 1 << 14


COMMANDS = Flag.ARM | Flag.RUN | Flag.DISARM | Flag.STOP
HOLDS = (
    Flag.OBSERVATION | Flag.ACTION | Flag.STALE | Flag.FROZEN
    | Flag.SILENT | Flag.RUNAWAY | Flag.LATE | Flag.DEAD_MAN
)  # fmt: skip
"""Faults that may pass: held for a while, then to rest."""
STOPS = Flag.STOP | Flag.OVERRUNS | Flag.GAP | Flag.FAILED
"""What leads to rest at once."""
FAULTS = HOLDS | (STOPS & ~Flag.STOP)

WORDS = {
    Flag.STOP: "an operator stopped it",
    Flag.OBSERVATION: "the observation cannot be used",
    Flag.ACTION: "the network gave no action",
    Flag.STALE: "the observation is too old",
    Flag.FROZEN: "the observation has not changed for too long",
    Flag.SILENT: "the network is silent",
    Flag.RUNAWAY: "neurons fire more than they may",
    Flag.LATE: "the last deadline was missed",
    Flag.DEAD_MAN: "the dead-man switch gives no sign of life",
    Flag.OVERRUNS: "too many deadlines were missed in a row",
    Flag.GAP: "the loop did not run for too long",
    Flag.FAILED: "the robot failed",
}


class State(NamedTuple):
    """Where the machine is.

    Attributes:
        mode: see `Mode`.
        since: when it got there [s].
        time: of the last call [s].
        cause: why it holds or is safe, the flags of the first moment; none elsewhere.
    """

    mode: Mode = Mode.DISARMED
    since: float = -math.inf
    time: float = -math.inf
    cause: Flag = Flag(0)


def advance(spec: GuardSpec, state: State, now: float, flags: Flag, gap: float) -> State:
    """One step of the machine.

    Args:
        spec: what is tolerated.
        state: of the call before.
        now: a monotonic time [s].
        flags: of this tick.
        gap: the longest time that may pass from call to call while it runs [s].

    Returns:
        The new state; its mode says what may be sent now.
    """
    mode = state.mode
    if mode in (Mode.RUNNING, Mode.HOLD) and not 0 <= now - state.time <= gap:
        flags |= Flag.GAP
    if mode is Mode.SAFE:
        leaves = flags & Flag.DISARM and not flags & (FAULTS | Flag.STOP)
        return State(Mode.DISARMED, now, now) if leaves else state._replace(time=now)
    if flags & STOPS:
        return State(Mode.SAFE, now, now, flags & (HOLDS | STOPS))
    if flags & Flag.DISARM:
        return State(Mode.DISARMED, state.since if mode is Mode.DISARMED else now, now)
    if mode is Mode.HOLD and flags & HOLDS and now - state.since >= spec.hold_for:
        return State(Mode.SAFE, now, now, state.cause)
    wanted, cause = _next(mode, flags)
    if wanted is mode:
        return state._replace(time=now)
    return State(wanted, now, now, cause)


def _next(mode: Mode, flags: Flag) -> tuple[Mode, Flag]:
    """Where a machine that is neither safe nor told to stop goes, and why."""
    faults = flags & HOLDS
    if mode is Mode.DISARMED:
        return (Mode.READY if flags & Flag.ARM and not faults else mode), Flag(0)
    if mode is Mode.READY:
        if faults:
            return Mode.DISARMED, Flag(0)
        return (Mode.RUNNING if flags & Flag.RUN else mode), Flag(0)
    return (Mode.HOLD, faults) if faults else (Mode.RUNNING, Flag(0))


def words(cause: Flag) -> str:
    """A cause as a sentence without its full stop."""
    return " and ".join(text for flag, text in WORDS.items() if flag & cause)


@final
class Guard:
    """A state machine and its state, for a `Loop`; `arm`, `stop` and `disarm` may be called from any thread.

    Args:
        spec: what is tolerated.
        period: time from tick to tick [s].

    Attributes:
        spec: what is tolerated.
    """

    CHANGES = ("_state", "_time", "_commands")

    def __init__(self, spec: GuardSpec, period: float):
        self.spec = spec
        self._gap = spec.hold_for + 2 * period  # a tick that is nearly one late is only that
        self._state = State()
        self._time = self._state.time  # of the last call; in nearly every tick nothing else of the state changes
        self._commands: deque[Flag] = deque()

    @property
    def mode(self) -> Mode:
        """Where it is."""
        return self._state.mode

    @property
    def cause(self) -> str:
        """Why it holds or is safe; empty elsewhere."""
        return words(self._state.cause)

    @property
    def runs(self) -> bool:
        """Whether the controller's own action may be sent, if nothing is wrong in this tick."""
        mode = self._state.mode
        return mode is _RUNNING or mode is _HOLD

    def pending(self, now: float) -> int:
        """Flags of what is known before the tick: commands since the last one, and a gap in time [s] since then."""
        flags = 0
        while self._commands:
            flags |= self._commands.popleft()
        return flags if 0 <= now - self._time <= self._gap or not self.runs else flags | Flag.GAP

    def update(self, now: float, flags: int = 0) -> Mode:
        """One tick.

        Args:
            now: a monotonic time [s].
            flags: of `pending`, the detectors and the tick.

        Returns:
            The mode, which says what may be sent.
        """
        if not flags and self._state.mode is _RUNNING and 0 <= now - self._time <= self._gap:
            self._time = now  # all that the machine would do
        else:
            self._advance(now, Flag(flags))
        return self._state.mode

    def arm(self, now: float) -> None:
        """Go from DISARMED to RUNNING, as the operator's own decision.

        Raises:
            GuardError: it is SAFE, or holds, and has to be disarmed first.
        """
        if self.mode is Mode.SAFE:
            raise GuardError(
                f"the guard is SAFE: {self.cause}; see to the cause, then call guard.disarm() and run again"
            )
        if self.mode is Mode.HOLD:
            raise GuardError(f"the guard holds: {self.cause}; call guard.disarm() first")
        self._commands.clear()
        for command in (Flag.ARM, Flag.RUN):
            self._advance(now, command)

    def disarm(self, now: float | None = None) -> None:
        """Go to DISARMED, out of SAFE too: the operator has seen to the cause."""
        self._commands.clear()
        self._advance(self._time if now is None else now, Flag.DISARM)

    def stop(self) -> None:
        """Ask for SAFE in the next tick: the emergency stop. Any thread and any signal handler may call it."""
        self._commands.append(Flag.STOP)

    def _advance(self, now: float, flags: Flag) -> None:
        self._state = advance(self.spec, self._state._replace(time=self._time), now, flags, self._gap)
        self._time = now
