"""Takes a run out of what it consists of, and puts it back into parts that were made alike."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import EnvError, SuspendError
from neurobot.loop.changes import collect, put_back
from neurobot.loop.clock import Clock, SimClock
from neurobot.loop.course import Course
from neurobot.loop.episode import Episode
from neurobot.loop.guard import Guard
from neurobot.loop.robot import Robot
from neurobot.loop.suspended import Suspended

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning
    from neurobot.loop.record import Recorder


RESTORED = ("host", "host64", "fixed")
"""Cores whose state can be set."""


@final
class Keeper:
    """The parts of a `Loop`, as far as something changes in them."""

    def __init__(
        self,
        controller: Controller,
        robot: Robot,
        clock: Clock,
        guard: Guard,
        *,
        learning: Learning | None,
        recorder: Recorder | None,
    ):
        self._controller, self._robot, self._clock, self._guard = controller, robot, clock, guard
        self._learning, self._recorder = learning, recorder

    @property
    def why_not(self) -> str:
        """Why a run of these parts cannot be suspended; empty if it can."""
        if not isinstance(self._clock, SimClock):
            return "it keeps to real time, and a world that does not stop cannot be gone on with later"
        if self._controller.core not in RESTORED:
            return f"its network runs on {self._controller.core}, whose state cannot be set"
        return self._robot.why_not_suspended

    def take(self, course: Course, episode: Episode | None) -> Suspended:
        """A run as it is now, in an episode or between two.

        Raises:
            SuspendError, EnvError: something of which it is not known what changes in it.
        """
        state = {name: collect(part, name) for name, part in self._parts(course, episode).items()}
        state["controller"] = self._controller.snapshot()
        return Suspended(
            episodes=course.episodes,
            seed=course.seed,
            done=tuple(course.done),
            ticks=None if episode is None else episode.tally.length,
            ran_with=self._ran_with,
            recording=None if self._recorder is None else self._recorder.position,
            state=state,
        )

    def put(self, suspended: Suspended, course: Course, episode: Episode | None) -> None:
        """Put a run back, into an episode or between two.

        Raises:
            SuspendError, EnvError: it is of other parts.
        """
        try:
            self._controller.restore(suspended.state["controller"])
            for name, part in self._parts(course, episode).items():
                put_back(part, suspended.state[name])
        except (SuspendError, EnvError):
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            what = f"{type(error).__name__}: {error}"
            raise SuspendError(
                f"the state of the suspended run does not fit what it is to go on with ({what}); make controller and "
                "environment as they were, or begin anew"
            ) from error

    def require_same(self, suspended: Suspended) -> None:
        """Compare what decides on how a run goes on; SuspendError with what differs."""
        from neurobot.program.report import diff_data  # not above: the process that writes recordings needs no programs

        differ = diff_data(dict(suspended.ran_with), self._ran_with)
        if differ:
            raise SuspendError(f"the suspended run is another one than this loop is made for: {'; '.join(differ)}")
        if self._recorder is not None and self._recorder.position != suspended.recording:
            raise SuspendError(
                f"the recording of the suspended run came to {suspended.recording}, the recorder is at "
                f"{self._recorder.position}; make it with resume=suspended.recording"
            )

    def _parts(self, course: Course, episode: Episode | None) -> dict[str, Any]:
        """What changes in a run, beside the controller."""
        parts = {"clock": self._clock, "guard": self._guard, "course": course}
        if self._learning is not None:
            parts["learning"] = self._learning
        return parts if episode is None else parts | {"episode": episode, "robot": self._robot}

    @cached_property  # to hash a program takes a while, and every episode asks
    def _ran_with(self) -> dict[str, Any]:
        from neurobot.program.file import fingerprint

        learning = self._learning
        return {
            "program": fingerprint(self._controller.program),
            "core": self._controller.core,
            "guard": repr(self._guard.spec),
            "learning": None if learning is None else {"freeze_at": learning.freeze_at},
        }
