"""`neurobot plot stdp`: the window of a learning rule, measured and drawn."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
import tyro

from neurobot.cli.arguments import HELP_FLAGS, STYLE
from neurobot.cli.console import print_json, say
from neurobot.cli.environment import import_modules
from neurobot.cli.switches import SWITCHES
from neurobot.errors import ConfigError, near

PROG = "neurobot plot stdp"


@dataclass(frozen=True, kw_only=True)
class Stdp:
    """Measure the window of a learning rule by running it, and draw it: what pairs of spikes do to a weight.

    Every constant of the rule is an option too: --rule STDP --rule.A-plus 0.02.

    Args:
        rule: STDP, TripletSTDP, InhibitorySTDP, RewardSTDP (the window of its eligibility) or CustomRule.
        out: the picture.
        span: longest time between two spikes [s].
        dt: length of a step [s].
        pairs: how many pairs there are, one after another.
        every: time from one pair to the next [s].
        weight: at the start; default midway between the bounds.
        json: print times, changes and whether a weight was cut off at a bound as one JSON object.
        allow_import: modules to import first, which register rules of your own.
    """

    rule: Annotated[str, tyro.conf.arg(metavar="RULE")] = "STDP"
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("stdp.png")
    span: float = 0.1
    dt: float = 1e-3
    pairs: int = 1
    every: float = 1.0
    weight: float | None = None
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = field(
        default=()
    )


Rule = TypeVar("Rule")


@dataclass(frozen=True, kw_only=True)
class WithRule(Generic[Rule]):
    """The options of the command and the constants of its rule, in one command line.

    Args:
        options: of the command.
        constants: of the rule.
    """

    options: Annotated[Stdp, tyro.conf.arg(name="")]
    constants: Annotated[tyro.conf.AvoidSubcommands[Rule], tyro.conf.arg(name="rule")]


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options, rule = _parse(args)
    from neurobot.simulation.window import measure_window
    from neurobot.view.plot import save
    from neurobot.view.window import figure_of_window

    measured = measure_window(
        rule, span=options.span, dt=options.dt, pairs=options.pairs, every=options.every, weight=options.weight
    )
    save(figure_of_window(measured), options.out)
    if measured.cut.any():
        say(f"{measured.cut.sum()} of {measured.cut.size} weights ended at a bound; try a smaller --rule.rate")
    if options.json:
        names = {name: getattr(measured, name).tolist() for name in ("apart", "change", "cut")}
        print_json({"rule": type(rule).__name__, **names, "out": str(options.out)})
        return 0
    for name, k in (("most", np.argmax(measured.change)), ("least", np.argmin(measured.change))):
        print(f"{name} {measured.change[k]:.6g} at {1e3 * measured.apart[k]:.4g} ms")
    print(options.out)
    return 0


def _parse(args: Sequence[str]) -> tuple[Stdp, Any]:
    """Options and the rule; SystemExit after help or a wrong command line."""
    from neurobot.simulation.window import WINDOWED

    plain = [arg for arg in args if arg not in HELP_FLAGS]
    first: Any = tyro.cli(Stdp, args=plain, prog=PROG, return_unknown_args=True, config=STYLE, registry=SWITCHES)
    options: Stdp = first[0]
    import_modules(options.allow_import)
    known = {rule.__name__: rule for rule in WINDOWED}
    if options.rule not in known:
        raise ConfigError(f"--rule {options.rule}: no rule with a window is called that; {near(options.rule, known)}")
    about, rule = inspect.getdoc(Stdp), known[options.rule]
    both: Any = tyro.cli(
        WithRule[rule],  # type: ignore[valid-type]
        args=list(args), prog=PROG, config=STYLE, registry=SWITCHES,
        description=about and about.split("\n\nArgs:")[0],
    )  # fmt: skip
    return both.options, both.constants
