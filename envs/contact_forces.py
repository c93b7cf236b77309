"""External forces on bodies, `cfrc_ext`, which MuJoCo computes only when asked, and `mujoco.batch` not at all.

gymnasium asks after every control step, so the forces are those of the last physics step's last stage. They exist
only inside that simulation's MjData: a persistent batch keeps it, and a copy of it is what MuJoCo is asked about. The
copy is what costs (about 200 kB, nearly all of it the solver's statistics), so a simulation that touches nothing is
left out: its forces are zero.
"""

from __future__ import annotations

from typing import final

import mujoco
import numpy as np
from mujoco.batch import Batch

from neurobot.envs.task import Array


@final
class ContactForces:
    """Contact forces of all instances of a persistent batch, for models without equality constraints.

    Attributes:
        values: (num_envs, nbody, 6) torque [N m] and force [N] on each body, world frame, about the centre of mass of
            the body's tree. Zero after a reset until the first step, as in gymnasium.
    """

    def __init__(self, batch: Batch):
        self.values = np.zeros((batch.nsim, batch.model.nbody, 6))
        self._batch = batch
        self._contacts = batch.bind("ncon")
        self._copy = mujoco.MjData(batch.model)
        self._forces = self._copy.cfrc_ext

    def clear(self, ids: Array) -> None:
        """Forget the forces of instances `ids` (k,)."""
        self.values[ids] = 0.0

    def update(self, ids: Array | None) -> None:
        """Compute the forces of instances `ids` (k,), or of all, after they were stepped."""
        chosen = np.arange(len(self.values)) if ids is None else ids
        self.values[chosen] = 0.0
        for i in chosen[self._contacts[chosen] > 0].tolist():
            self._batch.get_data(i, self._copy)
            mujoco.mj_rnePostConstraint(self._batch.model, self._copy)
            self.values[i] = self._forces
