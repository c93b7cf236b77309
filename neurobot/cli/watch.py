"""`neurobot watch`: a run that goes on, seen from another terminal; the run does not know of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from neurobot.cli.arguments import parse
from neurobot.cli.console import print_json_line, say, seconds, significant
from neurobot.cli.folder import ROOT
from neurobot.errors import RecordingError

if TYPE_CHECKING:
    from neurobot.loop.live import Channel, Watcher
    from neurobot.loop.vitals import Vitals

REDRAW, LINE = 0.1, 1.0  # [s]
WIDTH = 24  # of a bar
MOST_ROWS = 24
"""Of a table; a robot may have more sensors than a terminal has lines."""
COLOURS = {"RUNNING": "green", "HOLD": "yellow", "SAFE": "red"}


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Look at a run that goes on: guard, ticks, deadlines, stages, observations, actions, firing rates, reward.

    In a terminal it is drawn ten times a second, else it is a line a second. Any number may watch, and none slows the
    run. Ctrl-C ends it, and so does the end of the run.

    Args:
        run: the folder of the run; default the one in runs/ that began last.
        json: print one JSON object a second, each in a line.
    """

    run: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")] = None
    json: bool = False


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Watch, args, "watch")
    from neurobot.loop.live import Watcher, find_live

    folder = options.run or find_live(ROOT)
    if folder is None:
        raise RecordingError(f"no run goes on in {ROOT}/; start one with `neurobot run`, or give the folder of one")
    console = Console(highlight=False)
    with Watcher(folder) as watcher:
        try:
            if console.is_terminal and not options.json:
                last = _draw(console, watcher, f"{folder}, process {watcher.live.pid}")
            else:
                last = _print(watcher, options.json)
        except KeyboardInterrupt:
            return 0
    say("the run has ended" + ("" if last is None else f" after tick {last.tick} in episode {last.episode}"))
    return 0


def _looks(watcher: Watcher, interval: float) -> Iterator[Vitals | None]:
    """What there is to see, every so often [s] until the run ends, and once more then."""
    from neurobot.loop.vitals import Monitor

    monitor = Monitor(watcher)
    while True:
        alive = watcher.alive  # ahead of looking, so that what came last is seen
        yield monitor.look()
        if not alive:
            return
        end = time.monotonic() + interval
        while time.monotonic() < end and watcher.alive:
            time.sleep(min(interval, REDRAW))


def _draw(console: Console, watcher: Watcher, title: str) -> Vitals | None:
    last = None
    with Live(console=console, auto_refresh=False) as live:
        for vitals in _looks(watcher, REDRAW):
            last = vitals
            shown: RenderableType = Text(f"{title}: no tick yet") if vitals is None else picture(vitals, watcher, title)
            live.update(shown, refresh=True)
    return last


def _print(watcher: Watcher, as_json: bool) -> Vitals | None:
    last = None
    for vitals in _looks(watcher, LINE):
        last = vitals
        if vitals is not None and as_json:
            print_json_line(vitals.to_dict())
        elif not as_json:
            print("no tick yet" if vitals is None else line(vitals), flush=True)
    return last


def line(vitals: Vitals) -> str:
    """A moment in a line."""
    p50, longest = vitals.stages["tick"]
    words = [
        f"tick {vitals.tick}",
        f"episode {vitals.episode}",
        vitals.mode + (f" ({vitals.cause})" if vitals.cause else ""),
        _rate(vitals),
        f"{vitals.late} deadlines missed",
        f"tick time {seconds(p50)}, longest {seconds(longest)}",
        _reward(vitals),
    ]
    return ", ".join(words)


def picture(vitals: Vitals, watcher: Watcher, title: str) -> RenderableType:
    """A moment, drawn."""
    colour = COLOURS.get(vitals.mode, "default")
    head = Text.assemble((title, "bold"), "  ", (vitals.mode, f"bold {colour}"), f"  {vitals.cause}")
    facts = Text(
        f"tick {vitals.tick:,} in episode {vitals.episode}   {_rate(vitals)}   {_reward(vitals)}\n"
        f"deadlines missed: {vitals.late} in the last second, {vitals.late_seen} seen   "
        f"action: {vitals.action_from}" + (f"   {vitals.missed:,} ticks were not seen" if vitals.missed else "")
    )
    live = watcher.live
    tables = Table.grid(padding=(0, 3))
    tables.add_row(
        _channels("observation", live.observations, vitals.observation.T.tolist()),
        Group(_channels("action", live.actions, vitals.action.T.tolist()), "", _rates(vitals), "", _stages(vitals)),
    )
    return Group(head, facts, "", tables)


def _rate(vitals: Vitals) -> str:
    return "-" if math.isnan(vitals.rate) else f"{significant(vitals.rate)} ticks/s"


def _reward(vitals: Vitals) -> str:
    return f"reward {significant(vitals.reward)}" + ("" if vitals.whole else " since it was watched")


def _table(title: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_row(Text(title, "bold"))
    return table


def _channels(title: str, channels: Sequence[Channel], values: Sequence[Sequence[float]]) -> Table:
    """A bar for each, within its range, or where it has none within what was seen of it."""
    table = _table(title)
    for channel, (value, least, most) in list(zip(channels, values, strict=True))[:MOST_ROWS]:
        low = least if channel.low is None else channel.low
        high = most if channel.high is None else channel.high
        share = (value - low) / (high - low) if high > low else 0.5
        table.add_row(Text(channel.name), _bar(share), Text(f"{value:.4g} {channel.unit}"))
    return _with_rest(table, len(channels))


def _rates(vitals: Vitals) -> Table:
    table = _table("firing rate")
    most = max(1.0, *vitals.rates.values())
    for name, rate in list(vitals.rates.items())[:MOST_ROWS]:
        table.add_row(Text(name), _bar(rate / most), Text(f"{rate:.3g} Hz"))
    return _with_rest(table, len(vitals.rates))


def _stages(vitals: Vitals) -> Table:
    table = _table("stage")
    for name, (p50, longest) in vitals.stages.items():
        table.add_row(Text(name), Text(_time(p50)), Text(f"longest {_time(longest)}"))
    return table


def _time(time: float) -> str:
    return f"-{seconds(-time)}" if time < 0 else seconds(time)


def _with_rest(table: Table, rows: int) -> Table:
    if rows > MOST_ROWS:
        table.add_row(Text(f"and {rows - MOST_ROWS} more"))
    return table


def _bar(share: float) -> RenderableType:
    share = min(max(share, 0.0), 1.0) if share == share else 0.0  # a NaN is not equal to itself
    return Bar(1.0, 0.0, share, width=WIDTH, bgcolor="grey23")
