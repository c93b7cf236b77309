"""`check_robot`: does a robot of your own do what the control loop relies on?

A robot in the world must not move because it is looked at. Nothing but the rest action that the caller gives is ever
sent, and `reset` is called of simulations only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from neurobot.errors import RobotError
from neurobot.loop.robot import Feature, Outcome, Reading, Robot
from neurobot.testing.contract import Sentence, check

SEED = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The robots that are checked.

    Attributes:
        make: makes one.
        rest: the only action that is sent, (m,) or the number of a choice.
        period: of a robot that has none of its own [s].
        ticks: of every look.
    """

    make: Callable[[], Any]
    rest: Any
    period: float
    ticks: int

    def action(self) -> Any:
        """The rest action as the loop would send it, in memory of its own."""
        return np.int64(self.rest) if isinstance(self.rest, int | np.integer) else np.array(self.rest, np.float64)

    @contextmanager
    def robot(self) -> Iterator[Robot]:
        """One of them, connected, and disconnected afterwards."""
        robot = self.make()
        robot.connect()
        try:
            if robot.simulated:
                robot.reset(SEED)
            yield robot
        finally:
            robot.disconnect()

    def period_of(self, robot: Robot) -> float:
        """The control period that a robot is run with [s]."""
        return robot.control_period if _is_period(robot.control_period) else self.period  # type: ignore[return-value]

    def readings(self, robot: Robot) -> Iterator[tuple[str, Reading]]:
        """Readings of ticks at rest, each with where it was."""
        for k in range(self.ticks):
            yield f"reading {k}", robot.get_observation()
            robot.send_action(self.action())
            self.wait(robot)

    def wait(self, robot: Robot) -> None:
        """End a tick: a robot in the world has a control period for it, a simulation that is over begins again."""
        outcome = robot.outcome()
        if not robot.simulated:
            time.sleep(self.period_of(robot))
        elif outcome.terminated or outcome.truncated or outcome.fault:
            robot.reset(SEED)


def check_robot(make_robot: Callable[[], Robot], *, rest: Any, period: float = 0.02, ticks: int = 20) -> None:
    """Check the robots that a function makes.

    The robot is connected about ten times, and sent `rest` and nothing else; of that it must be safe. What it does by
    itself when it is connected is not in the hands of this check.

    Args:
        make_robot: makes a `neurobot.loop.Robot`, always the same one; no two are connected at a time.
        rest: the action at which the robot stands still, (m,) numbers or the number of a choice. Not by default 0: of
            an arm whose actions are positions, that is a place to go to.
        period: the control period of a robot that has none of its own [s].
        ticks: of every look, at least 2.

    Raises:
        ConformanceError: with all sentences that do not hold.
        ValueError: a period or a number of ticks that cannot be; nothing was connected.
    """
    if not _is_period(period):
        raise ValueError(f"period is {period!r}, it must be a finite number above 0, in s")
    if ticks < 2:
        raise ValueError(f"ticks is {ticks}, it must be at least 2: a reading is compared with the one before")
    check("the robot", Subject(make=make_robot, rest=rest, period=period, ticks=ticks), ROBOT)


def _features(subject: Subject) -> Iterator[str]:
    robot = subject.make()
    if not isinstance(robot, Robot):
        yield f"it is a {type(robot).__name__}; subclass neurobot.loop.Robot"
    for what in ("observation_features", "action_features"):
        features = getattr(robot, what)
        if not isinstance(features, Mapping) or not features:
            yield f"{what} is {features!r}; it must be a mapping with something in it"
        names = list(features)
        for name in names:
            if not isinstance(name, str) or not name or names.count(name) > 1:
                yield f"{what} has the name {name!r} {names.count(name)} times; names are words, each used once"
            if not isinstance(features[name], Feature):
                yield f"{what}[{name!r}] is {features[name]!r}, no Feature"


def _rest(subject: Subject) -> Iterator[str]:
    yield from _misfit(subject.make(), "rest", subject.rest)


def _connects(subject: Subject) -> Iterator[str]:
    with subject.robot():
        pass
    yield from ()


def _same_features(subject: Subject) -> Iterator[str]:
    robot = subject.make()
    before = [list(robot.observation_features.items()), list(robot.action_features.items())]
    with _connected(robot):
        after = [list(robot.observation_features.items()), list(robot.action_features.items())]
    if before != after:
        yield f"they were {before!s:.200}, and are {after!s:.200}"


def _settings(subject: Subject) -> Iterator[str]:
    robot = subject.make()
    if robot.control_period is not None and not _is_period(robot.control_period):
        yield f"control_period is {robot.control_period!r}"
    if not isinstance(robot.simulated, bool):
        yield f"simulated is {robot.simulated!r}"


def _values(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        for where, reading in subject.readings(robot):
            if not isinstance(reading, Reading):
                yield f"get_observation returned a {type(reading).__name__}, no Reading ({where})"
            yield from (f"{seen} ({where})" for seen in _outside(robot.observation_features, "values", reading.values))


def _times(subject: Subject) -> Iterator[str]:
    begin, latest = time.monotonic(), -math.inf
    with subject.robot() as robot:
        n = len(robot.observation_features)
        last: Any = -math.inf
        for where, reading in subject.readings(robot):
            now = time.monotonic()
            if reading.time is None:
                continue
            times = np.array(reading.time, np.float64)  # a copy: that it may be written over is another sentence
            if times.shape not in ((), (n,)):
                yield f"time has the shape {times.shape}; one for all, or ({n},) ({where})"
            if not (times <= now).all():
                yield f"time is {times.max():g}, and time.monotonic {now:g} ({where})"
            if (times < last).any():
                yield f"time goes back by {np.max(last - times):.3g} s ({where})"
            last, latest = times, float(times.max())
    if latest != -math.inf and latest < begin:
        yield f"the newest time is {latest:g}, {begin - latest:.3g} s before connect, of {subject.ticks} readings"


def _quick(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        period, took = subject.period_of(robot), []
        for _ in range(subject.ticks):
            begin = time.perf_counter()
            robot.get_observation()
            took.append(time.perf_counter() - begin)
    if median(took) >= period:
        yield f"it took {median(took):.3g} s, the median of {subject.ticks} calls; the control period is {period:g} s"


def _keeps(subject: Subject) -> Iterator[str]:
    given: list[tuple[str, Reading, tuple[Any, Any]]] = []
    with subject.robot() as robot:
        for where, reading in subject.readings(robot):
            given.append((where, reading, _copies(reading)))
            for at, old, was in given:
                for what, before, after in zip(("values", "time"), was, _copies(old), strict=True):
                    if before is not None and before.tobytes() != after.tobytes():
                        yield f"{what} of {at} became {after!s:.100}, and was {before!s:.100}, by {where}"


def _returns(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        for k in range(subject.ticks):
            robot.get_observation()
            action = subject.action()
            sent = robot.send_action(action)
            if not np.array_equal(action, subject.action()):
                yield f"the action was {subject.action()!s:.100}, and is {action!s:.100} after send_action (tick {k})"
            if sent is not action:
                yield from (f"{seen} (tick {k})" for seen in _misfit(robot, "what send_action returned", sent))
            subject.wait(robot)


def _outcomes(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        for where, _ in subject.readings(robot):
            outcome = robot.outcome()
            if not isinstance(outcome, Outcome):
                yield f"outcome returned a {type(outcome).__name__}, no Outcome ({where})"
            flags = isinstance(outcome.terminated, bool) and isinstance(outcome.truncated, bool)
            if not (_is_number(outcome.reward) and flags and isinstance(outcome.fault, str)):
                yield f"{outcome!r} ({where})"


def _disconnects_twice(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        robot.disconnect()
    yield from ()


def _connects_again(subject: Subject) -> Iterator[str]:
    with subject.robot() as robot:
        pass
    with _connected(robot):
        if robot.simulated:
            robot.reset(SEED)
        values = robot.get_observation().values
        yield from _outside(robot.observation_features, "values", values)


def _unconnected(subject: Subject) -> Iterator[str]:
    robot = subject.make()
    if robot.simulated:
        return  # there is nothing to connect
    yield from _refuses(robot, subject, "before connect")
    with _connected(robot):
        pass
    yield from _refuses(robot, subject, "after disconnect")


def _refuses(robot: Robot, subject: Subject, when: str) -> Iterator[str]:
    calls: dict[str, Callable[[], Any]] = {
        "get_observation": robot.get_observation,
        "send_action": lambda: robot.send_action(subject.action()),
    }
    for name, call in calls.items():
        try:
            call()
        except RobotError:
            continue
        except Exception as error:  # whatever somebody else's code raises
            yield f"{name} raised {type(error).__name__}: {error} ({when})"
        yield f"{name} raised nothing ({when})"


@contextmanager
def _connected(robot: Robot) -> Iterator[None]:
    robot.connect()
    try:
        yield
    finally:
        robot.disconnect()


def _copies(reading: Reading) -> tuple[Any, Any]:
    return np.array(reading.values), None if reading.time is None else np.array(reading.time)


def _misfit(robot: Robot, what: str, action: Any) -> Iterator[str]:
    """Why something is no action of a robot, if it is none."""
    scalar = np.ndim(action) == 0 and len(robot.action_features) == 1  # the number of a choice
    yield from _outside(robot.action_features, what, [action] if scalar else action)


def _outside(features: Mapping[str, Feature], what: str, numbers: Any) -> Iterator[str]:
    """Why something is not one number of each feature, finite and from low to high, if it is not."""
    try:
        x = np.asarray(numbers, np.float64)
    except (TypeError, ValueError):
        x = np.empty(0)
    if x.shape != (len(features),):
        yield f"{what}: {numbers!r:.100}; it must be ({len(features)},) numbers"
        return
    for value, (name, feature) in zip(x, features.items(), strict=True):
        if not (math.isfinite(value) and feature.low <= value <= feature.high):
            yield f"{what}: {name!r} is {value:g}, it must be finite and from {feature.low:g} to {feature.high:g}"


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _is_period(value: Any) -> bool:
    return _is_number(value) and value > 0


ROBOT: tuple[Sentence[Subject], ...] = (
    Sentence(text="It is a Robot, and its features are Features under names of their own", look=_features, first=True),
    Sentence(
        text="rest, as given to check_robot, is an action: one finite number for each feature, from low to high",
        look=_rest,
        first=True,
    ),
    Sentence(text="connect and disconnect raise nothing", look=_connects, first=True),
    Sentence(text="The features are known before connect, and stay the same", look=_same_features),
    Sentence(text="control_period is a finite number above 0, in s, or None; simulated is a bool", look=_settings),
    Sentence(text="A reading has one finite number for each feature, from low to high", look=_values),
    Sentence(
        text="Times are of time.monotonic, one for all or one each: not in the future, never going back, and not all"
        " from before connect",
        look=_times,
    ),
    Sentence(
        text="get_observation does not wait for the next sample: it takes less than a control period", look=_quick
    ),
    Sentence(text="A reading that was given does not change any more", look=_keeps),
    Sentence(
        text="send_action does not write to the action, and returns it, or what was sent instead: one finite number"
        " for each feature, from low to high",
        look=_returns,
    ),
    Sentence(text="An outcome has a finite reward, two bools, and a fault in words", look=_outcomes),
    Sentence(text="disconnect can be called twice", look=_disconnects_twice),
    Sentence(text="After disconnect it can be connected again", look=_connects_again),
    Sentence(
        text="Without a connection get_observation and send_action raise RobotError, and nothing else",
        look=_unconnected,
    ),
)
"""Sentences about every robot."""
