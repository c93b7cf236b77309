"""Histograms of times with 32 bins to a doubling.

A row is the counts of all bins, and behind them the longest time.
"""

from __future__ import annotations

from neurobot.kernels.jit import kernel

DETAIL = 5  # bits: 32 bins to a doubling
BINS = (64 - DETAIL) << DETAIL


@kernel
def count(row, ns):
    """Count a time [ns]; a negative one counts as 0.

    Writes: row (BINS + 1,).
    """
    ns = max(ns, 0)
    row[BINS] = max(row[BINS], ns)
    shift = 0  # the leading bits choose the bin: shift doublings of 32 bins each, and the 6 bits that stay
    while ns >> shift >= 2 << DETAIL:
        shift += 1
    row[(shift << DETAIL) + (ns >> shift)] += 1


@kernel
def count_stages(rows, wake, sense, tick, guard, act, link, slack):
    """Count the times of a tick [ns], each in its row; as arguments, since an array of them would have to be filled.

    Writes: rows (7, BINS + 1).
    """
    count(rows[0], wake)
    count(rows[1], sense)
    count(rows[2], tick)
    count(rows[3], guard)
    count(rows[4], act)
    count(rows[5], link)
    count(rows[6], slack)
