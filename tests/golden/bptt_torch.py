"""The networks of `tests.golden.bptt_cases` in torch, whose gradients autograd finds by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from tests.golden.bptt_cases import DT, RISE, TAU_MEM, TAU_SYN, TAU_THETA, THRESHOLD, Case, arrays


class Spike(torch.autograd.Function):
    """H(u), and a surrogate for its derivative."""

    @staticmethod
    def forward(ctx: Any, u: Any, case: Case) -> Any:
        """1 where u > 0."""
        ctx.save_for_backward(u)
        ctx.case = case
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        """g times the surrogate."""
        (u,), k = ctx.saved_tensors, ctx.case.slope
        if ctx.case.surrogate == "fast_sigmoid":
            return g / (1 + k * u.abs()) ** 2, None
        return g * k / 2 / (1 + (math.pi / 2 * k * u) ** 2), None


def logit(tau: float, n: int) -> Any:
    """The free number of a decay, once for each neuron."""
    decay = math.exp(-DT / tau)
    return torch.full((n,), math.log(decay / (1 - decay)), dtype=torch.float64, requires_grad=True)


def gradients(case: Case) -> dict[str, np.ndarray]:
    """Spikes of a and out; gradients of weights, b, the logits of decays and the logarithm of the threshold of a."""
    given = {name: torch.from_numpy(array) for name, array in arrays().items()}
    free = {name: given[name].clone().requires_grad_() for name in ("w_in", "w_rec", "w_out", "b")}
    n = len(free["b"])
    free |= {"tau_mem": logit(TAU_MEM, n), "v_threshold": torch.zeros(n, dtype=torch.float64, requires_grad=True)}
    if case.model == "cuba":
        free["tau_syn"] = logit(TAU_SYN, n)
    if case.model == "alif":
        free["tau_theta"] = logit(TAU_THETA, n)
    a, v, out = run(case, given["spikes"], free)
    loss = (a * given["seed_a"]).sum() + (v * given["seed_v"]).sum() + (out * given["seed_out"]).sum()
    loss.backward()
    return {"a": a.detach().numpy(), "out": out.detach().numpy()} | {
        name: variable.grad.numpy() for name, variable in free.items()
    }


def run(case: Case, spikes: Any, free: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Spikes and membranes of a, and spikes of out, (T, B, n) each."""
    alpha, theta0 = torch.sigmoid(free["tau_mem"]), THRESHOLD * torch.exp(free["v_threshold"])
    beta = torch.sigmoid(free["tau_syn"]) if case.model == "cuba" else None
    fall = torch.sigmoid(free["tau_theta"]) if case.model == "alif" else None
    alpha0, base = math.exp(-DT / TAU_MEM), free["b"]
    b = base * (1 - alpha) / (1 - alpha0)  # b follows the decay, so that the resting potential stays
    v = i = h = z = torch.zeros(spikes.shape[1], len(base), dtype=torch.float64)
    v_out = torch.zeros(spikes.shape[1], len(free["w_out"]), dtype=torch.float64)
    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for row in spikes:
        s = row @ free["w_in"].T + z @ free["w_rec"].T
        if beta is not None:
            i = i + s
            v, i = alpha * v + i + b, beta * i
        else:
            v = alpha * v + s + b
        h = fall * h if fall is not None else h
        z = Spike.apply(v - theta0 - h, case)
        h = h + RISE * z if fall is not None else h
        down = z if case.attached else z.detach()
        v = v - down * (theta0 if case.subtract else v)
        v_out = alpha0 * v_out + z @ free["w_out"].T
        z_out = Spike.apply(v_out - THRESHOLD, case)
        v_out = v_out - (z_out if case.attached else z_out.detach()) * v_out
        for part, value in zip(found, (z, v, z_out), strict=True):
            part.append(value)
    return torch.stack(found[0]), torch.stack(found[1]), torch.stack(found[2])
