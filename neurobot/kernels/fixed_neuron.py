"""The integer update of docs/fixed.md, section 6: v and i are int32, what happens between is int64, then clamped.

Numba adds int32 as int64, so sums here are exact; a shift of a negative number is arithmetic, that is floor.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels.fixed_ops import BOUND
from neurobot.kernels.jit import kernel
from neurobot.kernels.words import WORD

LOW, HIGH = np.int64(-BOUND), np.int64(BOUND)


@kernel
def start(i, s, leak):
    """c = clamp(i + s);  i <- c - floor(c leak / 2^16);  s <- c, what v takes. Returns how often it clamped.

    Reads: leak (n,) uint16. Writes: i, s (n,) int32.
    """
    clamped = np.int64(0)
    for j in range(i.size):
        x = np.int64(i[j]) + np.int64(s[j])
        c = min(max(x, LOW), HIGH)
        clamped += x != c
        i[j] = c - ((c * np.int64(leak[j])) >> 16)
        s[j] = c
    return clamped


@kernel
def end(i, s, leak):
    """i <- clamp(i - floor(i leak / 2^16) + s);  s <- the i from before. Returns how often it clamped.

    Reads: leak (n,) uint16. Writes: i, s (n,) int32.
    """
    clamped = np.int64(0)
    for j in range(i.size):
        before = np.int64(i[j])
        x = before - ((before * np.int64(leak[j])) >> 16) + np.int64(s[j])
        c = min(max(x, LOW), HIGH)
        clamped += x != c
        i[j] = c
        s[j] = before
    return clamped


@kernel
def held(i, s, leak, share):
    """As `end`, and s <- clamp(i + floor(s share / 2^16)), with the i from before.

    Reads: leak (n,) uint16, share (n,) int32 >= 0. Writes: i, s (n,) int32.
    """
    clamped = np.int64(0)
    for j in range(i.size):
        before, a = np.int64(i[j]), np.int64(s[j])
        x = before - ((before * np.int64(leak[j])) >> 16) + a
        c = min(max(x, LOW), HIGH)
        y = before + ((a * np.int64(share[j])) >> 16)
        d = min(max(y, LOW), HIGH)
        clamped += (x != c) + np.int64(y != d)
        i[j] = c
        s[j] = d
    return clamped


@kernel
def membrane(v, d, leak, bias):
    """v <- clamp(v - floor(v leak / 2^16) + d + bias);  d <- 0. Returns how often it clamped.

    Reads: leak (n,) uint16, bias (n,) int32. Writes: v, d (n,) int32.
    """
    clamped = np.int64(0)
    for j in range(v.size):
        before = np.int64(v[j])
        x = before - ((before * np.int64(leak[j])) >> 16) + np.int64(d[j]) + np.int64(bias[j])
        c = min(max(x, LOW), HIGH)
        clamped += x != c
        v[j] = c
        d[j] = 0
    return clamped


@kernel
def membrane_refractory(v, d, leak, bias, wait):
    """As `membrane`; a neuron that waits keeps v, and waits one step less. d <- whether it was free to spike.

    Reads: leak (n,) uint16, bias (n,) int32. Writes: v, d (n,) int32, wait (n,) uint16.
    """
    clamped = np.int64(0)
    for j in range(v.size):
        before = np.int64(v[j])
        x = before - ((before * np.int64(leak[j])) >> 16) + np.int64(d[j]) + np.int64(bias[j])
        c = min(max(x, LOW), HIGH)
        free = wait[j] == 0
        clamped += free & (x != c)
        v[j] = c if free else before
        wait[j] = 0 if free else wait[j] - 1
        d[j] = free
    return clamped


@kernel
def fire(v, threshold, to, subtract, history):
    """Spikes where v > threshold, as bits, and the reset. Returns how many.

    Reads: threshold, to (n,) int32. Writes: v (n,), history (ceil(n / 32),) int32.
    """
    n, count = v.size, np.int64(0)
    for w in range(history.size):
        first, word = 32 * w, np.int64(0)
        for b in range(min(32, n - first)):
            j = first + b
            hit = np.int64(v[j] > threshold[j])
            word |= hit << b
            count += hit
            down = v[j] - to[j] if subtract else to[j]
            v[j] = down if hit else v[j]
        history[w] = np.int32(np.uint32(word & WORD))
    return count


@kernel
def fire_refractory(v, threshold, to, subtract, history, free, wait, t_ref):
    """As `fire`, where free is 1; one that spikes will wait for t_ref steps. free <- 0.

    Reads: threshold, to (n,) int32, t_ref (n,) uint16. Writes: v, free (n,), history, wait (n,) uint16.
    """
    n, count = v.size, np.int64(0)
    for w in range(history.size):
        first, word = 32 * w, np.int64(0)
        for b in range(min(32, n - first)):
            j = first + b
            hit = np.int64(v[j] > threshold[j]) & np.int64(free[j])
            word |= hit << b
            count += hit
            down = v[j] - to[j] if subtract else to[j]
            v[j] = down if hit else v[j]
            wait[j] = t_ref[j] if hit else wait[j]
            free[j] = 0
        history[w] = np.int32(np.uint32(word & WORD))
    return count
