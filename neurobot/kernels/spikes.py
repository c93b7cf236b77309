"""Spike lists: the number of spikes of a step, then the neurons, in order."""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel, view
from neurobot.kernels.views import cut


@view
def spike_list(ints, at, slots, n, step):
    """The list of a step, (1 + n,), of the ``slots`` lists at a place in the state."""
    first = at if slots == 1 else at + (step % slots) * (n + 1)
    return cut(ints, first, n + 1)


@kernel
def list_hits(hits, spikes):
    """From a byte per neuron to the list of those that are set. 64 silent neurons cost one test.

    Reads: hits, bytes rounded up to whole words of eight, the rest 0. Writes: spikes (1 + n,).
    """
    eights = hits.view(np.uint64)
    lines, count = eights.size // 8, 0
    for k in range(lines):
        e = cut(eights, 8 * k, 8)
        if ((e[0] | e[1]) | (e[2] | e[3])) | ((e[4] | e[5]) | (e[6] | e[7])):
            count = _list_eights(e, 64 * k, spikes, count)
    rest = 8 * lines
    spikes[0] = _list_eights(cut(eights, rest, eights.size - rest), 8 * rest, spikes, count)


@kernel
def _list_eights(eights, first, spikes, count):
    """Append to `count` listed neurons those of some words, of which `first` is the first neuron; returns how many."""
    hit = eights.view(np.uint8)
    for e in range(eights.size):
        if eights[e]:
            for j in range(8 * e, min(8 * e + 8, spikes.size - 1 - first)):
                spikes[1 + count] = first + j
                count += np.int64(hit[j])
    return count
