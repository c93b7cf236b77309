"""`neurobot nir`: look into a NIR file, or run it on a recorded input and compare its spikes with a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.console import print_json, say
from neurobot.errors import ConfigError, NIRError, near

if TYPE_CHECKING:
    from neurobot.interop.nir.compare import Comparison

Compat = Literal["snntorch", "norse", "sinabs", "spikingjelly", "rockpool", "spyx"]
HELP = """\
usage: neurobot nir {show,verify} FILE [OPTIONS]

  show     list a file's nodes and edges
  verify   run it on a recorded input, print its spikes and compare them with a table

`neurobot nir verify --help` shows the options.
"""


@dataclass(frozen=True, kw_only=True)
class Show:
    """List the nodes and edges of a NIR file, after checking that it is safe to read.

    Args:
        file: a NIR file.
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Run a NIR file on a recorded input, print its spikes and compare them with a table; exit code 1 if they differ.

    Tables are CSV, one row a step and one column a neuron, or a list of events with the columns step (or time),
    neuron and population; or NIRGraphData. An input of 0 and 1 is spikes, another one is held over each step.

    Args:
        file: a NIR file.
        dt: step of the network [s]; NIR files do not say it.
        input: what goes into the Input nodes.
        expect: what the populations of the Output nodes, or of --population, should do.
        compat: framework that wrote the file, whose conventions are to be followed.
        method: how a step is integrated; default exact, or as the framework does.
        spike_as: what a spike into CubaLIF is: held over a step, a pulse of area 1, or a jump of the current.
        reset: what a spike does to v.
        late_reset: whether the reset acts one step after the spike.
        file_dt: step [s] that the writer put into its time constants, if that is not dt.
        v0: where v starts.
        population: populations to print and compare; default those of the Output nodes.
        input_column: names of the columns of the input to take.
        expect_column: names of the columns of the table to take.
        most: how many spikes to print.
        out: file to write all spikes to, as CSV.
        json: print one JSON object.
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    dt: float
    input: Annotated[Path, tyro.conf.arg(metavar="TABLE")]
    expect: Annotated[Path | None, tyro.conf.arg(metavar="TABLE")] = None
    compat: Compat | None = None
    method: Literal["exact", "euler"] | None = None
    spike_as: Literal["box", "dirac", "jump"] | None = None
    reset: Literal["value", "subtract"] | None = None
    late_reset: bool | None = None
    file_dt: float | None = None
    v0: Literal["v_leak", "zero"] = "v_leak"
    population: tuple[str, ...] = ()
    input_column: tuple[str, ...] = ()
    expect_column: tuple[str, ...] = ()
    most: int = 20
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    json: bool = False


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    commands: dict[str, tuple[type[Any], Callable[[Any], int]]] = {"show": (Show, _show), "verify": (Verify, _verify)}
    if not args or args[0] in ("-h", "--help"):
        print(HELP, end="")
        return 0 if args else 2
    if args[0] not in commands:
        say(f"error: neurobot nir has no {args[0]!r}; {near(args[0], commands)}")
        return 2
    options, act = commands[args[0]]
    return act(parse(options, args[1:], f"nir {args[0]}"))


def _show(options: Show) -> int:
    from neurobot.interop.nir.graph import flatten
    from neurobot.interop.nir.reading import read
    from neurobot.interop.nir.report import Notes

    flat = flatten(read(options.file), Notes())
    width = max(map(len, flat.nodes))
    for name in flat.nodes:
        inputs, outputs = flat.sizes[name]
        size = f"{inputs}" if inputs == outputs else f"{inputs} -> {outputs}"
        print(f"{name:{width}}  {flat.kind(name):8}  {size}")
    for source, target in flat.edges:
        print(f"{source} -> {target}")
    return 0


def _verify(options: Verify) -> int:
    from neurobot.interop.nir.load import from_nir
    from neurobot.interop.nir.running import describe, run
    from neurobot.interop.nir.tables import read_table

    if options.most < 0:
        raise ConfigError(f"--most is {options.most}, it must be at least 0")
    chosen = {k: getattr(options, k) for k in ("compat", "method", "spike_as", "reset", "late_reset", "file_dt", "v0")}
    network, report = from_nir(options.file, dt=options.dt, **chosen)
    sizes = {p.name: p.n for p in network.populations if p.spikes and p.name not in report.inputs}
    given = dict.fromkeys(name for out in report.outputs.values() for name in out if name in sizes)
    wanted = _wanted(options, sizes, options.population or tuple(given))
    inputs = read_table(options.input, report.inputs, options.dt, columns=options.input_column)
    table = _table(options, wanted, len(inputs))
    spikes = run(network, inputs).spikes
    seen = {name: spikes[name] for name in wanted}
    found = _compared(seen, table)
    if options.out is not None:
        options.out.write_text("\n".join(["step,population,neuron", *_lines(seen), ""]), encoding="utf8")
    if options.json:
        compared = {name: c.to_data() for name, c in found.items()}
        listed = {name: np.argwhere(spikes).tolist() for name, spikes in seen.items()}
        print_json({"report": report.to_data(), "spikes": listed, "compared": compared})
    else:
        print(report)
        print(describe(inputs))
        _print(seen, options.most)
        for name, comparison in found.items():
            print(f"{name}: {comparison}")
    return 0 if all(c.equal for c in found.values()) else 1


def _wanted(options: Verify, sizes: dict[str, int], names: Sequence[str]) -> dict[str, int]:
    """Sizes of the populations to print and compare."""
    for name in names:
        if name not in sizes:
            raise ConfigError(f"--population: nothing that spikes is called {name!r}; {near(name, sizes)}")
    if options.expect is not None and not names:
        raise ConfigError(
            f"--expect: no Output gives spikes; choose by --population what to compare, {near('', sizes)}"
        )
    return {name: sizes[name] for name in names}


def _table(options: Verify, wanted: dict[str, int], steps: int) -> np.ndarray | None:
    """What is expected, (steps, n)."""
    from neurobot.interop.nir.tables import read_table

    if options.expect is None:
        return None
    table = read_table(options.expect, wanted, options.dt, columns=options.expect_column, steps=steps)
    if not ((table == 0) | (table == 1)).all():
        raise NIRError(f"{options.expect}: spikes are 0 or 1; choose the columns of spikes by --expect-column")
    return table


def _compared(seen: dict[str, np.ndarray], table: np.ndarray | None) -> dict[str, Comparison]:
    """Every population beside its part of the table."""
    from neurobot.interop.nir.compare import compare

    if table is None:
        return {}
    parts = np.split(table, np.cumsum([spikes.shape[1] for spikes in seen.values()])[:-1], axis=1)
    return {name: compare(spikes, part) for (name, spikes), part in zip(seen.items(), parts, strict=True)}


def _lines(seen: dict[str, np.ndarray]) -> list[str]:
    """Spikes as rows of a table, by time."""
    rows = [(int(k), name, int(j)) for name, spikes in seen.items() for k, j in np.argwhere(spikes)]
    return [f"{k},{name},{j}" for k, name, j in sorted(rows, key=lambda row: row[0])]


def _print(seen: dict[str, np.ndarray], most: int) -> None:
    for name, spikes in seen.items():
        print(f"{name}: {int(spikes.sum())} spikes of {spikes.shape[1]} neurons in {len(spikes)} steps")
    lines = _lines(seen)
    print("\n".join(["step,population,neuron", *lines[:most]]))
    if len(lines) > most:
        print(f"... {len(lines) - most} more; --out FILE writes all")
