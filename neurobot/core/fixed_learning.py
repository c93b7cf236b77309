"""What an image learns, in the program's words: rewards, weights, and programs with what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from neurobot.core.image import Image, Learns
from neurobot.core.learning import Plasticity, told
from neurobot.errors import ImageError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program


@final
class FixedLearning:
    """The projections of a program that learn, in integers.

    Args:
        program: with the image.
        image: which was checked.

    Attributes:
        watch: where in the float state it is counted how many weights each has changed, in order of the image.

    Raises:
        ImageError: other projections learn in the image.
    """

    def __init__(self, program: Program, image: Image):
        self._program, self._image, learns = program, image, image.learns()
        populations = [p.name for p in program.network.populations]
        ours = sorted((q for q in program.plastic), key=lambda q: populations.index(q.post))
        sizes = {q.name: program.blocks["params"][f"{q.name}.weights"].of(program.params).size for q in ours}
        names = [q.name for q in ours if sizes[q.name]]
        if [q.size for q in learns] != [sizes[name] for name in names]:
            raise ImageError(
                f"the image is of another program: projections of {[q.size for q in learns]} synapses learn, in the "
                f"program of {[sizes[name] for name in names]}; quantize it again"
            )
        self._learns: dict[str, Learns] = dict(zip(names, learns, strict=True))
        self.watch = [program.blocks["state"][f"{name}.watch"].at for name in names]

    def __bool__(self) -> bool:
        return bool(self._learns)

    def reward(self, reward: float) -> int:
        """A reward in the image's unit, cut off at ±2^29."""
        return int(np.clip(np.rint(reward / self._image.reward_unit), -fx.REWARD_BOUND, fx.REWARD_BOUND))

    def count(self, ints: np.ndarray, changes: np.ndarray) -> None:
        """Add to how many weights have changed; what a tick does by itself."""
        for at, n in zip(self.watch, changes, strict=True):
            ints[at : at + 2].view(np.int64)[0] += n

    def forget(self, ints: np.ndarray) -> None:
        """Count from 0."""
        for at in self.watch:
            ints[at : at + 2] = 0

    def weights(self, projection: str, state: np.ndarray) -> np.ndarray:
        """Weights as a network's state holds them, in the program's unit and order; those at a bound are the bound."""
        block, limits = (self._program.blocks["params"][f"{projection}.{name}"] for name in ("weights", "limits"))
        start, (low, high) = block.of(self._program.params), limits.of(self._program.params)[:2]
        if projection not in self._learns:  # it has no synapses
            return start.copy()
        q = self._learns[projection]
        now, then = state[q.at : q.at + q.size], q.start(self._image)
        w = start.reshape(-1) + (now.astype(np.int64) - then) * q.unit
        w = np.select([now == then, now <= q.low, now >= q.high], [start.reshape(-1), low, high], np.clip(w, low, high))
        learnt: np.ndarray = w.reshape(start.shape)
        return learnt

    def plasticity(self, state: np.ndarray, ints: np.ndarray) -> Mapping[str, Plasticity]:
        """See `Core.plasticity`, of a network's state and the float state's integers."""
        program = self._program
        return {
            q.name: told(program, q.name, self.weights(q.name, state), program.params, ints) for q in program.plastic
        }

    def to_program(self, state: np.ndarray) -> Program:
        """The program, and its image, with the weights that a network's state holds."""
        program = self._program
        params = program.params.copy()
        for q in program.plastic:
            program.blocks["params"][f"{q.name}.weights"].of(params)[...] = self.weights(q.name, state)
        return program.with_params(params).with_image(self._image.learnt(state).to_bytes())
