"""Twins of the linked neuron models: one step of a population, in the type of the arrays and the order of the kernels.

`p` are coefficients and `x` state, (n,) by name, s among them; `x` and the steps to wait are changed in place. A twin
returns the neurons that spike.
"""

import numpy as np

from tests.twins import kernels


def finish(p, x, wait, steps, model):
    """Hold v where a neuron waits, and return the neurons that spike, with v reset."""
    fired, after = kernels.fire(x["v"], p["theta"], wait, steps)
    x["v"] = kernels.reset(x["v"], p["to"], model.reset == "subtract", fired)
    wait[:] = after
    return fired


def alpha(p, x, wait, steps, model):
    """A LIF with alpha-shaped currents."""
    total = alpha_current(p, x, "")
    if "i_in" in x:
        total = total + alpha_current(p, x, "_in")
    x["v"] = np.where(wait > 0, x["v"], (p["alpha"] * x["v"] + total) + p["b"])
    return finish(p, x, wait, steps, model)


def alpha_current(p, x, end):
    """Advance the current of a receptor, and return what it adds to v."""
    s, i, di = (x[name + end] for name in ("s", "i", "di"))
    eta, kappa, lam, beta, gamma, nu, mu = (
        p[name + end] for name in ("eta", "kappa", "lam", "beta", "gamma", "nu", "mu")
    )
    x["i" + end] = (beta * i + gamma * di) + nu * s
    x["di" + end] = beta * di + mu * s
    return (eta * di + kappa * i) + lam * s


def izhikevich(p, x, wait, steps, model):
    """Izhikevich's neuron in mV and ms."""
    v, u, s, h = x["v"], x["u"], x["s"], p["h"][0]
    real = v.dtype.type
    c2, c1, c0 = real(0.04), real(5), real(140)
    if model.scheme == "euler":
        x["v"] = v + (h * (c2 * v * v + c1 * v + c0 - u + p["b"]) + s)
        x["u"] = u + p["a"] * (p["b_u"] * v - u)
        x["v"] = np.maximum(x["v"], p["v_min"])
    else:
        for _ in range(2):
            v = v + real(0.5) * h * (c2 * v * v + c1 * v + c0 - u + p["b"] + s)
            v = np.clip(v, p["v_min"], real(1e6))
        x["v"] = v
        x["u"] = u + p["a"] * (p["b_u"] * x["v"] - u)
    fired, _ = kernels.fire(x["v"], p["theta"])
    x["v"] = kernels.reset(x["v"], p["to"], False, fired)
    x["u"][fired] += p["d"][fired]
    return fired
