"""Checkpoints: everything that changes in a training, hashed, in one atomic file; the last few are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from neurobot.errors import ProgramFileError, TrainingError
from neurobot.program.hashed import load_hashed, save_hashed
from neurobot.program.report import diff_data
from neurobot.train.method import State
from neurobot.train.runs import blocks

FORMAT = 4
PATTERN = "checkpoint-*.safetensors"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training between two steps.

    Args:
        about: which run it is: method, environment, seed, settings, controller; plain data.
        state: of the run.
        rounds: steps of training so far.
        steps: environment steps so far.
        core_seconds: process CPU time so far [s].
    """

    about: dict[str, Any]
    state: State
    rounds: int
    steps: int
    core_seconds: float

    def save(self, folder: Path, keep: int) -> None:
        """Write into a folder, then delete the oldest beyond `keep`; ProgramFileError when the disk is full."""
        large = {name: a for name, a in self.state.arrays.items() if a.nbytes >= blocks.BLOCK}
        stored = {name: blocks.store(folder, array) for name, array in large.items()}
        arrays = {name: np.ascontiguousarray(a) for name, a in self.state.arrays.items() if name not in large}
        meta = {
            "format": FORMAT, "about": self.about, "data": dict(self.state.data), "rounds": self.rounds,
            "steps": self.steps, "core_seconds": self.core_seconds, "large": stored,
        }  # fmt: skip
        path = folder / f"checkpoint-{self.rounds:06d}.safetensors"
        save_hashed(path, "neurobot_checkpoint", meta, arrays)
        older = [p for p in checkpoints(folder) if _rounds(p) <= self.rounds]
        for old in older[keep:]:
            old.unlink(missing_ok=True)
        if stored:
            blocks.prune(folder, _stored(checkpoints(folder)))


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a folder, newest first."""
    return sorted((p for p in folder.glob(PATTERN) if _rounds(p) >= 0), key=_rounds, reverse=True)


def newest(folder: Path, about: dict[str, Any], free: tuple[str, ...], notice: Callable[[str], None]) -> Checkpoint:
    """The newest whole checkpoint of a run.

    Args:
        folder: of the run.
        about: what the run is now.
        free: settings that may differ.
        notice: called for every damaged one that is passed over, and for what a killed process left half written.

    Raises:
        TrainingError: there is none, all are damaged, or it belongs to another run; the message says what differs.
    """
    for part in sorted(folder.glob(f".{PATTERN}.part")):
        notice(f"{part}: was cut short while it was written; deleted")
        part.unlink(missing_ok=True)
    damaged: list[str] = []
    for path in checkpoints(folder):
        try:
            found = load(path)
        except ProgramFileError as error:
            damaged.append(str(error))
            continue
        for problem in damaged:
            notice(f"{problem}; going on from {path.name} instead")
        _require_same(path, found.about, about, free)
        return found
    if damaged:
        raise TrainingError("every checkpoint is damaged; start anew:\n  - " + "\n  - ".join(damaged))
    raise TrainingError(f"{folder}: there is no checkpoint to resume from; start without resume")


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ProgramFileError: it is damaged, truncated or of another format.
    """
    meta, arrays = load_hashed(path, "neurobot_checkpoint", FORMAT, "checkpoint")
    arrays |= {name: blocks.fetch(path.parent, stored) for name, stored in meta["large"].items()}
    return Checkpoint(meta["about"], State(arrays, meta["data"]), meta["rounds"], meta["steps"], meta["core_seconds"])


def _stored(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """What checkpoints have in blocks; nothing of those that cannot be read."""
    for path in paths:
        try:
            with safe_open(str(path), framework="numpy") as file:
                meta = json.loads((file.metadata() or {}).get("neurobot_checkpoint", "{}"))
            yield from meta.get("large", {}).values()
        except (SafetensorError, OSError, ValueError):
            continue


def _rounds(path: Path) -> int:
    number = path.name.removeprefix("checkpoint-").removesuffix(".safetensors")
    return int(number) if number.isascii() and number.isdigit() else -1


def _require_same(path: Path, old: dict[str, Any], new: dict[str, Any], free: tuple[str, ...]) -> None:
    def fixed(about: dict[str, Any]) -> dict[str, Any]:
        return about | {"train": {k: v for k, v in about["train"].items() if k not in free}}

    differ = diff_data(fixed(old), fixed(new))
    if differ:
        raise TrainingError(f"{path}: the checkpoint is of another run: {'; '.join(differ)}")
