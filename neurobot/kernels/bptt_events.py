"""Products of spikes, event by event: what a silent neuron would add is not even looked at.

Forward they are the run-time's own deliveries, row by row, so that sums are added up in its order.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from neurobot.kernels import synapse
from neurobot.kernels.jit import kernel
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.views import cut

COMPILED = not numba.config.DISABLE_JIT


@intrinsic
def _lowest(typing: Any, word: Any) -> Any:
    """The place of the lowest bit that is set, 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def _bits(typing: Any, row: Any, first: Any) -> Any:
    """Which of the 64 bytes from `first` on are not 0, the first one in the lowest bit."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        vector = ir.VectorType(ir.IntType(8), 64)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), vector.as_pointer())
        found = builder.icmp_unsigned("!=", builder.load(place, align=1), ir.Constant(vector, None))
        return builder.bitcast(found, ir.IntType(64))

    return types.uint64(row, types.int64), generate


ZERO, ONE = np.uint64(0), np.uint64(1)
UNASKED = 4
"""Bits of a word that are listed without asking whether there are so many; few words have more."""


@kernel
def _list_words(row, spikes):
    """The spikes of all whole words of 64 neurons; returns how many neurons that are.

    What takes time is a branch that no processor can foresee, so the first bits are listed whether they are set or not.
    """
    count, whole = 0, row.size - row.size % 64
    for first in range(0, whole, 64):
        bits = _bits(row, first)
        for _ in range(UNASKED):
            spikes[1 + count] = first + np.int64(_lowest(bits))
            count += bits != ZERO
            bits &= bits - ONE
        while bits:
            spikes[1 + count] = first + np.int64(_lowest(bits))
            count += 1
            bits &= bits - ONE
    spikes[0] = count
    return whole


def list_rows(z, spikes):
    """Spike lists of rows of bytes, each 0 or 1.

    Reads: z (rows, n). Writes: spikes (rows, 1 + n).
    """
    for r in range(z.shape[0]):
        row, listed = z[r], spikes[r]
        listed[0] = 0
        first = _list_words(row, listed) if COMPILED else 0
        count = listed[0]
        for j in range(first, row.size):
            listed[1 + count] = j
            count += row[j] != 0
        listed[0] = count


def deliver(weights, n_post, spikes, s, add):
    """s, or with add s + , the sum of the rows of the neurons that spiked, for every row of spikes.

    Reads: weights (n_pre n_post,), spikes (rows, 1 + n_pre). Writes: s (rows, n_post).
    """
    before = flush()
    for r in range(spikes.shape[0]):
        row = s[r]
        if not add:
            for j in range(n_post):
                row[j] = 0
        synapse.dense(weights, n_post, spikes[r], row)
    restore(before)


def drive(weights, act, gain, s):
    """What held currents add in every step, for every row: `neurobot.kernels.synapse.drive`.

    Reads: weights (n_pre n_post,), act (rows, n_pre), gain (1,). Writes: s (rows, n_post).
    """
    for r in range(act.shape[0]):
        synapse.drive(weights, act[r], gain, s[r])


def outer(spikes, g, total):
    """total[pre] += g for every spike of every row: the gradient of the weights. Two spikes in one pass over g.

    Reads: spikes (rows, 1 + n_pre), g (rows, n_post). Writes: total (n_pre n_post,).
    """
    n = g.shape[1]
    before = flush()
    for r in range(spikes.shape[0]):
        row, count, m = g[r], spikes[r, 0], 0
        while m + 2 <= count:
            a, b = cut(total, spikes[r, 1 + m] * n, n), cut(total, spikes[r, 2 + m] * n, n)
            for j in range(n):
                a[j] += row[j]
                b[j] += row[j]
            m += 2
        if m < count:
            a = cut(total, spikes[r, 1 + m] * n, n)
            for j in range(n):
                a[j] += row[j]
    restore(before)


SIGNATURES = {
    "list_rows": "void(u1[:,::1], i4[:,::1])",
    "deliver": "void({f}[::1], i8, i4[:,::1], {f}[:,::1], b1)",
    "drive": "void({f}[::1], {f}[:,::1], {f}[::1], {f}[:,::1])",
    "outer": "void(i4[:,::1], {f}[:,::1], {f}[::1])",
}
"""Of the functions of this file, {f} the kind of number."""
