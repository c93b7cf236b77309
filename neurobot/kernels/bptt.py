"""Backpropagation through time: the one update of `neurobot.kernels.neuron` and its adjoint, over many steps.

A scan runs a layer of a batch through its steps. A lane is a neuron of an instance; instances times neurons are cut
into blocks of up to `LANES` lanes, and the steps of a block are run before the next block, so that its membranes and
coefficients stay in the fastest cache and the big arrays are read once, in order. Those membranes and coefficients are
rows of one buffer with distances known when it is compiled, without which no compiler could tell that they do not
overlap, and nothing would vectorise.

A scan is made for what its neurons have (`Variant`): what they lack costs nothing. Forward, with x the membrane
before the reset, in the order of additions of the run-time kernels, so that spikes are theirs, bit for bit:

    x = ((alpha v + kappa i) + lam s) + b,  or  ((alpha v - kappa w) + lam s) + b
    z = x > theta + h                           h the adaptation of the threshold, after its decay
    v = x, or where z  to  or  x - to           i = beta i + mu s;  w = decay_w w + jump z;  h = decay_h h + rise z

Backward, with sigma(x - theta - h) for dz/du and G the gradient of v, all from the last step to the first:

    gz' = gz + jump gw + rise gh - attached G (x - to  or  to)
    gu  = gz' sigma;    gx = gu + G (1 - z  or  1)
    gs  = lam gx + mu gi;   G = alpha gx;   gi = kappa gx + beta gi
    gw  = decay_w gw - kappa gx;   gh = decay_h (gh - gu)

Bellec et al., NeurIPS 2018 (arXiv:1803.09574); Neftci, Mostafa & Zenke, IEEE Signal Processing Magazine 36 (2019).
"""

from __future__ import annotations

from typing import NamedTuple

from neurobot.kernels.jit import kernel

LANES = 528
"""Lanes of a block: coefficients and membranes of one are about 40 kB in float32."""

COEFFICIENTS = (
    "alpha", "lam", "b", "theta", "to", "kappa", "beta", "mu", "decay_w", "decay_theta", "jump", "rise",
)  # fmt: skip
"""Rows of a buffer that hold coefficients, and rows of gradients; kappa is that of i or, with adaptation, that of w."""
(ALPHA, LAM, B, THETA, TO, KAPPA, BETA, MU, DECAY_W, DECAY_H, JUMP, RISE) = (k * LANES for k in range(12))
V, I, W, H = (k * LANES for k in range(12, 16))  # noqa: E741
"""State in a forward scan, its gradient in a backward scan."""
D = 16 * LANES
V0, I0, W0, H0 = (k * LANES for k in range(17, 21))
"""What the state was one step earlier."""
SUM = 21 * LANES
"""The first of the rows of gradients, which come in the order of the coefficients."""
ROWS = 21 + len(COEFFICIENTS)

FIRST, LAST, ORIGIN, N, SUBTRACT, HELD, KIND, ATTACHED = range(8)
"""Places in the settings of a scan: steps from and to, the step before which the state was `start`, neurons, whether
the reset subtracts, held as in `neurobot.kernels.neuron`, the surrogate, whether the reset is attached."""


class Variant(NamedTuple):
    """What the neurons of a scan have.

    Args:
        current: a synaptic current, CubaLIF.
        adaptive: an adaptation current and threshold, ALIF.
        refractory: a t_ref.
        full: gradients of all coefficients are wanted, not only of b, so that all of the state is kept.
        smooth: spikes are not 0 or 1 but the surrogate's integral, for checks of gradients.
    """

    current: bool = False
    adaptive: bool = False
    refractory: bool = False
    full: bool = False
    smooth: bool = False


@kernel
def width(at, lanes, n):
    """Lanes of the block that starts at a lane: whole instances, or a part of one that has more than `LANES`."""
    if n <= LANES:
        return min(LANES // n * n, lanes - at)
    return min(LANES, n - at % n)


@kernel
def load(buf, state, at, m, rows):
    """The first rows of the state of a block, (4, lanes) v, i, w, h, into those of its buffer."""
    for r in range(rows):
        to, row = buf[V + r * LANES : V + r * LANES + m], state[r, at : at + m]
        for j in range(m):
            to[j] = row[j]


@kernel
def store(buf, state, at, m, rows):
    """The first rows of a block's buffer back into the state."""
    for r in range(rows):
        row, to = buf[V + r * LANES : V + r * LANES + m], state[r, at : at + m]
        for j in range(m):
            to[j] = row[j]


def state_rows(variant: Variant) -> int:
    """How many rows of the state, v, i, w, h, change in a scan."""
    return 4 if variant.adaptive else 2 if variant.current else 1


def signature_forward(real: str, smooth: bool) -> str:
    """coef, s, x, z, gate, kept, state, wait, steps, settings, slope; real is ``f4`` or ``f8``."""
    z = real if smooth else "u1"
    return (
        f"void({real}[:,::1], {real}[:,::1], {real}[:,::1], {z}[:,::1], u1[:,::1], {real}[:,:,::1], {real}[:,::1], "
        f"i4[::1], i4[::1], i8[::1], {real}[::1])"
    )


def signature_backward(real: str, smooth: bool) -> str:
    """coef, s, x, z, gate, kept, g, gv, start, adjoint, settings, slope."""
    z = real if smooth else "u1"
    return (
        f"void({real}[:,::1], {real}[:,::1], {real}[:,::1], {z}[:,::1], u1[:,::1], {real}[:,:,::1], {real}[:,::1], "
        f"{real}[:,::1], {real}[:,::1], {real}[:,::1], i8[::1], {real}[::1])"
    )
