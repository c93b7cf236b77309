"""From the parameters of the models of `neurobot.spec.neuron_models` to what their kernels take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurobot.spec.check import Values, as_array
from neurobot.spec.network import Population
from neurobot.spec.neuron_models import ALIF, AdEx, AlphaLIF, CobaLIF, Izhikevich

Arrays = dict[str, np.ndarray]


def model_coefficients(population: Population, dt: float) -> Arrays:
    """Coefficients by name, (n,) float64 each; see the kernel of the model."""
    model = population.model
    if isinstance(model, Izhikevich):
        return _izhikevich(model, population, dt)
    if isinstance(model, ALIF):
        return _alif(model, population, dt)
    if isinstance(model, CobaLIF):
        return _coba(model, population, dt)
    if isinstance(model, AdEx):
        return _adex(model, population, dt)
    assert isinstance(model, AlphaLIF)
    return _alpha(model, population, dt)


def _izhikevich(model: Izhikevich, p: Population, dt: float) -> Arrays:
    """h is the step in ms; b is the bias itself."""
    h, n = dt * 1e3, p.n
    v = as_array(-65.0 if p.v_init is None else p.v_init, n)
    out = {name: as_array(getattr(model, name), n) for name in ("d", "v_min")}
    return out | {
        "h": as_array(h, n),
        "b": as_array(p.bias, n),
        "a": h * as_array(model.a, n),
        "b_u": as_array(model.b, n),
        "theta": as_array(model.v_threshold, n),
        "to": as_array(model.c, n),
        "init": v,
        "u_init": as_array(model.b, n) * v if model.u_init is None else as_array(model.u_init, n),
    }


def _adex(model: AdEx, p: Population, dt: float) -> Arrays:
    """Rates per step; v_clip is where the exponential stops to grow, v_hot where it is treated on its own."""
    n = p.n
    names = ("c_m", "g_leak", "v_leak", "v_t", "delta_t", "v_peak", "v_reset", "a", "b", "tau_w", "tau_syn")
    c_m, g_leak, v_leak, v_t, delta, v_peak, v_reset, a, b, tau_w, syn = (as_array(getattr(model, x), n) for x in names)
    leak, per_c = dt * g_leak / c_m, dt / c_m
    out = {"leak": leak, "b": per_c * as_array(p.bias, n), "push": leak * delta, "per_c": per_c, "v_leak": v_leak}
    out |= {"v_t": v_t, "per_delta": 1 / delta, "v_clip": np.minimum(v_peak, v_t + 20 * delta), "a": a, "jump": b}
    out |= {"rate_w": dt / tau_w, "v_hot": np.minimum(v_peak, v_t + delta * np.log(0.1 / leak))}
    out |= {"theta": v_peak, "to": v_reset, "init": v_leak if p.v_init is None else as_array(p.v_init, n)}
    out |= {"e_ex": as_array(1.0 if model.e_ex is None else model.e_ex, n)}
    out |= {"e_in": as_array(1.0 if model.e_in is None else model.e_in, n)}
    out |= {"beta": np.exp(-dt / syn), "beta_half": np.exp(-dt / 2 / syn)}
    second = np.zeros(n) if model.tau_syn_in is None else 1 / as_array(model.tau_syn_in, n)
    return out | {
        "beta_in": np.where(second > 0, np.exp(-dt * second), 0.0),
        "beta_half_in": np.where(second > 0, np.exp(-dt / 2 * second), 0.0),
    }


def _coba(model: CobaLIF, p: Population, dt: float) -> Arrays:
    """Rates per step; mean and moment are those of exp(-t / tau_syn) over a step, about its middle."""
    n = p.n
    leak, per_c = (dt * as_array(model.g_leak, n) / as_array(model.c_m, n), dt / as_array(model.c_m, n))
    v_leak, taus = as_array(model.v_leak, n), (as_array(model.tau_syn, n), as_array(model.tau_syn_in, n))
    out = {"leak": leak, "per_c": per_c, "b": leak * v_leak + per_c * as_array(p.bias, n)}
    for end, tau in zip(("", "_in"), taus, strict=True):
        zero, mean = np.zeros(n), _mean(np.zeros(n), dt / tau, 0)
        moment = _mean(zero, dt / tau, 1) - mean / 2
        out |= {f"beta{end}": np.exp(-dt / tau), f"mean{end}": mean, f"moment{end}": moment}
    out |= {"e_ex": as_array(model.e_ex, n), "e_in": as_array(model.e_in, n)}
    out |= {"theta": as_array(model.v_threshold, n), "to": as_array(model.v_reset, n)}
    return out | {"init": v_leak if p.v_init is None else as_array(p.v_init, n)}


def _alif(model: ALIF, p: Population, dt: float) -> Arrays:
    """kappa is the exact propagator of w into v over a step."""
    n, out = p.n, _membrane(model, p, dt)
    mem, tau_w, r = as_array(model.tau_mem, n), as_array(model.tau_w, n), as_array(model.r, n)
    gain = -np.expm1(-dt / mem) * r
    return out | {
        "lam": {"current": gain, "jump": np.ones(n), "jump_then_decay": out["alpha"]}[model.input],
        "kappa": r / mem * dt * _mean(dt / mem, dt / tau_w, 0),
        "decay_w": np.exp(-dt / tau_w),
        "decay_theta": np.exp(-dt / as_array(model.tau_theta, n)),
        "jump": as_array(model.b, n),
        "rise": as_array(model.beta, n),
    }


def _alpha(model: AlphaLIF, p: Population, dt: float) -> Arrays:
    out = _membrane(model, p, dt) | _alpha_receptor(model, model.tau_syn, p.n, dt)
    if model.tau_syn_in is not None:
        second = _alpha_receptor(model, model.tau_syn_in, p.n, dt)
        out |= {f"{name}_in": value for name, value in second.items()}
    return out


def _membrane(model: Any, p: Population, dt: float) -> Arrays:
    """What all models with tau_mem, r and a reset have in common."""
    n = p.n
    r, leak, tau = as_array(model.r, n), as_array(model.v_leak, n), as_array(model.tau_mem, n)
    theta = as_array(model.v_threshold, n)
    down = theta if model.v_subtract is None else as_array(model.v_subtract, n)
    return {
        "alpha": np.exp(-dt / tau),
        "b": -np.expm1(-dt / tau) * (leak + r * as_array(p.bias, n)),
        "theta": theta,
        "to": down if model.reset == "subtract" else as_array(model.v_reset, n),
        "init": leak if p.v_init is None else as_array(p.v_init, n),
    }


def _alpha_receptor(model: AlphaLIF, tau_syn: Values, n: int, dt: float) -> Arrays:
    """Propagators of an alpha-shaped current: from its slope and itself into v, and from its slope into itself."""
    mem, syn = as_array(model.tau_mem, n), as_array(tau_syn, n)
    gain, r = as_array(model.w_in, n) * math.e / syn, as_array(model.r, n)
    beta, zero = np.exp(-dt / syn), np.zeros(n)
    gamma = dt * beta
    kappa = r / mem * dt * _mean(dt / mem, dt / syn, 0)
    eta = r / mem * dt**2 * _mean(dt / mem, dt / syn, 1)
    if model.input == "start":
        lam, nu, mu = eta * gain, gamma * gain, beta * gain
    else:
        lam, nu, mu = zero, zero, gain
    return {"eta": eta, "kappa": kappa, "lam": lam, "beta": beta, "gamma": gamma, "nu": nu, "mu": mu}


def _mean(a: np.ndarray, b: np.ndarray, power: int) -> np.ndarray:
    """The integral of u**power exp(-a (1 - u) - b u) over u from 0 to 1, for power 0 or 1, (n,).

    Where a and b are near each other the closed form would cancel, so there it is a series.
    """
    x = a - b
    near = np.abs(x) < 0.5
    safe = np.where(near, 1.0, np.abs(x))
    small = np.where(near, x, 0.0)
    series = sum(small**k / (math.factorial(k) * (k + power + 1)) for k in range(15))
    if power == 0:
        far = -np.expm1(-safe) / safe * np.exp(-np.minimum(a, b))
    else:
        up = np.exp(-b) * (safe + np.expm1(-safe)) / safe**2  # a > b: what comes late counts
        down = np.exp(-a) * (-np.expm1(-safe) - safe * np.exp(-safe)) / safe**2
        far = np.where(x > 0, up, down)
    mean: np.ndarray = np.where(near, np.exp(-a) * series, far)
    return mean
