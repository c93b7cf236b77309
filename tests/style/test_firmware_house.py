"""The house budget in C: small files and functions, and nothing of the C library but memory."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
FILES = sorted(
    p for suffix in ("*.c", "*.h") for p in FIRMWARE.rglob(suffix) if "build" not in p.relative_to(FIRMWARE).parts
)
LINK = [p for p in FILES if p.parent == FIRMWARE / "link"]
HEADERS = {"stdint.h", "stddef.h", "string.h"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_in_c_has_at_most_400_lines_of_at_most_120_characters_and_says_what_it_is(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 400
    assert [k for k, line in enumerate(lines, 1) if len(line) > 120 or "\t" in line] == []
    assert lines[0].startswith("/* ")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_function_in_c_has_at_most_40_lines(path):
    bodies = re.findall(r"^[\w *]*?\b(\w+)\([^;{]*\) \{\n(.*?)^\}$", path.read_text(), flags=re.S | re.M)
    assert {name: body.count("\n") for name, body in bodies if body.count("\n") > 40} == {}


@pytest.mark.parametrize("path", LINK, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_link_includes_only_its_own_headers_and_what_every_compiler_has(path):
    assert set(re.findall(r"#include <([^>]+)>", path.read_text())) <= HEADERS
