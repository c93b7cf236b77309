"""What is particular to one MuJoCo task: a model and a few pure functions over arrays.

All functions take a `View` of all instances and compute every row at once, so a task costs the same few NumPy
calls for one instance as for hundreds. Those of gymnasium's tasks follow its v5 environments operation by operation
(same order, same dtypes): that is what makes results equal to the last bit rather than nearly equal.

A control period of an instance, and what a scene has to say in it:

    mark ─▶ act ─▶ physics ─▶ settle ─▶ sense ─▶ assess, observe         (at a reset: draw ─▶ begin ─▶ sense ─▶ observe)

Gymnasium's tasks only read the state. This project's robots also remember: goals, wind, what a sensor last said. Such
numbers live in `View.memory`, and chance within an episode comes from `View.streams`. `begin`, `act`,
`settle` and `sense` may write them, and applied forces and mocap places, for the instances they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurobot.envs.streams import Streams
from neurobot.envs.task import Array, Info, Simulation

if TYPE_CHECKING:
    import mujoco

GYMNASIUM = ("gymnasium", "envs", "mujoco", "assets")
OWN = ("neurobot.envs", "assets")
"""Places of MJCF files: a package, and folders in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The present state of all instances, as live arrays; see above who may write which.

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
        xfrc_applied: (num_envs, nbody, 6) force [N] and torque [N m] on each body at its centre of mass, in the world
            frame; zero after a reset, and in force until changed.
        mocap_pos: (num_envs, nmocap, 3) places of the bodies that are moved by hand [m].
        memory: float64 arrays (num_envs, ...) that the scene asked for by name; zero at a reset.
        streams: chance within an episode.
        devices: what remembers more than numbers, such as the event cameras of all instances.
    """

    CHANGES: ClassVar = ("memory", "streams", "devices", "body_mass")  # the others show the physics

    qpos: Array
    qvel: Array
    motion: Array
    init_qpos: Array
    init_qvel: Array
    period: float
    body_mass: Array
    data: Mapping[str, Array]
    xfrc_applied: Array
    mocap_pos: Array
    memory: Mapping[str, Array]
    streams: Streams
    devices: Mapping[str, Any]


def _as_commanded(view: View, actions: Array, ids: Array) -> Array:
    """The default `Scene.act`: actions are the controls."""
    del view, ids
    return actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A MuJoCo task's model and arithmetic. `ids` are sorted int32 indices of the instances that are meant.

    Attributes:
        model: file name of the MJCF among the assets.
        frame_skip: physics steps in a control period.
        fields: names of MjData fields that `View.data` must hold beside qpos and qvel.
        draw: `draw(generator, init_qpos, init_qvel) -> (qpos, qvel)` of one fresh episode.
        mark: `mark(view)` copies what `assess` needs from before the step.
        assess: `assess(view, before, actions) -> (reward, terminated, info)`, after the step, all of it new arrays.
        observe: `observe(view)` makes a new array of observations.
        reset_info: `reset_info(view)` makes the info of a reset.
        camera: MuJoCo's free camera for pictures, fields of MjvCamera by name; or `{"name": ...}` of a camera that the
            model has, which can follow a body as gymnasium's free camera cannot.
        assets: package and folders in which the MJCF is: gymnasium's own by default.
        adapt: `adapt(model)` changes the loaded model as the task's settings say; constants follow by themselves.
        memory: shape, for one instance, of each array of `View.memory`, by name.
        devices: `devices[name](num_envs)` makes what `View.devices` holds.
        begin: `begin(view, i, generator)` sets up what instance i remembers of a fresh episode, after `draw`.
        act: `act(view, actions, ids)` makes the controls (num_envs, nu); rows of instances not in `ids` mean nothing.
        settle: `settle(view, ids)` does what follows from the step in the task itself, such as a goal that is reached.
        sense: `sense(view, ids)` takes new readings of sensors that have a memory or chance.
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
    assets: tuple[str, ...] = GYMNASIUM
    adapt: Callable[[mujoco.MjModel], None] | None = None
    memory: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    devices: Mapping[str, Callable[[int], Any]] = field(default_factory=dict)
    begin: Callable[[View, int, np.random.Generator], None] | None = None
    act: Callable[[View, Array, Array], Array] = _as_commanded
    settle: Callable[[View, Array], None] | None = None
    sense: Callable[[View, Array], None] | None = None

    def simulate(self, num_envs: int, threads: int) -> Simulation:
        """Make the instances; `threads` threads step them."""
        # here and not above: mujoco takes longer to import than everything else in neurobot.envs
        from neurobot.envs.mujoco_simulation import MujocoSimulation

        return MujocoSimulation(self, num_envs, threads)
