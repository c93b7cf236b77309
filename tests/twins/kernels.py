"""Twins of the kernels, one each.

Arithmetic is in the type of the arrays, in the order that the kernels document, so results are equal to the last
bit. `fired` is a list of neurons, in order; nothing is changed in place: what a kernel writes is returned.
"""

import math

import numpy as np

MASK = 0xFFFFFFFF


# --- chance -----------------------------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. (2011), with Python's integers."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def key_of(seed, stream):
    """The key of Philox: the seed's upper half, spread by 2^32 over the golden ratio, mixes with the stream."""
    return seed & MASK, stream ^ ((seed >> 32) * 0x9E3779B9 & MASK)


def poisson(threshold, seed, stream, episode, step, instance):
    """Channels whose random number is below their threshold."""
    key = key_of(seed, stream)
    draws = []
    for block in range(-(-len(threshold) // 4)):
        draws += philox((episode & MASK, step & MASK, block, instance & MASK), key)
    return [j for j, t in enumerate(threshold) if draws[j] < t]


def normals(n, seed, stream, episode, step, instance):
    """n standard normal numbers (Box & Muller 1958): pairs of a draw of four give radius and angle."""
    key, out = key_of(seed, stream), []
    for block in range(-(-n // 4)):
        a, b, c, d = philox((episode & MASK, step & MASK, block, instance & MASK), key)
        for radius, angle in ((a, b), (c, d)):
            length, turn = math.sqrt(-2 * math.log((radius + 1) / 2**32)), 2 * math.pi * (angle / 2**32)
            out += [length * math.cos(turn), length * math.sin(turn)]
    return np.array(out[:n])


def noise(current, xi, rho, scale, std, first):
    """A noise current after a step, in float64 where xi is one of the factors."""
    dtype = current.dtype
    xi = np.asarray(xi, np.float64)
    return (std * xi).astype(dtype) if first else (rho * current + scale * xi).astype(dtype)


def chance(act, gain):
    """Spike probability as a threshold of 32 bits."""
    p = np.clip(act.astype(np.float64) * np.float64(gain), 0.0, 1.0)
    return np.floor(p * 4294967295.0).astype(np.int64)


# --- encoders ---------------------------------------------------------------------------------------------------


def unit(obs, center, scale):
    """The observation in its range, in float64."""
    return np.clip((obs - center.astype(np.float64)) * scale.astype(np.float64), -1.0, 1.0)


def direct(obs, center, scale, push_pull, dtype):
    """u, or its positive and its negative part side by side."""
    u = unit(obs, center, scale)
    if not push_pull:
        return u.astype(dtype)
    return np.stack([np.maximum(u, 0), np.maximum(-u, 0)], axis=1).reshape(-1).astype(dtype)


def gaussian(obs, center, scale, means, sharp, dtype):
    """A bump around every mean."""
    d = unit(obs, center, scale)[:, None] - means.astype(np.float64)
    return np.array([math.exp(x) for x in (-np.float64(sharp) * d * d).reshape(-1)]).astype(dtype)


def regular(act, gain, phase):
    """Phases, and the channels whose phase reached 1."""
    p = phase + gain * act
    hit = p >= 1
    return np.where(hit, p - phase.dtype.type(1), p), np.flatnonzero(hit).tolist()


def one_hot(obs, center, scale, per_dim, dtype):
    """1 in the bin of u."""
    bins = np.minimum(((unit(obs, center, scale) + 1) / 2 * per_dim).astype(int), per_dim - 1)
    return np.eye(per_dim)[bins].reshape(-1).astype(dtype)


def latency(act, threshold, logarithmic, substeps):
    """The step of each channel's spike, or substeps."""

    def share(a):
        if a <= threshold:
            return 1.0
        return math.log(a) / math.log(threshold) if logarithmic else (1 - a) / (1 - threshold)

    return [min(int(share(a) * substeps), substeps) for a in act.astype(float)]


def changes(act, fine, level):
    """References in units of delta, and the ON (even) and OFF (odd) channels that spike."""
    away = (act[::2].astype(float) - act[1::2].astype(float)) * float(fine) - level
    up, down = away >= 1, away <= -1
    fired = [2 * j + int(down[j]) for j in np.flatnonzero(up | down)]
    return (level + up.astype(int) - down.astype(int)).astype(level.dtype), fired


def phase_bits(act, bits, substep):
    """Channels whose bit of this step is 1, from the digits of the fraction."""
    words = [min(int(a * 2**bits), 2**bits - 1) for a in act.astype(float)]
    return [j for j, w in enumerate(words) if f"{w:0{bits}b}"[substep % bits] == "1"]


def burst(act, threshold, most, shortest, longest, substeps):
    """Each channel's steps with spikes."""

    def train(a):
        number = math.ceil(most * a) if a > threshold else 0
        interval = math.ceil(longest - (longest - shortest) * a)
        return [m * interval for m in range(number) if m * interval < substeps]

    return [train(a) for a in act.astype(float)]


# --- synapses ---------------------------------------------------------------------------------------------------


def dense(weights, fired, s):
    """weights (n_pre, n_post): four rows at a time, ((w0 + w1) + (w2 + w3)), then one by one."""
    s, whole = s.copy(), len(fired) // 4 * 4
    for m in range(0, whole, 4):
        w = weights[fired[m : m + 4]]
        s += (w[0] + w[1]) + (w[2] + w[3])
    for pre in fired[whole:]:
        s += weights[pre]
    return s


def sparse(weights, indptr, indices, fired, s):
    """Synapse by synapse, in order of the spikes and of storage."""
    s = s.copy()
    for pre in fired:
        for c in range(indptr[pre], indptr[pre + 1]):
            s[indices[c]] += weights[c]
    return s


def scatter(weights, indptr, indices, delays, fired, ring, step):
    """ring (slots, n_post), with what arrives at step + delay added."""
    ring = ring.copy()
    for pre in fired:
        for c in range(indptr[pre], indptr[pre + 1]):
            ring[(step + int(delays[c])) % len(ring), indices[c]] += weights[c]
    return ring


def release(coefficients, used, spent, last, now):
    """u x of a spike, and what is kept: the sequence of u and R of Maass & Markram (2002), eq. 4 and 5."""
    rest, rec, facil = (float(x) for x in coefficients)
    passed = (now - int(last)) % 2**31
    u = rest + float(used) * (1 - rest) * math.exp(-facil * passed)
    x = 1 - float(spent) * math.exp(-rec * passed)
    return u * x, (u, 1 - x + u * x, now % 2**31)


def drive(weights, act, gain):
    """What a held current adds in every step: channel by channel."""
    out = np.zeros(weights.shape[1], weights.dtype)
    for pre in range(len(act)):
        out = out + (gain * act[pre]) * weights[pre]
    return out


def held(now, history, delay, step, s):
    """history (slots, n_post) with now stored, and s with what was stored `delay` steps ago."""
    history = history.copy()
    history[step % len(history)] = now
    return history, s + history[(step - delay) % len(history)]


# --- neurons ----------------------------------------------------------------------------------------------------


def membrane(v, s, alpha, lam, b, wait=None, kappa_i=None, held=1):
    """v after the update; neurons that wait lose s, and keep theirs while they wait for `held` steps or more."""
    x = alpha * v
    if kappa_i is not None:
        x = x + kappa_i
    if wait is None:
        return (x + lam * s) + b
    return np.where(wait >= held, v, np.where(wait > 0, x, x + lam * s) + b)


def current(i, s, beta, mu):
    """i after the update."""
    return beta * i + mu * s


def fire(v, theta, wait=None, steps=None, held=1):
    """Neurons that spike, and wait after the step."""
    if wait is None:
        return np.flatnonzero(v > theta).tolist(), None
    now = (v > theta) & (wait < held)
    return np.flatnonzero(now).tolist(), np.where(now, steps, np.maximum(wait - 1, 0))


def reset(v, to, subtract, fired):
    """v after its reset."""
    v = v.copy()
    v[fired] = v[fired] - to[fired] if subtract else to[fired]
    return v


# --- decoders ---------------------------------------------------------------------------------------------------


def read(values, offset, per, push_pull, gain, tanh, dtype):
    """u per dimension: means of groups in float64, added in order."""

    def mean(x):
        total = 0.0
        for y in x:
            total += float(y)
        return total / len(x)

    sides = [mean(v) for v in values.reshape(-1, per)]
    u = [up - down for up, down in zip(sides[::2], sides[1::2], strict=True)] if push_pull else sides
    u = [float(gain) * x - float(o) for x, o in zip(u, offset, strict=True)]
    return np.array([math.tanh(x) if tanh and math.isfinite(x) else x for x in u]).astype(dtype)


def low_pass(fired, keep, take, trace):
    """Traces after a step."""
    trace = trace * keep
    trace[fired] = trace[fired] + take
    return trace


def vector(counts, preferred, gain, dtype):
    """Mean of the preferred values, weighted with the counts of a group, times gain; 0 without spikes."""

    def u(c):
        weighted = 0.0
        for k, p in zip(c, preferred, strict=True):
            weighted += float(k) * float(p)
        return float(gain) * (weighted / int(c.sum())) if c.any() else 0.0

    return np.array([u(c) for c in counts.reshape(-1, len(preferred))]).astype(dtype)


def limit(u, low, high, rest, slew, last):
    """Wanted and sent, or None where u is not finite."""
    if not np.isfinite(u).all():
        return None
    wanted = rest + u * np.where(u >= 0, high - rest, rest - low)
    x = np.minimum(np.maximum(wanted, low), high)
    x = np.minimum(np.maximum(x, last - slew), last + slew)
    return wanted, np.minimum(np.maximum(x, low), high)


def winner(counts, per, rest):
    """The first of the groups with most spikes; rest where there is none."""
    totals = counts.reshape(-1, per).sum(axis=1)
    return int(np.argmax(totals)) if totals.any() else rest
