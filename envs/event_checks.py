"""Checks of what a caller gives to event cameras, once, before anything changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurobot.envs.task import Array
from neurobot.envs.values import is_whole
from neurobot.errors import EnvError

BRIGHTEST = 1e30
"""Float32 has larger numbers, but no light has."""


def checked_ids(ids: object, n: int) -> Array:
    """Which of n cameras, (k,) int64; None is all of them. EnvError for what is none."""
    if ids is None:
        return np.arange(n)
    given = np.asarray(ids)
    fits = given.ndim == 1 and given.size > 0 and given.dtype.kind in "iu"
    if not fits or given.min() < 0 or given.max() >= n or len(np.unique(given)) < len(given):
        raise EnvError(f"ids is {ids!r}; it must be different whole numbers from 0 to {n - 1}, or None for all")
    return given.astype(np.int64)


def checked_frames(frames: object, shape: tuple[int, int, int]) -> Array:
    """Frames of a shape (k, height, width), uint8 or float of finite numbers from 0 on, or EnvError."""
    if not isinstance(frames, np.ndarray) or frames.shape != shape:
        what = f"have shape {frames.shape}" if isinstance(frames, np.ndarray) else f"are a {type(frames).__name__}"
        raise EnvError(f"frames {what}; {shape[0]} cameras need an array of shape {shape}")
    if frames.dtype == np.uint8:
        return frames
    if frames.dtype not in (np.float32, np.float64):
        raise EnvError(f"frames have dtype {frames.dtype}; give uint8 from 0 to 255, or float32 or float64 from 0 on")
    low, high = frames.min(), frames.max()
    if not (low >= 0 and high <= BRIGHTEST):  # also for NaN
        raise EnvError(
            f"frames have numbers from {low:g} to {high:g}; intensity is from 0 (black) to about 1, at most"
            f" {BRIGHTEST:g}"
        )
    return frames


def checked_times(times: Array | float, k: int) -> Array:
    """Times of k frames [s], (k,) float64, or EnvError."""
    try:
        given = np.asarray(times, np.float64)
    except (TypeError, ValueError):
        given = np.array(np.nan)
    if given.shape not in ((), (k,)) or not np.isfinite(given).all():
        raise EnvError(f"times is {times!r}; give one finite time [s], or one for each of {k} cameras")
    return given if given.ndim else np.full(k, given)


def checked_generators(given: object, k: int) -> list[np.random.Generator]:
    """k generators, from generators or seeds, or EnvError."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise EnvError(f"generators is {given!r}; give a list of {k}, of numpy.random.Generator or of seeds")
    if len(given) != k:
        raise EnvError(f"{len(given)} generators are given for {k} cameras; give one each")
    return [_generator(one) for one in given]


def _generator(given: object) -> np.random.Generator:
    if isinstance(given, np.random.Generator):
        return given
    if not is_whole(given) or given < 0:
        raise EnvError(f"a generator is {given!r}; give a numpy.random.Generator, or a seed of at least 0")
    return np.random.default_rng(int(given))
