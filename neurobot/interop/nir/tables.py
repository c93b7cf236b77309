"""Recorded signals in files: CSV, or the NIRGraphData of the library."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.errors import NIRError, near
from neurobot.interop.nir.reading import MALFORMED, check, library
from neurobot.simulation.stimuli import step_of

MAX_TABLE_BYTES = 2**28
MAX_VALUES = 2**27
HDF5 = b"\x89HDF\r\n\x1a\n"
EVENTS = ("step", "time")


def read_table(
    path: str | Path, wanted: Mapping[str, int], dt: float, *, columns: Sequence[str] = (), steps: int | None = None
) -> np.ndarray:
    """A recording of some populations, side by side.

    Args:
        path: a CSV file or NIRGraphData. A CSV has one row per step and one column per neuron, with or without a
            header; or it lists events, with a header of ``step`` (or ``time`` [s], in the step that covers it),
            ``neuron`` and, for more than one population, ``population``. A neuron has one event in a step at most.
        wanted: names and sizes of the populations.
        dt: step [s], for times.
        columns: names of the columns to take of a CSV with a header.
        steps: how many steps there are; default as many as the file has.

    Returns:
        (steps, n) float64, at least one step; 1 where there is a spike.

    Raises:
        NIRError: nothing is wanted, or the file cannot be read or does not hold these populations and steps.
    """
    path = Path(path)
    if not wanted:
        raise NIRError(f"{path}: there is no population that a table could be of; add an Input node to the graph")
    if not path.is_file():
        raise NIRError(f"{path}: there is no such file")
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise NIRError(f"{path}: the table has {path.stat().st_size:,} bytes, at most {MAX_TABLE_BYTES:,} are allowed")
    with path.open("rb") as file:
        binary = file.read(len(HDF5)) == HDF5
    table = _recording(path, wanted, dt, steps) if binary else _csv(path, wanted, dt, columns, steps)
    if not len(table):
        raise NIRError(f"{path}: the table has no steps, it must have at least one")
    if not np.isfinite(table).all():
        k, j = np.argwhere(~np.isfinite(table))[0]
        raise NIRError(f"{path}: the value of step {k}, column {j} is {table[k, j]}, it must be finite")
    if steps is not None and len(table) != steps:
        raise NIRError(f"{path}: the table has {len(table)} steps, but there are {steps}")
    return table


def _csv(path: Path, wanted: Mapping[str, int], dt: float, columns: Sequence[str], steps: int | None) -> np.ndarray:
    try:
        with path.open(newline="", encoding="utf8") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NIRError(f"{path}: this is neither CSV nor HDF5: {error}") from None
    header = rows.pop(0) if rows and not all(map(_is_number, rows[0])) else []
    for k, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise NIRError(f"{path}: row {k} has {len(row)} columns, the first has {len(rows[0])}")
    if "neuron" in header and set(EVENTS) & set(header):
        return _events(path, header, rows, wanted, dt, steps)
    for name in columns:
        if name not in header:
            raise NIRError(f"{path}: there is no column {name!r}; {near(name, header)}")
    if columns:
        rows = [[row[header.index(name)] for name in columns] for row in rows]
    n = sum(wanted.values())
    if rows and len(rows[0]) != n:
        raise NIRError(
            f"{path}: the table has {len(rows[0])} columns, but {', '.join(wanted)} have {n} neurons; "
            "choose columns by their names"
        )
    return _numbers(path, rows).reshape(-1, n)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, rows: list[list[str]]) -> np.ndarray:
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise NIRError(f"{path}: {error}; the table must hold numbers") from None


def _events(
    path: Path, header: list[str], rows: list[list[str]], wanted: Mapping[str, int], dt: float, steps: int | None
) -> np.ndarray:
    if "population" not in header and len(wanted) > 1:
        raise NIRError(f"{path}: the events need a column 'population', one of {', '.join(wanted)}")
    where = header.index("population") if "population" in header else None
    names = [next(iter(wanted))] * len(rows) if where is None else [row[where] for row in rows]
    clock = "step" if "step" in header else "time"
    picked = [[row[header.index(clock)], row[header.index("neuron")]] for row in rows]
    numbers = _numbers(path, picked).reshape(-1, 2)
    at = numbers[:, 0]
    if clock == "time":
        _check_times(path, at, dt)
        at = step_of(at, dt)
    return _grid(path, names, at, numbers[:, 1], wanted, steps)


def _check_times(path: Path, times: np.ndarray, dt: float) -> None:
    if (far := ~(np.abs(times) < MAX_VALUES * dt)).any():
        raise NIRError(f"{path}: a time is {times[far][0]:g} s, it must lie within {MAX_VALUES:,} steps of {dt:g} s")


def _grid(
    path: Path, names: Sequence[str], at: np.ndarray, neurons: np.ndarray, wanted: Mapping[str, int], steps: int | None
) -> np.ndarray:
    """Events as (steps, n)."""
    for what, numbers in (("step", at), ("neuron", neurons)):
        if (bad := ~np.isfinite(numbers) | (numbers != np.floor(numbers))).any():
            raise NIRError(f"{path}: a {what} is {numbers[bad][0]:g}, it must be a whole number")
    starts = dict(zip(wanted, np.cumsum([0, *wanted.values()]), strict=False))
    total = int(at.max(initial=-1)) + 1 if steps is None else steps
    if total * sum(wanted.values()) > MAX_VALUES:
        raise NIRError(f"{path}: {total:,} steps of {sum(wanted.values()):,} neurons are too many; give fewer steps")
    grid = np.zeros((total, sum(wanted.values())))
    for name, k, j in zip(names, at, neurons, strict=True):
        if name not in wanted:
            raise NIRError(f"{path}: there is no population {name!r}; {near(name, wanted)}")
        if not (0 <= k < total and 0 <= j < wanted[name]):
            raise NIRError(
                f"{path}: an event of neuron {j:g} in step {k:g}, but {name!r} has {wanted[name]} neurons and there "
                f"are {total} steps"
            )
        cell = int(k), starts[name] + int(j)
        if grid[cell]:
            raise NIRError(
                f"{path}: neuron {j:g} of {name!r} has two events in step {k:g}, which holds one; give a smaller dt, "
                "or leave one out"
            )
        grid[cell] = 1.0
    return grid


def _recording(path: Path, wanted: Mapping[str, int], dt: float, steps: int | None) -> np.ndarray:
    """NIRGraphData, one sample."""
    check(path)
    try:
        nodes = library().read_data(path).nodes
    except MALFORMED as error:
        raise NIRError(f"{path}: this is HDF5 but no NIRGraphData: {type(error).__name__}: {error}") from None
    parts = []
    for name, n in wanted.items():
        if name not in nodes or not hasattr(nodes[name], "observables"):
            raise NIRError(f"{path}: there is no recording of {name!r}; {near(name, nodes)}")
        seen = nodes[name].observables
        key = "spikes" if "spikes" in seen or len(seen) != 1 else next(iter(seen))
        if key not in seen:
            raise NIRError(f"{path}: the recording of {name!r} has no 'spikes'; {near('spikes', seen)}")
        parts.append(_observable(path, name, n, seen[key], dt, steps))
    lengths = {len(part) for part in parts}
    if len(lengths) > 1:
        raise NIRError(f"{path}: the recordings have {sorted(lengths)} steps, they must be of one length")
    return np.hstack(parts)


def _observable(path: Path, name: str, n: int, data: Any, dt: float, steps: int | None) -> np.ndarray:
    if data.n_samples != 1:
        raise NIRError(f"{path}: the recording of {name!r} has {data.n_samples} samples, it must have one")
    if hasattr(data, "data"):
        if not abs(data.dt / dt - 1) < 1e-6:
            raise NIRError(f"{path}: the recording of {name!r} has dt = {data.dt:g} s, but dt is {dt:g} s")
        if data.n_neurons != n:
            raise NIRError(f"{path}: the recording of {name!r} has {data.n_neurons} neurons, it must have {n}")
        return np.asarray(data.data[0], dtype=np.float64)
    real = data.idx[0] >= 0
    times = data.time[0][real]
    _check_times(path, np.append(times, data.t_max), dt)
    total = max(round(data.t_max / dt), 0) if steps is None else steps
    return _grid(path, [name] * len(times), step_of(times, dt), data.idx[0][real], {name: n}, total)
