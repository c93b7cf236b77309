"""`neurobot run FOLDER --resume`: what a run that was suspended leaves in its folder, and what may go on with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from neurobot.cli.console import say
from neurobot.cli.folder import PROGRAM, SUMMARY
from neurobot.config import RESOLVED, Experiment, to_json
from neurobot.errors import ConfigError, SuspendError
from neurobot.versions import packages

if TYPE_CHECKING:
    from neurobot.loop import Loop, RunSummary, Suspended

HOW = "go on with: neurobot run {folder} --resume"


class Options(Protocol):
    """Options of `neurobot run`, as far as they are needed here."""

    @property
    def launch(self) -> str:
        """The run folder."""

    @property
    def realtime(self) -> bool:
        """Keep to the clock."""

    @property
    def rt(self) -> bool:
        """Come first."""

    @property
    def video(self) -> Path | None:
        """Make a video."""

    @property
    def out(self) -> Path | None:
        """Another folder."""

    @property
    def record(self) -> bool:
        """Write a run folder."""

    @property
    def black_box(self) -> float | None:
        """Record the last seconds only."""

    @property
    def allow_import(self) -> tuple[str, ...]:
        """Modules to import."""


def load_suspended(options: Options, loaded: Experiment, experiment: Experiment) -> Suspended:
    """The suspended run of a folder.

    Args:
        options: of the command.
        loaded: the experiment as the folder says.
        experiment: with what the command line changes, which must be nothing.

    Raises:
        ConfigError: an option that cannot be combined with --resume, or a setting that was changed.
        SuspendError: nothing is suspended there, or it ran with something else.
        ProgramFileError: a damaged file.
    """
    from neurobot.loop.suspended import NAME, Suspended
    from neurobot.program.report import diff_data

    _refuse_others(options)
    folder = Path(options.launch)
    if experiment != loaded:
        old, new = (json.loads(to_json(e)) for e in (loaded, experiment))
        raise ConfigError(
            f"--resume goes on with what {folder / RESOLVED} says; leave out what changes it: "
            f"{'; '.join(diff_data(old, new))}"
        )
    if not (folder / NAME).exists():
        raise SuspendError(f"{folder}: {_nothing_there(folder)}")
    suspended = Suspended.load(folder / NAME)
    about = json.loads(json.dumps(about_run(experiment)))
    for what, hint in (("experiment", f"put {RESOLVED} back as it was"), ("versions", "install those again")):
        differ = diff_data(suspended.about.get(what), about[what])
        if differ:
            raise SuspendError(
                f"{folder}: the run cannot go on as if it had never stopped, for its {what} then and now differ: "
                f"{'; '.join(differ)}; {hint}, or begin anew with: neurobot run {folder}"
            )
    return suspended


def about_run(experiment: Experiment) -> dict[str, Any]:
    """What has to be the same when a run goes on, beside what `Loop` knows: settings and versions."""
    return {"experiment": json.loads(to_json(replace(experiment, program=PROGRAM))), "versions": packages()}


def why_not(options: Options, loop: Loop) -> str:
    """Why Ctrl-C ends a run, and does not suspend it; empty if it does."""
    if not options.record:
        return "--no-record leaves no run folder to go on from"
    if options.black_box is not None:
        return "with --black-box nothing is recorded that could be gone on with"
    if options.video is not None:
        return "a video cannot be gone on with in another process"
    return loop.why_not_suspended


def keep(suspended: Suspended, folder: Path, experiment: Experiment) -> None:
    """Write a suspended run into its folder; ProgramFileError where that fails."""
    from neurobot.loop.suspended import NAME

    replace(suspended, about=about_run(experiment)).save(folder / NAME)


def forget(folder: Path) -> None:
    """Delete what a run was gone on from; it has ended."""
    from neurobot.loop.suspended import NAME

    (folder / NAME).unlink(missing_ok=True)


def tell_suspended(options: Options, loop: Loop, summary: RunSummary, folder: Path | None, reason: str) -> None:
    """Say how to go on with a run that Ctrl-C met, or why that cannot be."""
    if not summary.interrupted:
        return
    from neurobot.loop.suspended import NAME

    if loop.suspended is None or folder is None:
        say(f"ended, and not suspended: {reason or loop.why_not_suspended}")
        if folder is not None and (folder / NAME).exists():
            say(f"where it was suspended before, it can still {HOW.format(folder=folder)}")
        return
    modules = "".join(f" --allow-import {module}" for module in options.allow_import)
    say(f"suspended {loop.suspended.words()}; {HOW.format(folder=folder)}{modules}")


def _refuse_others(options: Options) -> None:
    wrong = {
        "--realtime": options.realtime, "--rt": options.rt, "--video": options.video is not None,
        "--out": options.out is not None, "--no-record": not options.record,
        "--black-box": options.black_box is not None,
    }  # fmt: skip
    given = [name for name, is_given in wrong.items() if is_given]
    if given:
        raise ConfigError(f"--resume goes on with a run as it was, in its folder; leave {', '.join(given)} out")
    if not Path(options.launch).is_dir():
        raise ConfigError(
            f"--resume goes on with a run folder, and {options.launch} is none; give one that was suspended"
        )


def _nothing_there(folder: Path) -> str:
    """Why there is no suspended run in a run folder."""
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        ended = summary["interrupted"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return f"no suspended run here, nor one that came to an end; begin anew with: neurobot run {folder}"
    if ended:
        return f"Ctrl-C ended this run, and it was not suspended; begin anew with: neurobot run {folder}"
    return f"this run has finished, see {SUMMARY}; repeat it with: neurobot run {folder}"
