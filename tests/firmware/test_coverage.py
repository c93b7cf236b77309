"""The tests of the core in C run every line of it."""

import re
import subprocess
import sys

from tests.firmware.native import FIRMWARE, ROOT, need

SCRIPT = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from tests.firmware.native import build_core
from tests.firmware.test_planted import TESTS

library = build_core(Path({folder!r}), "--coverage", "-O0", "-Wno-stack-usage")
for test in TESTS["core"]:
    test(library)
"""


def test_the_tests_of_the_core_run_every_line(tmp_path):
    need("gcc", "gcov")
    script = SCRIPT.format(root=str(ROOT), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    subprocess.run(["gcov", *map(str, tmp_path.glob("*.gcda"))], cwd=tmp_path, check=True, capture_output=True)
    names = sorted(path.name for path in (FIRMWARE / "core").glob("*.[ch]"))
    told = {name: tmp_path / f"{name}.gcov" for name in names}
    assert {name for name, path in told.items() if not path.is_file()} <= {"core.h"}  # which has no code
    missed = {
        name: re.findall(r"^ *#####: *(\d+):(.*)$", path.read_text(), flags=re.M)
        for name, path in told.items()
        if path.is_file()
    }
    assert {name: lines for name, lines in missed.items() if lines} == {}
