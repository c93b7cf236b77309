"""`neurobot bench latency`: the time from sensor to action in real time, stage by stage, and what is left of a period.

The robot answers at once, with observations of a short run in the launch file's own environment: nothing is simulated
while it is measured. All else is as `neurobot run --realtime` does it, with the guard and the recorder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import parse
from neurobot.cli.console import compiling, print_json, print_rows, print_table, say, seconds
from neurobot.cli.environment import import_modules, make_env
from neurobot.cli.fixed import ready
from neurobot.cli.folder import RECORDING
from neurobot.cli.realtime import as_data, coming_first, in_words
from neurobot.cli.run import KERNELS
from neurobot.cli.run_words import exit_code_of, problems_of, summary_rows
from neurobot.cli.subject import load_program, say_untrained
from neurobot.config import Experiment, load_experiment
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop import Recording, RunSummary, StageTiming
    from neurobot.loop.realtime import Realtime

ROLL_OUT = 400
"""Ticks of the run whose observations are given, over and over."""
LONGEST = 600.0  # [s]; the recording is held in memory at the end
QUANTILES = {"p50": "p50", "p99": "p99", "p999": "p99.9", "max": "max"}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Measure the time from sensor to action in real time, stage by stage, and what is left of the control period.

    The robot answers at once with observations of a short run, so that nothing is simulated meanwhile.

    Args:
        subject: what is measured.
        launch: a launch file, a run folder, or the name of a bundled launch file.
        seconds: how many control periods to run for, as time [s], up to 600.
        rt: ahead of other processes, on a core of its own and with its memory locked, where permitted.
        json: print everything as one JSON object, times in seconds.
        allow_import: module to import: env.id names it, or it registers env.id or a neuron of your own.
    """

    subject: Annotated[Literal["latency"], tyro.conf.Positional]
    launch: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LAUNCH")]
    seconds: float = 10.0
    rt: bool = False
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("bench")
        problems.number("seconds", self.seconds, above=0.0, high=LONGEST)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it.

    Attributes:
        summary: of the run.
        stages: times of `neurobot.loop.timing.WORK`, by name [s].
        total: of all of them together, tick by tick [s].
        asked: the operating system, with --rt.
    """

    summary: RunSummary
    stages: Mapping[str, StageTiming]
    total: StageTiming
    asked: Realtime | None


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Bench, args, "bench")
    import_modules(options.allow_import)
    experiment = load_experiment(options.launch)
    controller, seen = _prepare(options, experiment)
    if any(event.get("summary", {}).get("interrupted") for event in seen.events):
        say("interrupted before anything was measured")
        return INTERRUPTED
    measured = _measure(options, experiment, controller, seen)
    _report(options, experiment, controller, measured)
    return exit_code_of(measured.summary)


def _prepare(options: Bench, experiment: Experiment) -> tuple[Controller, Recording]:
    """The controller, and a short run of it in its environment."""
    from neurobot.loop.env_robot import as_robot
    from neurobot.loop.rollout import roll_out

    program = None if experiment.program is None else load_program(experiment.program)
    env = make_env(experiment.env, options.allow_import)
    try:
        if program is None:
            program = say_untrained(experiment, as_robot(env))
        program = ready(program, experiment.core, env, experiment.seed)
        with compiling(KERNELS[experiment.core]):
            from neurobot.controller import Controller

            controller = Controller(program, experiment.core, record=True, seed=experiment.seed)
        return controller, roll_out(controller, env, ticks=ROLL_OUT, seed=experiment.seed)
    finally:
        env.close()


def _measure(options: Bench, experiment: Experiment, controller: Controller, seen: Recording) -> Measured:
    from neurobot.loop import Learning, Loop, RealClock, Recorder, load_recording
    from neurobot.loop.instant import Instant
    from neurobot.loop.timing import WORK, timing_of

    ticks = max(1, round(options.seconds / controller.control_period))
    robot = Instant(controller, seen.observation, ticks)
    learning = Learning(controller, freeze_at=experiment.freeze_at) if experiment.learn else None
    say(f"{ticks} ticks of {seconds(controller.control_period)} in real time")
    with TemporaryDirectory(prefix="neurobot-") as name:
        folder = Path(name) / RECORDING
        with Recorder(folder, controller, realtime=True) as recorder:
            loop = Loop(
                controller, robot, clock=RealClock(), recorder=recorder, learning=learning, guard=experiment.guard
            )
            with coming_first(options.rt) as asked:
                summary = loop.run(1, experiment.seed)
        recorded = load_recording(folder)
    total = timing_of(recorded.timing[:, : len(WORK)].sum(axis=1))
    stages = {name: summary.timing[name] for name in WORK}
    return Measured(summary=summary, stages=stages, total=total, asked=asked)


def _report(options: Bench, experiment: Experiment, controller: Controller, measured: Measured) -> None:
    period, summary = controller.control_period, measured.summary
    times = {name: asdict(t) for name, t in {**measured.stages, "total": measured.total}.items()}
    data = _data(experiment, period, measured, times)
    if options.json:
        print_json(data)
        return
    shown = times | {"left": data["left"]}
    rows = [
        (name, *(f"{1e6 * row[q]:.1f}" for q in QUANTILES), *(f"{row[q] / period:.2%}" for q in ("p50", "max")))
        for name, row in shown.items()
    ]
    shares = [f"{q} of the period" for q in ("p50", "max")]
    title = f"{experiment.name}, from sensor to action [us], every {seconds(period)}"
    print_table(title, ("stage", *QUANTILES.values(), *shares), rows)
    words = summary_rows(summary, period)
    kept = {name: words[name] for name in ("deadlines", "held", "interrupted") if name in words}
    print_rows("", kept | in_words(measured.asked))
    for problem in problems_of(summary):
        say(problem)


def _data(
    experiment: Experiment, period: float, measured: Measured, times: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Everything, for JSON; times in seconds."""
    summary = measured.summary.to_dict()
    counts = ("ticks", "overruns", "skipped", "worst_lateness", "late_stages", "holds", "stopped", "interrupted")
    return {
        "launch": experiment.name,
        "program": experiment.program,
        "core": experiment.core,
        "control_period": period,
        "stages": {name: row for name, row in times.items() if name != "total"},
        "total": times["total"],
        "left": {q: period - t for q, t in times["total"].items()},
        "share": {name: {q: t / period for q, t in row.items()} for name, row in times.items()},
        "rt": as_data(measured.asked),
        **{name: summary[name] for name in counts},
    }
