"""Many simulations of one scene on `mujoco.batch.Batch` (and force_stepper.py, for those that see forces).

Batch keeps each simulation as a row of state and gives the same numbers as a loop over single simulations, for any
number of threads. Two things are done beyond stepping it:

- Physics that breaks down is not hidden. MuJoCo normally puts a diverged simulation back to time 0 without a word to
  the caller; here that is switched off, and the warnings of the bad-state family and the numbers themselves are looked
  at after every step. A broken instance is reported and reset, so nothing that is not finite leaves this file.
- MuJoCo prints each warning and appends it to MUJOCO_LOG.TXT in the working directory. What matters is reported as
  data, so the printing is off while MuJoCo computes (`Quiet`).
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from typing import final

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from neurobot.envs.force_stepper import ForceStepper
from neurobot.envs.model_scaling import ModelScaling
from neurobot.envs.physics_state import PhysicsState
from neurobot.envs.pictures import Pictures
from neurobot.envs.quiet import Quiet
from neurobot.envs.scene import Scene, View
from neurobot.envs.streams import Streams
from neurobot.envs.task import Array, Info, Simulation, StepResult

_BAD = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
    mujoco.mjtWarning.mjWARN_BADCTRL,
)


@final
class MujocoSimulation(Simulation):
    """n instances of a scene.

    Attributes:
        batch: the simulations; writing `batch.qpos[i]` and the like changes an instance.
        view: what the scene's functions see.
        physics: the state of `batch`, for those who take it out and put it back.
    """

    CHANGES = ("physics", "view")

    def __init__(self, scene: Scene, num_envs: int, threads: int):
        self._scene = scene
        model = load_model(scene)
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self.batch = Batch(model, num_envs, threads)
        data = {name: self.batch.bind(name) for name in scene.fields if name != "cfrc_ext"}
        self._stepper: ForceStepper | None = None
        if "cfrc_ext" in scene.fields:
            derived = [name for name, values in data.items() if not values.flags.writeable]
            self._stepper = ForceStepper(self.batch, derived)
            data |= self._stepper.data
        default = mujoco.MjData(model)
        self.view = View(
            qpos=self.batch.bind("qpos"),
            qvel=self.batch.bind("qvel"),
            # neighbours in a row of state, after the time
            motion=self.batch.state[:, 1 : 1 + model.nq + model.nv],
            init_qpos=default.qpos.copy(),
            init_qvel=default.qvel.copy(),
            period=model.opt.timestep * scene.frame_skip,
            body_mass=np.tile(model.body_mass, (num_envs, 1)),
            data=data,
            xfrc_applied=self.batch.bind("xfrc_applied"),
            mocap_pos=self.batch.bind("mocap_pos"),
            memory={name: np.zeros((num_envs, *shape)) for name, shape in scene.memory.items()},
            streams=Streams(num_envs),
            devices={name: make(num_envs) for name, make in scene.devices.items()},
        )
        changed = None if self._stepper is None else self._stepper.take_models
        self.scaling = ModelScaling(self.batch, self.view.body_mass, changed)
        self.physics = PhysicsState(self.batch, data, self._stepper)
        self.pictures = Pictures(self.batch, scene.camera)
        self._ctrl = self.batch.bind("ctrl")
        self._everyone = np.arange(num_envs, dtype=np.int32)
        first = int(_BAD[0])
        self._bad_counts = self.batch.warning[:, first : first + len(_BAD), 1]  # the four are neighbours

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Put instances into fresh initial states, as gymnasium does: reset, draw, forward."""
        view = self.view
        self.batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE.value)
        for memory in view.memory.values():
            memory[ids] = 0.0
        for i, generator in zip(ids.tolist(), generators, strict=True):
            view.qpos[i], view.qvel[i] = self._scene.draw(generator, view.init_qpos, view.init_qvel)
            if self._scene.begin is not None:
                view.streams.restart(i, generator)
                self._scene.begin(view, i, generator)
        with Quiet():
            self.batch.forward(ids)
        if self._stepper is not None:
            self._stepper.reset(ids)
        if self._scene.sense is not None:
            self._scene.sense(view, ids)

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one control period; see `Simulation.step`."""
        chosen = self._everyone if ids is None else ids
        before = self._scene.mark(self.view)
        self._ctrl[...] = self._scene.act(self.view, actions, chosen)
        errors = self._advance(ids)
        if errors:
            # before anything is computed from the state, so that no arithmetic meets inf or NaN
            broken = np.array(sorted(errors), np.int32)
            with Quiet():
                self.batch.reset(broken)
            if self._stepper is not None:
                self._stepper.reset(broken)
        for follow in (self._scene.settle, self._scene.sense):
            if follow is not None:
                follow(self.view, chosen)
        reward, terminated, info = self._scene.assess(self.view, before, actions)
        return StepResult(reward, terminated, info, errors)

    def observe(self) -> Array:
        """Observations of all instances, a new array."""
        return self._scene.observe(self.view)

    def reset_info(self) -> Info:
        """The info of gymnasium's reset."""
        return self._scene.reset_info(self.view)

    def _advance(self, ids: Array | None) -> dict[int, str]:
        """Step the physics; return the message of each instance that broke down."""
        with Quiet():
            errors = self._step_batch(ids) if self._stepper is None else self._stepper.step(ids, self._scene.frame_skip)
        finite = np.isfinite(self.view.motion)
        # count_nonzero, because any() and all() cost several times as much on small strided arrays
        if np.count_nonzero(self._bad_counts) or np.count_nonzero(finite) < finite.size:
            broken = self._bad_counts.any(axis=1) | ~finite.all(axis=1)
            errors |= {int(i): self._message(int(i)) for i in np.flatnonzero(broken)}
        return errors

    def _step_batch(self, ids: Array | None) -> dict[int, str]:
        """Step in the batch; return MuJoCo's errors by instance."""
        try:
            self.batch.step(ids, self._scene.frame_skip)
        except SimulationError as error:
            return {int(i): self.batch.error(int(i)) for i in error.ids}
        return {}

    def _message(self, i: int) -> str:
        """Say what broke down in instance i, in MuJoCo's words where it has any."""
        for warning in _BAD:
            last_info, count = self.batch.warning[i, int(warning)]
            if count:
                return str(mujoco.mju_warningText(int(warning), int(last_info))).strip()
        return "the state is not finite after the step"


def load_model(scene: Scene) -> mujoco.MjModel:
    """Load a scene's MJCF (of gymnasium's tasks the very file its own environment loads) and adapt it."""
    package, *folders = scene.assets
    asset = importlib.resources.files(package).joinpath(*folders, scene.model)
    with importlib.resources.as_file(asset) as path, Quiet():
        model = mujoco.MjModel.from_xml_path(str(path))
    if scene.adapt is not None:
        scene.adapt(model)
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model
