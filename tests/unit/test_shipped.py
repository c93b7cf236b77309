"""The programs that ship reach the returns that were recorded for them."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

from neurobot.cli.environment import make_env
from neurobot.config import load_experiment
from neurobot.controller import Controller
from neurobot.core import HostCore
from neurobot.loop import Loop, SimClock
from neurobot.program import Program, build

LAUNCH = Path(__file__).parents[2] / "launch"
RECORDED = json.loads((Path(__file__).parents[1] / "golden" / "shipped.json").read_text())
EPISODES = 5


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_shipped_program_reaches_its_recorded_return(name: str) -> None:
    """Within four standard errors of the mean over 100 episodes, or 2 % where they did not vary, on other episodes."""
    recorded = RECORDED[name]
    env = make_env(load_experiment(LAUNCH / f"{name}.toml").env)
    controller = Controller(Program.load(LAUNCH / f"{name}.safetensors"))
    summary = Loop(controller, env, clock=SimClock()).run(EPISODES, seed=500)
    margin = 4 * recorded["return_std"] * math.sqrt(1 / EPISODES + 1 / recorded["episodes"])
    assert abs(summary.return_mean - recorded["return_mean"]) <= max(margin, 0.02 * abs(recorded["return_mean"]))


def test_every_program_of_a_launch_file_has_a_record_and_all_are_small() -> None:
    """A launch file without a program is a recipe that takes an hour, which everybody trains for themselves."""
    named = {tomllib.loads(p.read_text()).get("program") for p in LAUNCH.glob("*.toml")}
    programs = named - {None}
    assert programs == {f"{name}.safetensors" for name in RECORDED}
    assert programs == {p.name for p in LAUNCH.glob("*.safetensors")}
    assert sum(p.stat().st_size for p in LAUNCH.iterdir() if p.is_file()) < 10e6


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_shipped_program_is_what_its_launch_file_describes(name: str) -> None:
    """Same network, encoder and decoder: training the launch file again makes a program of this kind."""
    program, experiment = Program.load(LAUNCH / f"{name}.safetensors"), load_experiment(LAUNCH / f"{name}.toml")
    env = make_env(experiment.env)
    spec = experiment.controller_spec(env.observation_space, env.action_space)
    named = {q.weights: q.name for q in spec.network.projections if isinstance(q.weights, str)}
    given = {array: program.weights(projection) for array, projection in named.items()}
    assert build(spec, program.seed, weights=given).spec == program.spec
    assert program.provenance["env"] == experiment.env.id
    observation = np.zeros(program.observation_size)
    core = HostCore(program)
    assert core.tick(observation) == 0
