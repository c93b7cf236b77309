"""A run in words, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurobot.cli import INTERRUPTED, STOPPED
from neurobot.cli.console import seconds, significant

if TYPE_CHECKING:
    from neurobot.loop import RunSummary


def problems_of(summary: RunSummary) -> list[str]:
    """Why a run or its episodes ended before their time, a sentence each."""
    told = [f"the simulation broke down: {error}" for error in summary.physics_errors]
    return [*told, f"the guard stopped it: {summary.stopped}"] if summary.stopped else told


def exit_code_of(summary: RunSummary) -> int:
    """The exit code of a command that ran it."""
    return INTERRUPTED if summary.interrupted else STOPPED if problems_of(summary) else 0


def summary_rows(summary: RunSummary, period: float) -> dict[str, str]:
    """A run in words.

    Args:
        summary: of the run.
        period: control period [s].
    """
    n, tick = len(summary.returns), summary.timing["tick"]
    mean, std = significant(summary.return_mean), significant(summary.return_std)
    length = significant(summary.ticks / max(len(summary.episodes), 1))
    spikes, synops = significant(summary.spikes_per_tick), significant(summary.synops_per_tick)
    rows = {
        "return": f"{mean} ± {std} over {n} episodes" if n > 1 else mean,
        "ticks": f"{summary.ticks} of {seconds(period)}; {length} an episode",
        "deadlines": _deadlines(summary),
        "spikes": f"{spikes} a tick; {synops} synaptic operations",
        "held": _holds(summary),
        "tick time": (
            f"{seconds(tick.p50)} median, {seconds(tick.p99)} p99, {seconds(tick.p999)} p99.9, "
            f"{seconds(tick.max)} longest"
        ),
        "link time": _link(summary),
        "interrupted": _interrupted(n, len(summary.episodes)) if summary.interrupted else "",
    }
    return {name: value for name, value in rows.items() if value} | _learning_rows(summary)


def _link(summary: RunSummary) -> str:
    """The part of a tick that was spent on a line to a board; nothing without one."""
    link = summary.timing["link"]
    if not link.max:
        return ""
    return f"{seconds(link.p50)} of it, median; {seconds(link.p99)} p99, {seconds(link.max)} longest"


def _deadlines(summary: RunSummary) -> str:
    """How many deadlines were missed, and for what."""
    deadlines, stages = summary.deadlines, summary.late_stages
    text = f"{deadlines.misses} missed of {deadlines.ticks}; worst by {seconds(deadlines.worst_lateness)}"
    return text + ("; longest was " + ", ".join(f"{name} in {n}" for name, n in stages.items()) if stages else "")


def _holds(summary: RunSummary) -> str:
    """How many ticks were held, and why the first of them was."""
    if not summary.holds:
        return ""
    reason = next(e.hold_reason for e in summary.episodes if e.hold_reason)
    return f"{summary.holds} ticks; the first: {reason}"


def _learning_rows(summary: RunSummary) -> dict[str, str]:
    """What a run learnt, in words."""
    learning = summary.learning
    if learning is None:
        return {}
    end = ", then frozen" if learning.frozen else ", then stopped: a runaway" if learning.runaway else ""
    rows = {"learnt": f"for {seconds(learning.duration)}{end}"}
    for name, p in learning.projections.items():
        rows[name] = (
            f"weights moved by {significant(p.moved)} on average, to a mean of {significant(p.mean)}; "
            f"{p.at_low:.0%} at the lower bound, {p.at_high:.0%} at the upper"
        )
    if learning.runaway_windows:
        rows["runaway"] = f"{learning.runaway_windows} s in which a population fired too much"
    return rows


def _interrupted(whole: int, begun: int) -> str:
    return "by Ctrl-C; the episode that was cut short is not in the mean" if whole < begun else "by Ctrl-C"
