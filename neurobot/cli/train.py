"""`neurobot train`: a launch file's ``[train]`` carried out, with progress, Ctrl-C and going on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import Perturb, parse_with_settings
from neurobot.cli.console import compiling, messages, print_json, print_rows, say, significant
from neurobot.cli.folder import PROGRAM, new_folder, write_config
from neurobot.cli.run import load_program, untrained
from neurobot.config import Experiment
from neurobot.errors import ConfigError
from neurobot.train.evolve import Progress, evolve

if TYPE_CHECKING:
    from neurobot.program import Program

EVENTS, CHECKPOINT = "events.jsonl", "checkpoint.safetensors"


@dataclass(frozen=True, kw_only=True)
class Train:
    """Make a controller by training, as the [train] part of a launch file says.

    Args:
        launch: a launch file, the folder of a training, or the name of a bundled launch file.
        out: folder of the training; default runs/NAME-DATE-TIME.
        resume: go on in the folder of a training that was interrupted; give that folder as LAUNCH too.
        json: print the result as one JSON object.
        perturb: what goes wrong beside what the file says, e.g. "dead at=5 index=0,2"; may be given several times.
        allow_import: module to import: it registers a neuron of your own.
    """

    launch: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LAUNCH")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resume: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
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
    program = starting_point(experiment)
    folder = _resumed(options.resume) if options.resume else new_folder(options.out, experiment.name)
    if not options.resume:
        write_config(folder, experiment)
    last, interrupted = _train(program, experiment, folder, resume=options.resume is not None)
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
    from neurobot.envs import make
    from neurobot.loop.fit import check_period

    env = make(experiment.env.id, **experiment.env.options())
    env.close()
    program = untrained(experiment, env)
    check_period(program, env.control_period)
    return program


def _resumed(folder: Path) -> Path:
    if not (folder / CHECKPOINT).is_file():
        raise ConfigError(f"--resume {folder}: there is no {CHECKPOINT}; give the folder of an interrupted training")
    return folder


def _train(program: Program, experiment: Experiment, folder: Path, *, resume: bool) -> tuple[Progress | None, bool]:
    """Train; returns the last report, and whether Ctrl-C ended it."""
    from neurobot.loop.quiet import Interrupts

    assert experiment.train is not None
    last: Progress | None = None
    with compiling("tick_batch"):
        from neurobot.core import BatchCore

        BatchCore(program, 1, own_params=True)
    with Interrupts() as interrupts, _bar() as update:

        def report(progress: Progress) -> None:
            nonlocal last
            last = progress
            update(progress)
            if interrupts.requested:  # between two generations, where a checkpoint is whole
                raise KeyboardInterrupt

        try:
            evolve(
                program, experiment.env.id, experiment.train, folder, seed=experiment.seed, resume=resume,
                report=report, options=experiment.env.options(),
            )  # fmt: skip
        except KeyboardInterrupt:
            return last, True
    return last, False


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on stderr; gives the function that moves it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=messages()) as bar:
        task = bar.add_task("first generation", total=1.0)

        def update(p: Progress) -> None:
            mean, rate = significant(p.return_mean), significant(p.steps_per_second)
            what = f"generation {p.generation}  return {mean}  {rate} steps/s"
            bar.update(task, completed=p.share, description=what)

        yield update


def _draw(folder: Path) -> Path | None:
    """The learning curve, or None where there is nothing to draw or nothing to draw with."""
    from neurobot.train.log import read_events
    from neurobot.view.plot import has_matplotlib, learning_curve, save

    events = read_events(folder / EVENTS)
    if not events:
        return None
    if not has_matplotlib():
        say("no learning curve: matplotlib is not installed; pip install 'neurobot[plot]'")
        return None
    path = folder / "learning.png"
    save(learning_curve(events), path)
    return path


def _report(options: Train, folder: Path, picture: Path | None, last: Progress | None, interrupted: bool) -> None:
    program = folder / PROGRAM
    best = load_program(str(program)).provenance.get("validation_return") if program.exists() else None
    if options.json:
        print_json({
            "folder": str(folder),
            "program": str(program) if program.exists() else None,
            "learning": None if picture is None else str(picture),
            "generation": 0 if last is None else last.generation,
            "steps": 0 if last is None else last.steps,
            "core_seconds": 0.0 if last is None else last.core_seconds,
            "return_mean": None if last is None else last.return_mean,
            "best": best,
            "interrupted": interrupted,
        })  # fmt: skip
    else:
        rows = {"folder": str(folder)}
        if last is not None:
            minutes = f"{last.core_seconds / 60:.3g} core-minutes"
            rows["done"] = f"{last.generation} generations, {last.steps:,} steps, {minutes}"
            rows["return"] = f"{significant(last.return_mean)} in the last generation"
        if best is not None:
            rows["best"] = f"{significant(best)} in an evaluation"
        if program.exists():
            rows["measure it"] = f"neurobot eval {program}"
        print_rows("interrupted" if interrupted else "trained", rows)
    if interrupted and (folder / CHECKPOINT).is_file():
        say(f"a checkpoint was saved; go on with: neurobot train {folder} --resume {folder}")
    elif interrupted:
        say("interrupted before the first checkpoint; nothing was saved")
