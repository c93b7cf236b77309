"""What is particular to one MuJoCo task: a model and a few pure functions over arrays.

All functions take a `View` of all instances and compute every row at once, so a task costs the same few NumPy
calls for one instance as for hundreds. They follow gymnasium's v5 environments operation by operation (same
order, same dtypes): that is what makes results equal to the last bit rather than nearly equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurobot.envs.task import Array, Info, Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The present state of all instances, as live arrays. Functions of a scene read it and never write it.

    Attributes:
        qpos: (num_envs, nq) joint positions [m] and [rad].
        qvel: (num_envs, nv) joint velocities [m/s] and [rad/s].
        motion: (num_envs, nq + nv) qpos and qvel side by side, in the same memory.
        init_qpos: (nq,) positions of the model's default state.
        init_qvel: (nv,) velocities of the model's default state.
        period: control period [s], timestep times frame skip in this order.
        body_mass: (num_envs, nbody) mass of each body, the world first [kg].
        data: further MjData fields that the scene asked for, (num_envs, ...) each, by name. As in gymnasium,
            derived fields are those of the last physics step's last evaluation, which with the Runge-Kutta integrator
            is its last stage. `cfrc_ext` costs extra, see force_stepper.py.
    """

    qpos: Array
    qvel: Array
    motion: Array
    init_qpos: Array
    init_qvel: Array
    period: float
    body_mass: Array
    data: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A MuJoCo task's model and arithmetic.

    Attributes:
        model: file name of the MJCF among gymnasium's assets.
        frame_skip: physics steps in a control period.
        fields: names of MjData fields that `View.data` must hold beside qpos and qvel.
        draw: `draw(generator, init_qpos, init_qvel) -> (qpos, qvel)` of one fresh episode.
        mark: `mark(view)` copies what `assess` needs from before the step.
        assess: `assess(view, before, actions) -> (reward, terminated, info)`, after the step, all of it new arrays.
        observe: `observe(view)` makes a new array of observations.
        reset_info: `reset_info(view)` makes the info of a reset.
        camera: MuJoCo's free camera for pictures, fields of MjvCamera by name.
    """

    model: str
    frame_skip: int
    draw: Callable[[np.random.Generator, Array, Array], tuple[Array, Array]]
    mark: Callable[[View], Array]
    assess: Callable[[View, Array, Array], tuple[Array, Array, Info]]
    observe: Callable[[View], Array]
    reset_info: Callable[[View], Info]
    fields: tuple[str, ...] = ()
    camera: Mapping[str, Any] = field(default_factory=dict)

    def simulate(self, num_envs: int, threads: int) -> Simulation:
        """Make the instances; `threads` threads step them."""
        # here and not above: mujoco takes longer to import than everything else in neurobot.envs
        from neurobot.envs.mujoco_simulation import MujocoSimulation

        return MujocoSimulation(self, num_envs, threads)
