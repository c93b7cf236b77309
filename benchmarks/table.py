"""Rows as a Markdown table and as a plot."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        """The table: medians, ratios, the least and the most of all rounds, rates, and what else was measured."""
        measures = list(self.rows[0].measures)
        rates = [f"{name} [Hz]" for name in self.exposure]
        titles = ["", f"median [{self.unit}]", "ratio", "least – most", *rates, *measures]
        lines = [f"**{self.title}**", "", _line(titles), _line(["---"] * len(titles))]
        notes = []
        for row in self.rows:
            if row.problem:
                lines.append(_line([row.name, *["–"] * (len(titles) - 1)]))
                notes.append(f"- {row.name}: {row.problem}")
                continue
            if row.note:
                notes.append(f"- {row.name}: {row.note}")
            times = np.array(row.seconds) * self.scale
            span = f"{_digits(times.min())} – {_digits(times.max())}"
            cells = [_digits(float(np.median(times))), _digits(self.ratio(row)), span]
            cells += [self._rate(row, name) for name in self.exposure]
            cells += [f"{row.measures[name]:+.3f}" if name in row.measures else "–" for name in measures]
            lines.append(_line([row.name, *cells]))
        return "\n".join([*lines, *([""] if notes else []), *notes])

    def _rate(self, row: Row, population: str) -> str:
        """The rate, and by how much it differs from ours; a dash where a peer counts no spikes."""
        if population not in row.spikes:
            return "–"
        rate = f"{row.spikes[population] / self.exposure[population]:.2f}"
        ours = 0 if self.rows[0].problem else self.rows[0].spikes[population]
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
        _panel(axes, table, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _panel(axes: Any, table: Table, rows: Sequence[Row]) -> None:
    for k, row in enumerate(rows):
        times = np.array(row.seconds) * table.scale
        middle, colour = float(np.median(times)), "#0b6e4f" if row is table.rows[0] else "#5b6b7a"
        axes.plot([times.min(), times.max()], [k, k], color=colour, linewidth=2, alpha=0.5)
        axes.plot(middle, k, "o", color=colour)
        ratio = "" if np.isnan(table.ratio(row)) else f"{_digits(table.ratio(row))} ×"
        axes.annotate(ratio, (middle, k), (0, 6), textcoords="offset points", ha="center", fontsize="small")
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.8)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high)))
    axes.grid(axis="x", color="#dddddd")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set(title=table.title, xlabel=f"{table.unit}: median, range, times of ours")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _digits(number: float) -> str:
    """Three digits, more where they come before the point; a dash for NaN."""
    if np.isnan(number):
        return "–"
    return f"{number:.0f}" if number >= 100 else f"{number:#.3g}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
