"""Run folders: everything that is needed to repeat a run, or to go on with a training.

config.json           the resolved experiment; its program is the copy beside it
program.safetensors   what ran, or what training found
versions.json         of packages and platform
summary.json          what the run, or the training, was like
learnt.safetensors    of a run that learns: the program with the weights it came to
recording/            of a run, see `neurobot.loop.recording`
suspended.safetensors of a run that Ctrl-C met: what it goes on from, see `neurobot.loop.suspended`
fault-000/, ...       of a run with a black box: folders like this one, each with the last seconds before a fault
live.json             while the run goes on, here or in recording/, see `neurobot.loop.live`
events.jsonl, ...     of a training, see `neurobot.train.runs.drive`
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurobot.config import RESOLVED, Experiment, to_json
from neurobot.errors import ConfigError
from neurobot.files import RECORDING as RECORDING
from neurobot.files import write_atomically
from neurobot.versions import versions

PROGRAM = "program.safetensors"
LEARNT = "learnt.safetensors"
SUMMARY = "summary.json"
VERSIONS = "versions.json"
ROOT = Path("runs")


def new_folder(out: Path | None, name: str) -> Path:
    """A new folder, for a run or a training.

    Args:
        out: where; default ``runs/NAME-DATE-TIME``.
        name: of the experiment.

    Raises:
        ConfigError: it holds something already.
        OSError: it cannot be made.
    """
    if out is None:
        return _numbered(ROOT / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"--out {out}: it exists and is not an empty folder; give a new one")
    out.mkdir(parents=True, exist_ok=True)
    return out


def write_config(folder: Path, experiment: Experiment) -> None:
    """Write the experiment, with its program beside it, and versions."""
    write_atomically(folder / RESOLVED, to_json(replace(experiment, program=PROGRAM)).encode())
    write_json(folder / VERSIONS, versions())


def write_json(path: Path, data: Any) -> None:
    """Write plain data."""
    write_atomically(path, (json.dumps(data, indent=2, allow_nan=False) + "\n").encode())


def _numbered(base: Path) -> Path:
    """The folder, or the first of base-2, base-3, ... that is free, when several runs begin in one second."""
    folder, n = base, 1
    while True:
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            n += 1
            folder = base.with_name(f"{base.name}-{n}")
