"""Twins of the linked neuron models: one step of a population, in the type of the arrays and the order of the kernels.

`p` are coefficients and `x` state, (n,) by name, s among them; `x` is changed in place. What spikes and waits is
the business of `step`.
"""

import numpy as np

from tests.twins import kernels


def step(update, p, x, wait, steps, subtract):
    """Run a step and return the neurons that spike; without steps there is no refractory time."""
    before = x["v"].copy()
    update(p, x, wait)
    x["v"] = np.where(wait > 0, before, x["v"])
    fired, after = kernels.fire(x["v"], p["theta"], wait, steps)
    x["v"] = kernels.reset(x["v"], p["to"], subtract, fired)
    wait[:] = after
    return fired


def alpha(p, x, wait):
    """A LIF with alpha-shaped currents."""
    total = alpha_current(p, x, "")
    if "i_in" in x:
        total = total + alpha_current(p, x, "_in")
    x["v"] = (p["alpha"] * x["v"] + total) + p["b"]


def alpha_current(p, x, end):
    """Advance the current of a receptor, and return what it adds to v."""
    s, i, di = (x[name + end] for name in ("s", "i", "di"))
    eta, kappa, lam, beta, gamma, nu, mu = (
        p[name + end] for name in ("eta", "kappa", "lam", "beta", "gamma", "nu", "mu")
    )
    x["i" + end] = (beta * i + gamma * di) + nu * s
    x["di" + end] = beta * di + mu * s
    return (eta * di + kappa * i) + lam * s
