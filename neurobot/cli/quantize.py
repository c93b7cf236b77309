"""`neurobot quantize`: a program in integers for boards, with a report of what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.console import compiling, messages, print_json, print_rows, print_table, say, seconds, significant
from neurobot.cli.environment import import_modules
from neurobot.cli.evaluate import evaluate
from neurobot.cli.folder import write_json
from neurobot.cli.run_words import exit_code_of, problems_of
from neurobot.cli.subject import load_subject
from neurobot.config import MAX_SEED, EnvConfig
from neurobot.errors import ConfigError
from neurobot.spec.check import Problems

if TYPE_CHECKING:
    from neurobot.board import Report
    from neurobot.loop import RunSummary
    from neurobot.program import Program

LEAST_SIZE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Quantize:
    """Make a program in integers for boards, and say what that costs.

    A calibration run in floating point chooses the scales. The report has the rates of all populations and the returns
    before and after, the bytes of the image and of RAM, which boards they fit into, and a tick's time on the wire.

    Args:
        what: a program (.safetensors), a launch file, a run folder, or the name of a bundled launch file.
        out: the program with its image (.safetensors), for --core fixed; without it there is only the report.
        episodes: fresh episodes for the returns before and after; 0 for none.
        calibration: episodes of the calibration run, of 1000 ticks at most.
        seed: of the first fresh episode.
        env: environment, instead of the one the program was made for.
        report: write the report as JSON.
        json: print the report as one JSON object.
        allow_import: module to import: the environment's id names it, or it registers that id or a neuron of your own.
    """

    what: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="PROGRAM|LAUNCH")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    episodes: int = 10
    calibration: int = 2
    seed: int = 0
    env: Annotated[str | None, tyro.conf.arg(metavar="ID")] = None
    report: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("quantize")
        problems.count("episodes", self.episodes, low=0)
        problems.count("calibration", self.calibration)
        problems.number("seed", self.seed, low=0, high=MAX_SEED)
        problems.done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Of the same episodes.

    Args:
        before: in floating point.
        after: in integers.
    """

    before: RunSummary
    after: RunSummary

    @property
    def kept(self) -> float:
        """The share of the mean return; where that is negative, 1 less the loss in units of its size."""
        size = max(abs(self.before.return_mean), LEAST_SIZE)
        return 1 + (self.after.return_mean - self.before.return_mean) / size

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended one of them."""
        return self.before.interrupted or self.after.interrupted


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Quantize, args, "quantize")
    if options.out is not None and options.out.suffix != ".safetensors":
        raise ConfigError(f"--out {options.out}: a program is a .safetensors file; give it that suffix")
    import_modules(options.allow_import)
    subject = load_subject(options.what)
    config = subject.in_env(options.env)
    with subject.opened(config, options.allow_import) as (program, env):
        quantized, report = _quantize(options, program, env)
        if options.out is not None:
            quantized.save(options.out)
        returns = _returns(options, quantized, env) if options.episodes else None
    _report(options, config, report, returns)
    return 0 if returns is None else max(exit_code_of(returns.before), exit_code_of(returns.after))


def _quantize(options: Quantize, program: Program, env: Any) -> tuple[Program, Report]:
    with compiling("host_tick_at"):
        from neurobot.board import calibrate, quantize, report
        from neurobot.board.supported import require_supported

        require_supported(program)  # before the calibration run, which takes a while
        with messages().status("calibrating"):
            seen = calibrate(program, env, episodes=options.calibration, seed=options.seed)
            quantized = quantize(program, seen.episodes, reward=seen.reward)
            return quantized.program, report(quantized, seen.episodes)


def _returns(options: Quantize, program: Program, env: Any) -> Returns:
    def run(core: Any) -> RunSummary:
        what = f"{options.episodes} episodes on core {core}"
        return evaluate(program, env, core=core, episodes=options.episodes, seed=options.seed, what=what)[0]

    return Returns(before=run("host"), after=run("fixed"))


def _report(options: Quantize, config: EnvConfig, report: Report, returns: Returns | None) -> None:
    written = None if options.out is None else str(options.out)
    data: dict[str, Any] = {"what": options.what, "env": config.id, "program": written} | report.to_dict()
    for name in ("before", "after"):
        summary = None if returns is None else getattr(returns, name)
        data[f"returns_{name}"] = None if summary is None else list(summary.returns)
    data["kept"] = None if returns is None or returns.interrupted else returns.kept
    if options.report is not None:
        write_json(options.report, data)
    if options.json:
        print_json(data)
        return
    rows = [
        (x.name, str(x.neurons), f"{x.rate:.4f}", f"{x.rate_fixed:.4f}", f"{x.unit:.3g}", str(x.weight))
        for x in report.layers
    ]
    header = ("", "neurons", "spikes a step", "in integers", "1 of v", "largest weight")
    print_table(f"{options.what}, on {report.ticks} ticks of {config.id}", header, rows)
    print_rows("", _rows(options, report, returns))
    for summary in () if returns is None else (returns.before, returns.after):
        for problem in problems_of(summary):
            say(problem)


def _rows(options: Quantize, report: Report, returns: Returns | None) -> dict[str, str]:
    from neurobot.link.protocol import PAYLOAD

    wire = report.wire
    times = ", ".join(f"{seconds(time)} at {baud}" for baud, time in _times(report).items())
    late = [str(baud) for baud, time in _times(report).items() if time > report.period]
    rows = {
        "actions": f"differ by {100 * report.action_error:.3g} % on the same observations",
        "saturated": f"{report.saturated} times",
        "image": f"{report.image_bytes} bytes",
        "RAM": f"{report.state_bytes + report.scratch_bytes} bytes, {report.state_bytes} of them state",
        "tick": f"{wire.request} + {wire.answer} bytes on the wire: {times} baud",
    }
    if report.instructions:
        counts = ", ".join(f"{significant(count)} on a {name}" for name, count in report.instructions.items())
        rows["instructions"] = f"{counts}, a tick; estimated, within 10 %"
    if report.learning_bytes:
        rows["learning"] = f"{report.learning_bytes} bytes of the state"
    if late:
        rows["too slow"] = f"{', '.join(late)} baud, for a control period of {seconds(report.period)}"
    if wire.payload > PAYLOAD:
        rows["too long"] = f"a message has {wire.payload} bytes, at most {PAYLOAD} are safe with every firmware"
    if returns is not None:
        count = f" ± {significant(returns.before.return_std)} over {options.episodes} episodes"
        rows["return"] = f"{significant(returns.before.return_mean)}{count}"
        after = f"{significant(returns.after.return_mean)} ± {significant(returns.after.return_std)}"
        rows["in integers"] = f"{after}, {100 * returns.kept:.1f} % kept"
    for name, where in report.fits.items():
        rows[name] = {"no": "does not fit", "RAM": "fits in RAM", "flash": "fits, with the image in flash"}[where]
    if options.out is not None:
        rows["written"] = f"{options.out}; run it: neurobot eval {options.out} --core fixed"
    return rows


def _times(report: Report) -> dict[int, float]:
    from neurobot.board.wire import BAUD_RATES

    return {baud: report.wire.seconds(baud) for baud in BAUD_RATES}
