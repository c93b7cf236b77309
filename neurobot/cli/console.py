"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from neurobot.cli.interrupts import later

if TYPE_CHECKING:
    from neurobot.loop.diagnose import Finding


def messages() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print a message, as it is."""
    messages().print(message, markup=False)


def print_json(data: Any) -> None:
    """Print one JSON object, the whole result of a command."""
    print(json.dumps(data, indent=2, allow_nan=False))


def print_json_line(data: Any) -> None:
    """Print one JSON object of several, in a line of its own and at once."""
    print(json.dumps(data, allow_nan=False), flush=True)


def print_rows(title: str, rows: Mapping[str, str]) -> None:
    """Print names and values in two columns."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(title)
    width = max(map(len, rows))
    for name, value in rows.items():
        console.print(Text.assemble((f"{name:{width}}  ", "bold"), value))


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header, in columns that are as wide as they need to be; the first one is of names."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    console.print(title)
    for row in (header, *rows):
        name, *cells = (f"{cell:{'<' if k == 0 else '>'}{widths[k]}}" for k, cell in enumerate(row))
        console.print(Text.assemble((name, "bold"), "  ", "  ".join(cells)))


def print_findings(title: str, findings: Sequence[Finding]) -> None:
    """Print what was found, each with its evidence and what to try; that nothing was, in one line."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(title)
    for finding in findings:
        console.print()
        console.print(Text.assemble((f"{finding.severity}: ", "bold"), finding.what))
        console.print(f"  seen  {finding.evidence}")
        console.print(f"  try   {finding.try_next}")


@contextmanager
def compiling(kernel: str) -> Iterator[None]:
    """Around what loads a kernel (see `is_warm`): says so while it is compiled, once; Ctrl-C waits for its end."""
    from neurobot.kernels.compiled import is_warm

    if is_warm(kernel):
        yield
        return
    console = messages()
    what = "compiling kernels, once (about 15 s)"
    if not console.is_terminal:
        console.print(what)
        with later():
            yield
        return
    with console.status(what), later():
        yield


def seconds(time: float) -> str:
    """A time [s] in a unit that suits it."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if time * factor >= 1.0 or unit == "us":
            return f"{time * factor:.3g} {unit}"
    raise AssertionError


def significant(x: float) -> str:
    """A number with four digits, and all of those before the point."""
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.4g}"
