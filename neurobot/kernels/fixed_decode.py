"""From counts and membranes to int16 actions: docs/fixed.md, section 7."""

from __future__ import annotations

import numpy as np

from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.jit import kernel
from neurobot.kernels.views import cut


@kernel
def group_sum(source, first, per, push_pull):
    """Sum over a group, or over its first half minus that over its second half, in int64."""
    total = np.int64(0)
    for m in range(per):
        total += np.int64(source[first + m])
    if push_pull:
        for m in range(per):
            total -= np.int64(source[first + per + m])
    return total


@kernel
def squash(u, table):
    """tanh of u (Q16) by a table (Q15) with linear interpolation, in Q16."""
    size = abs(u)
    t = np.int64(table[fx.TABLE - 1])
    if size < 1 << 19:
        k, f = size >> 11, size & 2047
        low = np.int64(table[k])
        t = low + (((np.int64(table[k + 1]) - low) * f) >> 11)
    return 2 * t if u >= 0 else -2 * t


@kernel
def readout(source, dec, outputs, halves, table, last, wanted):
    """The actions of RATE and MEMBRANE.

    Reads: source, counts or v; dec, the decoder's row; outputs (n_act 10,) int32 and halves, the same memory as int16;
    table (257,) uint16 or empty. Writes: last (n_act,) int16, wanted (n_act,) int32, what they were before the limits.
    """
    groups, per, push_pull = dec[fx.D_GROUPS], dec[fx.D_PER], dec[fx.D_PUSH_PULL]
    mult, shift = np.int64(dec[fx.D_MULT]), np.int64(dec[fx.D_SHIFT])
    width = 2 * per if push_pull else per
    for a in range(groups):
        total = group_sum(source, a * width, per, push_pull)
        lift, up, down = np.int64(outputs[10 * a]), np.int64(outputs[10 * a + 1]), np.int64(outputs[10 * a + 2])
        low, high = np.int64(halves[20 * a + 6]), np.int64(halves[20 * a + 7])
        slew = np.int64(halves[20 * a + 9]) & 0xFFFF
        u = min(max(((total * mult) >> shift) - lift, np.int64(-fx.BOUND)), np.int64(fx.BOUND))
        if table.size:
            u = squash(u, table)
        x = (u * (up if u >= 0 else down)) >> 16
        wanted[a] = x
        x = min(max(x, low), high)
        if slew != fx.NO_SLEW:
            before = np.int64(last[a])
            x = min(max(x, before - slew), before + slew)
        last[a] = min(max(x, low), high)


@kernel
def choose(source, groups, per, rest, silent_rests):
    """The group with the largest sum, the first of equals; rest where the source is 0 and silent_rests."""
    best, most, found = 0, group_sum(source, 0, per, 0), False
    for a in range(groups):
        total = group_sum(source, a * per, per, 0)
        found = found or total != 0
        if total > most:
            best, most = a, total
    return rest if silent_rests and not found else best


@kernel
def decode(im32, im16, imu16, st32, st16, scu16, dec, wanted):
    """All of section 7: writes the state's last actions and wanted (n_act,)."""
    kind, groups, per = dec[fx.D_KIND], dec[fx.D_GROUPS], dec[fx.D_PER]
    n = groups * per * (2 if dec[fx.D_PUSH_PULL] else 1)
    v = cut(st32, dec[fx.D_SOURCE_AT] // 4, n)
    counts = cut(scu16, dec[fx.D_SOURCE_AT] // 2, n)
    last = cut(st16, 2 * fx.S_LAST, im32[fx.W_ACT])
    outputs, halves = dec[fx.D_OUTPUTS_AT] // 4, dec[fx.D_OUTPUTS_AT] // 2
    if kind == fx.WINNER or kind == fx.HIGHEST:
        rest = np.int64(im16[halves + 8])
        won = kind == fx.WINNER
        best = choose(counts, groups, per, rest, True) if won else choose(v, groups, per, rest, False)
        last[0] = best
        wanted[0] = best
        return
    table = cut(imu16, dec[fx.D_TABLE_AT] // 2, fx.TABLE if dec[fx.D_TABLE_AT] else 0)
    own, half = cut(im32, outputs, 10 * groups), cut(im16, halves, 20 * groups)
    if kind == fx.RATE:
        readout(counts, dec, own, half, table, last, wanted)
    else:
        readout(v, dec, own, half, table, last, wanted)
