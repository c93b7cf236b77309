"""The arrays of an image, one behind the other: what `neurobot.core.image_check` reads."""

from __future__ import annotations

import numpy as np

from neurobot.errors import ImageError


def need(right: bool, words: str) -> None:
    """Raise ImageError unless something is right."""
    if not right:
        raise ImageError(f"image: {words}")


def align4(n: int) -> int:
    """n, rounded up to a multiple of 4."""
    return -(-n // 4) * 4


class Blocks:
    """A place in an image that moves from array to array.

    Args:
        image: the block of bytes.
        at: where the first array is.
    """

    def __init__(self, image: bytes, at: int):
        self.image, self.at = image, at

    def take(self, name: str, dtype: str, n: int) -> np.ndarray:
        """The next array, (n,); ImageError where it does not fit, or is not filled up with 0."""
        size = n * np.dtype(dtype).itemsize
        end = self.at + align4(size)
        need(end <= len(self.image) - 4, f"{name} of {size} bytes at {self.at} does not fit")
        need(not any(self.image[self.at + size : end]), f"{name} at {self.at} is not filled up with 0")
        array = np.frombuffer(self.image, dtype, n, self.at)
        self.at = end
        return array

    def within(self, where: str, name: str, array: np.ndarray, low: int, high: int | np.ndarray) -> None:
        """ImageError where an array, (n,), leaves its range."""
        wrong = np.flatnonzero((array.astype(np.int64) < low) | (array.astype(np.int64) > high))
        if wrong.size:
            j = int(wrong[0])
            most = high if isinstance(high, int) else int(high[j])
            need(False, f"{where}: {name} of neuron {j} is {array[j]}, it must be {low} .. {most}")

    def end(self) -> None:
        """ImageError unless the checksum is all that is left."""
        need(
            self.at == len(self.image) - 4, f"its arrays end at {self.at}, its checksum begins at {len(self.image) - 4}"
        )
