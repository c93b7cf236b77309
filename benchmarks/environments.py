"""A virtual environment for each file in requirements/, made once and kept in a cache folder."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements")
CACHE = Path.home() / ".cache" / "neurobot" / "benchmarks"
DONE = "installed.txt"
"""A copy of the requirements that were installed, so that an environment is made anew when they change."""


class Unavailable(Exception):
    """A peer that cannot be measured here; the message says why."""


def python_of(name: str, folder: Path = CACHE, requirements: Path = REQUIREMENTS) -> str:
    """The Python of an environment, which is made when it is missing or old.

    Args:
        name: of a file in `requirements`, without ``.txt``.
        folder: where environments are kept.
        requirements: folder of the files that list packages.

    Raises:
        Unavailable: the packages cannot be installed here.
    """
    wanted = (requirements / f"{name}.txt").read_text()
    home = folder / name
    python, done = home / "bin" / "python", home / DONE
    if done.exists() and done.read_text() == wanted:
        return str(python)
    print(f"making the environment {name} in {home}: once, some minutes", file=sys.stderr, flush=True)
    try:
        venv.create(home, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:  # some distributions leave a part of venv out
        raise Unavailable(f"no virtual environment: {error}") from error
    command = [str(python), "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "60", "-r"]
    found = subprocess.run([*command, str(requirements / f"{name}.txt")], capture_output=True, text=True)
    if found.returncode != 0:
        raise Unavailable(f"not installed: {_reason(found.stderr)}")
    done.write_text(wanted)
    return str(python)


def _reason(stderr: str) -> str:
    """The last line of pip's that names an error."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip failed without a word"])[-1].removeprefix("ERROR: ")
