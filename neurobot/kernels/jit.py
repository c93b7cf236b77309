"""How kernels are compiled.

Without Numba's run-time (``_nrt``) a kernel cannot allocate at all, and cutting a view out of an arena costs
nothing; with it every view bumps an atomic reference count, which was half of a small tick. The price is that a
compiled function may not return a view, so the few that do are inlined into their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any], *variant: object) -> Any:
    """A compiled function that neither allocates nor raises; a division by 0 is inf, so that loops with one vectorise.

    What calls it is kept on disk under all that it captures, this function with a name among it, which Numba draws at
    random: every process would compile the caller again, and keep that too. So the name is given here.

    Args:
        function: to compile.
        variant: what tells it from others of its name, where it is made within a function.
    """
    compiled = njit(nogil=True, _nrt=False, error_model="numpy")(function)
    if hasattr(compiled, "_set_uuid"):  # not where Numba is told to compile nothing
        compiled._set_uuid("/".join(map(str, (function.__module__, function.__qualname__, *variant))))
    return compiled


view = njit(nogil=True, _nrt=False, inline="always")
"""A function that returns a view of an array it was given."""


def kernel_of(*variant: object) -> Callable[[Callable[..., Any]], Any]:
    """`kernel` as a decorator for what is made within a function, with what tells it from others of its name."""
    return lambda function: kernel(function, *variant)
