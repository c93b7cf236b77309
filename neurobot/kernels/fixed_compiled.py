"""`fixed_tick` with all of its arguments fixed, compiled on first use and kept on disk."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numba
import numpy as np

from neurobot.kernels.compiled import compile_on_disk
from neurobot.kernels.fixed import fixed_tick
from neurobot.kernels.views import at_address

KINDS = (np.int32, np.int32, np.int32, np.uint8, np.int64, np.int32, np.int32, np.int32, np.int64)
"""Types of the arguments of `fixed_tick`, in order."""


def fixed_tick_at(a: np.ndarray) -> int:
    """`fixed_tick` on arrays that are given by their addresses.

    Args:
        a: (18,) int64, address and size of each argument, in order.
    """
    return fixed_tick(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int32), at_address(a[2], a[3], np.int32), at_address(a[4], a[5], np.int32),
        at_address(a[6], a[7], np.uint8), at_address(a[8], a[9], np.int64), at_address(a[10], a[11], np.int32),
        at_address(a[12], a[13], np.int32), at_address(a[14], a[15], np.int32), at_address(a[16], a[17], np.int64),
    )  # fmt: skip


@functools.cache
def _kernel() -> Callable[[np.ndarray], int]:
    return compile_on_disk(fixed_tick_at, "i8(i8[::1])")


def warm() -> None:
    """Compile it, or load it, now: what runs by a clock has no time for that later."""
    if not numba.config.DISABLE_JIT:
        _kernel()


def bind_fixed(arrays: tuple[np.ndarray, ...]) -> Callable[[], int]:
    """`fixed_tick` on these arrays, which stay where they are; a function that runs a tick and returns its status."""
    return bound(_kernel, fixed_tick, KINDS, arrays)


def bound(
    compiled: Callable[[], Callable[[np.ndarray], int]],
    plain: Callable[..., int],
    kinds: tuple[type, ...],
    arrays: tuple[np.ndarray, ...],
) -> Callable[[], int]:
    """A kernel with all of its arguments fixed.

    Args:
        compiled: makes the function that takes addresses.
        plain: the kernel itself, where nothing is compiled.
        kinds: types of its arguments.
        arrays: contiguous; they stay where they are, and alive as long as what is returned.
    """
    if numba.config.DISABLE_JIT:
        return functools.partial(getattr(plain, "py_func", plain), *arrays)
    for array, kind in zip(arrays, kinds, strict=True):
        assert array.flags.c_contiguous and array.dtype == kind
    addresses = np.array([number for a in arrays for number in (a.ctypes.data, a.size)], np.int64)
    run = functools.partial(compiled(), addresses)
    run.arrays = arrays  # type: ignore[attr-defined]
    return run
