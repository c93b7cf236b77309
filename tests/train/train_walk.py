"""A training that is quick: a walk whose every step depends on all before it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from neurobot.config import EnvConfig
from neurobot.program import Program, build
from neurobot.spec import LIF, AllToAll, NetworkSpec, Population, Projection
from neurobot.train.method import Job, Report, Run, State
from neurobot.train.runs.drive import Progress, train


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Settings of a walk."""

    method: ClassVar[str] = "walk"
    engines: ClassVar[tuple[str, ...]] = ("local",)
    may_change: ClassVar[tuple[str, ...]] = ("hops",)

    hops: int = 6
    evaluate_every: int = 2
    length: float = 1.0

    def begin(self, job: Job) -> Run:
        return Walking(job, self)


class Walking(Run):
    """Takes random hops, with a generator whose state is in the checkpoint."""

    unit, score = "hop", "distance"

    def __init__(self, job: Job, settings: Walk):
        self.job, self.settings, self.hops, self.best = job, settings, 0, float("nan")
        self.params, self.rng = job.program.params, np.random.default_rng(job.seed)

    def share(self) -> float:
        return self.hops / self.settings.hops

    def step(self) -> Report:
        self.params = self.params + self.settings.length * self.rng.standard_normal(self.params.shape)
        self.hops += 1
        distance = float(np.abs(self.params).sum())
        evaluation = None
        if self.hops % self.settings.evaluate_every == 0:
            evaluation = {"distance": distance}
            self.best = distance
        return Report(steps=10 * self.hops, numbers={"distance": distance, "loss": float("nan")}, evaluation=evaluation)

    def state(self) -> State:
        best = None if np.isnan(self.best) else self.best
        return State({"p": self.params}, {"hops": self.hops, "best": best, "rng": self.rng.bit_generator.state})

    def restore(self, state: State) -> None:
        self.params, self.hops, best = state.arrays["p"], state.data["hops"], state.data["best"]
        self.best = float("nan") if best is None else best
        self.rng.bit_generator.state = state.data["rng"]

    def program(self) -> Program:
        return self.job.program.with_params(self.params)


def job(seed: int = 3) -> Job:
    """Something to train."""
    network = NetworkSpec(0.001, (Population("a", 2, LIF(tau_mem=0.01)),), (Projection("a", "a", AllToAll(), 0.001),))
    return Job(program=build(network), env=EnvConfig(id="none"), seed=seed)


def unwanted(text: str) -> None:
    """A notice where none is due."""
    raise AssertionError(text)


def walk(folder: Path, settings: Walk | None = None, **options: object) -> Program:
    """Train."""
    options.setdefault("notice", unwanted)
    return train(job(), settings or Walk(), folder, **options)


def saved(folder: Path) -> list[str]:
    """Names of the checkpoints."""
    return sorted(path.name for path in folder.glob("checkpoint-*"))


def events(folder: Path, *kinds: str) -> list[dict]:
    """Events of some kinds, without what depends on the clock."""
    lines = (folder / "events.jsonl").read_text().splitlines()
    found = [e for e in map(json.loads, lines) if e["event"] in kinds]
    return [{k: v for k, v in e.items() if k not in ("core_seconds", "time")} for e in found]


def interrupt_at(rounds: int) -> Callable[[Progress], None]:
    """A report that sends Ctrl-C after some rounds."""

    def report(progress: Progress) -> None:
        if progress.rounds == rounds:
            os.kill(os.getpid(), signal.SIGINT)

    return report
