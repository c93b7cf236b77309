"""Twins of the linked neuron models: one step of a population, in the type of the arrays and the order of the kernels.

`p` are coefficients and `x` state, (n,) by name, s among them; `x` and the steps to wait are changed in place. A twin
returns the neurons that spike. AdEx and CobaLIF have approximations for kernels, so their twins are of other kinds.
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


def adex(p, x, wait, steps, model):
    """AdEx in many small steps of Runge and Kutta in v itself, in float64; where v passes v_peak it is reset.

    With a refractory time it is held there from then on.
    """
    parts, early, conductance = 100, model.input == "start", model.e_ex is not None
    names = ("g", "g_in") if conductance else ("i", "i_in")
    g = [x[name] + early * x[s] for name, s in zip(names, ("s", "s_in"), strict=True)]
    g = [np.maximum(y, 0) if conductance else y for y in g]
    taus = [-1 / np.log(p[name]) if p[name].all() else np.full(len(x["v"]), 1e-9) for name in ("beta", "beta_in")]
    free, spiked, v, w = wait <= 0, np.zeros(len(x["v"]), bool), x["v"].copy(), x["w"].copy()

    def slopes(t, v, w):
        now = [p["per_c"] * y * np.exp(-t / tau) for y, tau in zip(g, taus, strict=True)]
        pull = [y * (e - v if conductance else 1.0) for y, e in zip(now, (p["e_ex"], p["e_in"]), strict=True)]
        rise = p["push"] * np.exp((np.minimum(v, p["theta"]) - p["v_t"]) * p["per_delta"])
        dv = p["leak"] * (p["v_leak"] - v) + rise - p["per_c"] * w + p["b"] + sum(pull)
        return np.where(free & ~(spiked & (steps > 0)), dv, 0.0), p["rate_w"] * (
            p["a"] * (np.minimum(v, p["theta"]) - p["v_leak"]) - w
        )

    for k in range(parts):
        h, t = 1 / parts, k / parts
        k1 = slopes(t, v, w)
        k2 = slopes(t + h / 2, v + h / 2 * k1[0], w + h / 2 * k1[1])
        k3 = slopes(t + h / 2, v + h / 2 * k2[0], w + h / 2 * k2[1])
        k4 = slopes(t + h, v + h * k3[0], w + h * k3[1])
        v = v + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        w = w + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
        over = v > p["theta"]
        w, v, spiked = w + over * p["jump"], np.where(over, p["to"], v), spiked | over
    for name, y, decay, s in zip(names, g, ("beta", "beta_in"), ("s", "s_in"), strict=True):
        x[name] = y * p[decay] + (not early) * x[s]
    x["v"], x["w"] = v, w
    wait[:] = np.where(spiked, steps, np.maximum(wait - 1, 0))
    return np.flatnonzero(spiked).tolist()


def coba(p, x, wait, steps, model):
    """CobaLIF in many small steps of Runge and Kutta, in float64."""
    parts, early = 100, model.input == "start"
    g = [np.maximum(x[name] + early * x[s], 0) for name, s in (("g", "s"), ("g_in", "s_in"))]
    rates = [-np.log(p[name]) for name in ("beta", "beta_in")]

    def slope(t, v):
        now = [p["per_c"] * y * np.exp(-t * rate) for y, rate in zip(g, rates, strict=True)]
        return p["b"] - p["leak"] * v + now[0] * (p["e_ex"] - v) + now[1] * (p["e_in"] - v)

    v, h = x["v"], 1 / parts
    for k in range(parts):
        k1 = slope(k * h, v)
        k2 = slope(k * h + h / 2, v + h / 2 * k1)
        k3 = slope(k * h + h / 2, v + h / 2 * k2)
        v = v + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(k * h + h, v + h * k3))
    x["v"] = np.where(wait > 0, x["v"], v)
    for name, y, decay, s in (("g", g[0], "beta", "s"), ("g_in", g[1], "beta_in", "s_in")):
        x[name] = y * p[decay] + (not early) * x[s]
    fired, wait[:] = kernels.fire(x["v"], p["theta"], wait, steps)
    x["v"] = kernels.reset(x["v"], p["to"], False, fired)
    return fired


def alif(p, x, wait, steps, model):
    """A LIF with an adaptive threshold and an adaptation current."""
    held = 2 if model.input == "jump_then_decay" else 1
    y = p["alpha"] * x["v"] - p["kappa"] * x["w"]
    y = np.where(wait > 0, y, y + p["lam"] * x["s"]) + p["b"]
    x["v"] = np.where(wait < held, y, x["v"])
    x["w"], x["theta"] = p["decay_w"] * x["w"], p["decay_theta"] * x["theta"]
    fired, wait[:] = kernels.fire(x["v"], p["theta"] + x["theta"], wait, steps, held)
    x["v"] = kernels.reset(x["v"], p["to"], model.reset == "subtract", fired)
    x["w"][fired] += p["jump"][fired]
    x["theta"][fired] += p["rise"][fired]
    return fired
