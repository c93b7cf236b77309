"""A tick of a host with a network in integers: what was encoded becomes a TICK's input, and its actions numbers again.

The encoder itself is that of any float core: `neurobot.kernels.tick` on the rows that encode.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from neurobot.kernels import fixed_ops as fx
from neurobot.kernels import ops
from neurobot.kernels.compiled import compile_on_disk
from neurobot.kernels.fixed import fixed_tick
from neurobot.kernels.fixed_compiled import bound
from neurobot.kernels.jit import kernel
from neurobot.kernels.views import at_address, cut
from neurobot.kernels.words import pair, set_pair

FULL = 32767.0
"""The current of an activation of 1."""
CURRENTS, FIRST_IN, ACT_AT, LAST_AT, WANTED_AT, COUNTS_AT, COUNTS_FROM, N_COUNTS, DECIDED_AT, WATCH = range(10)
"""Words of `where`: whether currents are sent; the first encoded neuron; offsets of blocks in words of the state, where
decided may be -1; and of counts in words of the scratch, behind which decided is. From WATCH on: where in the state it
is counted how many weights each LEARN has changed."""


@kernel
def pack_currents(act, data):
    """int16 of activations in [-1, 1], to nearest, ties to even; what is beyond is cut off. Returns bytes.

    Reads: act (n,). Writes: data, 2 n bytes.
    """
    for j in range(act.size):
        x = np.int64(np.rint(min(max(np.float64(act[j]), -1.0), 1.0) * FULL))
        data[2 * j] = x & 0xFF
        data[2 * j + 1] = (x >> 8) & 0xFF
    return 2 * act.size


@kernel
def pack_spikes(log, first, n_in, substeps, data):
    """Bitmaps of logged spikes, (substep, neuron) pairs behind their number, as `neurobot.kernels.tick` logs them.

    Writes: data. Returns bytes.
    """
    width = (n_in + 7) // 8
    for k in range(substeps * width):
        data[k] = 0
    for m in range(log[0]):
        j = log[2 + 2 * m] - first
        data[log[1 + 2 * m] * width + (j >> 3)] |= np.uint8(1 << (j & 7))
    return substeps * width


@kernel
def host_tick(im32, st32, sc32, data, io, wanted, events, spikes, sums, log, where, scale, action, state, ints):
    """Pack, `fixed_tick`, and actions in their unit.

    Reads: log, of the encoder; where (see above); scale (4 n_act,) unit, offset, low, high of every action.
    Writes: all that `fixed_tick` does; action (n_act,) float64; of state (float32) and ints, the same memory,
    decoder.last, decoder.wanted and decoder.counts, what is watched, and in the header spikes and operations. Returns:
    a status.
    """
    n_act = im32[fx.W_ACT]
    if where[CURRENTS]:
        io[fx.IO_KIND] = fx.HELD_CURRENTS
        io[fx.IO_SIZE] = pack_currents(cut(state, where[ACT_AT], im32[fx.W_IN]), data)
    else:
        io[fx.IO_KIND] = fx.BITMAPS
        io[fx.IO_SIZE] = pack_spikes(log, where[FIRST_IN], im32[fx.W_IN], im32[fx.W_SUBSTEPS], data)
    status = fixed_tick(im32, st32, sc32, data, io, wanted, events, spikes, sums)
    last = st32.view(np.int16)
    for a in range(n_act):
        unit, offset = scale[4 * a], scale[4 * a + 1]
        action[a] = min(max(offset + unit * np.float64(last[2 * fx.S_LAST + a]), scale[4 * a + 2]), scale[4 * a + 3])
        state[where[LAST_AT] + a] = action[a]
        state[where[WANTED_AT] + a] = offset + unit * np.float64(wanted[a])
    counts = sc32.view(np.uint16)
    for j in range(where[N_COUNTS]):
        ints[where[COUNTS_AT] + j] = counts[2 * where[COUNTS_FROM] + j]
    if where[DECIDED_AT] >= 0:
        ints[where[DECIDED_AT]] = sc32[where[COUNTS_FROM] + (where[N_COUNTS] + 1) // 2]
    for k in range(where.size - WATCH):
        set_pair(ints, where[WATCH + k], pair(ints, where[WATCH + k]) + io[fx.IO + k])
    ints[ops.SPIKES] = io[fx.IO_SPIKES]
    set_pair(ints, ops.SYNOPS_LO, io[fx.IO_SYNOPS])
    return status


KINDS = (
    np.int32, np.int32, np.int32, np.uint8, np.int64, np.int32, np.int32, np.int32, np.int64, np.int32, np.int64,
    np.float64, np.float64, np.float32, np.int32,
)  # fmt: skip
"""Types of the arguments of `host_tick`, in order."""


def host_tick_at(a: np.ndarray) -> int:
    """`host_tick` on arrays that are given by their addresses.

    Args:
        a: (30,) int64, address and size of each argument, in order.
    """
    return host_tick(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int32), at_address(a[2], a[3], np.int32), at_address(a[4], a[5], np.int32),
        at_address(a[6], a[7], np.uint8), at_address(a[8], a[9], np.int64), at_address(a[10], a[11], np.int32),
        at_address(a[12], a[13], np.int32), at_address(a[14], a[15], np.int32), at_address(a[16], a[17], np.int64),
        at_address(a[18], a[19], np.int32), at_address(a[20], a[21], np.int64), at_address(a[22], a[23], np.float64),
        at_address(a[24], a[25], np.float64), at_address(a[26], a[27], np.float32), at_address(a[28], a[29], np.int32),
    )  # fmt: skip


@functools.cache
def _kernel() -> Callable[[np.ndarray], int]:
    return compile_on_disk(host_tick_at, "i8(i8[::1])")


def bind_host(arrays: tuple[np.ndarray, ...]) -> Callable[[], int]:
    """`host_tick` on these arrays, which stay where they are; a function that runs a tick and returns its status."""
    return bound(_kernel, host_tick, KINDS, arrays)
