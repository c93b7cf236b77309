"""Scaling what a MuJoCo model says, simulation by simulation: masses, friction, gains, damping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from mujoco.batch import Batch

from neurobot.envs.task import Array


@final
class ModelScaling:
    """Gives simulations of a batch models of their own, whose numbers are the shared model's times factors.

    Attributes:
        sizes: how many factors a simulation takes, by the quantity: `mass`, one for each body but the world (its
            inertia goes along); `friction`, one for all contacts; `gain`, one for each actuator (of its force, so of
            gain and bias alike); `damping`, one for each degree of freedom.
        in_use: whether the models differ.
    """

    def __init__(self, batch: Batch, body_mass: Array):
        """`body_mass` (num_envs, nbody) is kept equal to the masses in use [kg]."""
        self.sizes = {"mass": batch.model.nbody - 1, "friction": 1, "gain": batch.model.nu, "damping": batch.model.nv}
        self._batch = batch
        self._body_mass = body_mass
        self.in_use = False

    def apply(self, ids: Array, factors: Mapping[str, Array]) -> None:
        """Set the models of simulations `ids` (k,), which must be reset next.

        Args:
            ids: sorted int32 indices.
            factors: (k, sizes[name]) for each name that varies.
        """
        self.in_use |= bool(factors)
        for name, values in factors.items():
            if name == "mass":
                self._scale("body_mass", ids, values, slice(1, None))
                self._scale("body_inertia", ids, values[:, :, None], slice(1, None))
                self._batch.set_const(ids)  # what MuJoCo derives from masses when it compiles a model
                self._body_mass[ids] = self._batch.expand("body_mass")[ids]
            elif name == "friction":
                self._scale("geom_friction", ids, values[:, :, None])
                if self._batch.model.npair:
                    self._scale("pair_friction", ids, values[:, :, None])
            elif name == "gain":
                self._scale("actuator_gainprm", ids, values[:, :, None])
                self._scale("actuator_biasprm", ids, values[:, :, None])
            else:
                self._scale("dof_damping", ids, values)

    def _scale(self, field: str, ids: Array, factors: Array, part: slice = slice(None)) -> None:
        own = self._batch.expand(field)
        own[ids, part] = getattr(self._batch.model, field)[part] * factors
