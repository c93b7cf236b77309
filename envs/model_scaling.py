"""Changing what a MuJoCo model says, simulation by simulation: masses, friction, gains, damping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

from mujoco.batch import Batch

from neurobot.envs.quiet import Quiet
from neurobot.envs.task import Array
from neurobot.errors import EnvError, near


@final
class ModelScaling:
    """Gives simulations of a batch models of their own, whose numbers are the shared model's times factors.

    Attributes:
        sizes: how many factors a simulation takes, by the quantity: `mass`, one for each body but the world (its
            inertia goes along); `friction`, one for all contacts; `gain`, one for each actuator (of its force, so of
            gain, bias and limits alike); `damping`, one for each degree of freedom.
        body_mass: (num_envs, nbody) the masses in use, the world's first [kg]. To be read only.
    """

    def __init__(self, batch: Batch, body_mass: Array, changed: Callable[[Array], None] | None = None):
        """Begin with the shared model.

        Args:
            batch: the simulations.
            body_mass: (num_envs, nbody) their masses [kg], which are kept up to date.
            changed: called with the ids (k,) of simulations whose models have changed.
        """
        self.sizes = {"mass": batch.model.nbody - 1, "friction": 1, "gain": batch.model.nu, "damping": batch.model.nv}
        self._batch = batch
        self.body_mass = body_mass
        self._changed = changed

    def find_body(self, body: str | int) -> int:
        """The index of a body by its name, or of an index; EnvError if there is none that can move."""
        model = self._batch.model
        names = [model.body(i).name for i in range(model.nbody)]
        # the others are fixed, or moved by hand: forces do not move them
        free = [i for i in range(1, model.nbody) if model.body_weldid[i] and model.body_mocapid[i] < 0]
        found = names.index(body) if isinstance(body, str) and body in names else body
        if found in free:
            return int(found)
        raise EnvError(f"no body that moves is {body!r}; {near(str(body), [names[i] for i in free])}, indices {free}")

    def set_masses(self, ids: Array, masses: Array) -> None:
        """Give bodies of simulations `ids` (k,) the masses (k, nbody) [kg], at any time; their inertia stays."""
        self._batch.expand("body_mass")[ids] = masses
        self._follow_masses(ids)
        self._tell(ids)

    def apply(self, ids: Array, factors: Mapping[str, Array]) -> None:
        """Set the models of simulations `ids` (k,), which must be reset next.

        Args:
            ids: sorted int32 indices.
            factors: (k, sizes[name]) for each name that varies.
        """
        for name, values in factors.items():
            if name == "mass":
                self._scale("body_mass", ids, values, slice(1, None))
                self._scale("body_inertia", ids, values[:, :, None], slice(1, None))
                self._follow_masses(ids)
            elif name == "friction":
                self._scale("geom_friction", ids, values[:, :, None])
                if self._batch.model.npair:
                    self._scale("pair_friction", ids, values[:, :, None])
            elif name == "gain":
                self._scale("actuator_gainprm", ids, values[:, :, None])
                self._scale("actuator_biasprm", ids, values[:, :, None])
                if self._batch.model.actuator_forcelimited.any():
                    self._scale("actuator_forcerange", ids, values[:, :, None])
            else:
                self._scale("dof_damping", ids, values)
        if factors:
            self._tell(ids)

    def _follow_masses(self, ids: Array) -> None:
        with Quiet():  # it warns of masses that are too far apart for it
            self._batch.set_const(ids)  # what MuJoCo derives from masses when it compiles a model
        self.body_mass[ids] = self._batch.expand("body_mass")[ids]

    def _tell(self, ids: Array) -> None:
        if self._changed is not None:
            self._changed(ids)

    def _scale(self, field: str, ids: Array, factors: Array, part: slice = slice(None)) -> None:
        own = self._batch.expand(field)
        own[ids, part] = getattr(self._batch.model, field)[part] * factors
