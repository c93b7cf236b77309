"""One episode, tick by tick: what `Loop` does between the begin and the end of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurobot.errors import ActionError, ObservationError, RobotError
from neurobot.loop.clock import Clock
from neurobot.loop.detect import Detectors
from neurobot.loop.guard import STOPS, Flag, Guard, Mode, words
from neurobot.loop.quiet import Interrupts
from neurobot.loop.recording import ALTERED, HELD, OWN, RAN, REST
from neurobot.loop.robot import Reading, Robot
from neurobot.loop.summary import EpisodeSummary
from neurobot.loop.tally import Tally
from neurobot.loop.timing import StageTimes

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning
    from neurobot.loop.record import Recorder


@final
class Episode:
    """The ticks of an episode.

    Args:
        controller, robot, clock, recorder, learning, alive: see `neurobot.loop.Loop`.
        guard: armed by the caller.
        times: where the times of its stages are counted.

    Attributes:
        tally: what it adds up to so far.
    """

    CHANGES = ("tally", "_detectors", "_mode", "_told", "_times")

    def __init__(
        self,
        controller: Controller,
        robot: Robot,
        clock: Clock,
        guard: Guard,
        times: StageTimes,
        *,
        recorder: Recorder | None,
        learning: Learning | None,
        alive: Callable[[], bool] | None,
    ):
        self.tally = Tally()
        self._controller, self._robot, self._clock, self._guard = controller, robot, clock, guard
        self._times, self._recorder, self._learning = times, recorder, learning
        self._alive = alive or _always
        self._detectors = Detectors(guard.spec, controller)
        self._mode = Mode.RUNNING
        self._told = ""

    def run(self, interrupts: Interrupts, suspends: bool = False) -> bool:
        """Tick until something ends the episode, and the robot, if it is one, is at rest.

        Args:
            interrupts: Ctrl-C ends the episode.
            suspends: Ctrl-C leaves the episode open instead; it can be run further.

        Returns:
            Whether it was left open.
        """
        tally, clock, recorder, now = self.tally, self._clock, self._recorder, time.perf_counter_ns
        get_observation, outcome, learning = self._robot.get_observation, self._robot.outcome, self._learning
        boxed, linked = recorder is not None and recorder.boxed, self._controller.linked
        begin = now()
        ending = False
        while True:
            woke = clock.lateness
            reading = get_observation()
            if recorder is not None:
                recorder.sense(tally.reward)
            sensed = now()
            action, whose, thought = self._decide(reading)
            decided = now()
            whose |= self._send(action)
            tally.add(outcome())
            acted = now()
            if recorder is not None:
                recorder.act(whose)
                if boxed:
                    recorder.checkpoint(learning, ahead=1)
            slack = clock.wait()
            link = self._controller.link_ns if linked and whose == OWN else 0
            stages = (woke, sensed - begin, thought, decided - sensed - thought, acted - decided, link, slack)
            begin = now()
            self._count(stages)
            if recorder is not None:
                recorder.done(stages)
            if interrupts.requested and not tally.over:
                if suspends and not tally.stopped:
                    return True
                tally.interrupted = True
            if tally.over or tally.interrupted or tally.stopped:
                if not ending and not tally.stopped:
                    self._guard.disarm(clock.monotonic())
                ending = True
                if self._robot.simulated or self._controller.at_rest:
                    return False

    def _decide(self, reading: Reading) -> tuple[Any, int, int]:
        """The action of this tick, whose it is, and how long the network took [ns]."""
        controller, guard, learning, tally = self._controller, self._guard, self._learning, self.tally
        moment = self._clock.monotonic()
        flags = guard.pending(moment) | self._detectors.before(
            moment, reading.values, reading.age(moment), self._alive()
        )
        action, thought, ran, told = None, 0, 0, ""
        if learning is not None:
            learning.ahead()
        if not flags and guard.runs:
            begin = time.perf_counter_ns()
            try:
                action = controller.step(reading.values, tally.take_reward())
            except ObservationError as error:
                flags, told = Flag.OBSERVATION, str(error)
            except ActionError as error:
                flags, told, ran = Flag.ACTION, str(error), RAN
            thought = time.perf_counter_ns() - begin
        mode = guard.update(moment, flags)
        if action is None:
            if self._recorder is not None:
                self._recorder.refused(reading.values)
            whose = HELD if mode is Mode.HOLD else REST
            action = controller.hold() if whose == HELD else controller.rest()
            self._held(mode, flags, told or self._stale(flags, reading, moment) or words(Flag(flags)))
        else:
            whose = OWN
            tally.spikes += controller.spikes_last
            tally.synops += controller.synops_last
            self._detectors.after(moment)
        if learning is not None:
            learning.after(whose != OWN)
        if mode is not self._mode:
            self._changed(mode)
        return action, whose | ran, thought

    def _send(self, action: Any) -> int:
        """Give the action to the robot, and take note of what it made of it; returns whether it changed it."""
        sent = self._robot.send_action(action)
        if sent is action:
            return 0
        numbers: Any
        try:
            numbers = np.asarray(sent, np.float64).reshape(self._controller.sent.shape)
        except (TypeError, ValueError):
            numbers = np.full(1, np.nan)
        if not np.isfinite(numbers).all():
            raise RobotError(
                f"send_action returned {sent!r}; it must return what was sent, "
                f"{self._controller.action_size} finite numbers"
            )
        self._controller.was_sent(numbers)
        return ALTERED

    def _held(self, mode: Mode, flags: int, reason: str) -> None:
        """Count a tick that the guard held, or ended."""
        tally = self.tally
        if mode is Mode.HOLD:
            tally.holds += 1
            self._told = reason
            tally.hold_reason = tally.hold_reason or reason
        elif mode is Mode.SAFE and not tally.stopped:
            lasted = self._mode is Mode.HOLD and not flags & STOPS
            tally.stopped = self._told if lasted else reason or self._guard.cause

    def _stale(self, flags: int, reading: Reading, moment: float) -> str:
        """Which of the sensors is too old; nothing if none is, or they have one time together."""
        if not flags & Flag.STALE or np.ndim(reading.time) == 0:
            return ""
        oldest = int(np.argmin(reading.time))
        name = list(self._robot.observation_features)[oldest]
        return f"the sensor {name!r} is {moment - reading.time[oldest]:.3g} s old"

    def _changed(self, mode: Mode) -> None:
        """Write down that the guard went from one mode to another, and why."""
        if self._recorder is not None:
            cause = self.tally.stopped if mode is Mode.SAFE else self._told if mode is Mode.HOLD else ""
            self._recorder.note({"event": "guard", "mode": mode.name, "was": self._mode.name, "cause": cause})
        self._mode = mode

    def _count(self, stages: tuple[int, ...]) -> None:
        slack = stages[-1]
        self._times.add(*stages)
        self._detectors.done(slack)
        if slack < 0:
            self.tally.late(stages)

    def summary(self, seed: int) -> EpisodeSummary:
        """What it was like, of an episode that began with this seed."""
        tally = self.tally
        return EpisodeSummary(
            seed=seed,
            total_reward=tally.total_reward,
            length=tally.length,
            duration=self._clock.now(),
            terminated=tally.terminated,
            truncated=tally.truncated,
            interrupted=tally.interrupted,
            physics_error=tally.physics_error,
            holds=tally.holds,
            hold_reason=tally.hold_reason,
            stopped=tally.stopped,
            late_stages=dict(tally.late_stages),
            spikes=tally.spikes,
            synops=tally.synops,
            deadlines=self._clock.deadlines(),
            timing=self._times.timing(),
        )


def _always() -> bool:
    return True
