"""`neurobot eval --zoo`: every program that ships on fresh episodes, and one table of what came out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from neurobot.cli import STOPPED
from neurobot.cli.console import print_json, say
from neurobot.cli.environment import make_env
from neurobot.cli.evaluate import evaluate
from neurobot.cli.run_words import problems_of
from neurobot.cli.zoo_table import markdown_of, print_zoo
from neurobot.config import CoreName
from neurobot.errors import NeurobotError
from neurobot.zoo import Measured, Row, Zoo, rows


def shipped(episodes: int, seed: int, core: CoreName | None = None, names: Sequence[str] | None = None) -> Zoo:
    """Measure every program that ships; Ctrl-C ends it, and what was measured until then is kept.

    Args:
        episodes: for each.
        seed: of the first episode.
        core: what computes; default what the launch file says.
        names: of the launch files whose programs are measured; None is all.

    Returns:
        All rows; one whose program or environment cannot be used says why.
    """
    done: list[Row] = []
    interrupted = False
    found = rows()
    for k, row in enumerate(found, 1):
        wanted = names is None or row.experiment.name in names
        if not interrupted and wanted and row.program is not None:
            what = f"{k} of {len(found)}: {episodes} episodes of {row.experiment.name}"
            try:
                row, interrupted = _measured(row, episodes, seed, core or row.experiment.core, what)
            except KeyboardInterrupt:  # outside of an episode
                interrupted = True
        done.append(row)
    return Zoo(rows=tuple(done), episodes=episodes, seed=seed, interrupted=interrupted)


def _measured(row: Row, episodes: int, seed: int, core: CoreName, what: str) -> tuple[Row, bool]:
    """The row with what came out, or the problem, and whether Ctrl-C ended it."""
    assert row.program is not None
    try:
        env = make_env(row.experiment.env)
        try:
            summary, _ = evaluate(row.program, env, core=core, episodes=episodes, seed=seed, what=what)
        finally:
            env.close()
    except (NeurobotError, ImportError) as error:  # of an extra that is not installed
        return replace(row, problem=str(error), exit_code=getattr(error, "exit_code", 1)), False
    if summary.interrupted and all(episode.interrupted for episode in summary.episodes):
        return row, True
    measured = Measured(
        return_mean=summary.return_mean, return_std=summary.return_std, episodes=len(summary.returns), seed=seed,
        spikes_per_tick=summary.spikes_per_tick, synops_per_tick=summary.synops_per_tick,
    )  # fmt: skip
    problem = "; ".join(problems_of(summary))
    return replace(row, measured=measured, problem=problem, exit_code=STOPPED if problem else 0), summary.interrupted


def show(zoo: Zoo, *, json: bool = False, markdown: bool = False) -> None:
    """Print it: as JSON, as Markdown (asked for, or not in a terminal), or as tables for a terminal."""
    if json:
        print_json(zoo.to_dict())
    elif markdown or not sys.stdout.isatty():
        print(markdown_of(zoo))
    else:
        print_zoo(zoo)
    if zoo.interrupted:
        count = sum(row.measured is not None for row in zoo.rows)
        say(f"interrupted: {count} of {sum(row.program is not None for row in zoo.rows)} programs were measured")
