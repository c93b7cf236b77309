"""A short evolution, wherever its episodes run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from train_programs import cartpole_program

from neurobot.config import EnvConfig
from neurobot.program import Program
from neurobot.spec import Poisson
from neurobot.train.engines.engine import Engine
from neurobot.train.evolution.settings import Evolve
from neurobot.train.method import Job
from neurobot.train.runs.drive import train
from neurobot.train.runs.log import read_events

SETTINGS = Evolve(pairs=4, generations=4, evaluate_every=2, episodes=3, learning_rate=0.05, threads=1)
PROGRAM = cartpole_program(code=Poisson())
"""Its chance depends on which of the population a controller is."""


def evolve(folder: Path, engine: Engine) -> Program:
    """Train for a moment."""
    return train(Job(program=PROGRAM, env=EnvConfig(id="CartPole-v1"), seed=1, engine=engine), SETTINGS, folder)


def require_same(one: Path, other: Path) -> None:
    """Same program, same log."""
    programs = [Program.load(folder / "program.safetensors") for folder in (one, other)]
    assert np.array_equal(programs[0].params, programs[1].params)
    assert _numbers(one) == _numbers(other)


def _numbers(folder: Path) -> list[dict]:
    """The events of a run without what depends on the clock."""
    events = [e for e in read_events(folder / "events.jsonl") if e["event"] in ("round", "evaluation")]
    return [{k: v for k, v in e.items() if k != "core_seconds"} for e in events]
