"""What a controller is to be told: how far its actions, or its choices, are from those that would have been right."""

from __future__ import annotations

from typing import TypeAlias, final

import numpy as np

from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Choice, Highest, WinnerTakeAll
from neurobot.train.surrogate import Readout, Seeds, Trace, cross_entropy


@final
class Acting:
    """Actions that are numbers, read by Rate or Membrane.

    The loss is the mean square of (wanted - right), in halves of an action's range, where wanted is the action ahead of
    its limits. Where the right action is a limit, and more than it is wanted, nothing is wrong: the limit sees to it.

    Args:
        program: of the controller.
    """

    def __init__(self, program: Program) -> None:
        self._readout = Readout(program)
        self._low, self._high = program.param("decoder.low"), program.param("decoder.high")
        self._half = (self._high - self._low) / 2
        self._edge = 1e-6 * self._half

    def loss(self, trace: Trace, labels: np.ndarray, counted: np.ndarray) -> tuple[float, Seeds]:
        """The loss of a run, and the seeds of its gradient; labels are (ticks, B, n_act)."""
        decoded = self._readout.forward(trace)
        away = (decoded.wanted - labels) / self._half
        settled = (labels >= self._high - self._edge) & (away > 0) | (labels <= self._low + self._edge) & (away < 0)
        away = np.where(settled | ~counted[..., None], 0.0, away)
        size = max(int(counted.sum()), 1) * away.shape[-1]
        gradient = (2 * away / (size * self._half)).astype(decoded.wanted.dtype)
        return float((away**2).sum() / size), self._readout.backward(trace, decoded, gradient)


@final
class Choosing:
    """A choice: cross-entropy of what the groups of neurons score by the end of a tick.

    Read by WinnerTakeAll a group scores the mean of its neurons' spike counts, by Highest that of their membranes.

    Args:
        program: of the controller.
    """

    def __init__(self, program: Program) -> None:
        assert isinstance(program.spec, ControllerSpec) and isinstance(program.spec.decoder, WinnerTakeAll | Highest)
        decoder = program.spec.decoder
        assert decoder.size is not None
        self._name, self.size, self._substeps = decoder.population, decoder.size, program.substeps
        self._rest = decoder.rest if isinstance(decoder, WinnerTakeAll) else None
        self._each = program.network.population(decoder.population).n // decoder.size

    def loss(self, trace: Trace, labels: np.ndarray, counted: np.ndarray) -> tuple[float, Seeds]:
        """The loss of a run, and the seeds of its gradient; labels are (ticks, B) numbers of choices."""
        scores = self.scores(trace)[:, -1]
        shown = counted.ravel()
        loss, found = cross_entropy(scores.reshape(-1, self.size)[shown], labels.ravel()[shown].astype(np.int64))
        gradient = np.zeros((shown.size, self.size), np.float32)
        gradient[shown] = found
        each = np.repeat(gradient.reshape(scores.shape) / self._each, self._each, axis=-1)
        if self._rest is not None:
            return loss, Seeds({self._name: np.repeat(each, self._substeps, axis=0)})
        v = np.zeros((trace.steps, *each.shape[1:]), np.float32)
        v[self._substeps - 1 :: self._substeps] = each
        return loss, Seeds({}, {self._name: v})

    def scores(self, trace: Trace) -> np.ndarray:
        """Scores of the groups after each step of a tick, (ticks, substeps, B, choices); counts begin with the tick."""
        values = trace.v(self._name) if self._rest is None else trace.spikes(self._name)
        values = values.reshape(trace.ticks, self._substeps, trace.batch, self.size, self._each)
        scores: np.ndarray = (values if self._rest is None else values.cumsum(axis=1, dtype=np.float32)).mean(axis=-1)
        return scores

    def choices(self, trace: Trace) -> np.ndarray:
        """What would be chosen after each step of a tick, (ticks, substeps, B)."""
        scores = self.scores(trace)
        best: np.ndarray = scores.argmax(axis=-1)
        return best if self._rest is None else np.where(scores.any(axis=-1), best, self._rest)


Head: TypeAlias = Acting | Choosing


def head_of(program: Program) -> Head:
    """By the program's decoder.

    Raises:
        SpecError: a decoder of numbers without a gradient.
        TrainingError: a decoder of choices without a gradient.
    """
    assert isinstance(program.spec, ControllerSpec)
    decoder = program.spec.decoder
    if isinstance(decoder, WinnerTakeAll | Highest):
        return Choosing(program)
    if isinstance(decoder, Choice):
        raise TrainingError(f"the decoder {type(decoder).__name__} has no gradient; use WinnerTakeAll or Highest")
    return Acting(program)
