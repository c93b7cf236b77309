"""What docs/testing.md shows: the environment breaks the two sentences that it says, and the two lines mend them."""

import re
import subprocess
import sys
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
CART, LINES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
STEP = "    def step(self, action):\n"


def run(code, folder):
    (folder / "cart.py").write_text(code)  # a file, since a class has to be found again
    return subprocess.run([sys.executable, "cart.py"], cwd=folder, capture_output=True, text=True)


def test_the_page_is_short():
    assert len(TEXT.splitlines()) < 60


def test_the_environment_breaks_the_two_sentences_that_the_page_says(tmp_path):
    said = run(CART, tmp_path).stderr
    assert "ConformanceError: the environment breaks 2 sentences of its contract." in said
    assert "A step after the end of an episode raises: " in said
    assert "leaves nothing behind: step([nan]) returned observation [nan, nan]" in said


def test_with_the_two_lines_it_breaks_none(tmp_path):
    assert STEP in CART
    done = run(CART.replace(STEP, STEP + LINES), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
