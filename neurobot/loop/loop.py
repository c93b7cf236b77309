"""The closed loop: sense, tick, guard, act, in step with a clock.

    robot.get_observation ──▶ controller.step ──▶ guard ──▶ robot.send_action ──▶ clock.wait ──▶ next tick

A tick is the same in simulated and in real time; only the clock differs. Limits on the action (finite, clamped, within
the slew rate) are in the controller's compiled tick; the guard says whether that action may be sent, or one that is
held, or rest. Whatever goes wrong ends in one of these, in the end of the episode, or in an error that passes through
after the robot was brought to rest and `Controller.end` was called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import EnvError, GuardError, SpecError, SuspendError
from neurobot.loop.clock import Clock
from neurobot.loop.course import Course
from neurobot.loop.env_robot import as_robot
from neurobot.loop.episode import Episode
from neurobot.loop.fit import check_fit
from neurobot.loop.guard import Flag, Guard, Mode
from neurobot.loop.keeper import Keeper
from neurobot.loop.quiet import Interrupts, no_garbage_collection
from neurobot.loop.recording import SUSPENDED
from neurobot.loop.robot import Robot
from neurobot.loop.summary import EpisodeSummary, RunSummary
from neurobot.loop.suspended import Suspended
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
        suspended: of the last `run` or `resume`, what `resume` goes on from; None if Ctrl-C did not suspend it.

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
        self.suspended: Suspended | None = None
        self._refused = ""
        self._keeper = Keeper(controller, self._robot, clock, self.guard, learning=learning, recorder=recorder)
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
            return self._episode(Course(1, seed), interrupts, StageTimes(), False, None)

    def run(self, episodes: int, seed: int, *, suspend: bool = False) -> RunSummary:
        """Run episodes one after the other.

        Episode k starts environment and controller with seed + k, so that each can be repeated alone by
        ``run_episode(seed + k)``.

        Args:
            episodes: how many, at least 1.
            seed: of the first.
            suspend: after Ctrl-C leave the episode open; `suspended` is what `resume` goes on from.

        Returns:
            What they were like; after Ctrl-C, or once the guard is SAFE, of those that ran.

        Raises:
            ValueError: no episodes.
            SuspendError: suspend, where `why_not_suspended` says why that cannot be.
            GuardError, RobotError: as `run_episode`.
        """
        if episodes < 1:
            raise ValueError(f"episodes is {episodes}, it must be at least 1")
        if suspend:
            self._require_suspendable()
        return self._run(Course(episodes, seed), suspend, None)

    def resume(self, suspended: Suspended) -> RunSummary:
        """Go on with a run that was suspended, in the middle of its episode, and again until Ctrl-C.

        The loop has to be made as the one that was suspended, with new parts: controller and robot of the same kind, a
        `SimClock`, and a recorder with ``resume=suspended.recording`` if the run was recorded. Then all that follows is
        what it would have been without the break, bit for bit; only the times that ticks take differ.

        Args:
            suspended: of `suspended`, or of `Suspended.load`.

        Returns:
            What the whole run was like, from its first episode on.

        Raises:
            SuspendError: another program, core or guard, another recording, or a state that does not fit the robot;
                nothing has run.
            GuardError, RobotError: as `run_episode`.
        """
        self._require_suspendable()
        self.check_same(suspended)
        course = Course(suspended.episodes, suspended.seed, suspended.done)
        if suspended.ticks is None:
            self._keeper.put(suspended, course, None)
        return self._run(course, True, suspended)

    def check_same(self, suspended: Suspended) -> None:
        """Compare a suspended run with this loop, as `resume` does before anything else.

        Raises:
            SuspendError: it ran with something else, or its recording is not the recorder's.
        """
        self._keeper.require_same(suspended)

    @property
    def why_not_suspended(self) -> str:
        """Why a run cannot be suspended, or why the last one was not; empty if it can."""
        return self._refused or self._keeper.why_not

    def _require_suspendable(self) -> None:
        self._refused = ""
        if self.why_not_suspended:
            raise SuspendError(f"the run cannot be suspended: {self.why_not_suspended}")

    def _run(self, course: Course, suspends: bool, suspended: Suspended | None) -> RunSummary:
        """Run what is left of a course; from `suspended` on, if there is one."""
        self.suspended, self._refused = None, ""
        open_now = suspended if suspended is not None and suspended.ticks is not None else None
        interrupted = False
        with Interrupts() as interrupts, _Connected(self._robot):
            while not course.over and not interrupted:
                times = StageTimes()
                before = suspended or (self._keeper.take(course, None) if suspends else None)
                try:
                    summary = self._episode(course, interrupts, times, suspends, open_now)
                except KeyboardInterrupt:  # before the episode had begun
                    interrupted, self.suspended = True, before
                else:
                    course.done.append(summary)
                    course.times.update(times)
                    interrupted = summary.interrupted or (interrupts.requested and not (suspends and course.over))
                    if suspends and interrupted and not summary.interrupted:
                        self.suspended = self._keeper.take(course, None)
                suspended = open_now = None
        if self.suspended is not None and self._recorder is not None:
            self._recorder.note({"event": SUSPENDED})
        return course.summary(interrupted, None if self._learning is None else self._learning.summary())

    def _episode(
        self, course: Course, interrupts: Interrupts, times: StageTimes, suspends: bool, resumed: Suspended | None
    ) -> EpisodeSummary:
        """Run the next episode of a course, or what is left of one that was suspended."""
        seed = course.next_seed
        episode = self._begin(seed, times) if resumed is None else self._begin_again(course, times, resumed)
        left_open = False
        try:
            with no_garbage_collection():
                if resumed is None:
                    self._clock.start(self._controller.control_period)
                    self.guard.arm(self._clock.monotonic())
                left_open = episode.run(interrupts, suspends)
        except KeyboardInterrupt:  # the second Ctrl-C, or one that somebody else's handler raised
            episode.tally.interrupted = True
            self._refused = "a second Ctrl-C came before the tick was over"
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
        if left_open and self._suspend(course, episode):
            return replace(episode.summary(seed), interrupted=True)
        summary = episode.summary(seed)
        self._end(episode, summary.to_dict())
        return summary

    def _begin(self, seed: int, times: StageTimes) -> Episode:
        """Reset everything for an episode."""
        if self.guard.mode is Mode.SAFE:
            raise GuardError(f"the guard is SAFE: {self.guard.cause}; see to the cause, then call guard.disarm()")
        self._robot.reset(seed)
        self._controller.reset(seed)
        if self._learning is not None:
            self._learning.start_episode()
        if self._recorder is not None:
            self._recorder.start_episode(seed)
            self._recorder.checkpoint(self._learning)
        return self._new_episode(times)

    def _begin_again(self, course: Course, times: StageTimes, suspended: Suspended) -> Episode:
        """Put everything where it was when an episode was suspended."""
        self._robot.reset(course.next_seed)  # for what follows from the seed
        self._controller.reset(course.next_seed)
        episode = self._new_episode(times)
        self._keeper.put(suspended, course, episode)
        return episode

    def _suspend(self, course: Course, episode: Episode) -> bool:
        """Keep an episode as it is, to go on with it later; where that fails end it, and remember why."""
        try:
            self.suspended = self._keeper.take(course, episode)
        except (SuspendError, EnvError) as error:
            self._refused = str(error)
            episode.tally.interrupted = True
        self.guard.disarm(self._clock.monotonic())
        return self.suspended is not None

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
