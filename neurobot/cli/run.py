"""`neurobot run`: a controller in an environment, recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from neurobot.cli.arguments import Perturb, parse_with_settings
from neurobot.cli.blackbox import as_data as faults_as_data
from neurobot.cli.blackbox import black_box, named, tell_faults
from neurobot.cli.console import compiling, print_json, print_rows, say
from neurobot.cli.environment import check_id, make_env
from neurobot.cli.fixed import ready
from neurobot.cli.folder import LEARNT, PROGRAM, RECORDING, SUMMARY, new_folder, write_config, write_json
from neurobot.cli.realtime import as_data, coming_first, in_words
from neurobot.cli.run_words import exit_code_of, problems_of, summary_rows
from neurobot.cli.subject import load_program, say_untrained
from neurobot.cli.suspend import forget, keep, load_suspended, tell_suspended, why_not
from neurobot.config import Experiment, changed, controller_changes, to_json
from neurobot.errors import ConfigError
from neurobot.spec import ControllerSpec
from neurobot.spec.guard import Overrun

if TYPE_CHECKING:
    from neurobot.controller import Controller, MakeCore
    from neurobot.loop import Faults, Loop, Recorder, Robot, RunSummary, Suspended
    from neurobot.loop.realtime import Realtime
    from neurobot.program import Program

FIXED = ("encode", "network", "decode", "substeps", "carry")
"""What a trained program has in it."""
MOST_KEYS = 5
"""That a sentence names."""
KERNELS = {"host": "tick32", "host64": "tick64", "fixed": "host_tick_at"}
"""What has to be compiled for a core."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Run a controller in an environment, record it and print a summary.

    Settings of the launch file can be given too: --episodes, --seed, ...; `neurobot run LAUNCH --help` shows them all.

    Args:
        launch: a launch file, a run folder (which repeats that run), or the name of a bundled launch file.
        realtime: keep to the control period by the clock, instead of running as fast as possible.
        rt: in real time, ahead of other processes, on a core of its own and with its memory locked, where permitted.
        overrun: after a missed deadline skip to the next tick, hold an action, or go to rest (safe); default
            guard.overrun.
        json: print the summary as one JSON object.
        video: write the episodes as a video, e.g. run.mp4.
        out: folder of the run; default runs/NAME-DATE-TIME.
        record: do not write a run folder.
        black_box: record only the last seconds before a fault, which may be twice as many, each in a folder fault-000,
            ... of the run folder [s]; for runs that are too long to be recorded whole.
        dry_run: print the resolved experiment as JSON and do nothing.
        resume: go on with a run that was suspended with Ctrl-C; LAUNCH is its folder.
        perturb: what goes wrong beside what the file says, e.g. "dead at=5 index=0,2"; may be given several times.
        allow_import: module to import: env.id names it, or it registers env.id or a neuron of your own.
    """

    launch: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LAUNCH")]
    realtime: bool = False
    rt: bool = False
    overrun: Overrun | None = None
    json: bool = False
    video: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    record: bool = True
    black_box: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    dry_run: bool = False
    resume: bool = False
    perturb: Perturb = ()
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    return execute(*parse_with_settings(Run, args, "run"))


def execute(
    options: Run,
    loaded: Experiment,
    experiment: Experiment,
    on: Callable[[], AbstractContextManager[str | MakeCore]] | None = None,
) -> int:
    """Run an experiment, record it and print a summary.

    Args:
        options: of the command.
        loaded: the experiment as the file says.
        experiment: with what the command line changes.
        on: opens where the network runs; default `experiment.core`.

    Returns:
        The exit code.
    """
    refuse_fixed(loaded, experiment)
    if options.overrun is not None:
        experiment = replace(experiment, guard=replace(experiment.guard, overrun=options.overrun))
    check_id(experiment.env.id, options.allow_import)
    if options.dry_run:
        print(to_json(experiment), end="")
        return 0
    _refuse_folders(options)
    suspended = load_suspended(options, loaded, experiment) if options.resume else None
    program = None if experiment.program is None else load_program(experiment.program)
    env = _make_env(experiment, options)
    try:
        robot = _as_robot(env)
        if program is None:
            program = say_untrained(experiment, robot)
        elif keys := _overruled(program, experiment, robot):
            say(f"{keys}: the program was made with other settings than those of the launch file, and its are in force")
        with nullcontext(experiment.core) if on is None else on() as core:  # first: a board may not be there
            program = ready(program, experiment.core, robot, experiment.seed)
            with compiling(KERNELS[experiment.core]):
                from neurobot.controller import Controller

                record = options.record or experiment.learn  # who learns is watched by its spikes
                controller = Controller(program, core, record=record, seed=experiment.seed)
            ran = _run(options, experiment, controller, robot, suspended)
    finally:
        env.close()
    pictures = {} if ran.folder is None else _draw(ran.folder, ran.summary)
    _report(options, experiment, controller, ran, pictures)
    return exit_code_of(ran.summary)


def _overruled(program: Program, experiment: Experiment, robot: Robot) -> str:
    """Settings of a launch file that are not those of its program; empty where all are."""
    here, there = experiment.controller_spec(robot.observation_space, robot.action_space), program.spec
    if here == there or not isinstance(there, ControllerSpec):  # a network alone is refused later
        return ""
    keys = controller_changes(there, here)
    return ", ".join([*keys[:MOST_KEYS], *(["..."] if len(keys) > MOST_KEYS else [])])


def _refuse_folders(options: Run) -> None:
    """Raise ConfigError where something is to be written and no folder is to be made."""
    if options.record:
        return
    if options.out is not None:
        raise ConfigError("--out names a folder for the recording, and --no-record writes none; give one of them")
    if options.black_box is not None:
        raise ConfigError(
            "--black-box needs a run folder for what it writes, and --no-record makes none; give one of them"
        )


def refuse_fixed(loaded: Experiment, experiment: Experiment) -> None:
    """Raise ConfigError where the command line changes what the program in use has fixed."""
    if experiment.program is None:
        return
    keys = changed(loaded, experiment, *FIXED)
    if keys:
        raise ConfigError(
            f"{', '.join(keys)}: fixed by the trained program {experiment.program}; to change it, train a new one with "
            "`neurobot train`, or run an untrained network with --program None"
        )


def _make_env(experiment: Experiment, options: Run) -> Any:
    if options.video is None:
        return make_env(experiment.env, options.allow_import)
    from neurobot.view.video import filmed

    def make() -> Any:
        return make_env(experiment.env, options.allow_import, render_mode="rgb_array")

    return filmed(make, options.video)


def _as_robot(env: Any) -> Robot:
    from neurobot.loop.env_robot import as_robot

    return as_robot(env)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run came to.

    Attributes:
        summary: what its episodes were like.
        folder: of the run; None where nothing is recorded.
        asked: what the operating system was asked for with --rt.
        faults: of a run with a black box.
        suspended: whether it can be gone on with.
    """

    summary: RunSummary
    folder: Path | None = None
    asked: Realtime | None = None
    faults: Faults | None = None
    suspended: bool = False


def _run(
    options: Run, experiment: Experiment, controller: Controller, robot: Robot, suspended: Suspended | None
) -> Ran:
    """Run the episodes, or those that are left of a suspended run."""
    from neurobot.loop import Learning, Loop, RealClock, SimClock

    clock = RealClock() if options.realtime or options.rt else SimClock()
    learning = Learning(controller, freeze_at=experiment.freeze_at) if experiment.learn else None
    guard = experiment.guard
    loop = Loop(controller, robot, clock=clock, learning=learning, guard=guard)  # whether they fit, before all files
    reason = why_not(options, loop)
    if not options.record:
        with coming_first(options.rt) as asked:
            summary = loop.run(experiment.episodes, experiment.seed)
        tell_suspended(options, loop, summary, None, reason)
        return Ran(summary=summary, asked=asked)
    folder = _folder(options, experiment, controller, loop, suspended)
    recorder = _recorder(options, controller, robot, folder, suspended)
    try:
        with recorder:
            loop = Loop(controller, robot, clock=clock, recorder=recorder, learning=learning, guard=guard)
            with coming_first(options.rt) as asked:
                if suspended is None:
                    summary = loop.run(experiment.episodes, experiment.seed, suspend=not reason)
                else:
                    summary = loop.resume(suspended)
    except BaseException:
        tell_faults(named(recorder.faults, folder))
        if options.black_box is None:
            say(f"what happened until then is in {folder}; `neurobot replay {folder}` lets it happen again")
        raise
    faults = None if options.black_box is None else named(recorder.faults, folder)
    ran = Ran(summary=summary, folder=folder, asked=asked, faults=faults, suspended=loop.suspended is not None)
    _write(ran, folder, experiment, controller, loop)
    tell_suspended(options, loop, summary, folder, reason)
    return ran


def _folder(
    options: Run, experiment: Experiment, controller: Controller, loop: Loop, suspended: Suspended | None
) -> Path:
    """The folder of the run, with what is known before it begins."""
    if suspended is not None:
        loop.check_same(suspended)
        return Path(options.launch)
    if options.black_box is not None:
        black_box(options.black_box, controller, Path())  # whether there is memory for it, before all files
    folder = new_folder(options.out, experiment.name)
    controller.program.save(folder / PROGRAM)
    write_config(folder, experiment)
    return folder


def _recorder(
    options: Run, controller: Controller, robot: Robot, folder: Path, suspended: Suspended | None
) -> Recorder:
    """A recorder of everything, or one with a black box."""
    from neurobot.loop import Recorder

    realtime = options.realtime or options.rt
    if options.black_box is None:
        goes_on = None if suspended is None else suspended.recording
        return Recorder(folder / RECORDING, controller, realtime=realtime, robot=robot, resume=goes_on)
    box = black_box(options.black_box, controller, folder)
    return Recorder(folder, controller, realtime=realtime, robot=robot, black_box=box)


def _write(ran: Ran, folder: Path, experiment: Experiment, controller: Controller, loop: Loop) -> None:
    """Write what came of a run; what it can go on from is written first, and deleted last, once the run is over."""
    if loop.suspended is not None:
        keep(loop.suspended, folder, experiment)
    if experiment.learn:
        controller.to_program().save(folder / LEARNT)
    more = {"rt": as_data(ran.asked), "faults": faults_as_data(ran.faults)}
    write_json(folder / SUMMARY, ran.summary.to_dict() | more)
    if not ran.summary.interrupted:
        forget(folder)


def _draw(folder: Path, summary: RunSummary) -> dict[str, str]:
    """The pictures of a run by name, none where matplotlib is not installed."""
    from neurobot.loop import load_recording
    from neurobot.view.plot import figure_of, has_matplotlib, save

    if not has_matplotlib():
        say("no picture of the spikes: matplotlib is not installed; pip install 'neurobot[plot]'")
        return {}
    whole = (folder / RECORDING).is_dir()  # and no black box
    figures = {"raster": figure_of(load_recording(folder / RECORDING))} if whole else {}
    if summary.learning is not None:
        from neurobot.view.learning import returns, weights

        figures["weights"] = weights(load_program(str(folder / PROGRAM)), load_program(str(folder / LEARNT)))
        figures["learning"] = returns(summary)
    for name, figure in figures.items():
        save(figure, folder / f"{name}.png")
    return {name: str(folder / f"{name}.png") for name in figures}


def _report(
    options: Run,
    experiment: Experiment,
    controller: Controller,
    ran: Ran,
    pictures: dict[str, str],
) -> None:
    summary, folder, asked = ran.summary, ran.folder, ran.asked
    learnt = str(folder / LEARNT) if folder is not None and experiment.learn else None
    data = summary.to_dict() | {
        "env": experiment.env.id,
        "program": experiment.program,
        "core": experiment.core,
        "control_period": controller.control_period,
        "rt": as_data(asked),
        "faults": faults_as_data(ran.faults),
        "footprint_bytes": controller.program.footprint_bytes,
        "folder": None if folder is None else str(folder),
        "learnt": learnt,
        "suspended": ran.suspended,
        "raster": None,
        "video": None if options.video is None else str(options.video),
    }
    shown = {"folder": data["folder"], "learnt": learnt} | pictures | {"video": data["video"]}
    if options.json:
        print_json(data | {"raster": pictures.get("raster")})
        return
    rows = summary_rows(summary, controller.control_period) | in_words(asked)
    rows |= {name: value for name, value in shown.items() if value}
    print_rows(f"{experiment.name} in {experiment.env.id}", rows)
    for problem in problems_of(summary):
        say(problem)
    if summary.learning is not None and summary.learning.runaway:
        say(f"learning was stopped: {summary.learning.runaway}")
    if ran.faults is not None:
        tell_faults(ran.faults)
