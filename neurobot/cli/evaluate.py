"""`neurobot eval`: the return of a program over fresh episodes, or of all that ship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import Perturb, parse, perturbed
from neurobot.cli.console import compiling, messages, print_json, print_rows, say
from neurobot.cli.environment import import_modules
from neurobot.cli.fixed import ready
from neurobot.cli.run import KERNELS
from neurobot.cli.run_words import exit_code_of, problems_of, summary_rows
from neurobot.cli.subject import load_subject
from neurobot.config import MAX_SEED, CoreName, Experiment
from neurobot.spec.check import Problems
from neurobot.versions import versions

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop import RunSummary
    from neurobot.program import Program

EPISODES = 10


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a program's return over many episodes, without recording.

    Args:
        what: a program (.safetensors), a launch file, a run folder, or the name of a bundled launch file.
        zoo: instead of one program, every one that ships, as a table beside how trainings came out and what others
            have published: Markdown where it is not read in a terminal.
        episodes: how many; episode k has the seed of the first + k. Default the launch file's, or 10.
        seed: of the first episode.
        env: environment, instead of the one the program was made for.
        core: what computes: host (float32), host64 (float64) or fixed (integers, as a board). Default the launch
            file's, or host.
        perturb: what goes wrong beside what a launch file says, e.g. "dead at=5 index=0,2"; may be given several times.
        json: print the result as one JSON object.
        markdown: print the zoo as Markdown in a terminal too.
        allow_import: module to import: the environment's id names it, or it registers that id or a neuron of your own.
    """

    what: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[PROGRAM|LAUNCH]")] = None
    zoo: bool = False
    episodes: int | None = None
    seed: int = 0
    env: Annotated[str | None, tyro.conf.arg(metavar="ID")] = None
    core: CoreName | None = None
    perturb: Perturb = ()
    json: bool = False
    markdown: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("eval")
        if self.episodes is not None:
            problems.count("episodes", self.episodes)
        problems.number("seed", self.seed, low=0, high=MAX_SEED)
        self._check_zoo(problems)
        problems.done()

    def _check_zoo(self, problems: Problems) -> None:
        if self.what is None and not self.zoo:
            problems.add("nothing to evaluate; give a PROGRAM or LAUNCH, or --zoo for all that ship")
        if self.what is not None and self.zoo:
            problems.add(f"both {self.what} and --zoo are given, which is all that ship; give one of them")
        given = {"env": self.env, "perturb": self.perturb, "allow-import": self.allow_import}
        for name in (name for name, value in given.items() if value and self.zoo):
            problems.add(f"--{name} does not go with --zoo, which evaluates programs as they ship; leave it out")
        if self.markdown and not self.zoo:
            problems.add("--markdown is for the table of --zoo; leave it out, or give --json")
        if self.markdown and self.json:
            problems.add("both --markdown and --json are given; give one of them")


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Evaluate, args, "eval")
    if options.what is not None:
        return _one(options, options.what)
    from neurobot.cli.zoo import shipped, show

    zoo = shipped(options.episodes or EPISODES, options.seed, options.core)
    show(zoo, json=options.json, markdown=options.markdown)
    return INTERRUPTED if zoo.interrupted else next((row.exit_code for row in zoo.rows if row.exit_code), 0)


def _one(options: Evaluate, what: str) -> int:
    import_modules(options.allow_import)
    subject = load_subject(what)
    options = _with_defaults(options, subject.experiment)
    assert options.core is not None and options.episodes is not None
    config = perturbed(subject.in_env(options.env), options.perturb)
    with subject.opened(config, options.allow_import) as (program, env):
        about = f"{options.episodes} episodes of {config.id}"
        summary, controller = evaluate(
            program, env, core=options.core, episodes=options.episodes, seed=options.seed, what=about
        )
    data = summary.to_dict() | {
        "env": config.id,
        "core": options.core,
        "footprint_bytes": program.footprint_bytes,
        "lengths": [e.length for e in summary.episodes],
        "versions": versions(),
    }
    if options.json:
        print_json(data)
    else:
        rows = summary_rows(summary, controller.control_period)
        print_rows(f"{what} in {config.id}", rows | {"footprint": f"{program.footprint_bytes} bytes"})
        for problem in problems_of(summary):
            say(problem)
    return exit_code_of(summary)


def _with_defaults(options: Evaluate, experiment: Experiment | None) -> Evaluate:
    episodes, core = (experiment.episodes, experiment.core) if experiment else (EPISODES, "host")
    return replace(options, episodes=options.episodes or episodes, core=options.core or core)


def evaluate(
    program: Program, env: Any, *, core: CoreName, episodes: int, seed: int, what: str
) -> tuple[RunSummary, Controller]:
    """Run episodes without recording them.

    Args:
        program: the controller.
        env: the environment.
        core: what computes.
        episodes: how many.
        seed: of the first.
        what: is said while they run.

    Raises:
        EnvError: they do not fit each other.
    """
    program = ready(program, core, env, seed)
    with compiling(KERNELS[core]):
        from neurobot.controller import Controller

        controller = Controller(program, core, seed=seed)
    from neurobot.loop import Loop, SimClock

    loop = Loop(controller, env, clock=SimClock())
    with messages().status(what):
        return loop.run(episodes, seed), controller
