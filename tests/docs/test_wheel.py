"""The wheel, built and installed in an environment of its own, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_types_environments_launch_files_and_programs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("neurobot/py.typed", "neurobot/envs/py.typed", "neurobot/envs/hopper.py"):
        assert name in names
    launch = {Path(n).name for n in names if n.startswith("neurobot/launch/")}
    shipped = {p.name for p in (ROOT / "launch").iterdir() if p.suffix in (".json", ".toml", ".safetensors")}
    assert {"zoo.json", "published.toml"} <= shipped
    assert shipped <= launch
    sources = {p.relative_to(ROOT) for p in (ROOT / "neurobot").rglob("*.py")}
    assert {str(p) for p in sources} <= set(names)
    assets = {f"neurobot/envs/assets/{p.name}" for p in (ROOT / "envs" / "assets").iterdir()}
    assert assets <= set(names)
    firmware = [p for p in (ROOT / "firmware").rglob("*") if p.suffix in (".c", ".h", ".ld", ".json")]
    assert {f"neurobot/{p.relative_to(ROOT)}" for p in firmware if "build" not in p.parts} <= set(names)
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/", "envs/", "launch/", "firmware/"))]


def test_a_bundled_launch_file_runs_from_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, env=environment, capture_output=True)
    command = [str(tmp_path / "venv" / "bin" / "neurobot"), "run", "cartpole", "--json", "--episodes", "2"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["episodes"] == 2
    assert summary["return_mean"] > 400
