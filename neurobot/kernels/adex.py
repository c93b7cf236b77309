"""The adaptive exponential integrate-and-fire neuron, a linked op.

Two loops: one without branches takes all neurons a step of Runge and Kutta's fourth order; the few whose exponential
grows by more than a tenth of delta_t in a step are then taken through it again in y = exp(-(v - v_t) / delta_t), which
falls to 0 in a nearly straight line while v runs away.
"""

from __future__ import annotations

import math

import numpy as np

from neurobot.kernels import neuron
from neurobot.kernels.exponential import expm1
from neurobot.kernels.jit import kernel
from neurobot.kernels.spikes import list_hits, spike_list
from neurobot.kernels.views import cut

ROWS = 20
LOG_TOP = 600.0
TOP = math.exp(LOG_TOP)
"""y is at most this, and at least its inverse."""
STEEP = 100.0
"""Where v would move by more than so many delta_t in a step, the first loop's result stands."""


@kernel
def adex(o, layout, params, state, ints, obs, act, step, substep):
    """Brette & Gerstner, Journal of Neurophysiology 94, 2005; w rises by its jump within the step of the spike.

    State rows v, w, s, g, s_in, g_in (or i and i_in, currents); coefficient rows leak, b, push, per_c, v_leak, v_t,
    per_delta, v_clip, a, rate_w, jump, v_hot, e_ex, beta, beta_half, e_in, beta_in, beta_half_in, theta, to. All rates
    are per step.
    """
    n, at, c = o[3], o[8], o[9]
    x, p, before = cut(state, at, 6 * n), cut(params, c, ROWS * n), cut(state, o[15], 4 * n)
    wait, hits = cut(ints, o[12], n), cut(ints, o[7], 2 * ((n + 7) // 8))
    spikes, v = spike_list(ints, o[4], o[5], n, step), cut(state, at, n)
    arrive(x, before, o[13], o[14])
    update(x, p, before, wait, o[13], hits.view(np.uint8))
    list_hits(hits, spikes)
    steps = cut(layout, o[11], n)
    for m in range(spikes[0]):
        upswing(spikes[1 + m], x, p, before, o[13], steps[spikes[1 + m]] == 0)
    decay(x, p, before, o[14])
    neuron.find_spikes_refractory(v, cut(p, 18 * n, n), wait, steps, 1, hits, spikes)
    neuron.reset(v, cut(p, 19 * n, n), 0, spikes)
    for m in range(spikes[0]):
        j = spikes[1 + m]
        v[j] = before[j] if steps[j] == 0 else v[j]  # without t_ref it has gone on since
    return 0


@kernel
def arrive(x, before, conductance, early):
    """Note v, w and both conductances, or currents, as the step begins; conductances are never negative.

    Reads: x (6 n,). Writes: before (4 n,) v, w, g, g_in.
    """
    n, real = x.size // 6, x.dtype.type
    low, now = real(0 if conductance else -np.inf), real(early)
    for j in range(n):
        before[j], before[n + j] = x[j], x[n + j]
        before[2 * n + j] = max(x[3 * n + j] + now * x[2 * n + j], low)
        before[3 * n + j] = max(x[5 * n + j] + now * x[4 * n + j], low)


@kernel
def decay(x, p, before, early):
    """Conductances, or currents, at the end of the step; what arrives late is added.

    Reads: p, before. Writes: s, g, s_in, g_in of x.
    """
    n, real = x.size // 6, x.dtype.type
    late = real(1 - early)
    for j in range(n):
        x[3 * n + j] = p[13 * n + j] * before[2 * n + j] + late * x[2 * n + j]
        x[5 * n + j] = p[16 * n + j] * before[3 * n + j] + late * x[4 * n + j]
        x[2 * n + j] = 0
        x[4 * n + j] = 0


@kernel
def update(x, p, before, wait, conductance, hot):
    """A step of Runge and Kutta for all neurons; hot where v runs away. v is held where a neuron waits.

    The conductances together count for at most 2 per step, so that no input, however strong, makes it unstable.
    Reads: p (20 n,), before, wait. Writes: v and w of x, hot (n,) bytes.
    """
    n, real = x.size // 6, x.dtype.type
    one, two, half, sixth, shunt = real(1), real(2), real(0.5), real(1 / 6), real(conductance)
    v, w, g, g_in = cut(before, 0, n), cut(before, n, n), cut(before, 2 * n, n), cut(before, 3 * n, n)
    leak, b, push, per_c = cut(p, 0, n), cut(p, n, n), cut(p, 2 * n, n), cut(p, 3 * n, n)
    v_leak, v_t, per_delta, v_clip = cut(p, 4 * n, n), cut(p, 5 * n, n), cut(p, 6 * n, n), cut(p, 7 * n, n)
    a, rate, v_hot = cut(p, 8 * n, n), cut(p, 9 * n, n), cut(p, 11 * n, n)
    e_ex, beta, mid = cut(p, 12 * n, n), cut(p, 13 * n, n), cut(p, 14 * n, n)
    e_in, beta_in, mid_in = cut(p, 15 * n, n), cut(p, 16 * n, n), cut(p, 17 * n, n)
    v_out, w_out = cut(x, 0, n), cut(x, n, n)
    for j in range(n):
        free = one if wait[j] <= 0 else real(0)
        ex, inh = per_c[j] * g[j], per_c[j] * g_in[j]
        less = two / max(shunt * (ex + inh), two)
        ex, inh = less * ex, less * inh
        load, drive = shunt * (ex + inh), ex * e_ex[j] + inh * e_in[j]
        f = (b[j] + drive) - load * v[j]
        k1 = free * slope(v[j], w[j], f, leak[j], push[j], per_c[j], v_leak[j], v_t[j], per_delta[j], v_clip[j], real)
        q1 = rate[j] * (a[j] * (v[j] - v_leak[j]) - w[j])
        y, z = v[j] + half * k1, w[j] + half * q1
        load = shunt * (ex * mid[j] + inh * mid_in[j])
        drive = b[j] + (ex * mid[j] * e_ex[j] + inh * mid_in[j] * e_in[j])
        f = drive - load * y
        k2 = free * slope(y, z, f, leak[j], push[j], per_c[j], v_leak[j], v_t[j], per_delta[j], v_clip[j], real)
        q2 = rate[j] * (a[j] * (y - v_leak[j]) - z)
        y, z = v[j] + half * k2, w[j] + half * q2
        f = drive - load * y
        k3 = free * slope(y, z, f, leak[j], push[j], per_c[j], v_leak[j], v_t[j], per_delta[j], v_clip[j], real)
        q3 = rate[j] * (a[j] * (y - v_leak[j]) - z)
        y, z = v[j] + k3, w[j] + q3
        f = (b[j] + (ex * beta[j] * e_ex[j] + inh * beta_in[j] * e_in[j])) - shunt * (
            ex * beta[j] + inh * beta_in[j]
        ) * y
        k4 = free * slope(y, z, f, leak[j], push[j], per_c[j], v_leak[j], v_t[j], per_delta[j], v_clip[j], real)
        q4 = rate[j] * (a[j] * (y - v_leak[j]) - z)
        v_out[j] = v[j] + sixth * ((k1 + k4) + two * (k2 + k3))
        w_out[j] = w[j] + sixth * ((q1 + q4) + two * (q2 + q3))
        hot[j] = (wait[j] <= 0) & (max(v[j], v_out[j]) > v_hot[j])


@kernel
def slope(v, w, f, leak, push, per_c, v_leak, v_t, per_delta, v_clip, real):
    """What v changes by in a step: f + leak (v_leak - v) + push exp((v - v_t) / delta_t) - per_c w.

    The exponential is that of v_clip at most, v_peak or v_t + 20 delta_t, and of v_t - 20 delta_t at least.
    """
    x = max((min(v, v_clip) - v_t) * per_delta, real(-20))
    return ((f - leak * (v - v_leak)) - per_c * w) + push * (expm1(x, real) + real(1))


@kernel
def upswing(j, x, p, before, conductance, goes_on):
    """A neuron's step in y = exp(-(v - v_t) / delta_t), in float64, and in as many parts as its other terms ask for.

    Where it spikes, v is left above theta, and w has risen by its jump when v passed v_peak. Since then v counts as
    reset; or, where it goes_on, it starts there, and before has what v is at the end of the step.
    Reads: p. Writes: v and w of neuron j in x, v in before.
    """
    n = x.size // 6
    v, w, leak = float(before[j]), float(before[n + j]), float(p[j])
    v_t, delta, v_leak = float(p[5 * n + j]), 1 / float(p[6 * n + j]), float(p[4 * n + j])
    a, rate, jump, peak = float(p[8 * n + j]), float(p[9 * n + j]), float(p[10 * n + j]), float(p[18 * n + j])
    per_c, ex, inh = float(p[3 * n + j]), float(before[2 * n + j]), float(before[3 * n + j])
    less = 2 / max(conductance * per_c * (ex + inh), 2.0)
    ex, inh = less * per_c * ex, less * per_c * inh
    load = leak + conductance * (ex + inh)
    f = float(p[n + j]) + ex * p[12 * n + j] + inh * p[15 * n + j] + leak * v_leak - load * v - per_c * w
    steep = (abs(f) + load * abs(peak - v)) / delta
    before[j] = p[19 * n + j]
    if steep > STEEP:
        if x[j] > peak:
            x[n + j] += p[10 * n + j]
        return
    least, y = math.exp(max((v_t - peak) / delta, -LOG_TOP)), math.exp(min((v_t - v) / delta, LOG_TOP))
    parts = 1 + int(8 * steep) + (6 if leak > 0.3 * y else 0)  # more where the peak is near
    beta, beta_in = float(p[13 * n + j]), float(p[16 * n + j])
    half, half_in = beta ** (0.5 / parts), beta_in ** (0.5 / parts)
    for k in range(parts):
        y1, w1, ex1, inh1 = runge_kutta(y, w, ex, inh, half, half_in, 1 / parts, least, j, p, conductance)
        if y1 <= least:
            span = 1 / parts
            for _ in range(3):  # secants towards the time of the peak
                if y1 < y:
                    span = min(span * max((y - least) / (y - y1), 0.0), 1 / parts)
                half, half_in = beta ** (span / 2), beta_in ** (span / 2)
                y1 = runge_kutta(y, w, ex, inh, half, half_in, span, least, j, p, conductance)[0]
            w += span * rate * (a * (v_t - delta * math.log(y) + delta - v_leak) - w)  # of v on its way: mean, to ...
            w, to, rest = w + jump, float(p[19 * n + j]), max(1 - k / parts - span, 0.0)
            if goes_on:
                ex, inh, y = ex * beta**span, inh * beta_in**span, math.exp(min((v_t - to) / delta, LOG_TOP))
                half, half_in = beta ** (rest / parts / 2), beta_in ** (rest / parts / 2)
                for _ in range(parts):
                    y, w, ex, inh = runge_kutta(y, w, ex, inh, half, half_in, rest / parts, least, j, p, conductance)
                    y = min(max(y, least), TOP)
                before[j] = v_t - delta * math.log(y)
            else:
                w = a * (to - v_leak) + (w - a * (to - v_leak)) * math.exp(-rate * rest)
            x[j], x[n + j] = peak + delta, w
            return
        y, w, ex, inh = y1, w1, ex1, inh1
    x[j], x[n + j] = v_t - delta * math.log(min(y, TOP)), w


@kernel
def runge_kutta(y, w, ex, inh, half, half_in, span, least, j, p, conductance):
    """y, w and the two conductances, or currents, times h / c_m, after a part `span` of a step of neuron j.

    In half of it these decay by the factors half, half_in.
    dy/dt = -leak - y f / delta_t, where f is all of dv/dt but the exponential, and dw/dt = rate (a (v - v_leak) - w).
    """
    n = p.size // ROWS
    leak, b, per_c, v_leak = float(p[j]), float(p[n + j]), float(p[3 * n + j]), float(p[4 * n + j])
    v_t, per_delta, a, rate = float(p[5 * n + j]), float(p[6 * n + j]), float(p[8 * n + j]), float(p[9 * n + j])
    e_ex, e_in = float(p[12 * n + j]), float(p[15 * n + j])
    ky, kw, sum_y, sum_w = 0.0, 0.0, 0.0, 0.0
    for stage in range(4):
        ahead = 0.0 if stage == 0 else span if stage == 3 else span / 2
        y_now, w_now = min(max(y + ahead * ky, least), TOP), w + ahead * kw
        v = v_t - math.log(y_now) / per_delta
        if stage == 1 or stage == 3:
            ex, inh = ex * half, inh * half_in
        f = b + ex * e_ex + inh * e_in - conductance * (ex + inh) * v - leak * (v - v_leak) - per_c * w_now
        ky, kw = -leak - y_now * f * per_delta, rate * (a * (v - v_leak) - w_now)
        weight = 2.0 if stage == 1 or stage == 2 else 1.0
        sum_y, sum_w = sum_y + weight * ky, sum_w + weight * kw
    return y + span * sum_y / 6, w + span * sum_w / 6, ex, inh
