"""A core that is a board on a line: the observation is encoded here, network and decoder run there.

The same image also runs beside it, here, as `FixedCore` runs it: from there come the spikes and membranes that a line
has no room for, and every answer is compared with it. A board that does something else is not let go on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from neurobot.board.wire import actions_of, wire_of
from neurobot.core.base import Core, Tap
from neurobot.core.fixed import FixedCore
from neurobot.core.learning import Plasticity
from neurobot.core.outputs import held, rested
from neurobot.errors import BoardError, SpecError
from neurobot.link.host import Host
from neurobot.link.protocol import PAYLOAD, Input, State, TickFlag, TickReply
from neurobot.link.session import LONGEST, SHORTEST, Phase, in_force
from neurobot.program import Program

MOST_STEPS = 255
"""Of a tick: a TICK has a byte for it."""
HOLD_TICKS, WATCHDOG_TICKS = 3, 10
"""Control periods without a tick after which the board holds, and goes to rest, unless told otherwise."""


@final
class BoardCore(Core):
    """Runs a Program's image on a board.

    The board is armed by the first tick of an episode, so whatever takes long ahead of it does no harm.

    Args:
        program: of a controller, with an image.
        host: of the line; it is connected here, and the image loaded.
        hold: without a tick for so long the board holds its outputs [s]; default three control periods.
        watchdog: without one for so long it goes to rest, and stays there [s]; default ten.
        seed, instance, log_spikes, learn: as `FixedCore` has them.

    Attributes:
        host: as given.
        hold, watchdog: as they are in force [s], in whole milliseconds.

    Raises:
        ImageError: no image, or one of another program.
        BoardError: the image or its ticks are too large for the board, or the line; or hold and watchdog cannot be.
        LinkError: there is no board.
    """

    linked = True

    def __init__(
        self,
        program: Program,
        host: Host,
        *,
        hold: float | None = None,
        watchdog: float | None = None,
        seed: int | None = None,
        instance: int = 0,
        log_spikes: int = 0,
        learn: bool = False,
    ):
        self._beside = FixedCore(program, seed=seed, instance=instance, log_spikes=log_spikes, learn=learn)
        self.program, self.image, self.network = program, self._beside.image, self._beside.network
        self.state, self.ints, self.action = self._beside.state, self._beside.ints, self._beside.action
        self.observation = self._beside.observation
        self.host, period = host, program.control_period
        if watchdog is None:
            watchdog = min(max(WATCHDOG_TICKS * period, SHORTEST), LONGEST)
        if hold is None:
            hold = min(max(HOLD_TICKS * period, 0.001), watchdog)
        self.hold, self.watchdog = (ms / 1000 for ms in in_force(hold, watchdog))
        self._units, self._offsets = (self.image.outputs[name].copy() for name in ("unit", "offset"))
        self._asked, self._learns = -np.inf, bool(self.image.learns())
        self._forget, self._torn = self._learns, False  # torn: a tick that may be done here and not there
        self._away: np.ndarray | None = None  # units that the action was let go to here, without the board
        self._check()
        self._find()

    def _check(self) -> None:
        """Whether a tick fits into a message."""
        steps, payload = self.image.substeps, wire_of(self.image).payload
        if steps > MOST_STEPS:
            raise BoardError(f"a tick has {steps} steps, a board takes {MOST_STEPS} at most: take a longer dt")
        if payload > PAYLOAD:
            raise BoardError(
                f"a tick takes {payload} bytes on the line, {PAYLOAD} are possible: encode on fewer channels, in "
                "fewer steps, or as currents"
            )

    def _find(self) -> None:
        self.host.connect()
        self.host.load(self.image.to_bytes())

    def reconnect(self) -> None:
        """After a failure, as the operator's own decision: find the board again, and load the image if it has lost it.

        What was learnt is lost with it: `to_program` first keeps it.

        Raises:
            LinkError, BoardError: it is not there, or not as it should be.
        """
        self.host.disarm()
        self._find()
        self.forget()
        self._beside.reset()
        self._torn = False

    def tick(self, observation: np.ndarray, reward: float = 0.0) -> int:
        """Run a tick on an observation, (n,) finite; returns a status. For errors, see `tick_in_place`."""
        self.observation[:] = observation
        return self.tick_in_place(reward=reward)

    def tick_in_place(self, steps: int | None = None, reward: float = 0.0) -> int:
        """`tick` on what `observation` holds already.

        Raises:
            SpecError: a number of steps.
            LinkError: the board does not answer any more.
            BoardError: it is SAFE, has started anew, or computes something else.
        """
        self.link_ns, self._torn, self._away = 0, True, None
        status = self._beside.tick_in_place(steps, reward)
        if status:
            self._torn = False
            return status
        begin = time.perf_counter_ns()
        if self.host.phase is Phase.DISARMED:
            self.host.arm(hold=self.hold, watchdog=self.watchdog)
            self._asked = np.inf
        last, self._asked = self._asked, self.host.transport.now()
        flags, units = self._flags(), self._beside.reward(reward)
        reply = self.host.tick(self.image.substeps, *self.network.given, flags=flags, reward=units)
        self._forget = self._torn = False
        self.link_ns = time.perf_counter_ns() - begin
        self._compare(reply, self._may_have_held(last))
        return status

    def _may_have_held(self, asked: float) -> bool:
        """Whether the board may have gone to HOLD since a tick was sent, at a time of the line."""
        return self.host.transport.now() - asked >= self.hold

    def _compare(self, reply: TickReply, held: bool) -> None:
        """Whether the board gave what runs beside it gave. One that has held its outputs meanwhile slews from those."""
        actions = actions_of(reply.data, self.image)
        here, spikes = self.network.last, min(self.network.spikes, 65535)
        wrong = np.flatnonzero(actions != here)
        if not wrong.size and reply.spikes == spikes:
            return
        if reply.spikes == spikes and held:
            here[:] = actions
            self._beside.set_last(self._offsets + self._units * actions)
            return
        what = f"{reply.spikes} spikes" if not wrong.size else f"action {wrong[0]} is {actions[wrong[0]]}"
        should = f"{spikes}" if not wrong.size else f"{here[wrong[0]]}"
        raise BoardError(
            f"tick {reply.tick} of the episode: on the board {what}, by the same image here {should}. It does not "
            "compute as docs/fixed.md tells: see `neurobot board conform`"
        )

    def verify(self) -> None:
        """Compare the digest of the board's whole state with that of the one beside it, in the middle of an episode.

        Raises:
            BoardError: they differ.
        """
        if self._forget:  # only here, until the next tick
            return
        reply = self.host.digest()
        if reply.crc != self._beside.digest() and not self._may_have_held(self._asked):
            raise BoardError(
                f"after {reply.step} steps the digest of the board's state is {reply.crc:#010x}, by the same image "
                f"here {self._beside.digest():#010x}: see `neurobot board conform`"
            )

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, the next one of the same seed; the board goes to rest.

        Raises:
            LinkError: the board was lost; see `reconnect`.
            BoardError: what the episode before left on the board is not what it should be; or its last tick was
                interrupted, and whether the board has learnt from that is not known.
        """
        self._finish()
        if self._torn and self._learns:
            raise BoardError(
                "the last tick was interrupted, and the board may not have learnt what was learnt here: "
                "keep that with to_program, then call reconnect, which begins with the program's weights"
            )
        self._away = None
        self._beside.reset(seed)

    def _finish(self) -> None:
        """End an episode. A board that went to rest by itself, because nobody wanted more of it, is well."""
        try:
            if self.host.phase is Phase.ARMED and not self._torn:
                self.verify()
            self.host.reset()
        except BoardError as error:
            self._safe(error)

    def _safe(self, error: BoardError) -> None:
        """After an error: find a board again that went to rest by itself."""
        if error.state != State.SAFE:
            raise error
        self.host.disarm()
        self._find()

    def rest(self) -> None:
        """End the episode: compare the state, and bring the board to rest. For errors, see `reset`.

        After a tick that was interrupted nothing is compared: whether the board has run it is not known.
        """
        if self.host.phase is Phase.ARMED or (self._torn and self.host.phase is Phase.DISARMED):
            self._finish()

    def idle(self, hold: bool) -> bool:
        """See `FixedCore.idle`; the board's own action stays as it is until it has waited for too long."""
        outputs = self.image.outputs
        now = self.network.last if self._away is None else self._away
        self._away = held(outputs, now) if hold else rested(outputs, now)
        self._beside.show(self._away)
        return bool((self._away == outputs["rest"]).all())

    def set_last(self, action: Any) -> None:
        """Take note of what a robot made of the last action, (n,); slew counts from what the board put out itself."""
        self.action[:] = action
        self.block("decoder.last")[:] = action

    def snapshot(self) -> np.ndarray:
        """A copy of everything that changes, (words,), of what runs beside the board."""
        return self._beside.snapshot()

    def restore(self, snapshot: np.ndarray) -> None:
        """SpecError: the state of a board cannot be set."""
        raise SpecError("BoardCore", ["the state of a board cannot be set; reset it, and run the episode again"])

    def to_program(self) -> Program:
        """See `FixedCore.to_program`: what learns beside the board learns what the board does."""
        return self._beside.to_program()

    def digest(self) -> int:
        """CRC-32 of the network's state, of what runs beside the board."""
        return self._beside.digest()

    @property
    def spikes(self) -> np.ndarray:
        """See `FixedCore.spikes`."""
        return self._beside.spikes

    @property
    def spikes_missed(self) -> int:
        """See `FixedCore.spikes_missed`."""
        return self._beside.spikes_missed

    @property
    def synops(self) -> int:
        """See `FixedCore.synops`."""
        return self._beside.synops

    @property
    def membranes(self) -> np.ndarray:
        """See `FixedCore.membranes`."""
        return self._beside.membranes

    def tap(self) -> Tap:
        """See `FixedCore.tap`."""
        return self._beside.tap()

    def block(self, name: str) -> np.ndarray:
        """See `FixedCore.block`."""
        return self._beside.block(name)

    def param(self, name: str) -> np.ndarray:
        """See `FixedCore.param`."""
        return self._beside.param(name)

    @property
    def learn(self) -> bool:
        """Whether rules change weights, on the board; see `FixedCore.learn`."""
        return self._beside.learn

    @learn.setter
    def learn(self, learn: bool) -> None:
        """Let rules change weights, or not, from the next tick on."""
        self._beside.learn = learn

    @property
    def plasticity(self) -> Mapping[str, Plasticity]:
        """See `FixedCore.plasticity`."""
        return self._beside.plasticity

    def forget(self) -> None:
        """Go back to the program's weights; the board does so in the next tick."""
        self._beside.forget()
        self._forget = self._learns

    def end(self, reward: float, *, truncated: bool = False) -> None:
        """Deliver the reward of an episode's last tick to a board that gave it, and has not gone to rest meanwhile.

        Raises:
            LinkError: the board does not answer any more.
            BoardError: it has started anew.
        """
        if not self._learns or self._torn or self.host.phase is not Phase.ARMED:
            return
        try:
            self.host.tick(0, Input.BITMAP, b"", flags=self._flags(), reward=self._beside.reward(reward))
        except BoardError as error:
            self._safe(error)
            return
        self._forget = False
        self._beside.end(reward)

    def _flags(self) -> int:
        """Of a TICK."""
        learn, forget = TickFlag.LEARN if self.learn else 0, TickFlag.FORGET if self._forget else 0
        return TickFlag.CARRY | learn | forget
