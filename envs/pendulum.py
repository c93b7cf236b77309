"""Pendulum-v1: swing a pendulum up and hold it there with a weak motor; equal to gymnasium's environment of that id.

A rod of 1 kg and 1 m, without friction, rate limited to ±8 rad/s. Semi-implicit Euler steps of 0.05 s, one a control
period, so 20 actions a second; 200 actions an episode. Written in NumPy over all instances at once, in the order of
operations of gymnasium's PendulumEnv.

**Action**: Box(-2, 2, (1,), float32); what is beyond is clamped before it acts or costs.

| index | meaning                  | min | max | unit  |
|-------|--------------------------|-----|-----|-------|
| 0     | torque                   | -2  | 2   | N m   |

**Observation**: Box((3,), float32). (No MJCF: the equations are below.)

| index | meaning                  | min | max | unit  |
|-------|--------------------------|-----|-----|-------|
| 0     | cosine of the angle      | -1  | 1   | 1     |
| 1     | sine of the angle        | -1  | 1   | 1     |
| 2     | rate                     | -8  | 8   | rad/s |

**Reward**: minus angle² (from upright, in [-π, π]), minus 0.1 rate², minus 0.001 torque², all before the step.
**Start**: angle uniform in [-π, π], rate uniform in [-1, 1].
**End**: only by the time limit.
**Info**: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import scalar_squares
from neurobot.envs.task import Array, Info, Simulation, StepResult, Task, registered_limit

GRAVITY = 10.0  # [m/s^2]
MASS = 1.0  # [kg]
LENGTH = 1.0  # [m]
PERIOD = 0.05  # [s]
MAX_RATE = 8.0  # [rad/s]
MAX_TORQUE = 2.0  # [N m]
RESET_HIGH = np.array([np.pi, 1.0])  # [rad] and [rad/s]


@final
class PendulumSimulation(Simulation):
    """n pendulums.

    Attributes:
        state: (2, num_envs) float64: angle from upright [rad], rate [rad/s].
    """

    CHANGES = ("state",)

    def __init__(self, num_envs: int, threads: int):
        del threads  # a few NumPy calls for all instances: too little work to divide
        self.state = np.zeros((2, num_envs))

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Draw the two numbers of each fresh episode."""
        for i, generator in zip(ids, generators, strict=True):
            self.state[:, i] = generator.uniform(low=-RESET_HIGH, high=RESET_HIGH)

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one Euler step; see `Simulation.step`."""
        torque = np.clip(actions, -MAX_TORQUE, MAX_TORQUE)[:, 0]
        cost = _cost(self.state, torque)
        moved = _euler_step(self.state, torque)
        if ids is None:
            self.state = moved
        else:
            self.state[:, ids] = moved[:, ids]
        return StepResult(-cost, np.zeros(cost.size, np.bool_), {}, {})

    def observe(self) -> Array:
        """Cosines, sines and rates as float32 rows, a new array."""
        angle, rate = self.state
        return np.stack((np.cos(angle), np.sin(angle), rate), axis=1).astype(np.float32)

    def reset_info(self) -> Info:
        """Nothing, as gymnasium."""
        return {}


def _cost(state: Array, torque: Array) -> Array:
    """What being in states (2, n) under torques (n,) [N m] costs, (n,)."""
    angle = ((state[0] + np.pi) % (2 * np.pi)) - np.pi
    cost: Array = scalar_squares(angle) + 0.1 * scalar_squares(state[1]) + 0.001 * scalar_squares(torque)
    return cost


def _euler_step(state: Array, torque: Array) -> Array:
    """The next states (2, n) under torques (n,) [N m]."""
    angle, rate = state
    acceleration = 3 * GRAVITY / (2 * LENGTH) * np.sin(angle) + 3.0 / (MASS * LENGTH**2) * torque
    rate = np.clip(rate + acceleration * PERIOD, -MAX_RATE, MAX_RATE)
    return np.stack((angle + rate * PERIOD, rate))


_HIGH = np.array([1.0, 1.0, MAX_RATE], np.float32)

TASK = Task(
    id="Pendulum-v1",
    control_period=PERIOD,
    max_episode_steps=registered_limit("Pendulum-v1"),
    observation_space=Box(-_HIGH, _HIGH, dtype=np.float32),
    action_space=Box(-MAX_TORQUE, MAX_TORQUE, (1,), np.float32),
    simulate=PendulumSimulation,
    doc="pendulum swung up by a weak motor (NumPy)",
)
