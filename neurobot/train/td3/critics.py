"""The critics: perceptrons that say what an action is worth, all of them at once, with gradients by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurobot.kernels.bptt_compiled import critic_kernel

Layers = list[tuple[np.ndarray, np.ndarray]]


@dataclass(eq=False, slots=True)
class _Layer:
    """A hidden layer of a batch, in memory that is used again.

    Args:
        h: (C, B, n) what it says.
        dh: (C, B, n) gradient on its way down.
        unit: (C, B, n) what was normalised; empty without a norm.
        share: (C, B) one over the deviations.
    """

    h: np.ndarray
    dh: np.ndarray
    unit: np.ndarray
    share: np.ndarray

    @classmethod
    def empty(cls, count: int, batch: int, n: int, norm: bool) -> _Layer:
        """Room for a layer."""
        h, dh = np.empty((2, count, batch, n), np.float32)
        unit = np.empty((count, batch, n) if norm else (0, 0, 0), np.float32)
        return cls(h, dh, unit, np.empty((count, batch), np.float32))


class Critics:
    """C perceptrons of the same shape, n_in -> hidden (rectified) -> 1, in float32.

    Args:
        n_in: numbers that enter.
        hidden: neurons of the hidden layers.
        count: C.
        rng: of the weights, uniform within 1 / sqrt(inputs of the layer), as biases are.
        norm: whether hidden layers are normalised before their bias, see `kernels.critic.normalise`.

    Attributes:
        values: (words,) all weights and biases.
        gradients: (words,) as `backward` leaves them.
    """

    def __init__(
        self, n_in: int, hidden: Sequence[int], count: int, rng: np.random.Generator, norm: bool = False
    ) -> None:
        self.sizes, self.count, self.norm = (n_in, *hidden, 1), count, norm
        words = count * sum((n + 1) * m for n, m in pairwise(self.sizes))
        self.values, self.gradients = np.empty(words, np.float32), np.zeros(words, np.float32)
        self.layers, self._slopes = self._cut(self.values), self._cut(self.gradients)
        for w, b in self.layers:
            bound = 1 / math.sqrt(w.shape[1])
            w[:] = rng.uniform(-bound, bound, w.shape)
            b[:] = rng.uniform(-bound, bound, b.shape)
        self._room: dict[tuple[int, int, int], list[_Layer]] = {}
        names = ("rectify", "normalise", "unnormalise", "spread", "mask", "add_up")
        self._rectify, self._normalise, self._unnormalise, self._spread, self._mask, self._add_up = map(
            critic_kernel, names
        )

    def forward(self, x: np.ndarray, only: int | None = None) -> np.ndarray:
        """What the critics say, (C, B), or (1, B) of only one of them.

        Args:
            x: (B, n_in) float32, contiguous.
            only: number of a critic.
        """
        which = self._which(only)
        h = x[None]
        for (w, b), layer in zip(self.layers[:-1], self._kept(x, which), strict=True):
            np.matmul(h, w[which], out=layer.h)
            if self.norm:
                self._normalise(layer.h, b[which], layer.unit, layer.share)
            else:
                self._rectify(layer.h, b[which])
            h = layer.h
        w, b = self.layers[-1]
        q: np.ndarray = np.matmul(h, w[which])[:, :, 0] + b[which]
        return q

    def backward(self, x: np.ndarray, dq: np.ndarray) -> None:
        """Gradients of all weights into `gradients`; of what `forward` has just been given.

        Args:
            x: what entered.
            dq: (C, B) gradient of what the critics said.
        """
        kept = self._kept(x, self._which(None))
        gw, gb = self._slopes[-1]
        np.matmul(kept[-1].h.transpose(0, 2, 1), dq[:, :, None], out=gw)
        np.sum(dq, axis=1, keepdims=True, out=gb)
        for k, layer in self._down(x, dq, None):
            below = kept[k - 1].h.transpose(0, 2, 1) if k else x.T[None]
            np.matmul(below, layer.dh, out=self._slopes[k][0])

    def slope(self, x: np.ndarray, dq: np.ndarray, first: int) -> np.ndarray:
        """Gradient of the inputs from `first` on, (B, n_in - first), by critic 0, that `forward` was given alone.

        Args:
            x: what entered.
            dq: (1, B) gradient of what the critic said.
            first: number of the first input that is asked for.
        """
        for _ in self._down(x, dq, 0):
            pass
        found: np.ndarray = self._kept(x, self._which(0))[0].dh[0] @ self.layers[0][0][0, first:].T
        return found

    def _down(self, x: np.ndarray, dq: np.ndarray, only: int | None) -> Iterator[tuple[int, _Layer]]:
        """Hidden layers from the last to the first, when `dh` is the gradient of what its weights gave.

        Biases' gradients are written on the way where all critics are asked.
        """
        which = self._which(only)
        kept = self._kept(x, which)
        self._spread(dq, self.layers[-1][0][which, :, 0], kept[-1].h, kept[-1].dh)
        for k in range(len(kept) - 1, -1, -1):
            layer = kept[k]
            if only is None:
                self._add_up(layer.dh, self._slopes[k][1])
            if self.norm:
                self._unnormalise(layer.unit, layer.share, layer.dh)
            yield k, layer
            if k:
                np.matmul(layer.dh, self.layers[k][0][which].transpose(0, 2, 1), out=kept[k - 1].dh)
                self._mask(kept[k - 1].h, kept[k - 1].dh)

    def _which(self, only: int | None) -> slice:
        return slice(0, self.count) if only is None else slice(only, only + 1)

    def _kept(self, x: np.ndarray, which: slice) -> list[_Layer]:
        """Room for the hidden layers of a batch, used again."""
        key = (len(x), which.start, which.stop)
        if key not in self._room:
            count = which.stop - which.start
            self._room[key] = [_Layer.empty(count, len(x), n, self.norm) for n in self.sizes[1:-1]]
        return self._room[key]

    def _cut(self, words: np.ndarray) -> Layers:
        """Weights (C, n, m) and biases (C, m) of every layer, as views."""
        out, at = [], 0
        for n, m in pairwise(self.sizes):
            w = words[at : at + self.count * n * m].reshape(self.count, n, m)
            at += w.size
            b = words[at : at + self.count * m].reshape(self.count, m)
            at += b.size
            out.append((w, b))
        return out
