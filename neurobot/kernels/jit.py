"""How kernels are compiled.

Without Numba's run-time (``_nrt``) a kernel cannot allocate at all, and cutting a view out of an arena costs
nothing; with it every view bumps an atomic reference count, which was half of a small tick. The price is that a
compiled function may not return a view, so the few that do are inlined into their callers.
"""

from __future__ import annotations

from numba import njit

kernel = njit(nogil=True, _nrt=False, error_model="numpy")
"""A compiled function that neither allocates nor raises; a division by 0 is inf, so that loops with one vectorise."""

reducing = njit(nogil=True, _nrt=False, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
"""A kernel that may add up in any order, so that a sum vectorises; it still sees what is not finite."""

view = njit(nogil=True, _nrt=False, inline="always")
"""A function that returns a view of an array it was given."""
