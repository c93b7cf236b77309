"""The programs in launch/ on fresh episodes, recorded for the tests, and the tables of the README.

tests/golden/shipped.json holds what was measured; the README's tables are what `neurobot eval --zoo --markdown` makes
of it and of the records of trainings. So they can be made anew without measuring, and a test holds them together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from neurobot.cli.zoo import shipped
from neurobot.cli.zoo_table import markdown_of
from neurobot.config import bundled_launches
from neurobot.errors import near
from neurobot.zoo import Measured, Zoo, rows

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "golden" / "shipped.json"
README = ROOT / "README.md"
PLACE = re.compile(r"(?<=<!-- zoo -->\n).*?(?=<!-- end of zoo -->)", re.DOTALL)
SEED = 5000
"""Not the seeds of `evolve`, by which one of several runs may have been chosen."""


def main(names: Sequence[str], episodes: int, measure: bool) -> None:
    """Measure and write the record, or take the one there is; put the tables into the README, and print them.

    Args:
        names: of launch files, the rest of the record stays; none is all of them.
        episodes: for each.
        measure: or only make the tables anew.
    """
    if measure:
        unknown = [name for name in names if name not in {row.experiment.name for row in rows()}]
        if unknown:
            raise SystemExit(f"no launch file is called {unknown[0]!r}; {near(unknown[0], bundled_launches())}")
        zoo = shipped(episodes, SEED, names=names or None)
        problems = [f"{row.experiment.name}: {row.problem}" for row in zoo.rows if row.problem]
        if problems or zoo.interrupted:
            raise SystemExit("; ".join(["nothing is recorded", *(problems or ["interrupted"])]))
        measured = {row.experiment.name: asdict(row.measured) for row in zoo.rows if row.measured}
        kept = json.loads(RECORD.read_text()) if names else {}
        RECORD.write_text(json.dumps(dict(sorted((kept | measured).items())), indent=2) + "\n")
    tables = markdown_of(recorded())
    README.write_text(PLACE.sub(lambda _: f"\n{tables}\n\n", README.read_text()))
    print(tables)


def recorded() -> Zoo:
    """The zoo as the record has it; a program that it does not have is not measured."""
    found = {name: Measured(**values) for name, values in json.loads(RECORD.read_text()).items()}
    episodes = max(measured.episodes for measured in found.values())
    known = tuple(replace(row, measured=found.get(row.experiment.name)) for row in rows())
    return Zoo(rows=known, episodes=episodes, seed=SEED)
