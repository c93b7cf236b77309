"""CartPole-v1: keep a pole upright on a cart by pushing left or right; equal to gymnasium's environment of that id.

The cart runs on a track without friction, the pole turns on it freely. Explicit Euler steps of 0.02 s, one a control
period, so 50 actions a second; at most 500 actions an episode. Written in NumPy over all instances at once.
Source: Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems"
(1983), with the equations of motion of gymnasium's CartPoleEnv, whose order of operations is kept.

**Action**: Discrete(2).

| index | meaning                    | min | max | unit |
|-------|----------------------------|-----|-----|------|
| 0     | 0 push left, 1 push right  | 0   | 1   | 10 N |

**Observation**: the state rounded to float32, Box((4,), float32). (No MJCF: the equations are below.)

| index | meaning               | min    | max   | unit  |
|-------|-----------------------|--------|-------|-------|
| 0     | position of the cart  | -4.8   | 4.8   | m     |
| 1     | speed of the cart     | -inf   | inf   | m/s   |
| 2     | angle of the pole     | -0.419 | 0.419 | rad   |
| 3     | rate of the pole      | -inf   | inf   | rad/s |

**Reward**: 1 for every action, the last one too.
**Start**: all four uniform in [-0.05, 0.05].
**End**: terminated when the cart leaves ±2.4 m or the pole ±12°; truncated by the time limit.
**Info**: none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import numpy as np
from gymnasium.spaces import Box, Discrete

from neurobot.envs.task import Array, Info, Simulation, StepResult, Task, registered_limit

GRAVITY = 9.8  # [m/s^2]
MASS_POLE = 0.1  # [kg]
MASS_TOTAL = MASS_POLE + 1.0  # [kg]
HALF_LENGTH = 0.5  # of the pole [m]
POLE_MOMENT = MASS_POLE * HALF_LENGTH  # [kg m]
FORCE = 10.0  # [N]
PERIOD = 0.02  # [s]
MAX_X = 2.4  # [m]
MAX_ANGLE = 12 * 2 * math.pi / 360  # [rad]
RESET_NOISE = 0.05


@final
class CartPoleSimulation(Simulation):
    """n cart-poles.

    Attributes:
        state: (4, num_envs) float64: position [m], speed [m/s], angle [rad], rate [rad/s].
    """

    CHANGES = ("state",)

    def __init__(self, num_envs: int, threads: int):
        del threads  # a few NumPy calls for all instances: too little work to divide
        self.state = np.zeros((4, num_envs))

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Draw the four numbers of each fresh episode."""
        for i, generator in zip(ids, generators, strict=True):
            self.state[:, i] = generator.uniform(low=-RESET_NOISE, high=RESET_NOISE, size=(4,))

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one Euler step; see `Simulation.step`."""
        moved = _euler_step(self.state, np.where(actions == 1, FORCE, -FORCE))
        if ids is None:
            self.state = moved
        else:
            self.state[:, ids] = moved[:, ids]
        terminated = (np.abs(moved[0]) > MAX_X) | (np.abs(moved[2]) > MAX_ANGLE)
        return StepResult(np.ones(actions.size), terminated, {}, {})

    def observe(self) -> Array:
        """States as float32 rows, a new array."""
        return np.ascontiguousarray(self.state.T, dtype=np.float32)

    def reset_info(self) -> Info:
        """Nothing, as gymnasium."""
        return {}


def _euler_step(state: Array, force: Array) -> Array:
    """The next states (4, n) for forces (n,) [N]."""
    x, x_dot, theta, theta_dot = state
    cos, sin = np.cos(theta), np.sin(theta)
    push = (force + POLE_MOMENT * np.square(theta_dot) * sin) / MASS_TOTAL
    theta_acc = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4.0 / 3.0 - MASS_POLE * np.square(cos) / MASS_TOTAL))
    x_acc = push - POLE_MOMENT * theta_acc * cos / MASS_TOTAL
    return np.stack(
        (x + PERIOD * x_dot, x_dot + PERIOD * x_acc, theta + PERIOD * theta_dot, theta_dot + PERIOD * theta_acc)
    )


# twice the limits, so that the observation that ends an episode is inside the space
_HIGH = np.array([2 * MAX_X, np.inf, 2 * MAX_ANGLE, np.inf], np.float32)

TASK = Task(
    id="CartPole-v1",
    control_period=PERIOD,
    max_episode_steps=registered_limit("CartPole-v1"),
    observation_space=Box(-_HIGH, _HIGH, dtype=np.float32),
    action_space=Discrete(2),
    simulate=CartPoleSimulation,
    doc="pole balanced on a pushed cart (NumPy)",
)
