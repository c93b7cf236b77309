"""What the torch peers have in common: loss, optimiser, check and timing. A peer is its network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.bptt.check import note, per_step


class FastSigmoid(torch.autograd.Function):
    """A spike forward; its surrogate backward, as the papers write it."""

    @staticmethod
    def forward(ctx: Any, u: Any, slope: float) -> Any:
        """1 where u > 0."""
        ctx.save_for_backward(u)
        ctx.slope = slope
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        """g / (1 + slope |u|)^2."""
        (u,) = ctx.saved_tensors
        return g / (1 + ctx.slope * u.abs()) ** 2, None


def prepare(data: dict[str, np.ndarray], make: Callable[[list[Any]], Callable[[Any], list[Any]]]) -> Any:
    """A peer from its network.

    Args:
        data: see `benchmarks.bptt.case.data`.
        make: from three bias-free `torch.nn.Linear` to a function from spikes (T, B, 64) to those of all layers,
            (T, B, n) each, or sums over T.
    """
    torch.set_num_threads(1)
    linears = [torch.nn.Linear(*data[f"w{k}"].shape[::-1], bias=False) for k in range(3)]
    weights = [linear.weight for linear in linears]
    network = make(linears)
    spikes, labels = torch.from_numpy(data["spikes"]).float(), torch.from_numpy(data["labels"])
    optimiser = None

    def restart() -> None:
        nonlocal optimiser
        for k, weight in enumerate(weights):
            weight.data = torch.from_numpy(data[f"w{k}"].copy())
        optimiser = torch.optim.Adam(weights, lr=float(data["rate"]), fused=True)

    def backward(x: Any, y: Any) -> None:
        for weight in weights:
            weight.grad = None
        torch.nn.functional.cross_entropy(network(x)[-1], y).backward()

    def step() -> None:
        backward(spikes, labels)
        optimiser.step()  # type: ignore[attr-defined]

    restart()
    few = int(data["checked"])
    backward(spikes[:, :few].contiguous(), labels[:few])
    told = note([weight.grad.numpy() for weight in weights], data)

    def run() -> dict[str, Any]:
        seconds = per_step(restart, step)
        restart()
        with torch.no_grad():
            counts = [int(layer.sum()) for layer in network(spikes)]
        return {"seconds": seconds, "spikes": dict(zip(("one", "two", "out"), counts, strict=True)), "note": told}

    return run
