"""A small actor, and short trainings of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium

from neurobot.config import EnvConfig
from neurobot.program import Program, build
from neurobot.spec import (
    LI,
    AllToAll,
    ControllerSpec,
    CubaLIF,
    Current,
    Direct,
    Encoder,
    FanIn,
    Input,
    Membrane,
    NetworkSpec,
    Normalizer,
    Population,
    Projection,
    resolve,
)
from neurobot.train.method import Job
from neurobot.train.runs.drive import train
from neurobot.train.td3.run import TD3Run
from neurobot.train.td3.settings import TD3

PERIODS = {"InvertedPendulum-v5": 0.04, "Pendulum-v1": 0.05}
SHORT = TD3(
    steps=160, num_envs=4, round_ticks=10, start_steps=40, batch=16, hidden=(12, 9), evaluate_every=2, episodes=2,
    normalize_until=100, rate_cost=0.0,
)  # fmt: skip


def actor_spec(env_id: str, neurons: int = 16, **changes: Any) -> ControllerSpec:
    """Observation -> spiking neurons -> sum of their spikes -> tanh."""
    dt = PERIODS[env_id] / 5
    lif = CubaLIF(tau_mem=3.476 * dt, tau_syn=1.443 * dt, v_threshold=0.5, input="unscaled")
    weights = AllToAll(weight=FanIn(gain=0.577))
    spec = ControllerSpec(
        encoder=Encoder(
            population="in", field=Direct(push_pull=False, range=Normalizer(clip=10.0)), code=Current(gain=10.0)
        ),
        network=NetworkSpec(
            dt,
            (
                Population("in", 0, Input()),
                Population("hidden", neurons, lif),
                Population("out", 0, LI(tau_mem=1e3, input="jump")),
            ),
            (Projection("in", "hidden", weights), Projection("hidden", "out", weights)),
        ),
        decoder=Membrane(population="out", gain=0.2, squash="tanh"),
        substeps=5,
        carry=0.0,
    )
    return replace(spec, **changes)


def actor(env_id: str, neurons: int = 16, seed: int = 0, **changes: Any) -> Program:
    """An untrained actor for an environment."""
    env = gymnasium.make(env_id)
    return build(resolve(actor_spec(env_id, neurons, **changes), env.observation_space, env.action_space), seed)


def job(env_id: str, **options: Any) -> Job:
    """What is to be trained."""
    return Job(program=actor(env_id, **options), env=EnvConfig(id=env_id), seed=5)


def learning(env_id: str = "InvertedPendulum-v5", **changes: Any) -> TD3Run:
    """A run that has not begun."""
    return TD3Run(job(env_id), replace(SHORT, **changes))


def learn(
    folder: Path, settings: TD3 = SHORT, env_id: str = "InvertedPendulum-v5", *, neurons: int = 16, **options: Any
) -> Program:
    """Train in a folder."""
    return train(job(env_id, neurons=neurons), settings, folder, **options)
