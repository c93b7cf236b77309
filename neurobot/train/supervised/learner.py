"""A program that learns from examples by surrogate gradients, iteration by iteration.

Between two iterations everything is in `params`, as they would stand in a Program, and in Adam's moments; an iteration
begins with a `Stack` made from those. So a run that was resumed equals one that was not, and a normaliser may move.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.neurons import Input
from neurobot.train.supervised.examples import Batch, Examples
from neurobot.train.supervised.heads import head_of
from neurobot.train.supervised.settings import Learning
from neurobot.train.surrogate import Adam, Stack, clip, rate_penalty
from neurobot.train.surrogate_names import named_surrogate


@final
class Learner:
    """What is trained.

    Args:
        program: where to start.
        settings: see `Learning`.

    Attributes:
        params: (words,) float64 of the program as it is now; may be changed between two iterations.

    Raises:
        SpecError: a program without gradients.
        TrainingError: likewise.
    """

    def __init__(self, program: Program, settings: Learning) -> None:
        assert isinstance(program.spec, ControllerSpec)
        self._program, self._settings = program, settings
        self.params = program.params
        self._head = head_of(program)
        stack = self.stack()
        self._adam = Adam(stack.values, settings.rate)
        self._alone = program.spec.carry == 0.0
        self._warm_up(stack)
        spiking = [p.name for p in program.network.populations if p.spikes and not isinstance(p.model, Input)]
        self._limited = spiking if settings.sparse else []

    def program(self) -> Program:
        """As it is now."""
        return self._program.with_params(self.params)

    def stack(self) -> Stack:
        """The program as a function of its variables."""
        s = self._settings
        return Stack(self.program(), named_surrogate(s.surrogate, s.slope), train=s.variables)

    def learn(self, examples: Examples, rng: np.random.Generator, rate: float) -> dict[str, float]:
        """An iteration: steps of Adam on batches of examples.

        Returns:
            ``loss``, the mean over the steps.

        Raises:
            TrainingError: a gradient that is not finite.
        """
        s, stack, trace, total = self._settings, self.stack(), None, 0.0
        self._adam.values = stack.values
        for _ in range(s.steps):
            batch = self._draw(examples, rng)
            trace = stack.forward(batch.observations, into=trace)
            loss, seeds = self._head.loss(trace, batch.labels, batch.counted)
            if self._limited:
                penalty, more = rate_penalty(trace, self._limited, s.sparse, high=s.most)
                loss, seeds = loss + penalty, seeds + more
            gradients = stack.backward(trace, seeds).values
            if s.clip is not None:
                clip(gradients, s.clip)
            self._adam.step(gradients, rate)
            total += loss
        self.params = stack.to_program().params
        return {"loss": total / s.steps}

    def arrays(self) -> dict[str, np.ndarray]:
        """What changes, for a checkpoint."""
        adam = self._adam
        moments = {f"mean.{k}": v for k, v in adam.mean.items()} | {f"square.{k}": v for k, v in adam.square.items()}
        return {"params": self.params, "adam_steps": np.array([adam.steps]), **moments}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go back to what `arrays` gave."""
        self.params, self._adam.steps = arrays["params"], int(arrays["adam_steps"][0])
        for name in self._adam.mean:
            self._adam.mean[name], self._adam.square[name] = arrays[f"mean.{name}"], arrays[f"square.{name}"]

    def _warm_up(self, stack: Stack) -> None:
        """Compile what a step needs, ahead of the budget."""
        trace = stack.forward(np.zeros((1, 1, self._program.observation_size)))
        shape = (1, 1) if self._program.discrete else (1, 1, self._program.action_size)
        _, seeds = self._head.loss(trace, np.zeros(shape, np.int64), np.ones((1, 1), np.bool_))
        stack.backward(trace, seeds)

    def _draw(self, examples: Examples, rng: np.random.Generator) -> Batch:
        s = self._settings
        return examples.ticks(rng, s.batch) if self._alone else examples.windows(rng, s.batch, s.lead, s.window)
