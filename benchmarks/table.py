"""Rows as a Markdown table and as a plot."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers import Row


@dataclass(frozen=True)
class Table:
    """Rows that belong together; the first is ours, to which the others are compared.

    Args:
        title: above the table and the panel of the plot.
        rows: one a peer.
        unit: of the times as shown, e.g. ``us``.
        scale: what a second is in that unit.
        exposure: neurons times seconds of one run by population, by which counts become rates; empty: no rates.
    """

    title: str
    rows: Sequence[Row]
    unit: str
    scale: float
    exposure: Mapping[str, float]

    def ratio(self, row: Row) -> float:
        """Median over rounds of a peer's time in ours of the same round; NaN where there are no numbers."""
        ours = self.rows[0]
        if row.problem or ours.problem:
            return float("nan")
        return float(np.median(np.array(row.seconds) / np.array(ours.seconds)))

    def markdown(self) -> str:
        """The table: medians, ratios, the least and the most of all rounds, and rates."""
        titles = ["", f"median [{self.unit}]", "ratio", "least – most", *(f"{name} [Hz]" for name in self.exposure)]
        lines = [f"**{self.title}**", "", _line(titles), _line(["---"] * len(titles))]
        notes = []
        for row in self.rows:
            if row.problem:
                lines.append(_line([row.name, *["–"] * (len(titles) - 1)]))
                notes.append(f"- {row.name}: {row.problem}")
                continue
            times = np.array(row.seconds) * self.scale
            cells = [_digits(float(np.median(times))), f"{self.ratio(row):.2f}"]
            cells.append(f"{_digits(times.min())} – {_digits(times.max())}")
            lines.append(_line([row.name, *cells, *(self._rate(row, name) for name in self.exposure)]))
        return "\n".join([*lines, *([""] if notes else []), *notes])

    def _rate(self, row: Row, population: str) -> str:
        """The rate, and by how much it differs from ours."""
        rate = f"{row.spikes[population] / self.exposure[population]:.2f}"
        ours = self.rows[0].spikes.get(population, 0)
        if row is self.rows[0] or not ours:
            return rate
        return f"{rate} ({100 * (row.spikes[population] / ours - 1):+.1f} %)"


def versions(tables: Sequence[Table]) -> str:
    """What was measured, on which machine."""
    found = {name: number for table in tables for row in table.rows for name, number in row.versions.items()}
    listed = ", ".join(f"{name} {number}" for name, number in sorted(found.items(), key=lambda item: item[0].lower()))
    return f"{listed}; Python {platform.python_version()}; {_processor()}"


def plot(tables: Sequence[Table], path: Path) -> None:
    """Medians on a logarithmic axis, with the least and the most, and the ratio beside them; a panel a table."""
    from matplotlib.figure import Figure

    measured = [[row for row in table.rows if not row.problem] for table in tables]
    figure = Figure(figsize=(5.5 * len(tables), 1.4 + 0.36 * max(map(len, measured))), layout="constrained")
    for axes, table, rows in zip(figure.subplots(1, len(tables), squeeze=False)[0], tables, measured, strict=True):
        times = [np.array(row.seconds) * table.scale for row in rows]
        middle = np.array([np.median(t) for t in times])
        spread = np.array([[m - t.min(), t.max() - m] for m, t in zip(middle, times, strict=True)]).T
        colours = ["#0b6e4f" if row is table.rows[0] else "#8a98a5" for row in rows]
        axes.barh([row.name for row in rows], middle, xerr=spread, color=colours, ecolor="#333333", log=True)
        for k, row in enumerate(rows):
            axes.annotate(f"{table.ratio(row):.2g} ×", (times[k].max(), k), (5, 0), textcoords="offset points", va="center")
        axes.invert_yaxis()
        axes.margins(x=0.2)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set(title=table.title, xlabel=f"{table.unit}, median and range")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _digits(number: float) -> str:
    """Three digits, and none of them after a thousand."""
    return f"{number:.0f}" if number >= 100 else f"{number:#.3g}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
