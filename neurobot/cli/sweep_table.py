"""What came out of a sweep: read from the folders of its runs, as a table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.cli.console import significant
from neurobot.cli.folder import SUMMARY, write_json
from neurobot.files import write_atomically

NUMBERS = ("best", "rounds", "steps", "core_seconds")
"""Of a run's summary."""


def read_summary(folder: Path) -> dict[str, Any] | None:
    """The summary of a run that is finished, else None."""
    try:
        summary = json.loads((folder / SUMMARY).read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(summary, dict) and summary.get("interrupted") is False and summary.keys() >= set(NUMBERS)
    return summary if whole else None


def collect(runs: Iterable[tuple[dict[str, str], int, Path]]) -> list[dict[str, Any]]:
    """Rows of the finished ones of some runs, each given as its values in the grid, its seed and its folder."""
    rows = []
    for point, seed, folder in runs:
        summary = read_summary(folder)
        if summary is not None:
            numbers = {name: summary[name] for name in NUMBERS}
            rows.append({"set": point, "seed": seed, **numbers, "folder": folder.name})
    return rows


def write_results(out: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write ``results.json`` and ``results.csv``, a row for each run."""
    write_json(out / "results.json", rows)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    keys = list(rows[0]["set"])
    table.writerow([*keys, "seed", *NUMBERS, "folder"])
    for row in rows:
        table.writerow([*row["set"].values(), row["seed"], *(row[name] for name in NUMBERS), row["folder"]])
    write_atomically(out / "results.csv", text.getvalue().encode())


def summarised(rows: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """A row of text for each point of the grid: mean ± standard deviation over its seeds."""
    points: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        points.setdefault(tuple(row["set"].values()), []).append(row)
    table = []
    for same in points.values():
        best = np.array([row["best"] for row in same if row["best"] is not None])
        minutes = np.array([row["core_seconds"] for row in same]) / 60
        table.append({
            **same[0]["set"],
            "seeds": str(len(same)),
            "best evaluation": f"{significant(best.mean())} ± {significant(best.std())}" if best.size else "none",
            "each": ", ".join("none" if row["best"] is None else significant(row["best"]) for row in same),
            "steps": significant(float(np.mean([row["steps"] for row in same]))),
            "core-minutes": f"{minutes.mean():.3g}",
        })  # fmt: skip
    return table


def print_table(rows: Sequence[dict[str, Any]], planned: int) -> None:
    """Print a line for each point of the grid."""
    table = summarised(rows)
    lines = [list(table[0])] + [list(row.values()) for row in table] if table else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip())
    print(f"{len(rows)} of {planned} runs are finished")
