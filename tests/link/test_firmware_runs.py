"""The C code run with what finds mistakes in C, and how much of it the lockstep streams run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.link.native import ROOT

STREAMS = """
import random
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from tests.link.native import build
from tests.link.test_firmware import Pair

library = build(Path({folder!r}), *{flags!r})
for seed in range({seeds}):
    Pair(library).run(random.Random(seed), 400)
for size in (0, 1, 520, 521, 522, 523, 1100):  # frames of every length at the limit, in buffers of exactly that
    for byte in (b"\\0", b"\\x01", b"\\xff"):
        pair = Pair(library)
        pair.same("receive", byte * size)
        pair.same("receive", b"\\0")
print("done")
"""


def run_streams(folder, flags, seeds, **environment):
    """Drive both twins in another process, which the sanitizer may end."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    script = STREAMS.format(root=str(ROOT), folder=str(folder), flags=flags, seeds=seeds)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, env=os.environ | environment
    )


def sanitizer():
    """The library that has to be loaded before Python's own allocator is used."""
    path = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    if not Path(path).is_absolute():
        pytest.skip("no AddressSanitizer here")
    return path


def test_nothing_is_read_or_written_beside_its_buffer_and_nothing_overflows(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-Wno-stack-usage"]
    done = run_streams(
        tmp_path, flags, 10, LD_PRELOAD=sanitizer(), ASAN_OPTIONS="detect_leaks=0", PYTHONMALLOC="malloc"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "done\n"


def test_the_streams_run_every_line(tmp_path):
    if shutil.which("gcov") is None:
        pytest.skip("no gcov here")
    done = run_streams(tmp_path, ["--coverage", "-O0", "-Wno-stack-usage"], 20)
    assert done.returncode == 0, done.stderr[-3000:]
    subprocess.run(
        ["gcov", "-o", ".", *map(str, tmp_path.glob("*.gcda"))], cwd=tmp_path, check=True, capture_output=True
    )
    missed = {}
    for name in ("frame.c", "device.c", "handlers.c"):
        text = (tmp_path / f"{name}.gcov").read_text()
        missed[name] = re.findall(r"^ *#####: *(\d+):(.*)$", text, flags=re.M)
    assert missed == {"frame.c": [], "device.c": [], "handlers.c": []}
