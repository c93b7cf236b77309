"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_python_snippet_of_the_readme_runs(number: int) -> None:
    result = subprocess.run([sys.executable, "-c", SNIPPETS[number]], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_network_of_the_readme_spikes_where_its_closed_form_says() -> None:
    """A jump of 1.5 passes the threshold of 1 at once, one of 0.7 does once the last one has not decayed enough."""
    result = subprocess.run([sys.executable, "-c", SNIPPETS[1]], cwd=ROOT, capture_output=True, text=True)
    spikes = [tuple(map(int, re.findall(r"\d+", line))) for line in result.stdout.splitlines()]
    inputs = [(step, 0) for step in (0, 5, 10, 15)]
    strong = [(step + 1, 1) for step, _ in inputs]
    weak = [(6, 2), (16, 2)]  # .7 exp(-5/20) + .7 = 1.245 > 1, then from 0 again
    assert sorted(spikes) == sorted(inputs + strong + weak)


def test_the_two_commands_are_one_line_each() -> None:
    for name in ("run", "test"):
        block = re.search(rf"<!-- {name} -->\n```\n(.*?)\n```", README, re.DOTALL)
        assert block is not None
        assert "\n" not in block.group(1)


def test_every_file_that_the_readme_links_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
