"""A user's own learning rule as a linked op; see `neurobot.spec.custom_rule`.

As `neurobot.kernels.custom` these are compiled with Numba's run-time. The user's function sees numbers only, so there
is nothing that it could overrun.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import numba
from numba.np.unsafe.ndarray import to_fixed_tuple

from neurobot.kernels import ops
from neurobot.kernels.eligibility import row_of
from neurobot.kernels.ops import HI, LO, OWN
from neurobot.kernels.plastic import bump, fade, size_of
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair, set_pair

_user = numba.njit(nogil=True, error_model="numpy")


@_user
def bounded(w, lo, hi):
    """w cut off at the bounds; lo where it is not a number."""
    if not w >= lo:
        return lo
    return hi if w > hi else w


def _plain_tuple(array, n):
    return tuple(array)


_as_tuple = _plain_tuple if numba.config.DISABLE_JIT else to_fixed_tuple


@functools.cache
def rule_op(change: Callable[..., float], own: int) -> Callable[..., int]:
    """The linked op that runs a user's rule of `own` parameters."""
    arrive, fire = _arrivals(_user(change)), _spikes(_user(change))

    @_user
    def both(o, layout, w, x, y, pre, post, c, lo, hi):
        values, nearest = _as_tuple(c[OWN:], own), c[2] != 0
        count = arrive(o, layout, w, x, y, pre, lo, hi, values)
        bump(x, pre, x.dtype.type(1), nearest)
        return count + fire(o, layout, w, x, y, post, lo, hi, values)

    def guarded(o, layout, w, x, y, pre, post, c, lo, hi):
        try:
            count = both(o, layout, w, x, y, pre, post, c, lo, hi)
        except Exception:
            return -1
        return count

    run = both if numba.config.DISABLE_JIT else _user(guarded)

    @_user
    def op(o, layout, params, state, ints, obs, act, step, substep):
        """As `neurobot.kernels.plastic.stdp`, with the user's function for what events do."""
        n_pre, n_post, at = o[3], o[4], o[17]
        pre = spike_list(ints, o[12], o[13], n_pre, step - o[14] + o[13])
        post = spike_list(ints, o[15], o[16], n_post, step)
        c, limits = cut(params, o[18], OWN + own), cut(params, o[9], HI + 1)
        x, y = cut(state, at, n_pre), cut(state, at + 2 * n_pre, n_post)
        fade(x, c[0])
        fade(y, c[1])
        if ints[ops.LEARN]:
            w = cut(state, o[6], size_of(o, layout))
            count = run(o, layout, w, x, y, pre, post, c, limits[LO], limits[HI])
            if count < 0:
                ints[ops.FAULT] = -(o[19] + 1)
            else:
                set_pair(ints, o[11], pair(ints, o[11]) + count)
        else:
            bump(x, pre, x.dtype.type(1), c[2] != 0)
        bump(y, post, y.dtype.type(1), c[2] != 0)
        return 0

    return cast(Callable[..., int], op)


def _arrivals(change: Any) -> Callable[..., int]:
    @_user
    def arrive(o, layout, w, x, y, spikes, lo, hi, values):
        count = 0
        for m in range(spikes[0]):
            i = spikes[1 + m]
            first, n = row_of(o, layout, i)
            for c in range(n):
                j = c if o[7] < 0 else layout[o[8] + first + c]
                w[first + c] = bounded(change(w[first + c], x[i], y[j], 0, *values), lo, hi)
            count += n
        return count

    return cast(Callable[..., int], arrive)


def _spikes(change: Any) -> Callable[..., int]:
    @_user
    def fire(o, layout, w, x, y, spikes, lo, hi, values):
        n_pre, n_post = o[3], o[4]
        nnz, count = 0 if o[7] < 0 else layout[o[7] + n_pre], 0
        for m in range(spikes[0]):
            j = spikes[1 + m]
            if o[7] < 0:
                for i in range(n_pre):
                    c = i * o[5] + j
                    w[c] = bounded(change(w[c], x[i], y[j], 1, *values), lo, hi)
                count += n_pre
            else:
                for q in range(layout[o[10] + j], layout[o[10] + j + 1]):
                    c, i = layout[o[10] + n_post + 1 + q], layout[o[10] + n_post + 1 + nnz + q]
                    w[c] = bounded(change(w[c], x[i], y[j], 1, *values), lo, hi)
                count += layout[o[10] + j + 1] - layout[o[10] + j]
        return count

    return cast(Callable[..., int], fire)
