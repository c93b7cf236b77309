"""Read-outs and limits: spikes and membranes -> an action that an actuator may receive."""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels.jit import kernel


@kernel
def count(spikes, counts):
    """counts[j] += 1 for every spike of the step.

    Reads: spikes (1 + n,). Writes: counts (n,).
    """
    for m in range(spikes[0]):
        counts[spikes[1 + m]] += 1


@kernel
def side(values, first, n):
    """Mean of n consecutive values, added in order, in float64."""
    total = np.float64(0.0)
    for m in range(n):
        total += values[first + m]
    return total / n


@kernel
def read(values, offset, per, push_pull, gain, tanh, u):
    """u = gain (mean of the first half - mean of the second half) - offset, or gain x mean - offset; tanh of it.

    Reads: values (n_act per [2],), offset (n_act,), gain (1,). Writes: u (n_act,).
    """
    width = 2 * per if push_pull else per
    for a in range(u.size):
        first = a * width
        x = side(values, first, per)
        if push_pull:
            x -= side(values, first + per, per)
        x = gain[0] * x - offset[a]
        u[a] = math.tanh(x) if tanh and math.isfinite(x) else x  # an overflow must not become full throttle


@kernel
def limit(wanted, low, high, rest, slew, last, out):
    """From u to the action: scale, then finite, then clamp, then slew.

    Reads: low, high, rest, slew (n,), slew as the largest change in a tick. Writes: wanted (n,), which comes
    in as u and leaves in the actuator's unit, last and out (n,). Returns: False, with last and out as they
    were, where u is not finite.
    """
    for a in range(wanted.size):
        if not math.isfinite(wanted[a]):
            return False
    for a in range(wanted.size):
        u = wanted[a]
        x = rest[a] + u * ((high[a] - rest[a]) if u >= 0.0 else (rest[a] - low[a]))
        wanted[a] = x
        x = min(max(x, low[a]), high[a])
        x = min(max(x, last[a] - slew[a]), last[a] + slew[a])
        last[a] = min(max(x, low[a]), high[a])
        out[a] = last[a]
    return True


@kernel
def winner(counts, n_act, per, rest):
    """The group with most spikes, the first of equals; rest where there is none.

    Reads: counts (n_act per,). Returns: the group.
    """
    best, most = rest, 0
    for a in range(n_act):
        total = 0
        for m in range(per):
            total += counts[a * per + m]
        if total > most:
            best, most = a, total
    return best
