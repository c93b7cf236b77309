"""The closed loop: sense, tick, guard, act, in step with a clock.

    robot.get_observation ──▶ controller.step ──▶ guard ──▶ robot.send_action ──▶ clock.wait ──▶ next tick

A tick is the same in simulated and in real time; only the clock differs. Limits on the action (finite, clamped, within
the slew rate) are in the controller's compiled tick; the guard says whether that action may be sent, or one that is
held, or rest. Whatever goes wrong ends in one of these, in the end of the episode, or in an error that passes through
after the robot was brought to rest and `Controller.end` was called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import GuardError, SpecError
from neurobot.loop.clock import Clock
from neurobot.loop.env_robot import as_robot
from neurobot.loop.episode import Episode
from neurobot.loop.fit import check_fit
from neurobot.loop.guard import Flag, Guard, Mode
from neurobot.loop.quiet import Interrupts, no_garbage_collection
from neurobot.loop.robot import Robot
from neurobot.loop.summary import EpisodeSummary, RunSummary
from neurobot.loop.timing import StageTimes
from neurobot.spec.guard import GuardSpec

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning
    from neurobot.loop.record import Recorder


@final
class Loop:
    """Runs a controller on a robot or in an environment.

    Every run arms the guard at its begin and disarms it at its end. Once the guard is SAFE nothing runs any more until
    `guard.disarm` was called: by somebody who has seen to the cause.

    Args:
        controller: see `neurobot.Controller`.
        robot: a `Robot`, or a `gymnasium.Env` with a flat `Box` or a `Dict` of observations, and a flat `Box` or
            `Discrete` space of actions.
        clock: `SimClock` runs as fast as it can, `RealClock` keeps to the control period.
        recorder: takes every tick, if given; the caller closes it.
        learning: of the same controller, lets it learn while it runs; without, `controller.learn` stays as it is.
        guard: what is tolerated, default `GuardSpec()`.
        alive: asked every tick whether the dead-man switch is held; for `GuardSpec.dead_man`.

    Attributes:
        guard: its state machine; `guard.stop()` is the emergency stop.

    Raises:
        EnvError: spaces, sizes or control period that do not fit the controller.
        SpecError: a guard that asks for what is not there.
    """

    def __init__(
        self,
        controller: Controller,
        robot: Robot | Any,
        *,
        clock: Clock,
        recorder: Recorder | None = None,
        learning: Learning | None = None,
        guard: GuardSpec | None = None,
        alive: Callable[[], bool] | None = None,
    ):
        self._robot = as_robot(robot)
        check_fit(controller, self._robot)
        self.guard = Guard(guard or GuardSpec(), controller.control_period)
        if self.guard.spec.dead_man is not None and alive is None:
            raise SpecError(
                "guard", ["dead_man is given, and there is no switch: give Loop(alive=...) or leave it out"]
            )
        self._controller = controller
        self._clock = clock
        self._recorder = recorder
        self._learning = learning
        self._alive = alive
        self._new_episode(StageTimes())  # whether the detectors fit

    def run_episode(self, seed: int) -> EpisodeSummary:
        """Run one episode.

        Args:
            seed: of the environment and of the controller's chance.

        Returns:
            What it was like; after Ctrl-C, of the ticks that ran.

        Raises:
            GuardError: the guard is SAFE from before.
            RobotError: the robot cannot be connected, or failed.
            KeyboardInterrupt: a second Ctrl-C while the environment was being reset.
        """
        with Interrupts() as interrupts, _Connected(self._robot):
            return self._episode(seed, interrupts, StageTimes())

    def run(self, episodes: int, seed: int) -> RunSummary:
        """Run episodes one after the other.

        Episode k starts environment and controller with seed + k, so that each can be repeated alone by
        ``run_episode(seed + k)``.

        Args:
            episodes: how many, at least 1.
            seed: of the first.

        Returns:
            What they were like; after Ctrl-C, or once the guard is SAFE, of those that ran.

        Raises:
            ValueError: no episodes.
            GuardError, RobotError: as `run_episode`.
        """
        if episodes < 1:
            raise ValueError(f"episodes is {episodes}, it must be at least 1")
        done: list[EpisodeSummary] = []
        total = StageTimes()
        interrupted = False
        with Interrupts() as interrupts, _Connected(self._robot):
            while len(done) < episodes and not interrupted and not (done and done[-1].stopped):
                times = StageTimes()
                try:
                    done.append(self._episode(seed + len(done), interrupts, times))
                except KeyboardInterrupt:  # before the episode had begun
                    interrupted = True
                else:
                    total.update(times)
                    interrupted = interrupts.requested or done[-1].interrupted
        learnt = None if self._learning is None else self._learning.summary()
        return RunSummary(
            episodes=tuple(done), seed=seed, interrupted=interrupted, timing=total.timing(), learning=learnt
        )

    def _episode(self, seed: int, interrupts: Interrupts, times: StageTimes) -> EpisodeSummary:
        if self.guard.mode is Mode.SAFE:
            raise GuardError(f"the guard is SAFE: {self.guard.cause}; see to the cause, then call guard.disarm()")
        self._robot.reset(seed)
        self._controller.reset(seed)
        if self._learning is not None:
            self._learning.start_episode()
        if self._recorder is not None:
            self._recorder.start_episode(seed)
            self._recorder.checkpoint(self._learning)
        episode = self._new_episode(times)
        try:
            with no_garbage_collection():
                self._clock.start(self._controller.control_period)
                self.guard.arm(self._clock.monotonic())
                episode.run(interrupts)
        except KeyboardInterrupt:  # the second Ctrl-C, or one that somebody else's handler raised
            episode.tally.interrupted = True
            try:
                self._come_to_rest(None)
            except Exception as error:
                self.guard.update(self._clock.monotonic(), Flag.FAILED)
                self._end(episode, _told(error))
                raise
        except BaseException as error:
            self._come_to_rest(error)
            self._end(episode, _told(error))
            raise
        summary = episode.summary(seed)
        self._end(episode, summary.to_dict())
        return summary

    def _new_episode(self, times: StageTimes) -> Episode:
        return Episode(
            self._controller, self._robot, self._clock, self.guard, times,
            recorder=self._recorder, learning=self._learning, alive=self._alive,
        )  # fmt: skip

    def _come_to_rest(self, error: BaseException | None) -> None:
        """After a tick was torn: what can still be sent is the rest action, as fast as slew allows."""
        now = self._clock.monotonic()
        if error is None:
            self.guard.disarm(now)
        else:
            self.guard.update(now, Flag.FAILED)
        if self._robot.simulated:
            return
        try:
            while True:
                self._robot.send_action(self._controller.rest())
                if self._controller.at_rest:
                    return
                self._clock.wait()
        except Exception as failure:
            if error is None:
                raise
            error.add_note(f"the robot could not be brought to rest either: {type(failure).__name__}: {failure}")

    def _end(self, episode: Episode, summary: dict[str, Any]) -> None:
        last = episode.tally.take_reward()
        try:
            ends = self._controller if self._learning is None else self._learning
            ends.end(last, truncated=not episode.tally.terminated)
        finally:
            if self._recorder is not None:
                self._recorder.end_episode(last, summary)


def _told(error: BaseException) -> dict[str, Any]:
    """The summary of an episode that an error ended."""
    return {"error": f"{type(error).__name__}: {error}"}


@final
class _Connected:
    """A robot that is connected, for a while."""

    def __init__(self, robot: Robot):
        self._robot = robot

    def __enter__(self) -> None:
        self._robot.connect()

    def __exit__(self, *_: object) -> None:
        self._robot.disconnect()
