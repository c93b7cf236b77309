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
    """From a byte per neuron to the list of those that are set. Eight silent neurons cost one test.

    Reads: hits, bytes rounded up to whole words of eight, the rest 0. Writes: spikes (1 + n,).
    """
    hit, eights = hits.view(np.uint8), hits.view(np.uint64)
    n = spikes.size - 1
    count = 0
    for e in range(eights.size):
        if eights[e]:
            for j in range(8 * e, min(8 * e + 8, n)):
                spikes[1 + count] = j
                count += hit[j]
    spikes[0] = count
