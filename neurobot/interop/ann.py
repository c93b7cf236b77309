"""A feed-forward policy of real-valued neurons: what files are read to, and what conversion starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from neurobot.errors import SpecError
from neurobot.spec.check import Problems

Activation = Literal["relu", "tanh"]
Squash = Literal["tanh", "none", "argmax"]
MAX_LAYERS = 20


class Layer:
    """y = W x + b.

    Args:
        weights: W, (n_out, n_in), finite.
        bias: b, (n_out,), finite.

    Raises:
        SpecError: shapes that do not belong together, entries that are not finite.
    """

    __slots__ = ("bias", "weights")

    def __init__(self, weights: ArrayLike, bias: ArrayLike):
        self.weights, self.bias = _frozen(weights), _frozen(bias)
        problems = Problems("Layer")
        if self.weights.ndim != 2 or not self.weights.size or self.bias.shape != self.weights.shape[:1]:
            problems.add(
                f"weights have shape {self.weights.shape} and the bias {self.bias.shape}, "
                "they must be (n_out, n_in) and (n_out,)"
            )
        elif not (np.isfinite(self.weights).all() and np.isfinite(self.bias).all()):
            problems.add("weights or bias have entries that are not finite")
        problems.done()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """y of x, (..., n_in) -> (..., n_out)."""
        y: np.ndarray = x @ self.weights.T + self.bias
        return y

    def __repr__(self) -> str:
        return f"Layer({self.weights.shape[1]} -> {self.weights.shape[0]})"


class Statistics:
    """What observations are normalised by: (x - mean) / std, clipped to -clip..clip.

    Args:
        mean: (n,) finite.
        std: (n,) finite, above 0.
        clip: above 0.

    Raises:
        SpecError: anything else.
    """

    __slots__ = ("clip", "mean", "std")

    def __init__(self, mean: ArrayLike, std: ArrayLike, clip: float = 10.0):
        self.mean, self.std, self.clip = _frozen(mean), _frozen(std), clip
        problems = Problems("Statistics")
        problems.number("clip", clip, above=0.0)
        if self.mean.ndim != 1 or self.mean.shape != self.std.shape:
            problems.add(f"mean has shape {self.mean.shape} and std {self.std.shape}, both must be (n_obs,)")
        elif not np.isfinite(self.mean).all() or not np.isfinite(self.std).all() or (self.std <= 0).any():
            problems.add("mean and std must be finite, and std above 0")
        problems.done()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Normalised observations, (..., n) -> (..., n)."""
        z: np.ndarray = np.clip((x - self.mean) / self.std, -self.clip, self.clip)
        return z


@dataclass(frozen=True, slots=True, kw_only=True)
class ANN:
    """A multi-layer perceptron that acts: observation -> normaliser -> layers -> squash -> action.

    Args:
        layers: the last one gives the output, those before it are hidden.
        activation: of the hidden layers.
        squash: ``tanh``: tanh(y) goes from the lower limit of the action to the upper one; ``none``: y is the action,
            in the actuator's unit, cut off at the limits; ``argmax``: the action is the number of the largest y.
        statistics: what observations are normalised by; None for nothing.

    Raises:
        SpecError: layers that do not follow on each other, a word that is not known.
    """

    layers: tuple[Layer, ...]
    activation: Activation = "relu"
    squash: Squash = "none"
    statistics: Statistics | None = field(default=None)

    def __post_init__(self) -> None:
        problems = Problems("ANN")
        problems.choice("activation", self.activation, get_args(Activation))
        problems.choice("squash", self.squash, get_args(Squash))
        if not 2 <= len(self.layers) <= MAX_LAYERS:
            problems.add(
                f"there are {len(self.layers)} layers, there must be 2 to {MAX_LAYERS}: hidden ones, an output"
            )
        for k, (a, b) in enumerate(zip(self.layers[:-1], self.layers[1:], strict=True)):
            if b.weights.shape[1] != a.weights.shape[0]:
                problems.add(f"layer {k} gives {a.weights.shape[0]} values, layer {k + 1} takes {b.weights.shape[1]}")
        if self.statistics is not None and self.layers and self.statistics.mean.size != self.observation_size:
            size = self.statistics.mean.size
            problems.add(f"the statistics are of {size} values, the first layer takes {self.observation_size}")
        problems.done()

    @property
    def observation_size(self) -> int:
        """Length of an observation."""
        return int(self.layers[0].weights.shape[1])

    @property
    def output_size(self) -> int:
        """Number of outputs."""
        return int(self.layers[-1].weights.shape[0])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a forward pass, those with weights of 0 included."""
        return sum(layer.weights.size for layer in self.layers)

    def preactivations(self, observations: np.ndarray) -> list[np.ndarray]:
        """W x + b of every layer, the last one being the output before it is squashed; (..., n) each."""
        x = observations if self.statistics is None else self.statistics(observations)
        out = []
        for layer in self.layers:
            out.append(layer(x))
            x = self.activate(out[-1])
        return out

    def activate(self, z: np.ndarray) -> np.ndarray:
        """The hidden layers' activation function."""
        a: np.ndarray = np.maximum(z, 0.0) if self.activation == "relu" else np.tanh(z)
        return a

    def act(self, observations: np.ndarray, low: ArrayLike = -1.0, high: ArrayLike = 1.0) -> np.ndarray:
        """Actions, (..., n_act), or with ``argmax`` (...) int64.

        Args:
            observations: (..., n_obs).
            low: lower limits of the action, one or (n_act,).
            high: upper limits.
        """
        y = self.preactivations(np.asarray(observations, np.float64))[-1]
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        actions: np.ndarray
        if self.squash == "argmax":
            actions = np.argmax(y, axis=-1)
        elif self.squash == "tanh":
            actions = low + (np.tanh(y) + 1) / 2 * (high - low)
        else:
            actions = np.clip(y, low, high)
        return actions


def _frozen(values: ArrayLike) -> np.ndarray:
    try:
        array = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise SpecError("ANN", ["weights, biases and statistics must be arrays of numbers"]) from None
    array.flags.writeable = False
    return array
