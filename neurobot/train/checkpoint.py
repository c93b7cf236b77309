"""Checkpoints of evolution: everything that changes between two generations, in one atomic file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from neurobot.errors import TrainingError
from neurobot.program.file import write
from neurobot.program.report import diff_data
from neurobot.train.normalizer import RunningNormalizer

FORMAT = 1
ADAM_BETA1, ADAM_BETA2, ADAM_EPS = 0.9, 0.999, 1e-8


@dataclass(slots=True)
class Checkpoint:
    """The state of a run.

    Args:
        about: what run it is: environment, seed, settings, controller; plain data. A resumed run must be the same.
        theta: (n,) searched parameters.
        m: (n,) Adam's mean of gradients.
        v: (n,) Adam's mean of their squares.
        normalizer: of the observations.
        best_params: params of the best program so far.
        generation: generations done.
        steps: environment steps so far.
        core_seconds: process CPU time so far [s].
        best: evaluation of `best_params`, or NaN.
    """

    about: dict[str, Any]
    theta: np.ndarray
    m: np.ndarray
    v: np.ndarray
    normalizer: RunningNormalizer
    best_params: np.ndarray
    generation: int = 0
    steps: int = 0
    core_seconds: float = 0.0
    best: float = float("nan")

    @classmethod
    def first(cls, about: dict[str, Any], params: np.ndarray, index: np.ndarray, n_obs: int) -> Checkpoint:
        """A run that has not begun."""
        theta = params[index].copy()
        return cls(
            about, theta, np.zeros_like(theta), np.zeros_like(theta), RunningNormalizer.empty(n_obs), params.copy()
        )

    def copy(self) -> Checkpoint:
        """A checkpoint that goes on by itself; arrays are shared, because nothing writes into them."""
        return replace(self, normalizer=replace(self.normalizer))

    def step(self, gradient: np.ndarray, rate: float, decay: float, adam: bool) -> None:
        """Climb: Adam (Kingma & Ba 2015, arXiv:1412.6980), or a plain step. `generation` counts from 0."""
        if adam:
            t = self.generation + 1
            self.m = ADAM_BETA1 * self.m + (1 - ADAM_BETA1) * gradient
            self.v = ADAM_BETA2 * self.v + (1 - ADAM_BETA2) * gradient**2
            m, v = self.m / (1 - ADAM_BETA1**t), self.v / (1 - ADAM_BETA2**t)
            gradient = m / (np.sqrt(v) + ADAM_EPS)
        self.theta = (1 - decay) * self.theta + rate * gradient

    def save(self, path: Path) -> None:
        """Write atomically; ProgramFileError when the disk is full, and the old file survives."""
        arrays = {name: getattr(self, name) for name in ("theta", "m", "v", "best_params")}
        arrays |= {"mean": self.normalizer.mean, "m2": self.normalizer.m2}
        numbers = {n: getattr(self, n) for n in ("generation", "steps", "core_seconds")}
        best = None if np.isnan(self.best) else self.best
        meta = {"format": FORMAT, "about": self.about, "count": self.normalizer.count, "best": best, **numbers}
        write(path, to_bytes(arrays, {"neurobot_checkpoint": json.dumps(meta)}))

    @classmethod
    def load(cls, path: Path, about: dict[str, Any]) -> Checkpoint:
        """Read the checkpoint of the same run.

        Raises:
            TrainingError: there is none, it is damaged, or it belongs to another run; the message says what differs.
        """
        try:
            with safe_open(str(path), framework="numpy") as file:
                meta = json.loads((file.metadata() or {}).get("neurobot_checkpoint", "null"))
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except FileNotFoundError:
            raise TrainingError(f"{path}: there is no checkpoint to resume from; start without resume") from None
        except (SafetensorError, OSError, ValueError) as error:
            raise TrainingError(f"{path}: the checkpoint is damaged ({error})") from None
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            raise TrainingError(f"{path}: not a checkpoint of this version (format {FORMAT})")
        _require_same(path, meta["about"], about)
        normalizer = RunningNormalizer(meta["count"], arrays["mean"], arrays["m2"])
        best = float("nan") if meta["best"] is None else meta["best"]
        numbers = {n: meta[n] for n in ("generation", "steps", "core_seconds")}
        named = {n: arrays[n] for n in ("theta", "m", "v", "best_params")}
        return cls(about=about, normalizer=normalizer, best=best, **named, **numbers)


BUDGET = ("generations", "core_minutes", "threads")
"""Settings that a resumed run may change."""


def _require_same(path: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    differ = diff_data(_without_budget(old), _without_budget(new))
    if differ:
        raise TrainingError(f"{path}: the checkpoint is of another run: {'; '.join(differ)}")


def _without_budget(about: dict[str, Any]) -> dict[str, Any]:
    return about | {"train": {k: v for k, v in about["train"].items() if k not in BUDGET}}
