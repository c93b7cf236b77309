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
    """C perceptrons of the same shape, n_in -> hidden (rectified) -> n_out, in float32.

    Args:
        n_in: numbers that enter.
        hidden: neurons of the hidden layers.
        count: C.
        rng: of the weights, uniform within 1 / sqrt(inputs of the layer), as biases are.
        norm: whether hidden layers are normalised before their bias, see `kernels.critic.normalise`.
        n_out: numbers that a critic says.

    Attributes:
        values: (words,) all weights and biases.
        gradients: (words,) as `backward` leaves them.
    """

    def __init__(
        self,
        n_in: int,
        hidden: Sequence[int],
        count: int,
        rng: np.random.Generator,
        norm: bool = False,
        n_out: int = 1,
    ) -> None:
        self.sizes, self.count, self.norm = (n_in, *hidden, n_out), count, norm
        words = count * sum((n + 1) * m for n, m in pairwise(self.sizes))
        self.values, self.gradients = np.empty(words, np.float32), np.zeros(words, np.float32)
        self.layers, self._slopes = self._cut(self.values), self._cut(self.gradients)
        for w, b in self.layers:
            bound = 1 / math.sqrt(w.shape[1])
            w[:] = rng.uniform(-bound, bound, w.shape)
            b[:] = rng.uniform(-bound, bound, b.shape)
        self._room: dict[tuple[int, int, int], list[_Layer]] = {}
        names = ("rectify", "normalise", "unnormalise", "mask", "add_up")
        self._rectify, self._normalise, self._unnormalise, self._mask, self._add_up = map(critic_kernel, names)

    def forward(self, x: np.ndarray, only: int | None = None) -> np.ndarray:
        """What the critics say, (C, B, n_out), or (1, B, n_out) of only one of them.

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
        said: np.ndarray = np.matmul(h, w[which]) + b[which, None]
        return said

    def backward(self, x: np.ndarray, dq: np.ndarray) -> None:
        """Gradients of all weights into `gradients`; of what `forward` has just been given.

        Args:
            x: what entered.
            dq: (C, B, n_out) gradient of what the critics said.
        """
        kept = self._kept(x, self._which(None))
        gw, gb = self._slopes[-1]
        np.matmul(kept[-1].h.transpose(0, 2, 1), dq, out=gw)
        np.sum(dq, axis=1, out=gb)
        for k, layer in self._down(x, dq, self._which(None), into=self._slopes):
            below = kept[k - 1].h.transpose(0, 2, 1) if k else x.T[None]
            np.matmul(below, layer.dh, out=self._slopes[k][0])

    def slope(self, x: np.ndarray, dq: np.ndarray, first: int, only: int | None = None) -> np.ndarray:
        """Gradient of the inputs from `first` on, (B, n_in - first), by the critics that `forward` was asked for.

        Args:
            x: what entered.
            dq: (C, B, n_out) gradient of what the critics said, or (1, B, n_out) of only one of them.
            first: number of the first input that is asked for.
            only: number of a critic.
        """
        which = self._which(only)
        for _ in self._down(x, dq, which):
            pass
        dh, w = self._kept(x, which)[0].dh, self.layers[0][0][which, first:]
        found: np.ndarray = np.matmul(dh, w.transpose(0, 2, 1)).sum(axis=0)
        return found

    def _down(
        self, x: np.ndarray, dq: np.ndarray, which: slice, into: Layers | None = None
    ) -> Iterator[tuple[int, _Layer]]:
        """Hidden layers from the last to the first, when `dh` is the gradient of what its weights gave.

        Biases' gradients are written on the way, if they are asked for.
        """
        kept = self._kept(x, which)
        np.matmul(dq, self.layers[-1][0][which].transpose(0, 2, 1), out=kept[-1].dh)
        for k in range(len(kept) - 1, -1, -1):
            layer = kept[k]
            self._mask(layer.h, layer.dh)
            if into is not None:
                self._add_up(layer.dh, into[k][1])
            if self.norm:
                self._unnormalise(layer.unit, layer.share, layer.dh)
            yield k, layer
            if k:
                np.matmul(layer.dh, self.layers[k][0][which].transpose(0, 2, 1), out=kept[k - 1].dh)

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
