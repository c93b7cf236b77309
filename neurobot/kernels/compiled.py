"""The kernels that Python calls, compiled on first use for one kind of number and kept on disk."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from neurobot.kernels import CACHE
from neurobot.kernels import tick as source

_SIGNATURES = {
    "tick": "i8(i4[::1], {f}[::1], {f}[::1], {i}[::1], f8[::1], f8[::1], i4[::1], i4[::1], {f}[:,::1])",
    "tick_batch": "void(i4[::1], {f}[:,::1], {f}[:,::1], {i}[:,::1], f8[:,::1], f8[:,::1], "
    "i4[::1], i4[::1], {f}[:,::1], i8[::1], i8[::1])",
}


@functools.cache
def kernel(name: str, real: str) -> Callable[..., Any]:
    """``tick`` or ``tick_batch`` for ``float32`` or ``float64``, compiled now or loaded from disk.

    Raises:
        KeyError: another name or kind of number.
    """
    width = {"float32": "4", "float64": "8"}[real]
    signature = _SIGNATURES[name].format(f="f" + width, i="i" + width)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE)
    try:
        return numba.njit(signature, nogil=True, cache=True)(getattr(source, name).py_func)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


def is_warm() -> bool:
    """Whether some kernel of these sources is on disk already."""
    return any(CACHE.glob("**/*.nbi"))


def integer(real: np.dtype[Any]) -> np.dtype[Any]:
    """The integer type of the same width."""
    return np.dtype(np.int32 if real == np.float32 else np.int64)
