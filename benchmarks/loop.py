"""What the loop costs beside the controller's tick, and how it keeps a control rate next to a busy neighbour.

The robot answers at once with observations drawn beforehand, so nothing is simulated. Rounds alternate between the
controller alone and the loop around it, with more and more switched on; what the loop costs is the difference.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from neurobot.controller import Controller
from neurobot.loop import Loop, RealClock, Recorder, Robot, RunSummary, SimClock
from neurobot.loop.instant import Instant
from neurobot.program import Program
from neurobot.spec import GuardSpec

ALL = GuardSpec(frozen=1e9, silence=1e9, runaway=1.0, dead_man=1e9, max_misses=None)
"""Every detector looks, and finds nothing."""
SOAKED = replace(ALL, hold_for=60.0)
"""Nor does a machine that gives the loop no time for a while end a soak: what was missed is counted."""
TICKS = 1000
PERIOD = 0.002  # [s]
SOAKS = {
    "alone": ("alone", 0, False),
    "stalled": ("the writer of the recording stopped meanwhile", 0, True),
    "busy": ("beside a busy process on every core", os.cpu_count() or 1, False),
}
"""Name in the table, busy neighbours, and whether the writer of the recording is stopped."""


def main(launch: str, rounds: int, seconds: float, soaks: Sequence[str]) -> None:
    """Print both tables.

    Args:
        launch: a trained program's file.
        rounds: that alternate; 0 leaves their table out.
        seconds: of a soak.
        soaks: which of `SOAKS`.
    """
    program = Program.load(launch)
    if rounds:
        _print_costs(program, Path(launch).stem, rounds)
    columns = "ticks | missed | skipped | slots | began late [us] | tick [us] | longest stage | memory grew"
    print(f"\n| {1 / PERIOD:.0f} Hz for {seconds:g} s, median and p99 | {columns} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in soaks:
        title, neighbours, stalls = SOAKS[name]
        print(_soak(title, program, seconds, neighbours, stalls))


def _print_costs(program: Program, name: str, rounds: int) -> None:
    print(f"| {name}, a tick of | median [us] | beside the controller [us] | least – most |")
    print("|---|---|---|---|")
    times = _costs(program, rounds)
    alone = times["the controller alone"]
    for kind, each in times.items():
        extra = [1e6 * (a - b) for a, b in zip(each, alone, strict=True)]
        shown = f"{statistics.median(extra):.1f} | {min(extra):.1f} – {max(extra):.1f}" if each is not alone else "| "
        print(f"| {kind} | {1e6 * statistics.median(each):.1f} | {shown} |")


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
    robot = _instant(controller, TICKS)
    step, begin = controller.step, time.perf_counter()
    for _ in range(TICKS):
        step(robot.get_observation().values)
        robot.send_action(None)
    yield "the controller alone", (time.perf_counter() - begin) / TICKS
    for name, guard, records in (
        ("the loop: clock, guard, timing", GuardSpec(), False),
        ("with the recorder's ring", GuardSpec(), True),
        ("and with every detector", ALL, True),
    ):
        with _loop(controller, _instant(controller, TICKS), guard, records) as loop:
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


def _instant(controller: Controller, ticks: int) -> Instant:
    return Instant(controller, np.random.default_rng(0).normal(0, 1, (1024, controller.observation_size)), ticks)


def _soak(name: str, program: Program, seconds: float, neighbours: int, stalls: bool) -> str:
    """A row: real time, by a controller whose period is made the soak's."""
    controller = Controller(program, record=True)
    controller.control_period = PERIOD
    robot = _instant(controller, max(1, round(seconds / PERIOD)))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        recorder = stack.enter_context(Recorder(Path(folder) / "run", controller, realtime=True))
        loop = Loop(controller, robot, clock=RealClock(), guard=SOAKED, recorder=recorder, alive=lambda: True)
        for _ in range(neighbours):
            stack.enter_context(_busy())
        if stalls:
            os.kill(recorder.writer_pid, signal.SIGSTOP)
            stack.callback(os.kill, recorder.writer_pid, signal.SIGCONT)
        before = _resident()
        summary = loop.run(1, 0)
        grown = _resident() - before
    return _row(name, summary, grown)


@contextmanager
def _busy() -> Iterator[None]:
    """A process that never sleeps."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _resident() -> int:
    """Memory of this process that is in place [KiB]."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def _row(name: str, summary: RunSummary, grown: int) -> str:
    if summary.episodes[0].stopped:
        raise SystemExit(f"the soak ended early: {summary.episodes[0].stopped}")
    deadlines = summary.deadlines
    slots = round(summary.episodes[0].duration / PERIOD)
    times = [summary.timing[stage] for stage in ("wake", "tick")]
    woke, tick = (f"{1e6 * time.p50:.1f}, {1e6 * time.p99:.1f}" for time in times)
    late = ", ".join(f"{stage} {n}" for stage, n in summary.late_stages.items()) or "–"
    counts = f"{deadlines.ticks} | {deadlines.misses} | {deadlines.skipped} | {slots}"
    return f"| {name} | {counts} | {woke} | {tick} | {late} | {grown} KiB |"
