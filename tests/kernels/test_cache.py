"""The folder of compiled kernels: one per source, version and checking of bounds."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from neurobot import kernels

ROOT = Path(kernels.__file__).parents[2]


def folder(**environment):
    """The cache's folder in a fresh interpreter."""
    script = "from neurobot.kernels import CACHE; print(CACHE)"
    given = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")} | environment
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=given, cwd=ROOT
    )
    return Path(done.stdout.strip())


def test_code_with_bounds_checked_is_kept_apart(tmp_path):
    plain, checked = (folder(NEUROBOT_CACHE=str(tmp_path), **given) for given in ({}, {"NUMBA_BOUNDSCHECK": "1"}))
    assert plain != checked
    assert plain.parent == checked.parent == tmp_path / "kernels"


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path):
    (tmp_path / "file").write_text("")
    assert not folder(NEUROBOT_CACHE=str(tmp_path / "file" / "cache")).is_relative_to(tmp_path)


def test_a_variant_of_a_kernel_is_compiled_in_one_process_and_loaded_in_the_next(tmp_path):
    script = (
        "from neurobot.kernels.bptt import Variant\n"
        "from neurobot.kernels.bptt_compiled import forward_scan\n"
        "forward_scan(Variant(current=True), 'float32')\n"
        "forward_scan(Variant(adaptive=True), 'float32')"
    )
    kept = []
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", script], check=True, env=os.environ | {"NEUROBOT_CACHE": str(tmp_path)}, cwd=ROOT
        )
        kept.append(sorted(tmp_path.rglob("*.nbc")))
    assert len(kept[0]) == 2
    assert kept[0] == kept[1]


@pytest.mark.parametrize("change", ["a byte of a source", "a new source", "another numba"])
def test_the_folder_follows_the_sources(tmp_path, monkeypatch, change):
    source = tmp_path / "a.py"
    source.write_text("x = 1\n")
    monkeypatch.setattr(kernels, "__file__", str(tmp_path / "__init__.py"))
    before = kernels._fingerprint()
    assert kernels._fingerprint() == before
    if change == "a byte of a source":
        source.write_text("x = 2\n")
    elif change == "a new source":
        (tmp_path / "b.py").write_text("y = 1\n")
    else:
        monkeypatch.setattr(numba, "__version__", "0.0")
    assert kernels._fingerprint() != before
