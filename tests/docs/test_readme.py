"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import shipped
from neurobot.cli.zoo_table import markdown_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(number: int, folder: Path) -> str:
    """What a snippet prints, run in a folder that has the launch files."""
    (folder / "launch").symlink_to(ROOT / "launch")
    result = subprocess.run([sys.executable, "-c", SNIPPETS[number]], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_python_snippet_of_the_readme_runs(number: int, tmp_path: Path) -> None:
    run(number, tmp_path)


def test_the_network_of_the_readme_is_silent_until_it_is_driven(tmp_path: Path) -> None:
    """A drive of 20 mV alone ends at the threshold and never passes it; the spikes of the others carry it along."""
    silent, *rates = map(float, re.findall(r"[\d.]+", run(1, tmp_path)))
    assert silent == 0
    assert len(rates) == 10
    assert min(rates) == max(rates) > 40
    assert (tmp_path / "network.png").exists()


def test_the_graph_of_the_readme_says_what_was_assumed(tmp_path: Path) -> None:
    printed = run(2, tmp_path)
    assert printed.startswith("NIR import of net.nir: dt = 0.0001 s, compat = none\norder of update: in, cells\n")
    assert "the step is integrated exactly" in printed


def test_the_network_of_the_readme_learns(tmp_path: Path) -> None:
    assert int(run(3, tmp_path).strip().removesuffix("%")) >= 90
    assert (tmp_path / "patterns.safetensors").exists()


def test_the_two_commands_are_one_line_each() -> None:
    for name in ("run", "test"):
        block = re.search(rf"<!-- {name} -->\n```\n(.*?)\n```", README, re.DOTALL)
        assert block is not None
        assert "\n" not in block.group(1)


def test_every_file_that_the_readme_links_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_the_tables_of_what_ships_are_those_of_the_records() -> None:
    """If this fails: python -m benchmarks shipped --tables."""
    tables = shipped.PLACE.search(README)
    assert tables is not None
    assert tables.group().strip() == markdown_of(shipped.recorded())
