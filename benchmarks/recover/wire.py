"""The programs of launch/*_plastic.toml, wired by hand, or made of trained ones that shall go on learning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurobot.config import Experiment, load_experiment
from neurobot.envs import find_task
from neurobot.program import Program, build
from neurobot.spec import LI, ControllerSpec, CubaLIF
from neurobot.spec.weights import Dense, Sparse

LAUNCH = Path(__file__).parents[2] / "launch"
DRIVE = 1.0
"""Jump of a goal neuron in a step, when the goal lies in its direction, from where the input saturates."""
SHARPNESS = 2.0
"""Kappa of the von Mises function."""
PUSH = 0.05
"""Jump of the wanted velocity at a motor spike, in shares of the highest one."""
TURN, RIVALRY, BACK = 0.015, 0.3, 1.5
"""What a spike of a turn neuron adds to and takes from the wheels and takes from its rivals, and what a bump takes."""
RANGES, BUMPS = 2 * np.arange(8) + 1, 2 * np.arange(8, 11)
"""Channels of the rover's input: nearness of the rangefinders, and zones of the bumper."""
UNREST = 2 * np.arange(11, 15) + 1
"""Channels of lights and wheels, which tell nothing where there is no lamp."""
RANDOM = 0.04
"""Upper end of the rover's random weights."""
COMMAND = 1.5 / 16
"""What a spike of a command neuron adds to the read-out: of the two that push, in all 8 steps of a tick, 1.5."""


def reach() -> Program:
    """A map from the direction of a goal to that of a movement.

    Neuron k of 24 prefers the direction phi_k = 2 pi k / 24. `goal` neurons get (cos, sin)(phi_k) times the goal's
    place, `motor` neurons from neuron i to j a von Mises function of phi_i - phi_j, and the wanted velocity is the
    population vector of the motor neurons (Georgopoulos, Schwartz & Kettner, Science 233, 1986).
    """
    experiment, spec = _read("reach_plastic")
    n = spec.network.population("motor").n
    angles = 2 * np.pi * np.arange(n) / n
    directions = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    bump = np.exp(SHARPNESS * (np.cos(angles[:, None] - angles) - 1))
    weights = {
        "tuning": Sparse(np.repeat(np.arange(n), 2), np.tile([0, 1], n), DRIVE * directions.ravel()),
        "map": Dense(bump / bump.sum(axis=1, keepdims=True)),
        "vector": Dense(PUSH * directions.T),
    }
    return _built(experiment, spec, weights, "wired by hand")


def rover(seed: int = 0) -> Program:
    """A vehicle of Braitenberg's ("Vehicles", 1984) whose rangefinders reach both groups that turn it at random.

    Args:
        seed: of the random weights.
    """
    experiment, spec = _read("rover_plastic")
    return _built(experiment, spec, _vehicle(spec, seed), "wired by hand, with random weights")


def rover_board(seed: int = 0) -> Program:
    """The same without noise: channels that always spike, half the time, move restless neurons instead.

    Args:
        seed: of the random weights.
    """
    experiment, spec = _read("rover_board_plastic")
    restless, dt = spec.network.population("restless"), spec.network.dt
    assert isinstance(restless.model, CubaLIF)
    drawn = np.random.default_rng([seed, 1]).normal(size=(restless.n, len(UNREST)))
    drawn -= drawn.mean(axis=1, keepdims=True)  # what arrives has a mean of 0
    variance = 0.25 * float(np.asarray(restless.model.tau_syn)) / dt / 2  # of a current by a weight of 1
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True) * np.sqrt(variance)
    pairs = np.repeat(np.arange(restless.n), len(UNREST)), np.tile(UNREST, restless.n)
    weights = _vehicle(spec, seed) | {"unrest": Sparse(*pairs, drawn.ravel())}
    return _built(experiment, spec, weights, "wired by hand, with random weights")


def _vehicle(spec: ControllerSpec, seed: int) -> dict[str, Dense | Sparse]:
    """The weights that both rovers have."""
    n = spec.network.population("turn").n
    left = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    drawn = np.random.default_rng(seed).uniform(0.0, RANDOM, (n, len(RANGES)))
    return {
        "ranges": Sparse(np.repeat(np.arange(n), len(RANGES)), np.tile(RANGES, n), drawn.ravel()),
        "rivals": Dense(-RIVALRY * (left[:, None] != left)),
        "wheels": Dense(TURN * np.stack((-left, left))),
        "reflex": Sparse(np.repeat([0, 1], len(BUMPS)), np.tile(BUMPS, 2), np.full(2 * len(BUMPS), -BACK)),
    }


def halfcheetah() -> Program:
    """The trained program of halfcheetah.toml, all of whose weights are perturbed."""
    trained = Program.load(LAUNCH / "halfcheetah.safetensors")
    weights = {q.name: Dense(trained.weights(q.name)) for q in trained.network.projections}
    return _goes_on("halfcheetah_plastic", trained, weights)


def inverted_pendulum() -> Program:
    """The trained program of inverted_pendulum.toml with command neurons ahead of its read-out.

    What the second layer sent to the read-out it sends to two command neurons, and with the other sign to two more. A
    moment in which two of them always spike is worth nothing to the critic.
    """
    trained = Program.load(LAUNCH / "inverted_pendulum.safetensors")
    spec = _read("inverted_pendulum_plastic")[1]
    n, value = spec.network.population("command").n, spec.network.population("value")
    sign = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    assert isinstance(value.model, LI)
    leak = -np.expm1(-spec.network.dt / np.asarray(value.model.tau_mem))
    weights = {q.name: Dense(trained.weights(q.name)) for q in trained.network.projections if q.post != "output"}
    weights |= {
        "wanted": Dense(sign[:, None] * trained.weights("second->output") / (COMMAND * (n // 2))),
        "motor": Dense(COMMAND * sign[None]),
        "effort": Dense(np.full((1, n), -float(np.asarray(value.bias)) * leak / (n // 2))),
    }
    return _goes_on("inverted_pendulum_plastic", trained, weights)


PLASTIC = {
    "reach": reach,
    "rover": rover,
    "rover_board": rover_board,
    "halfcheetah": halfcheetah,
    "inverted_pendulum": inverted_pendulum,
}
"""What makes the program of NAME_plastic.toml."""


def main() -> None:
    """Write the programs beside their launch files."""
    for name, make in PLASTIC.items():
        path, made = LAUNCH / f"{name}_plastic.safetensors", make()
        made.save(path)
        print(path)


def _read(name: str) -> tuple[Experiment, ControllerSpec]:
    experiment = load_experiment(LAUNCH / f"{name}.toml")
    task = find_task(experiment.env.id, experiment.env.settings)
    return experiment, experiment.controller_spec(task.observation_space, task.action_space)


def _built(experiment: Experiment, spec: ControllerSpec, weights: Mapping[str, Dense | Sparse], method: str) -> Program:
    provenance = {"env": experiment.env.id, "env_settings": experiment.env.settings, "method": method}
    return build(spec, seed=experiment.seed, weights=weights, provenance=provenance)


def _goes_on(name: str, trained: Program, weights: Mapping[str, Dense | Sparse]) -> Program:
    """A program of these weights that takes all else, such as the ranges of observations, from a trained one."""
    experiment, spec = _read(name)
    made = _built(experiment, spec, weights, f"{trained.provenance['method']}, and learns while it runs")
    params, theirs = made.params.copy(), trained.blocks["params"]
    for block in sorted(set(theirs) & set(made.blocks["params"])):
        ours = made.blocks["params"][block]
        if ours.shape == theirs[block].shape and not block.endswith("carry"):
            ours.of(params)[...] = theirs[block].of(trained.params)
    return made.with_params(params)
