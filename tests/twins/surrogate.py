"""A layer over many steps, straight from its equations, with spikes or with a smooth step in their place."""

import math

import numpy as np

INTEGRALS = {
    "FastSigmoid": lambda k, u: 0.5 + u / (1 + k * np.abs(u)),
    "Atan": lambda k, u: 0.5 + np.arctan(math.pi * k * u / 2) / math.pi,
    "Triangular": lambda k, u: 0.5 + np.clip(k * u, -1, 1) * (1 - np.abs(np.clip(k * u, -1, 1)) / 2),
    "Rectangular": lambda k, u: np.clip(0.5 + k * u, 0, 1),
    "Sigmoid": lambda k, u: 1 / (1 + np.exp(-k * u)),
}
"""Smooth steps, by the name of the surrogate that is their derivative."""
COEFFICIENTS = (
    "alpha", "lam", "b", "theta", "to", "kappa", "beta", "mu", "decay_w", "decay_theta", "jump", "rise",
)  # fmt: skip


def run(c, s, start, step, subtract=False, resets=None):
    """Membranes after the reset and spikes, (T, ...) each.

    c holds coefficients by name, those that are missing count as 0; s (T, ...) is what arrives; step(u) is a spike.
    Where resets (T, ...) are given they are what is reset, whatever spikes there are.
    """
    c = {name: c.get(name, 0.0) for name in COEFFICIENTS}
    adaptive = np.any(c["decay_w"] != 0)
    v, i, w, h = start, 0.0, 0.0, 0.0
    vs, zs = [], []
    for t, arriving in enumerate(s):
        x = c["alpha"] * v + c["kappa"] * (-w if adaptive else i) + c["lam"] * arriving + c["b"]
        i = c["beta"] * i + c["mu"] * arriving
        h = c["decay_theta"] * h
        z = step(x - c["theta"] - h)
        w, h = c["decay_w"] * w + c["jump"] * z, h + c["rise"] * z
        down = z if resets is None else resets[t]
        v = x - down * (c["to"] if subtract else x - c["to"])
        vs.append(v)
        zs.append(z)
    return np.array(vs), np.array(zs)
