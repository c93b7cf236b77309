"""Adam, and a bound on the length of a gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from neurobot.errors import TrainingError, near
from neurobot.kernels.bptt_compiled import adam_kernel
from neurobot.spec.check import Problems

Arrays = dict[str, np.ndarray]


class Adam:
    """Adam over named variables, see `neurobot.kernels.adam`.

    Args:
        values: variables by name, changed in place by `step`.
        rate: learning rate.
        b1: how much of the mean of gradients is kept.
        b2: how much of the mean of their squares is kept.
        eps: added to the root of the mean square.
        decay: of AdamW, of weights only, as a share of the rate.

    Attributes:
        steps: how many were taken.
        mean: by name; with `square` and `steps` all that a checkpoint needs.
        square: by name.

    Raises:
        SpecError: settings that make no sense.
    """

    def __init__(
        self, values: Mapping[str, np.ndarray], rate: float = 1e-3, *, b1: float = 0.9, b2: float = 0.999,
        eps: float = 1e-8, decay: float = 0.0,
    ) -> None:  # fmt: skip
        problems = Problems("Adam")
        problems.number("rate", rate, above=0.0)
        for name, value in (("b1", b1), ("b2", b2), ("decay", decay)):
            problems.number(name, value, low=0.0, high=1.0)
        problems.number("eps", eps, above=0.0)
        problems.done()
        self.values = dict(values)
        self.rate, self.steps = rate, 0
        self._kernels = {name: adam_kernel(value.dtype.name) for name, value in self.values.items()}
        self._b1, self._b2, self._eps, self._decay = b1, b2, eps, decay
        self.mean: Arrays = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.square: Arrays = {name: np.zeros_like(value) for name, value in self.values.items()}

    def step(self, gradients: Mapping[str, np.ndarray], rate: float | None = None) -> None:
        """Move every variable that has a gradient.

        Args:
            gradients: by name.
            rate: of this step; default the one given at the start.

        Raises:
            TrainingError: a name that is no variable, a gradient of another shape or one that is not finite; nothing
                was changed.
        """
        self._check(gradients)
        self.steps += 1
        c1, c2 = 1 - self._b1**self.steps, 1 - self._b2**self.steps
        for name, gradient in gradients.items():
            value = self.values[name]
            decay = self._decay if name.endswith(".weights") else 0.0
            step = self.rate if rate is None else rate
            settings = (step, 1 - self._b1, 1 - self._b2, self._eps, decay, 1 / c1, 1 / c2)
            flat = (value, np.ascontiguousarray(gradient, value.dtype), self.mean[name], self.square[name])
            self._kernels[name](*(a.reshape(-1) for a in flat), np.array(settings, value.dtype))

    def _check(self, gradients: Mapping[str, np.ndarray]) -> None:
        for name, gradient in gradients.items():
            if name not in self.values:
                raise TrainingError(f"there is no variable {name!r}; {near(name, self.values)}")
            if np.shape(gradient) != self.values[name].shape:
                wanted = self.values[name].shape
                raise TrainingError(f"the gradient of {name!r} has shape {np.shape(gradient)}, it must be {wanted}")
            if not np.isfinite(gradient).all():
                raise TrainingError(f"the gradient of {name!r} is not finite; clip it, or take a smaller rate")


def clip(gradients: Mapping[str, np.ndarray], most: float) -> float:
    """Scale gradients, in place, so that all together are at most so long.

    Args:
        gradients: by name.
        most: bound on the root of the sum of squares.

    Returns:
        How long they were.
    """
    length = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
    if length > most:
        for g in gradients.values():
            g *= most / length
    return length
