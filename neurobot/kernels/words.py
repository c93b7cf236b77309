"""Numbers that outgrow a word of the state: those of 64 bits are two words, steps in blocks are kept modulo 2^31."""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel

WORD = np.int64(0xFFFFFFFF)
"""The lower 32 bits of an int64."""
STEP = 0x7FFFFFFF
"""The bits of a step that a block keeps."""


@kernel
def pair(ints, at):
    """The int64 that two words hold, the lower 32 bits first."""
    return (np.int64(ints[at + 1]) << 32) | (np.int64(ints[at]) & WORD)


@kernel
def set_pair(ints, at, number):
    """Write an int64 as two words."""
    ints[at] = np.int32(np.uint32(number & WORD))
    ints[at + 1] = number >> 32
