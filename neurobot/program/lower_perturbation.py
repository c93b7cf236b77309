"""Lowering of weights that are perturbed: `neurobot.spec.perturbation_rule`."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.ops import MODULATION, PERTURBATION
from neurobot.program.lowered import Lowered
from neurobot.spec.network import Projection
from neurobot.spec.perturbation_rule import WeightPerturbation

STREAM = 0x10000000
"""Stream of chance of the first projection; below it are those of encoders and populations."""


def perturbation_blocks(low: Lowered, name: str, size: tuple[int, ...], stride: int) -> None:
    """Reserve the blocks of a projection beside its weights, each of which is (size) with rows `stride` apart."""
    low.params.run({f"{name}.rule": PERTURBATION, f"{name}.modulation": MODULATION, f"{name}.factor_init": 2})
    for part in ("e", "xi", "transmitted"):
        low.state.add(f"{name}.{part}", *size, stride=stride)
    low.state.run({f"{name}.factor": 2, f"{name}.baseline": 2, f"{name}.level": 1, f"{name}.lack": 1})


def perturb(low: Lowered, q: Projection, shared: Mapping[str, int], period: int) -> list[int]:
    """The row that draws noise, after those that change the weights.

    Args:
        low: what has been lowered so far.
        q: the projection.
        shared: operands of all ops of a projection that learns.
        period: steps of a tick.
    """
    parts = {"e_at": "e", "noise_at": "xi", "sent_at": "transmitted", "lack_at": "lack"}
    at = dict(shared) | {operand: low.state.at(f"{q.name}.{part}") for operand, part in parts.items()}
    at |= {"coef_at": low.params.at(f"{q.name}.rule"), "period": period}
    return ops.row("PERTURB", **at, stream=STREAM + low.network.projections.index(q))


def perturbation_coefficients(rule: WeightPerturbation, span: float) -> np.ndarray:
    """Of PERTURB, in the order of `neurobot.kernels.ops.PERTURBATION`; a tick is `span` [s]."""
    ratio = span / rule.tau if rule.tau else math.inf
    scale = rule.std * math.sqrt(-math.expm1(-2 * ratio))
    keep_e = math.exp(-span / rule.tau_e) if rule.tau_e else 0.0
    return np.array([math.exp(-ratio), scale, rule.std, keep_e, rule.usual or 0.0, math.exp(-span / rule.tau_mean)])
