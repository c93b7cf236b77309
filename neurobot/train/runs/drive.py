"""Carries out any training: its folder, checkpoints, events, Ctrl-C, and going on where it stopped.

events.jsonl                    ``start``, then ``round`` after every step and ``evaluation`` where there was one
checkpoint-000120.safetensors   everything that changes, after 120 steps; the last few are kept
program.safetensors             the best program so far
results.json                    what more there is to say of that one, where there is
lock.json                       who is at work in the folder
tensorboard/                    the same numbers for TensorBoard, if they are wanted
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from neurobot.errors import ProgramFileError, TrainingError
from neurobot.files import write_atomically
from neurobot.loop.quiet import Interrupts
from neurobot.program import Program
from neurobot.spec.serialize import to_data
from neurobot.train.method import Job, Report, Run, Settings
from neurobot.train.runs.checkpoint import Checkpoint, newest
from neurobot.train.runs.lock import locked
from neurobot.train.runs.log import EventLog, Log
from neurobot.train.runs.tensorboard import TensorBoard, require_tensorboard
from neurobot.versions import packages

EVENTS, PROGRAM, BOARD, RESULTS = "events.jsonl", "program.safetensors", "tensorboard", "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a training is.

    Args:
        unit: what a step of it is called, e.g. ``generation``.
        rounds: steps of training so far.
        steps: environment steps so far.
        core_seconds: process CPU time so far [s].
        share: of the budget, 0 to 1.
        seconds_left: at the pace since this process began [s]; NaN where that is not known yet.
        steps_per_second: environment steps per second by the clock since this process began.
        numbers: of the last step, see `Report`.
        best: best evaluation so far, or NaN.
    """

    unit: str
    rounds: int
    steps: int
    core_seconds: float
    share: float
    seconds_left: float
    steps_per_second: float
    numbers: Mapping[str, float]
    best: float


def train(
    job: Job,
    settings: Settings,
    folder: Path,
    *,
    log: Log | None = None,
    resume: bool = False,
    report: Callable[[Progress], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> Program:
    """Train.

    Ctrl-C ends it after the step at work, where a checkpoint is whole; a second one at once. When the disk is full it
    goes on without checkpoints, and says so.

    Args:
        job: what to train.
        settings: how, e.g. `neurobot.train.evolution.settings.Evolve`.
        folder: of the run; see this module's docstring.
        log: what is written beside programs.
        resume: go on from the folder's newest whole checkpoint; the result equals that of a run without a break.
        report: called after every step, and once more at the end.
        notice: called with what a user should know; default prints to stderr.

    Returns:
        The best program.

    Raises:
        NeurobotError: the job cannot be trained in this way.
        TrainingError: an engine that the method cannot use, or a package that is not installed; a folder that cannot
            be written or that another training holds; nothing to resume from, or another run's.
        ProgramFileError: the program cannot be written at the end.
        KeyboardInterrupt: passed on after a checkpoint was saved.
    """
    if job.engine.name not in settings.engines:
        known = " and ".join(settings.engines)
        raise TrainingError(f"method {settings.method!r} works on {known} only; leave --engine {job.engine.name} out")
    if log is not None and log.tensorboard:
        require_tensorboard()
    run = settings.begin(job)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, notice or _print):
            return _Training(job, settings, folder, log or Log(), resume, report, notice or _print, run).go()
    finally:
        run.close()


@final
class _Training:
    def __init__(
        self,
        job: Job,
        settings: Settings,
        folder: Path,
        log: Log,
        resume: bool,
        report: Callable[[Progress], None] | None,
        notice: Callable[[str], None],
        run: Run,
    ):
        self._job, self._settings, self._folder, self._keep = job, settings, folder, log
        self._run, self._report, self._notice = run, report, notice
        self._about, self._packages = _about(job, settings), packages()
        self._rounds = self._steps = 0
        self._numbers: Mapping[str, float] = {}
        self._saved_at, self._failing, self._unsaved = time.monotonic(), False, True
        job.clock.restart()
        if resume:
            self._restore(newest(folder, self._about, settings.may_change, notice))
        self._events = EventLog(folder / EVENTS, self._rounds if resume else None, notice)
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        self._event("resume" if resume else "start", {"unit": run.unit, "about": self._about, "time": now})
        self._board = TensorBoard(folder / BOARD, self._at() + 1) if log.tensorboard else None
        self._begun = (time.monotonic(), run.share(), self._steps)
        self._whole = True  # whether `run.state` may be saved

    def go(self) -> Program:
        """Step until the budget is used."""
        try:
            with Interrupts() as interrupts:
                while self._run.share() < 1.0:
                    self._whole = self._run.atomic
                    self._take(self._run.step())
                    if interrupts.requested:
                        raise KeyboardInterrupt
                last = self._run.finish()
                if last is not None:
                    self._log(last)
                self._tell()
        except KeyboardInterrupt:
            if self._whole:
                self._save()
            raise
        finally:
            if self._board is not None:
                self._board.close()
        if self._unsaved:
            self._save()
        best = self._program()
        best.save(self._folder / PROGRAM)
        if results := self._run.results():
            write_atomically(self._folder / RESULTS, (json.dumps(results, indent=2) + "\n").encode())
        return best

    def _take(self, report: Report) -> None:
        """What follows a step."""
        self._rounds += 1
        self._whole = True
        self._log(report)
        if report.evaluation is not None and time.monotonic() - self._saved_at >= self._keep.interval:
            self._save()
        self._tell()

    def _tell(self) -> None:
        if self._report is not None:
            self._report(self._progress())

    def _log(self, report: Report) -> None:
        self._steps, self._unsaved = report.steps, True
        if report.numbers:
            self._numbers = report.numbers
            self._write("round", report.numbers)
        if report.evaluation is not None:
            self._write("evaluation", report.evaluation)

    def _write(self, event: str, numbers: Mapping[str, float]) -> None:
        self._event(event, numbers)
        if self._board is not None:
            self._board.write(event, self._at(), numbers)

    def _at(self) -> int:
        """Where curves are: environment steps, or rounds where there are none."""
        return self._steps or self._rounds

    def _event(self, event: str, values: Mapping[str, Any]) -> None:
        where = {"round": self._rounds, "steps": self._steps, "core_seconds": self._job.clock.seconds}
        self._events.write(event, **where, **values)

    def _progress(self) -> Progress:
        began, share_then, steps_then = self._begun
        elapsed, share = time.monotonic() - began, self._run.share()
        pace = (share - share_then) / elapsed if elapsed > 0 else 0.0
        return Progress(
            unit=self._run.unit,
            rounds=self._rounds,
            steps=self._steps,
            core_seconds=self._job.clock.seconds,
            share=share,
            seconds_left=(1 - share) / pace if pace > 0 else float("nan"),
            steps_per_second=(self._steps - steps_then) / max(elapsed, 1e-9),
            numbers=self._numbers,
            best=self._run.best,
        )

    def _save(self) -> None:
        """Write the checkpoint and the best program; where that fails the training goes on, and the old ones stay."""
        self._saved_at = time.monotonic()
        seconds = self._job.clock.seconds
        checkpoint = Checkpoint(self._about, self._run.state(), self._rounds, self._steps, seconds)
        try:
            checkpoint.save(self._folder, self._keep.keep)
            self._program().save(self._folder / PROGRAM)
        except (ProgramFileError, OSError) as error:
            if not self._failing:
                self._notice(f"no checkpoint: {error}; the training goes on")
            self._failing = True
            return
        if self._failing:
            self._notice("checkpoints can be written again")
        self._failing = self._unsaved = False

    def _restore(self, found: Checkpoint) -> None:
        self._run.restore(found.state)
        self._rounds, self._steps = found.rounds, found.steps
        self._job.clock.restart(found.core_seconds)

    def _program(self) -> Program:
        program, best = self._run.program(), self._run.best
        return program.with_params(
            program.params, env=self._job.env.id, env_settings=self._job.env.settings,
            method=self._settings.method, settings=self._about["train"],
            seed=self._job.seed, rounds=self._rounds, steps=self._steps,
            core_seconds=round(self._job.clock.seconds, 1), versions=self._packages,
            **{f"validation_{self._run.score}": None if best != best else best},
        )  # fmt: skip


def _about(job: Job, settings: Settings) -> dict[str, Any]:
    """What makes a run this run, as JSON gives it back."""
    about = {
        "method": settings.method, "env": to_data(job.env), "seed": job.seed, "train": asdict(settings),
        "controller": to_data(job.program.spec), "program_seed": job.program.seed,
        "params_sha256": hashlib.sha256(job.program.params.tobytes()).hexdigest(),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(about))
    return plain


def _print(text: str) -> None:
    print(text, file=sys.stderr)
