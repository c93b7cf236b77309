"""Philox4x32-10: counter-based chance, the same numbers in any order, batch and language.

Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Everything is uint64 with explicit
masks, because products and sums of uint32 do not wrap in compiled Python.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel

M0 = np.uint64(0xD2511F53)
M1 = np.uint64(0xCD9E8D57)
W0 = np.uint64(0x9E3779B9)
W1 = np.uint64(0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)


@kernel
def philox(c0, c1, c2, c3, k0, k1):
    """Four random uint32 for a counter of four uint32 and a key of two, all held in uint64."""
    for _ in range(10):
        p0 = M0 * c0
        p1 = M1 * c2
        c0 = ((p1 >> SHIFT) ^ c1 ^ k0) & MASK
        c1 = p1 & MASK
        c2 = ((p0 >> SHIFT) ^ c3 ^ k1) & MASK
        c3 = p0 & MASK
        k0 = (k0 + W0) & MASK
        k1 = (k1 + W1) & MASK
    return c0, c1, c2, c3


@kernel
def key(seed, stream):
    """The key of Philox for a seed of 63 bits and a stream: the seed's lower half, and the stream mixed with its upper.

    The upper half is spread over all 32 bits first (Knuth, The Art of Computer Programming 3, 6.4, Fibonacci hashing):
    of upper halves below 2^19 no two meet at streams below 2^11.
    """
    upper = ((np.uint64(seed) >> SHIFT) * W0) & MASK
    return np.uint64(seed) & MASK, (np.uint64(stream) ^ upper) & MASK
