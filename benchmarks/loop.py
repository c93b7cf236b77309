"""What the loop costs beside the controller's tick, and how it keeps a control rate next to a busy neighbour.

The robot answers at once with observations drawn beforehand, so nothing is simulated. Rounds alternate between the
controller alone and the loop around it, with more and more switched on; what the loop costs is the difference.
"""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.controller import Controller
from neurobot.loop import Feature, Loop, Outcome, Reading, RealClock, Recorder, Robot, RunSummary, SimClock
from neurobot.program import Program
from neurobot.spec import GuardSpec

ALL = GuardSpec(frozen=1e9, silence=1e9, runaway=1.0, dead_man=1e9, max_misses=None)
"""Every detector looks, and finds nothing."""
TICKS = 4000
PERIOD = 0.002  # [s]


class Instant(Robot):
    """Answers at once, and forgets what it is told.

    Args:
        controller: whose observations and actions it has.
        ticks: of an episode.
    """

    simulated = True

    def __init__(self, controller: Controller, ticks: int):
        self.observation_features = {str(k): Feature() for k in range(controller.observation_size)}
        self.action_features = {str(k): Feature(low=-1, high=1) for k in range(controller.action_size)}
        self._seen = np.random.default_rng(0).normal(0, 1, (1024, controller.observation_size))
        self._ticks, self._k = ticks, 0

    def connect(self) -> None:
        """Nothing to open."""

    def reset(self, seed: int) -> None:
        """Begin at the first observation."""
        self._k = 0

    def get_observation(self) -> Reading:
        """The next that was drawn."""
        return Reading(self._seen[self._k % len(self._seen)])

    def send_action(self, action: Any) -> Any:
        """Count it."""
        self._k += 1
        return action

    def outcome(self) -> Outcome:
        """Time is up after so many ticks."""
        return Outcome(truncated=self._k >= self._ticks)

    def disconnect(self) -> None:
        """Nothing to close."""


def main(launch: str, rounds: int, seconds: float) -> None:
    """Print both tables.

    Args:
        launch: a trained program's file.
        rounds: that alternate.
        seconds: of the soak.
    """
    program = Program.load(launch)
    print(f"| {Path(launch).stem}, a tick of | median [us] | beside the controller [us] | least – most |")
    print("|---|---|---|---|")
    times = _costs(program, rounds)
    alone = times["the controller alone"]
    for name, each in times.items():
        extra = [1e6 * (a - b) for a, b in zip(each, alone, strict=True)]
        shown = f"{statistics.median(extra):.1f} | {min(extra):.1f} – {max(extra):.1f}" if each is not alone else "| "
        print(f"| {name} | {1e6 * statistics.median(each):.1f} | {shown} |")
    print(
        f"\n| {1 / PERIOD:.0f} Hz for {seconds:g} s | ticks | missed | skipped | slots | longest stage | memory grew |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, neighbour in (("alone", False), ("beside a busy process on every core", True)):
        print(_soak(name, program, seconds, neighbour, None))
    print(_soak("the writer of the recording stopped meanwhile", program, seconds, False, signal.SIGSTOP))


def _costs(program: Program, rounds: int) -> dict[str, list[float]]:
    """Seconds a tick of every kind, round by round."""
    times: dict[str, list[float]] = {}
    for k in range(rounds + 1):
        for name, seconds in _round(program):
            if k:  # the first one warms up
                times.setdefault(name, []).append(seconds)
    return times


def _round(program: Program) -> Iterator[tuple[str, float]]:
    controller = Controller(program, record=True)
    robot = Instant(controller, TICKS)
    step, begin = controller.step, time.perf_counter()
    for _ in range(TICKS):
        step(robot.get_observation().values)
        robot.send_action(None)
    yield "the controller alone", (time.perf_counter() - begin) / TICKS
    for name, guard, records in (
        ("the loop: clock, guard, timing", GuardSpec(), False),
        ("with every detector", ALL, False),
        ("and the recorder's ring", ALL, True),
    ):
        with _loop(controller, Instant(controller, TICKS), guard, records) as loop:
            begin = time.perf_counter()
            loop.run_episode(0)
            seconds = time.perf_counter() - begin
        yield name, seconds / TICKS


@contextmanager
def _loop(controller: Controller, robot: Robot, guard: GuardSpec, records: bool) -> Iterator[Loop]:
    with ExitStack() as stack:
        recorder = None
        if records:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            recorder = stack.enter_context(Recorder(Path(folder) / "run", controller, realtime=True))
        yield Loop(controller, robot, clock=SimClock(), guard=guard, recorder=recorder, alive=lambda: True)


def _soak(name: str, program: Program, seconds: float, neighbours: bool, stop: signal.Signals | None) -> str:
    """A row: real time, by a controller whose period is made the soak's."""
    controller = Controller(program, record=True)
    controller.control_period = PERIOD
    ticks = round(seconds / PERIOD)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    if not neighbours:
        _end(busy)
    try:
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder) / "run", controller, realtime=True)
            loop = Loop(
                controller, Instant(controller, ticks), clock=RealClock(), guard=ALL, recorder=recorder,
                alive=lambda: True,
            )  # fmt: skip
            if stop is not None:
                os.kill(recorder.writer_pid, stop)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            summary = loop.run(1, 0)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            if stop is not None:
                os.kill(recorder.writer_pid, signal.SIGCONT)
            recorder.close()
    finally:
        _end(busy)
    return _row(name, summary, grown)


def _row(name: str, summary: RunSummary, grown: int) -> str:
    deadlines = summary.deadlines
    slots = round(summary.episodes[0].duration / PERIOD)
    late = ", ".join(f"{stage} {n}" for stage, n in summary.late_stages.items()) or "–"
    return f"| {name} | {deadlines.ticks} | {deadlines.misses} | {deadlines.skipped} | {slots} | {late} | {grown} KiB |"


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()
