"""Pieces of arithmetic that several tasks share, each in gymnasium's order of operations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurobot.envs.scene import View
from neurobot.envs.task import Array, Info

Draw = Callable[[np.random.Generator, Array, Array], tuple[Array, Array]]


def uniform_start(noise: float) -> Draw:
    """A `Scene.draw`: the default state plus uniform noise in [-noise, noise] on positions and velocities."""

    def draw(generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        qpos = init_qpos + generator.uniform(low=-noise, high=noise, size=init_qpos.size)
        qvel = init_qvel + generator.uniform(low=-noise, high=noise, size=init_qvel.size)
        return qpos, qvel

    return draw


def normal_start(noise: float) -> Draw:
    """A `Scene.draw`: uniform noise in [-noise, noise] on positions, normal noise of that deviation on velocities."""

    def draw(generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
        qpos = init_qpos + generator.uniform(low=-noise, high=noise, size=init_qpos.size)
        qvel = init_qvel + noise * generator.standard_normal(init_qvel.size)
        return qpos, qvel

    return draw


def mark_x(view: View) -> Array:
    """A `Scene.mark`: the first coordinate [m], (num_envs,)."""
    x: Array = view.qpos[:, 0].copy()
    return x


def mark_nothing(view: View) -> Array:
    """A `Scene.mark` of a task that looks only at the state after the step."""
    return np.empty(len(view.qpos))


def no_info(view: View) -> Info:
    """A `Scene.reset_info` of a task that has none."""
    del view
    return {}


def walk(view: View, before: Array, actions: Array, healthy: Array, control_cost: float) -> tuple[Array, Array, Info]:
    """A `Scene.assess` of a planar robot that is to go forward and not to fall.

    Args:
        view: after the step.
        before: (num_envs,) what `mark_x` noted before it [m].
        actions: (num_envs, n).
        healthy: (num_envs,) bool, whether it has not fallen.
        control_cost: weight of `effort`.
    """
    survive = healthy.astype(np.float64)
    velocity = (view.qpos[:, 0] - before) / view.period
    cost = control_cost * effort(actions)
    info = height_info(view) | {
        "x_velocity": velocity,
        "reward_forward": velocity.copy(),
        "reward_ctrl": -cost,
        "reward_survive": survive,
    }
    return velocity + survive - cost, ~healthy, info


def effort(actions: Array) -> Array:
    """Sum of squares of each row, (num_envs,), in the precision of the actions."""
    total: Array = np.add.reduce(np.square(actions), axis=1)
    return total


def sum_of_squares(values: Array) -> Array:
    """Sum of squares of everything an instance has, (num_envs,), for values (num_envs, ...)."""
    total: Array = np.add.reduce(np.square(values).reshape(len(values), -1), axis=1)
    return total


def planar_info(view: View) -> Info:
    """Where the body is on the ground and how far that is from the origin [m]."""
    place = view.qpos[:, :2].copy()
    return {
        "x_position": place[:, 0].copy(),
        "y_position": place[:, 1].copy(),
        "distance_from_origin": lengths(place),
    }


def lengths(vectors: Array) -> Array:
    """Euclidean length of each row, (num_envs,). BLAS adds the products, as in `np.linalg.norm` of one vector."""
    length: Array = np.sqrt(np.vecdot(vectors, vectors))
    return length


def scalar_squares(values: Array) -> Array:
    """Squares (n,) as gymnasium's scalar code takes them: by C's `pow`, seldom a bit away from the product."""
    return np.array([value**2 for value in values], values.dtype)


def height_info(view: View) -> Info:
    """How far a planar body has gone and how far it is above its default height [m]."""
    return {"x_position": view.qpos[:, 0].copy(), "z_distance_from_origin": view.qpos[:, 1] - view.init_qpos[1]}


def observe_clipped(view: View) -> Array:
    """A `Scene.observe`: positions without x, then velocities clipped to [-10, 10] [m/s] and [rad/s]."""
    obs: Array = view.motion[:, 1:].copy()
    velocity = obs[:, view.qpos.shape[1] - 1 :]
    # cheaper than clip on small arrays
    np.maximum(velocity, -10.0, out=velocity)
    np.minimum(velocity, 10.0, out=velocity)
    return obs
