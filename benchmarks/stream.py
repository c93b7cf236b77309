"""Programs that ship, streamed through a board at their control rate, beside the same episodes in floating point.

Both are commands of neurobot, in processes of their own. A deadline that was missed is counted, and so is every period
that went by without a tick; the simulation waits for the tick, as a real robot would not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.fixed import NAMES, mean_and_std


def main(names: Sequence[str], port: str, episodes: int, seed: int, rt: bool) -> None:
    """Print a table with a row for every program.

    Args:
        names: of launch files.
        port: of a board.
        episodes: of each.
        seed: of the first one.
        rt: ahead of other processes, where that is permitted.
    """
    titles = "return | streamed | kept | period | ticks | deadlines missed | periods skipped | tick p50, p99 | the line"
    print(f"| program, {episodes} episodes | {titles} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in names or NAMES:
        same = [name, "--episodes", str(episodes), "--seed", str(seed), "--no-record", "--json"]
        alone = _told(["run", *same])
        streamed = _told(["stream", *same, "--port", port, "--rt" if rt else "--realtime"])
        print(_row(name, alone, streamed), flush=True)


def _told(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "neurobot", *command], check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _row(name: str, alone: dict[str, Any], streamed: dict[str, Any]) -> str:
    before, after = (np.array(result["returns"]) for result in (alone, streamed))
    kept = 1 + (after.mean() - before.mean()) / abs(before.mean())
    tick, line = (_times(streamed["timing"][stage]) for stage in ("tick", "link"))
    return (
        f"| {name} | {mean_and_std(before)} | {mean_and_std(after)} | {100 * kept:.1f} % | "
        f"{1e3 * streamed['control_period']:g} ms | {streamed['ticks']:,} | {streamed['overruns']} | "
        f"{streamed['skipped']} | {tick} | {line} |"
    )


def _times(timing: dict[str, float]) -> str:
    return f"{1e6 * timing['p50']:.0f}, {1e6 * timing['p99']:.0f} us"
