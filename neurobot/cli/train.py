"""`neurobot train`: a launch file's ``[train]`` carried out, with progress, Ctrl-C and going on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import Perturb, parse_with_settings
from neurobot.cli.console import compiling, messages, print_json, print_rows, say, significant
from neurobot.cli.folder import PROGRAM, SUMMARY, new_folder, write_config, write_json
from neurobot.cli.subject import untrained
from neurobot.config import RESOLVED, Experiment
from neurobot.errors import ConfigError
from neurobot.files import plain
from neurobot.train.engines.engine import Engine
from neurobot.train.method import Job

if TYPE_CHECKING:
    from neurobot.program import Program
    from neurobot.train.runs.drive import Progress

SHOWN = {"return_mean": "return", "accuracy": "accuracy", "loss": "loss", "spikes_per_tick": "spikes/tick"}
"""Numbers of a step that the progress bar shows, where there are any, and what it calls them."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Make a controller by training, as the [train] part of a launch file says.

    Settings of the launch file can be given too: --seed, ...; `neurobot train LAUNCH --help` shows them all.

    Args:
        launch: a launch file, the folder of a training, or the name of a bundled launch file.
        out: folder of the training; default runs/NAME-DATE-TIME.
        resume: go on in the folder of a training that was interrupted; give that folder as LAUNCH too.
        engine: where episodes run: local, on this machine, or ray, on a cluster. The result is the same.
        address: of a Ray cluster that is running, e.g. auto; without one --engine ray starts one on this machine.
        workers: how many work at once; default 1, and with ray as many as the cluster has CPUs.
        json: print the result as one JSON object.
        perturb: what goes wrong beside what the file says, e.g. "dead at=5 index=0,2"; may be given several times.
        allow_import: module to import: it registers a neuron of your own.
    """

    launch: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LAUNCH")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resume: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    json: bool = False
    perturb: Perturb = ()
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options, _, experiment = parse_with_settings(Train, args, "train")
    if experiment.train is None:
        raise ConfigError(f"{options.launch}: it has no [train] part, which says how to train; add one")
    if options.resume and options.out:
        raise ConfigError("--out makes a new folder and --resume goes on in an old one; give one of them")
    engine = Engine(
        name=options.engine, address=options.address, workers=options.workers, imports=options.allow_import
    )  # fmt: skip
    program = starting_point(experiment)
    job = Job(program=program, env=experiment.env, seed=experiment.seed, engine=engine)
    folder, resume = _resumed(options.resume) if options.resume else (new_folder(options.out, experiment.name), False)
    if not options.resume:
        write_config(folder, experiment)
    last, interrupted = _train(job, experiment, folder, resume=resume)
    if options.resume:  # and was accepted: the budget may be another one now
        write_config(folder, experiment)
    picture = _draw(folder)
    _report(options, folder, picture, last, interrupted)
    return INTERRUPTED if interrupted else 0


def starting_point(experiment: Experiment) -> Program:
    """The untrained program of an experiment.

    Raises:
        EnvError: no batched task has the environment's id, it cannot be made as is said, or its control period is
            another one.
        SpecError: its spaces do not fit.
    """
    from neurobot.loop.fit import check_period
    from neurobot.train.environments import one_of

    env = one_of(experiment.env)
    program = untrained(experiment, env)
    check_period(program, env.control_period)
    return program


def _resumed(folder: Path) -> tuple[Path, bool]:
    """The folder of a training, and whether there is anything to go on from."""
    from neurobot.train.runs.checkpoint import checkpoints

    if checkpoints(folder):
        return folder, True
    if not (folder / RESOLVED).is_file() or (folder / PROGRAM).exists():  # with a program it is no training's beginning
        raise ConfigError(f"--resume {folder}: there is no checkpoint; give the folder of an interrupted training")
    say(f"{folder}: there is no checkpoint yet; it starts from the beginning")
    return folder, False


def _train(job: Job, experiment: Experiment, folder: Path, *, resume: bool) -> tuple[Progress | None, bool]:
    """Train; returns the last report, and whether Ctrl-C ended it."""
    from neurobot.train.runs.drive import train

    assert experiment.train is not None
    last: Progress | None = None
    try:
        with compiling("tick_batch"):
            from neurobot.core import BatchCore

            BatchCore(job.program, 1, own_params=True)
        with _bar() as update:

            def report(progress: Progress) -> None:
                nonlocal last
                last = progress
                update(progress)

            train(job, experiment.train, folder, log=experiment.log, resume=resume, report=report, notice=say)
    except KeyboardInterrupt:
        return last, True
    return last, False


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr; gives the function that moves it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(), TextColumn("{task.fields[left]}"),
    )  # fmt: skip
    with Bar(*columns, console=messages()) as bar:
        task = bar.add_task("first step", total=1.0, left="")

        def update(p: Progress) -> None:
            bar.update(task, completed=p.share, description=described(p), left=time_left(p.seconds_left))

        yield update


def described(p: Progress) -> str:
    """A step of training in a few words: its number, return, steps per second, spikes."""
    words = [f"{p.unit} {p.rounds}"]
    words += [f"{word} {significant(p.numbers[name])}" for name, word in SHOWN.items() if name in p.numbers]
    if p.steps:
        words.append(f"{significant(p.steps_per_second)} steps/s")
    return "  ".join(words)


def time_left(seconds: float) -> str:
    """A time to wait [s], as hours, minutes and seconds; nothing where it is not known."""
    if not math.isfinite(seconds):
        return ""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{s:02d} left"


def _draw(folder: Path) -> Path | None:
    """The learning curve, or None where there is nothing to draw or nothing to draw with."""
    from neurobot.train.runs.drive import EVENTS, RESULTS
    from neurobot.train.runs.log import read_events
    from neurobot.view.plot import answers, has_matplotlib, learning_curve, save

    events = read_events(folder / EVENTS)
    if not events:
        return None
    if not has_matplotlib():
        say("no learning curve: matplotlib is not installed; pip install 'neurobot[plot]'")
        return None
    path = folder / "learning.png"
    save(learning_curve(events), path)
    if (folder / RESULTS).exists():
        save(answers(json.loads((folder / RESULTS).read_text())), folder / "answers.png")
    return path


def _report(options: Train, folder: Path, picture: Path | None, last: Progress | None, interrupted: bool) -> None:
    from neurobot.train.runs.checkpoint import checkpoints

    program = folder / PROGRAM
    summary = {
        "unit": None if last is None else last.unit,
        "rounds": 0 if last is None else last.rounds,
        "steps": 0 if last is None else last.steps,
        "core_seconds": 0.0 if last is None else last.core_seconds,
        "last": {} if last is None else plain(last.numbers),
        "best": None if last is None else plain(last.best),
        "interrupted": interrupted,
    }
    write_json(folder / SUMMARY, summary)
    if options.json:
        print_json({
            "folder": str(folder),
            "program": str(program) if program.exists() else None,
            "learning": None if picture is None else str(picture),
            **summary,
        })  # fmt: skip
    else:
        rows = {"folder": str(folder)} | ({} if last is None else _rows(last))
        if program.exists():
            rows["measure it"] = f"neurobot eval {program}"
        print_rows("interrupted" if interrupted else "trained", rows)
    if interrupted and checkpoints(folder):
        say(f"a checkpoint was saved; go on with: neurobot train {folder} --resume {folder}")
    elif interrupted:
        say(f"interrupted before the first checkpoint; begin anew with: neurobot train {folder} --resume {folder}")


def _rows(last: Progress) -> dict[str, str]:
    minutes = f"{last.core_seconds / 60:.3g} core-minutes"
    rows = {"done": f"{last.rounds} {last.unit}s, {last.steps:,} steps, {minutes}"}
    for name, word in SHOWN.items():
        if name in last.numbers:
            rows[word] = f"{significant(last.numbers[name])} in the last {last.unit}"
    if math.isfinite(last.best):
        rows["best"] = f"{significant(last.best)} in an evaluation"
    return rows
