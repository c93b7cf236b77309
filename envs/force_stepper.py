"""Steps for tasks that see external forces, `cfrc_ext`, which `mujoco.batch` does not compute.

gymnasium asks MuJoCo for them after every control step, so they are those of the last physics step's last stage. They
can be had only from the MjData that has just made that step. A persistent batch keeps one for every simulation, but
gives it out as a copy: 200 kB of cold memory each, which cost a sixth of an Ant's step. So here the same is done as
inside a batch, from Python: each thread has one MjData, loads a simulation's row of state into it, steps, asks, and
saves the row. MuJoCo runs without Python's lock and takes many times longer than the lines around it, so threads help
as they do in a batch, and the numbers are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import final

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurobot.envs.task import Array

_ROW = int(mujoco.mjtState.mjSTATE_INTEGRATION)  # what a row of a batch's state holds


@final
class ForceStepper:
    """Advances simulations of a batch that is not persistent, for models without equality constraints.

    Attributes:
        data: (num_envs, ...) live arrays of derived MjData fields by name, `cfrc_ext` (num_envs, nbody, 6) among them:
            torque [N m] and force [N] on each body in the world frame, about the centre of mass of the body's tree,
            zero after a reset until the first step, as in gymnasium.
    """

    def __init__(self, batch: Batch, fields: Sequence[str]):
        """`fields` are derived ones beside `cfrc_ext`."""
        self._batch = batch
        self._at_reset = {name: batch.bind(name) for name in fields}
        self.data = {name: bound.copy() for name, bound in self._at_reset.items()}
        self.data["cfrc_ext"] = np.zeros((batch.nsim, batch.model.nbody, 6))
        self._models = [batch.model] * batch.nsim
        self._workers = [mujoco.MjData(batch.model) for _ in range(min(batch.nthread, batch.nsim))]
        self._pool = ThreadPoolExecutor(len(self._workers) - 1) if len(self._workers) > 1 else None

    def reset(self, ids: Array) -> None:
        """Take over instances `ids` (k,) that the batch has just reset."""
        for name, bound in self._at_reset.items():
            self.data[name][ids] = bound[ids]
        self.data["cfrc_ext"][ids] = 0.0

    def take_models(self, ids: Array) -> None:
        """Step instances `ids` (k,) with the models that the batch has for them now."""
        for i in ids.tolist():
            self._models[i] = self._batch.get_model(i)

    def step(self, ids: Array | None, nstep: int) -> dict[int, str]:
        """Advance instances `ids` (k,), or all, by `nstep` physics steps; return MuJoCo's errors by instance.

        An instance with an error keeps its state. Warnings are counted in the batch's own table.
        """
        # one iterator for all threads: whoever is free takes the next, which Python's lock makes safe
        todo = iter(range(self._batch.nsim) if ids is None else ids.tolist())
        errors: dict[int, str] = {}
        if self._pool is None:
            self._work(self._workers[0], todo, nstep, errors)
            return errors
        others = [self._pool.submit(self._work, worker, todo, nstep, errors) for worker in self._workers[1:]]
        self._work(self._workers[0], todo, nstep, errors)
        for other in others:
            other.result()
        return errors

    def _work(self, worker: mujoco.MjData, todo: Iterator[int], nstep: int, errors: dict[int, str]) -> None:
        """What one thread does: step whatever is still to be done."""
        rows, counts = self._batch.state, worker.warning.number
        copies = [(getattr(worker, name), values) for name, values in self.data.items()]
        for i in todo:
            model = self._models[i]
            mujoco.mj_setState(model, worker, rows[i], _ROW)
            try:
                mujoco.mj_step(model, worker, nstep)
                mujoco.mj_rnePostConstraint(model, worker)
            except mujoco.FatalError as error:
                errors[i] = str(error)
                mujoco.mj_resetData(model, worker)
                continue
            mujoco.mj_getState(model, worker, rows[i], _ROW)
            for source, values in copies:
                values[i] = source
            if np.count_nonzero(counts):
                self._batch.warning[i, :, 0] = worker.warning.lastinfo
                self._batch.warning[i, :, 1] += counts
                counts[:] = 0
