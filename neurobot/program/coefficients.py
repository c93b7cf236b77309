"""From a neuron model's parameters to the coefficients of the one update (see `neurobot.spec.neurons`)."""

from __future__ import annotations

import numpy as np

from neurobot.program.model_coefficients import model_coefficients
from neurobot.spec.check import Values, as_array
from neurobot.spec.custom import Custom
from neurobot.spec.network import Population
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF


def coefficients(population: Population, dt: float) -> dict[str, np.ndarray]:
    """Coefficients by name, (n,) float64 each.

    ``b`` for all models, ``alpha, lam`` for the linear ones, ``kappa, beta, mu`` for CubaLIF, the same with ``_in`` and
    ``lam_in`` for its second receptor, ``theta, to`` for those that spike,
    where ``to`` is what v is reset to, or what is subtracted from it; ``init`` is v_init. Those of Custom are its
    parameters, and ``u_init`` for every other state variable u. The others are told in
    `neurobot.program.model_coefficients`.

    P21 is the exact propagator of the current into v over a step, r tau_syn / (tau_syn - tau_mem)
    (exp(-dt/tau_syn) - exp(-dt/tau_mem)), written so that tau_syn = tau_mem is its limit, not a division
    by zero (Rotter & Diesmann, Biological Cybernetics 81, 1999).
    """
    model, n = population.model, population.n
    if isinstance(model, Custom):
        return _custom(model, population)
    if not isinstance(model, IF | LIF | CubaLIF | LI):
        return model_coefficients(population, dt)
    r, leak = as_array(model.r, n), as_array(getattr(model, "v_leak", 0.0), n)
    bias = as_array(population.bias, n)
    if isinstance(model, IF):
        alpha, gain = np.ones(n), r * dt
        b = gain * bias
    else:
        tau = as_array(model.tau_mem, n)
        alpha, gain = np.exp(-dt / tau), -np.expm1(-dt / tau) * r
        b = -np.expm1(-dt / tau) * (leak + r * bias)
    out = {"alpha": alpha, "b": b}
    out["init"] = leak if population.v_init is None else as_array(population.v_init, n)
    if isinstance(model, CubaLIF):
        out |= _current(model, n, dt, r)
    else:
        out["lam"] = {"current": gain, "jump": np.ones(n), "jump_then_decay": alpha}[model.input]
    if not isinstance(model, LI):
        out["theta"] = as_array(model.v_threshold, n)
        down = out["theta"] if model.v_subtract is None else as_array(model.v_subtract, n)
        out["to"] = down if model.reset == "subtract" else as_array(model.v_reset, n)
    return out


def _custom(model: Custom, population: Population) -> dict[str, np.ndarray]:
    n, init = population.n, {name: as_array(model.init.get(name, 0.0), population.n) for name in model.neuron.state}
    v = init.pop("v") if population.v_init is None else as_array(population.v_init, n)
    out = {"init": v} | {f"{name}_init": value for name, value in init.items()}
    out |= {name: as_array(value, n) for name, value in model.params.items()}
    if "b" in out:
        out["b"] = out["b"] + as_array(population.bias, n)
    return out


def _current(model: CubaLIF, n: int, dt: float, r: np.ndarray) -> dict[str, np.ndarray]:
    out = _receptor(model, model.tau_syn, n, dt, r)
    if model.tau_syn_in is not None:
        second = _receptor(model, model.tau_syn_in, n, dt, r)
        out |= {f"{name}_in": value for name, value in second.items()}
    return out


def _receptor(model: CubaLIF, tau_syn: Values, n: int, dt: float, r: np.ndarray) -> dict[str, np.ndarray]:
    mem, syn, w_in = as_array(model.tau_mem, n), as_array(tau_syn, n), as_array(model.w_in, n)
    beta = np.exp(-dt / syn)
    x = dt * np.abs(1 / mem - 1 / syn)
    p21 = (
        r
        * np.exp(-dt / np.maximum(mem, syn))
        * dt
        / mem
        * np.where(x == 0, 1.0, -np.expm1(-x) / np.where(x == 0, 1.0, x))
    )
    one = np.ones(n)
    kappa, lam, mu = {
        "start": (p21, p21 * w_in, beta * w_in),
        "end": (p21, 0 * one, w_in),
        "unscaled": (one, w_in, beta * w_in),
        "held": (p21, w_in * (-np.expm1(-dt / mem) * r - p21), -np.expm1(-dt / syn) * w_in),
    }[model.input]
    return {"kappa": kappa, "lam": lam, "mu": mu, "beta": beta}


def refractory_steps(population: Population, dt: float) -> np.ndarray:
    """t_ref in steps, (n,) int32."""
    t_ref = as_array(getattr(population.model, "t_ref", 0.0), population.n)
    return np.rint(t_ref / dt).astype(np.int32)
