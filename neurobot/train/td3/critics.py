"""The critics: perceptrons that say what an action is worth, all of them at once, with gradients by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurobot.kernels.bptt_compiled import critic_kernel

Layers = list[tuple[np.ndarray, np.ndarray]]


class Critics:
    """C perceptrons of the same shape, n_in -> hidden (rectified) -> 1, in float32.

    Args:
        n_in: numbers that enter.
        hidden: neurons of the hidden layers.
        count: C.
        rng: of the weights, uniform within 1 / sqrt(inputs of the layer), as biases are.

    Attributes:
        values: (words,) all weights and biases.
        gradients: (words,) as `backward` leaves them.
    """

    def __init__(self, n_in: int, hidden: Sequence[int], count: int, rng: np.random.Generator) -> None:
        self.sizes, self.count = (n_in, *hidden, 1), count
        words = count * sum((n + 1) * m for n, m in pairwise(self.sizes))
        self.values, self.gradients = np.empty(words, np.float32), np.zeros(words, np.float32)
        self.layers, self._slopes = self._cut(self.values), self._cut(self.gradients)
        for w, b in self.layers:
            bound = 1 / math.sqrt(w.shape[1])
            w[:] = rng.uniform(-bound, bound, w.shape)
            b[:] = rng.uniform(-bound, bound, b.shape)
        self._room: dict[tuple[int, int, int, bool], list[np.ndarray]] = {}
        names = ("rectify", "spread", "mask", "add_up")
        self._rectify, self._spread, self._mask, self._add_up = map(critic_kernel, names)

    def forward(self, x: np.ndarray, only: int | None = None) -> np.ndarray:
        """What the critics say, (C, B), or (1, B) of only one of them.

        Args:
            x: (B, n_in) float32, contiguous.
            only: number of a critic.
        """
        which = self._which(only)
        h = x[None]
        for (w, b), out in zip(self.layers[:-1], self._kept(x, which, False), strict=True):
            np.matmul(h, w[which], out=out)
            self._rectify(out, b[which])
            h = out
        w, b = self.layers[-1]
        q: np.ndarray = np.matmul(h, w[which])[:, :, 0] + b[which]
        return q

    def backward(self, x: np.ndarray, dq: np.ndarray) -> None:
        """Gradients of all weights into `gradients`; of what `forward` has just been given.

        Args:
            x: what entered.
            dq: (C, B) gradient of what the critics said.
        """
        every = self._which(None)
        kept, back = self._kept(x, every, False), self._kept(x, every, True)
        gw, gb = self._slopes[-1]
        np.matmul(kept[-1].transpose(0, 2, 1), dq[:, :, None], out=gw)
        np.sum(dq, axis=1, keepdims=True, out=gb)
        self._spread(dq, self.layers[-1][0][:, :, 0], kept[-1], back[-1])
        for k in range(len(kept) - 1, -1, -1):
            gw, gb = self._slopes[k]
            below = kept[k - 1].transpose(0, 2, 1) if k else x.T[None]
            np.matmul(below, back[k], out=gw)
            self._add_up(back[k], gb)
            if k:
                np.matmul(back[k], self.layers[k][0].transpose(0, 2, 1), out=back[k - 1])
                self._mask(kept[k - 1], back[k - 1])

    def slope(self, x: np.ndarray, dq: np.ndarray, first: int) -> np.ndarray:
        """Gradient of the inputs from `first` on, (B, n_in - first), by critic 0, that `forward` was given alone.

        Args:
            x: what entered.
            dq: (1, B) gradient of what the critic said.
            first: number of the first input that is asked for.
        """
        one = self._which(0)
        kept, back = self._kept(x, one, False), self._kept(x, one, True)
        self._spread(dq, self.layers[-1][0][one, :, 0], kept[-1], back[-1])
        for k in range(len(kept) - 1, 0, -1):
            np.matmul(back[k], self.layers[k][0][one].transpose(0, 2, 1), out=back[k - 1])
            self._mask(kept[k - 1], back[k - 1])
        found: np.ndarray = back[0][0] @ self.layers[0][0][0, first:].T
        return found

    def _which(self, only: int | None) -> slice:
        return slice(0, self.count) if only is None else slice(only, only + 1)

    def _kept(self, x: np.ndarray, which: slice, back: bool) -> list[np.ndarray]:
        """Room for the hidden layers of a batch, (C, B, n) each, used again."""
        key = (len(x), which.start, which.stop, back)
        if key not in self._room:
            count = which.stop - which.start
            self._room[key] = [np.empty((count, len(x), n), np.float32) for n in self.sizes[1:-1]]
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
