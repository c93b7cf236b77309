"""`tick` on arrays that are given by their addresses, which costs one argument instead of nine."""

from __future__ import annotations

import numpy as np

from neurobot.kernels.tick import tick
from neurobot.kernels.views import at_address


def tick32(a: np.ndarray) -> int:
    """`tick` in float32.

    Args:
        a: (18,) int64, address and size of each argument of `tick`, in order.
    """
    return tick(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int32), at_address(a[2], a[3], np.float32), at_address(a[4], a[5], np.float32),
        at_address(a[6], a[7], np.int32), at_address(a[8], a[9], np.float64), at_address(a[10], a[11], np.float64),
        at_address(a[12], a[13], np.int32), at_address(a[14], a[15], np.int32), at_address(a[16], a[17], np.float32),
    )  # fmt: skip


def tick64(a: np.ndarray) -> int:
    """`tick` in float64; see `tick32`."""
    return tick(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int32), at_address(a[2], a[3], np.float64), at_address(a[4], a[5], np.float64),
        at_address(a[6], a[7], np.int64), at_address(a[8], a[9], np.float64), at_address(a[10], a[11], np.float64),
        at_address(a[12], a[13], np.int32), at_address(a[14], a[15], np.int32), at_address(a[16], a[17], np.float64),
    )  # fmt: skip
