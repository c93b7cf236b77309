"""Several cores in integers side by side, for `Controller.predict`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from neurobot.core.fixed import FixedCore
from neurobot.program import Program


@final
class FixedRows:
    """n instances of one program, each with a state of its own, one after the other.

    Args:
        program: with an image.
        n: how many.
        seed: of chance.

    Attributes:
        n: how many.
        status: (n,) of the last tick.
    """

    def __init__(self, program: Program, n: int, seed: int):
        self.n, self.status = n, np.zeros(n, np.int64)
        self._cores = [FixedCore(program, seed=seed, instance=i) for i in range(n)]
        self._actions = np.zeros((n, program.action_size))

    @property
    def ints(self) -> np.ndarray:
        """The states as integers, (n, words)."""
        return np.array([core.ints for core in self._cores])

    def tick(self, observations: np.ndarray) -> np.ndarray:
        """Run a tick of all, on (n, n_obs); actions (n, action_size)."""
        for i, core in enumerate(self._cores):
            self.status[i] = core.tick(observations[i])
            self._actions[i] = core.action
        return self._actions

    def reset(self, ids: Sequence[int] | np.ndarray | None = None) -> None:
        """Begin the next episode of some, or of all."""
        for i in range(self.n) if ids is None else ids:
            self._cores[i].reset()
