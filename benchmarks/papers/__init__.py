"""Published results, reproduced: ``python -m benchmarks papers [NAME ...]`` prints numbers beside the published ones.

A paper is a module with three names, and a line in `PAPERS`:

    PAPER: str                              the citation
    measure(...)                            runs it; quick enough for the tests, or with an argument for how much is run
    report(options, figure) -> list[Row]    draws, and gives the numbers, each beside the published one
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.papers import (
    eprop_evidence,
    eprop_pattern,
    florian_2007,
    izhikevich_2007,
    izhikevich_network,
    song_2000,
    windows,
)
from benchmarks.papers.row import Options as Options

PAPERS: dict[str, Any] = {
    "windows": windows,
    "song_2000": song_2000,
    "izhikevich_2007": izhikevich_2007,
    "izhikevich_network": izhikevich_network,
    "florian_2007": florian_2007,
    "eprop_pattern": eprop_pattern,
    "eprop_evidence": eprop_evidence,
}
SECONDS = "windows", "izhikevich_2007", "song_2000", "eprop_pattern"
"""Those that take seconds, and run when none is named."""


def main(names: Sequence[str], options: Options, out: Path) -> None:
    """Print a table for every paper and write its figure, ``NAME.png``."""
    from neurobot.view.plot import blank_figure

    out.mkdir(parents=True, exist_ok=True)
    for name in names or SECONDS:
        figure = blank_figure(9, 3.6)
        rows = PAPERS[name].report(options, figure)
        print(f"**{PAPERS[name].PAPER}**\n\n| | published | here |\n|---|---|---|")
        print("\n".join(f"| {row.what} | {row.published} | {row.here} |" for row in rows))
        figure.savefig(out / f"{name}.png", dpi=80)
        print(f"\nfigure: {out / name}.png\n", flush=True)
