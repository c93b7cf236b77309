"""A user's own update as a linked op.

Unlike all other kernels these are compiled with Numba's run-time, so that the user's function may say what Numba
understands of NumPy, temporary arrays included.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from neurobot.kernels import ops
from neurobot.kernels.spikes import list_hits, spike_list
from neurobot.kernels.views import at_word, cut

_user = numba.njit(nogil=True, error_model="numpy")
"""Division by 0 gives inf or nan, as in NumPy."""


@functools.cache
def custom(update: Callable[..., None], states: int, coefficients: int) -> Callable[..., int]:
    """The linked op that runs a user's update of some state variables and coefficients."""
    state_rows, coefficient_rows, guarded = _rows(states), _rows(coefficients, writable=False), _guarded(update)

    @_user
    def op(o, layout, params, state, ints, obs, act, step, substep):
        """Rows of state, then s; see `neurobot.spec.custom`."""
        n, at = o[3], o[8]
        s, hits = cut(state, at + states * n, n), cut(ints, o[7], 2 * ((n + 7) // 8))
        hit = hits.view(np.uint8)[:n]
        hit[:] = 0
        failed = guarded(state_rows(state, at, n) + (s, hit) + coefficient_rows(params, o[9], n))  # noqa: RUF005
        if failed:
            ints[ops.FAULT] = o[12] + 1
        for j in range(n):
            s[j] = 0
            hit[j] = hit[j] != 0 and not failed  # what is listed must be 0 or 1
        list_hits(hits, spike_list(ints, o[4], o[5], n, step))
        return 0

    return cast(Callable[..., int], op)


def _guarded(update: Callable[..., None]) -> Callable[..., int]:
    """Run an update and say whether it raised. As plain Python what it raises comes through, to be debugged."""
    compiled = _user(update)

    def run(arguments):
        try:
            compiled(*arguments)
        except Exception:
            return 1
        return 0

    def plain(arguments):
        update(*arguments)
        return 0

    return plain if numba.config.DISABLE_JIT else _user(run)


def _rows(count: int, writable: bool = True) -> Callable[..., tuple[np.ndarray, ...]]:
    """A function (array, at, n) -> `count` consecutive views of n numbers each.

    Coefficients are not writable, because instances of a batch share them: Numba refuses a function that tries.
    """

    @intrinsic
    def rows(typing: Any, array: Any, at: Any, n: Any) -> Any:
        result = types.UniTuple(array.copy(ndim=1, layout="C", readonly=not writable), count)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            parent, first, size = arguments
            views = []
            for _ in range(count):
                views.append(at_word(context, builder, signature.args[0], parent, first, size))
                first = builder.add(first, size)
            return context.make_tuple(builder, result, views)

        return result(array, types.intp, types.intp), generate

    def plain(array, at, n):
        views = tuple(array[at + k * n : at + (k + 1) * n] for k in range(count))
        for part in views:
            part.flags.writeable = writable
        return views

    return plain if numba.config.DISABLE_JIT else rows
