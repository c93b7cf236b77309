"""The program of launch/reach_plastic.toml, wired by hand: a map from the direction of a goal to that of a movement.

Neuron k of 24 prefers the direction phi_k = 2 pi k / 24. `goal` neurons get (cos, sin)(phi_k) times the goal's place,
`motor` neurons from neuron i to j a von Mises function of phi_i - phi_j, and the wanted velocity is the population
vector of the motor neurons (Georgopoulos, Schwartz & Kettner, Science 233, 1986).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurobot.config import load_experiment
from neurobot.envs import find_task
from neurobot.program import Program, build
from neurobot.spec.weights import Dense, Sparse

LAUNCH = Path(__file__).parents[2] / "launch" / "reach_plastic.toml"
DRIVE = 1.0
"""Jump of a goal neuron in a step, when the goal lies in its direction, from where the input saturates."""
SHARPNESS = 2.0
"""Kappa of the von Mises function."""
PUSH = 0.05
"""Jump of the wanted velocity at a motor spike, in shares of the highest one."""


def program() -> Program:
    """The program, as it ships."""
    experiment = load_experiment(LAUNCH)
    task = find_task(experiment.env.id, experiment.env.settings)
    spec = experiment.controller_spec(task.observation_space, task.action_space)
    n = spec.network.population("motor").n
    angles = 2 * np.pi * np.arange(n) / n
    directions = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    bump = np.exp(SHARPNESS * (np.cos(angles[:, None] - angles) - 1))
    weights = {
        "tuning": Sparse(np.repeat(np.arange(n), 2), np.tile([0, 1], n), DRIVE * directions.ravel()),
        "map": Dense(bump / bump.sum(axis=1, keepdims=True)),
        "vector": Dense(PUSH * directions.T),
    }
    provenance = {"env": experiment.env.id, "env_settings": experiment.env.settings, "method": "wired by hand"}
    return build(spec, seed=experiment.seed, weights=weights, provenance=provenance)


def main() -> None:
    """Write the program beside its launch file."""
    path = LAUNCH.with_suffix(".safetensors")
    program().save(path)
    print(path)
