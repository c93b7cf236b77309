"""The state of a batch of MuJoCo simulations, taken out and put back to the bit.

MuJoCo's own state (`mjSTATE_INTEGRATION`, the rows of a batch) decides what the next step gives, and is not all: what
follows from it, such as where bodies are, is of the last physics step, and some tasks read it before they make the next
one; and a model may have numbers of its own in each simulation (model_scaling.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from mujoco.batch import MODEL_FIELDS, Batch

from neurobot.envs.force_stepper import ForceStepper
from neurobot.envs.task import Array


@final
class PhysicsState:
    """What changes in a batch.

    Args:
        batch: the simulations.
        data: arrays of fields of MjData that the task reads.
        stepper: what steps the batch, if it is not the batch itself.
    """

    def __init__(self, batch: Batch, data: Mapping[str, Array], stepper: ForceStepper | None):
        self._batch, self._stepper = batch, stepper
        self._data = {name: _writeable(values) for name, values in data.items()}

    def get_state(self) -> dict[str, Any]:
        """Rows of state, warnings, what follows from the state, and fields of models that are each simulation's own."""
        expanded = {name: self._batch.expanded(name) for name in sorted(MODEL_FIELDS)}
        return {
            "rows": self._batch.state.copy(),
            "warning": self._batch.warning.copy(),
            "data": {name: values.copy() for name, values in self._data.items()},
            "models": {name: values.copy() for name, values in expanded.items() if values is not None},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `get_state` gave; KeyError or ValueError, and nothing has changed, if it is of another batch."""
        places = {"rows": self._batch.state, "warning": self._batch.warning}
        places |= {f"data.{name}": values for name, values in self._data.items()}
        models = {f"models.{name}": self._batch.expand(name) for name in state["models"]}
        given = {"rows": state["rows"], "warning": state["warning"]}
        given |= {f"{part}.{name}": values for part in ("data", "models") for name, values in state[part].items()}
        places |= models
        for name, place in places.items():
            if given[name].shape != place.shape or given[name].dtype != place.dtype:
                raise ValueError(
                    f"{name} is {given[name].dtype} of {given[name].shape}, here {place.dtype} {place.shape}"
                )
        for name, place in places.items():
            place[...] = given[name]
        if models and self._stepper is not None:
            self._stepper.take_models(np.arange(self._batch.nsim))


def _writeable(values: Array) -> Array:
    """The same memory; what a batch computes is shown by it as read-only."""
    view = values.view()
    view.flags.writeable = True
    return view
