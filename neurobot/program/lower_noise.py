"""Lowering of noise currents."""

from __future__ import annotations

import numpy as np

from neurobot.kernels import ops
from neurobot.program.lowered import Lowered
from neurobot.spec.check import as_array
from neurobot.spec.network import Population
from neurobot.spec.neuron_models import Izhikevich
from neurobot.spec.neurons import IF

STREAM = 0x100
"""Stream of chance of the first population; below it are those of encoders."""
COEFFICIENTS = ("noise_rho", "noise_scale", "noise_std", "noise_gain")


def noise_blocks(low: Lowered, p: Population) -> None:
    """Reserve the blocks of a population's noise."""
    if p.noise is not None:
        low.state.add(f"{p.name}.noise", p.n)
        low.params.rows([f"{p.name}.{name}" for name in COEFFICIENTS], p.n)


def noise(low: Lowered, p: Population) -> None:
    """The row that adds a population's noise to v, ahead of its update."""
    if p.noise is None:
        return
    at = {"n": p.n, "v_at": low.state.at(f"{p.name}.v"), "noise_at": low.state.at(f"{p.name}.noise")}
    at |= {"coef_at": low.params.at(f"{p.name}.noise_rho"), "stream": STREAM + low.network.index(p.name)}
    at |= {"wait_at": low.state.at(f"{p.name}.wait") if low.waits(p) else -1}
    at["held"] = 2 if getattr(p.model, "input", "") == "jump_then_decay" else 1
    low.step.append(ops.row("NOISE", **at))


def noise_coefficients(p: Population, dt: float) -> dict[str, np.ndarray]:
    """Coefficients of a population's noise by name, (n,) float64 each; none without noise.

    ``noise_gain`` is what a current of 1 adds to v right before the update, so that this update makes it
    (1 - alpha) r, or r dt for IF; for models that are not linear dt / c_m, and dt in ms for Izhikevich.
    """
    if p.noise is None:
        return {}
    std, tau, r = as_array(p.noise.std, p.n), as_array(p.noise.tau, p.n), as_array(getattr(p.model, "r", 1.0), p.n)
    slow = tau > 0
    ratio = dt / np.where(slow, tau, 1.0)
    out = {"noise_std": std, "noise_rho": np.where(slow, np.exp(-ratio), 0.0)}
    out["noise_scale"] = np.where(slow, std * np.sqrt(-np.expm1(-2 * ratio)), std)
    if isinstance(p.model, Izhikevich):
        return out | {"noise_gain": np.full(p.n, dt * 1e3)}
    if hasattr(p.model, "c_m"):
        return out | {"noise_gain": dt / as_array(p.model.c_m, p.n)}
    if isinstance(p.model, IF):
        return out | {"noise_gain": r * dt}
    return out | {"noise_gain": r * np.expm1(dt / as_array(getattr(p.model, "tau_mem", 1.0), p.n))}
