"""`neurobot check`: why a robot does not move, and what else a run shows of its controller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import parse
from neurobot.cli.console import compiling, messages, print_findings, print_json, seconds
from neurobot.cli.environment import import_modules
from neurobot.cli.fixed import ready
from neurobot.cli.folder import PROGRAM, RECORDING
from neurobot.cli.run import KERNELS
from neurobot.cli.subject import load_program, load_subject
from neurobot.config import MAX_SEED, CoreName, EnvConfig, Experiment
from neurobot.errors import ConfigError
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from neurobot.loop import Recording
    from neurobot.loop.diagnose import Finding, Latency
    from neurobot.program import Program

SECONDS, SEED = 20.0, 0
FOUND = 1
FED = "without a known environment, fed observations drawn from its field"
MOST_TICKS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Check:
    """Say why a robot does not move, and what else is wrong or worth knowing: numbers, and what to try next.

    Looks at a recorded run, or runs the program itself for a while, in the environment that it was made for.
    Ends with 1 where something keeps the robot from moving or is risky, else with 0.

    Args:
        what: a run folder with a recording, a program (.safetensors), a launch file, or the name of a bundled one.
        seconds: how long to run a program that is not recorded, in its own time [s]; default 20.
        seed: of the first episode then; default that of the launch file, or 0.
        json: print what was found as one JSON object.
        allow_import: module to import: the environment's id names it, or it registers that id or a neuron of your own.
    """

    what: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN|PROGRAM|LAUNCH")]
    seconds: float | None = None
    seed: int | None = None
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("check")
        if self.seconds is not None:
            problems.number("seconds", self.seconds, above=0.0)
        if self.seed is not None:
            problems.number("seed", self.seed, low=0, high=MAX_SEED)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What there is to look at.

    Attributes:
        recording: of a run.
        program: that ran.
        env: id of the environment that it was run in; None where it was not run here, or has none.
        how: "recorded", "run" or "fed", with drawn observations.
    """

    recording: Recording
    program: Program
    env: str | None
    how: str


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Check, args, "check")
    import_modules(options.allow_import)
    folder = _recording_in(Path(options.what))
    looked = _run(options) if folder is None else _recorded(options, folder)
    from neurobot.loop.diagnose import diagnose, plant_latency

    findings = diagnose(looked.recording, looked.program)
    latency = plant_latency(looked.recording, discrete=looked.program.discrete)
    _report(options, looked, findings, latency)
    if looked.how != "recorded" and _interrupted(looked.recording):
        return INTERRUPTED
    return 0 if _is_healthy(findings) else FOUND


def _recording_in(path: Path) -> Path | None:
    """The folder of the recording that a path names, or None."""
    from neurobot.loop.recording import EVENTS

    return next((folder for folder in (path / RECORDING, path) if (folder / EVENTS).is_file()), None)


def _recorded(options: Check, folder: Path) -> Looked:
    for name in ("seconds", "seed"):
        if getattr(options, name) is not None:
            raise ConfigError(f"--{name} is for programs that are run, and {options.what} is recorded; leave it out")
    path = next((p for p in (folder / PROGRAM, folder.parent / PROGRAM) if p.is_file()), None)
    if path is None:
        raise ConfigError(f"{options.what}: a recording without {PROGRAM} beside it; give a run folder, or the program")
    from neurobot.loop import load_recording

    return Looked(recording=load_recording(folder), program=load_program(str(path)), env=None, how="recorded")


def _run(options: Check) -> Looked:
    """Run what the command line names."""
    subject = load_subject(options.what)
    if subject.env is None:
        assert subject.program is not None
        return _roll_out(options, subject.experiment, subject.program, None, None)
    with subject.opened(subject.env, options.allow_import) as (program, env):
        return _roll_out(options, subject.experiment, program, env, subject.env)


def _roll_out(
    options: Check, experiment: Experiment | None, program: Program, env: Any, config: EnvConfig | None
) -> Looked:
    core: CoreName = "host" if experiment is None else experiment.core
    seed = SEED if experiment is None else experiment.seed
    seed = seed if options.seed is None else options.seed
    from neurobot.loop.drawn import DrawnObservations

    if core == "fixed":
        from neurobot.board.supported import require_supported

        require_supported(program)  # before observations are drawn, which a network alone has none of
        program = ready(program, core, DrawnObservations(program) if env is None else env, seed)
    with compiling(KERNELS[core]):
        from neurobot.controller import Controller

        controller = Controller(program, core, record=True, seed=seed)
    from neurobot.loop import Learning
    from neurobot.loop.rollout import roll_out

    learning = None
    if experiment is not None and experiment.learn:
        learning = Learning(controller, freeze_at=experiment.freeze_at)
    ticks = min(max(2, round((options.seconds or SECONDS) / controller.control_period)), MOST_TICKS)
    # nobody holds a dead man's switch in a simulation
    guard = None if experiment is None else replace(experiment.guard, dead_man=None)
    env = DrawnObservations(program) if env is None else env
    with messages().status(f"{ticks} ticks of {options.what}"):
        recording = roll_out(controller, env, ticks=ticks, seed=seed, learning=learning, guard=guard)
    how = "fed" if config is None else "run"
    return Looked(recording=recording, program=program, env=None if config is None else config.id, how=how)


def _is_healthy(findings: Sequence[Finding]) -> bool:
    from neurobot.loop.diagnose import WORTH_KNOWING

    return all(finding.severity == WORTH_KNOWING for finding in findings)


def _interrupted(recording: Recording) -> bool:
    return any(event.get("summary", {}).get("interrupted") for event in recording.events)


def _report(options: Check, looked: Looked, findings: Sequence[Finding], latency: Latency | None) -> None:
    ticks, episodes = len(looked.recording.tick), len(set(looked.recording.episode.tolist()))
    if options.json:
        print_json(
            {
                "what": options.what,
                "how": looked.how,
                "env": looked.env,
                "ticks": ticks,
                "episodes": episodes,
                "control_period": looked.program.control_period,
                "latency": None if latency is None else asdict(latency),
                "findings": [asdict(finding) for finding in findings],
            }
        )
        return
    where = {"recorded": "as recorded", "run": f"in {looked.env}", "fed": FED}[looked.how]
    time = seconds(looked.program.control_period)
    title = f"{options.what} {where}: {ticks:,} ticks of {time} in {episodes} episode{'' if episodes == 1 else 's'}"
    found = f"{len(findings)} worth knowing" if findings else "nothing found"
    print_findings(f"{title}: healthy, {found}" if _is_healthy(findings) else title, findings)
