"""E-prop as three linked ops that follow the populations of a step; the equations are those of `neurobot.spec.eprop`.

EPROP_SIGNAL makes the learning signal of each postsynaptic neuron, EPROP_SLOPE its pseudo-derivative, EPROP passes over
the synapses: what is a product of the two sides is never stored, so that LIF has one number a synapse beside its
gradient, the filtered eligibility, ALIF two, and a read-out none.
"""

from __future__ import annotations

import math

from neurobot.kernels import ops, surrogates
from neurobot.kernels.eligibility import row_of
from neurobot.kernels.jit import kernel
from neurobot.kernels.ops import (
    EPROP_COEFFICIENTS,
    FILTER_OUT,
    GAIN_OUT,
    GAMMA,
    IN_STATE,
    JUMP,
    KEEP_RATE,
    KEEP_V,
    OWN_ERROR,
    RATE_REG,
    SLOPE,
    SOFTMAX,
    TARGET,
)
from neurobot.kernels.plastic import bump, fade, size_of
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.views import cut


@kernel
def learning_signal(o, layout, params, state, ints, obs, act, step, substep):
    """error_k = gate (y_k - target_k), or softmax(y)_k - target_k; L_j = sum over k of B_jk error_k, in order of k.

    Reads: v of the read-out, the target and the gate; B (n_post, n_out) with a stride, of params, or with IN_STATE of
    state; with OWN_ERROR the identity. Writes: signal (n_post,), error (n_out,).
    """
    n_post, n_out, stride, kind = o[3], o[4], o[9], o[12]
    signal, error = cut(state, o[10], n_post), cut(state, o[11], n_out)
    output_error(cut(state, o[5], n_out), cut(state, o[6], n_out), kind & SOFTMAX, error)
    if o[7] >= 0:
        fade(error, state[o[7]])
    if kind & OWN_ERROR:
        for k in range(n_out):
            signal[k] = error[k]
        return 0
    for j in range(n_post):
        row = cut(state if kind & IN_STATE else params, o[8] + j * stride, n_out)
        total = error.dtype.type(0)
        for k in range(n_out):
            total += row[k] * error[k]
        signal[j] = total
    return 0


@kernel
def output_error(y, target, softmax, error):
    """y - target, or softmax(y) - target. Reads: y, target (n_out,). Writes: error (n_out,)."""
    if not softmax:
        for k in range(y.size):
            error[k] = y[k] - target[k]
        return
    top, total = y[0], y.dtype.type(0)
    for k in range(y.size):
        top = max(top, y[k])
    for k in range(y.size):
        error[k] = math.exp(y[k] - top)
        total += error[k]
    for k in range(y.size):
        error[k] = error[k] / total - target[k]


@kernel
def slope(o, layout, params, state, ints, obs, act, step, substep):
    """psi_j, from v and threshold as they were when the neuron was tested; the running rate, and what it pushes.

    State from trace_at: psi, push, rate, hold (n_post,); hold is how many steps a neuron is still refractory, in which
    psi is 0. A spike has taken `to` from v and, in ALIF, added its rise to the threshold: both are undone.
    """
    n, at = o[3], o[12]
    psi, push = cut(state, at, n), cut(state, at + n, n)
    rate, hold = cut(state, at + 2 * n, n), cut(state, at + 3 * n, n)
    v, theta, to, c = (
        cut(state, o[4], n),
        cut(params, o[5], n),
        cut(params, o[6], n),
        cut(params, o[13], EPROP_COEFFICIENTS),
    )
    spikes, one = spike_list(ints, o[9], o[10], n, step), state.dtype.type(1)
    for j in range(n):
        psi[j] = v[j] - theta[j]
    if o[7] >= 0:
        adapt = cut(state, o[7], n)
        for j in range(n):
            psi[j] -= adapt[j]
    for m in range(spikes[0]):
        j = spikes[1 + m]
        psi[j] += to[j] + params[o[8] + j] if o[7] >= 0 else to[j]
    surrogates.derivative(o[14], cut(params, o[13] + SLOPE, 1), psi, 0, n)
    fade(psi, c[GAMMA])
    fade(rate, c[KEEP_RATE])
    for j in range(n):
        psi[j] = psi[j] if hold[j] <= 0 else 0
        hold[j] = max(hold[j] - one, one - one)
    for m in range(spikes[0]):
        j = spikes[1 + m]
        rate[j] += one - c[KEEP_RATE]
        hold[j] = layout[o[11] + j] if o[11] >= 0 else 0
    for j in range(n):
        push[j] = c[RATE_REG] * (rate[j] - c[TARGET])
    return 0


@kernel
def eprop(o, layout, params, state, ints, obs, act, step, substep):
    """x of the step, then for every synapse its eligibility and, where `learn` is on, its gradient.

    State from x_at: x (n_pre,); from trace_at: psi, push (n_post,); from signal_at (kind): L (n_post,). Writes: x, e,
    g and, where adapt_at is not -1, a; all laid out as the weights.
    """
    n_pre, n_post, trace = o[3], o[4], o[13]
    c, size = cut(params, o[14], EPROP_COEFFICIENTS), size_of(o, layout)
    pre, x, on = spike_list(ints, o[9], o[10], n_pre, step - o[11] + o[10]), cut(state, o[12], n_pre), ints[ops.LEARN]
    signal, g = cut(state, o[19], n_post), cut(state, o[15], size)
    learn, jump = state.dtype.type(1 if on else 0), c[JUMP]
    fade(x, c[KEEP_V])
    bump(x, pre, state.dtype.type(1), 0)
    if trace < 0:  # a read-out
        for i in range(n_pre if on else 0):
            first, n = row_of(o, layout, i)
            for m in range(n if x[i] != 0 else 0):
                g[first + m] += signal[post_of(o, layout, first, m)] * (jump * x[i])
        return 0
    psi, push, e = cut(state, trace, n_post), cut(state, trace + n_post, n_post), cut(state, o[6], size)
    for i in range(n_pre):
        first, n = row_of(o, layout, i)
        rows, z = (cut(e, first, n), cut(g, first, n)), jump * x[i]
        if o[16] >= 0:
            a = cut(state, o[16] + first, n)
            adaptive_row(o, layout, first, z, psi, signal, push, a, params, rows[0], rows[1], c, learn)
        elif o[7] < 0:
            dense_row(z, psi, signal, push, rows[0], rows[1], c[FILTER_OUT], c[GAIN_OUT], learn)
        else:
            indexed_row(cut(layout, o[8] + first, n), z, psi, signal, push, rows[0], rows[1], c, learn)
    return 0


@kernel
def post_of(o, layout, first, m):
    """The postsynaptic neuron of the m-th synapse of a row."""
    return m if o[7] < 0 else layout[o[8] + first + m]


@kernel
def dense_row(z, psi, signal, push, e, g, keep, gain, learn):
    """e <- keep e + gain psi z;  g += L e + push psi z. Reads: psi, signal, push (n,). Writes: e, g (n,)."""
    for j in range(e.size):
        now = psi[j] * z
        e[j] = keep * e[j] + gain * now
        g[j] += learn * (signal[j] * e[j] + push[j] * now)


@kernel
def indexed_row(posts, z, psi, signal, push, e, g, c, learn):
    """As `dense_row`, at the neurons of a row of indexed synapses."""
    for m in range(e.size):
        j = posts[m]
        now = psi[j] * z
        e[m] = c[FILTER_OUT] * e[m] + c[GAIN_OUT] * now
        g[m] += learn * (signal[j] * e[m] + push[j] * now)


@kernel
def adaptive_row(o, layout, first, z, psi, signal, push, a, params, e, g, c, learn):
    """As `dense_row`, with the eligibility psi (z - a) and a <- rho (a + beta psi (z - a)). Writes: a, e, g (n,)."""
    for m in range(e.size):
        j = post_of(o, layout, first, m)
        now = psi[j] * (z - a[m])
        a[m] = params[o[17] + j] * (a[m] + params[o[18] + j] * now)
        e[m] = c[FILTER_OUT] * e[m] + c[GAIN_OUT] * now
        g[m] += learn * (signal[j] * e[m] + push[j] * now)
