"""The linear-quadratic regulator: feedback that is best for a linear model near an equilibrium.

x' = A x + B u, and u = -K x makes the sum over time of x^T Q x + u^T R u least. A and B are differences of the
task's own simulation, so the regulator knows of integrator, friction and gears what there is to know. With P the cost
to go, P = Q + A^T P (A - B K) and K = (R + B^T P B)^-1 B^T P A: the discrete algebraic Riccati equation, iterated from
P = Q until it stands still (Anderson & Moore, "Optimal control: linear quadratic methods", 1990, chapter 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.errors import TrainingError
from neurobot.train.experts.expert import Policy

Step = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""States (n, n_x) and inputs (n, n_u) to the states one control period later."""
NUDGE = 1e-4
"""Of the central differences; states are in [m], [rad] and their rates."""
MOST_ITERATIONS = 100_000
STILL = 1e-12
MOST_COST = 1e100


def linearise(step: Step, state: np.ndarray, control: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A (n_x, n_x) and B (n_x, n_u) by central differences, all in one call of `step`."""
    n_x, n_u = state.size, control.size
    away = NUDGE * np.eye(n_x + n_u)
    away = np.concatenate((away, -away))
    moved = step(state + away[:, :n_x], control + away[:, n_x:])
    slopes = (moved[: n_x + n_u] - moved[n_x + n_u :]) / (2 * NUDGE)
    return slopes[:n_x].T, slopes[n_x:].T


def regulator(a: np.ndarray, b: np.ndarray, q: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gain and the cost to go.

    Args:
        a: (n_x, n_x).
        b: (n_x, n_u).
        q: (n_x, n_x) cost of states, symmetric.
        r: (n_u, n_u) cost of inputs, symmetric and positive.

    Returns:
        K (n_u, n_x) and P (n_x, n_x).

    Raises:
        TrainingError: no feedback makes the cost finite.
    """
    p = q
    for _ in range(MOST_ITERATIONS):
        k = np.linalg.solve(r + b.T @ p @ b, b.T @ p @ a)
        after = q + a.T @ p @ (a - b @ k)
        after = (after + after.T) / 2
        if np.abs(after).max() > MOST_COST:
            break
        if np.abs(after - p).max() <= STILL * np.abs(after).max():
            return k, after
        p = after
    raise TrainingError("lqr: the Riccati equation has no solution; the inputs cannot steady the state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A task that stands still where its state is 0.

    Args:
        step: makes its `Step`.
        state: observations (n, n_obs) -> states (n, n_x).
        costs: (n_x,) the diagonal of Q.
        effort: R, of each of the inputs.
        inputs: their number.
        choice: whether the action is 1 for a positive input and 0 for others.
    """

    step: Callable[[str], Step]
    state: Callable[[np.ndarray], np.ndarray]
    costs: tuple[float, ...]
    effort: float
    inputs: int = 1
    choice: bool = False


def _mujoco(env_id: str) -> Step:
    def step(states: np.ndarray, controls: np.ndarray) -> np.ndarray:
        from neurobot.envs import make_vec

        env = make_vec(env_id, len(states), autoreset_mode="Disabled")
        env.reset(seed=0)
        simulation: Any = env.simulation  # MuJoCo's, which has a view
        simulation.view.motion[...] = states
        simulation.step(controls, None)
        moved: np.ndarray = simulation.view.motion.copy()
        return moved

    return step


def _cartpole(env_id: str) -> Step:
    """Its two actions push by as much either way; in between lies, for a model, what is between them."""

    def step(states: np.ndarray, controls: np.ndarray) -> np.ndarray:
        from neurobot.envs import make_vec

        env = make_vec(env_id, len(states), autoreset_mode="Disabled")
        env.reset(seed=0)
        simulation: Any = env.simulation  # the cart-pole's, which has a state
        moved = []
        for action in (0, 1):
            simulation.state = states.T.copy()
            simulation.step(np.full(len(states), action), None)
            moved.append(simulation.state.T)
        left, right = moved
        between: np.ndarray = (left + right) / 2 + controls * (right - left) / 2
        return between

    return step


def _double_pendulum(obs: np.ndarray) -> np.ndarray:
    """Angles from their sines and cosines; the end stops' force is no state."""
    return np.concatenate((obs[:, :1], np.arctan2(obs[:, 1:3], obs[:, 3:5]), obs[:, 5:8]), axis=1)


PROBLEMS = {
    "CartPole-v1": Problem(
        step=_cartpole, state=lambda obs: obs, costs=(1.0, 1.0, 10.0, 1.0), effort=0.1, choice=True
    ),
    "InvertedPendulum-v5": Problem(
        step=_mujoco, state=lambda obs: obs, costs=(1.0, 0.1, 10.0, 0.1), effort=1.0
    ),
    "InvertedDoublePendulum-v5": Problem(
        step=_mujoco, state=_double_pendulum, costs=(1.0, 10.0, 10.0, 0.1, 1.0, 1.0), effort=10.0
    ),
}  # fmt: skip


def lqr(env: Any) -> Policy:
    """The regulator of one of `PROBLEMS`, by its environments."""
    problem, space = PROBLEMS[env.task.id], env.task.action_space
    n_x = len(problem.costs)
    a, b = linearise(problem.step(env.task.id), np.zeros(n_x), np.zeros(problem.inputs))
    k, _ = regulator(a, b, np.diag(problem.costs), problem.effort * np.eye(problem.inputs))

    def act(observations: np.ndarray) -> np.ndarray:
        wanted = -problem.state(observations) @ k.T
        chosen: np.ndarray = (
            (wanted[:, 0] > 0).astype(np.int64) if problem.choice else (np.clip(wanted, space.low, space.high))
        )
        return chosen

    return act
