"""By how much weights moved, which shows whether peers learn alike; numpy only, for every peer's environment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

MEAN, SPREAD = "Δw, mean [%]", "Δw, std [%]"


def moved(data: Mapping[str, np.ndarray], weights: np.ndarray, before: np.ndarray | float) -> dict[str, float]:
    """Mean and standard deviation of the changes over synapses, in per cent of the largest weight allowed.

    Args:
        data: with ``w_max``.
        weights: at the end, of every synapse, in any shape.
        before: at the start, in the same shape or one number.
    """
    change = 100 * (np.asarray(weights, np.float64) - before) / float(data["w_max"])
    return {MEAN: float(change.mean()), SPREAD: float(change.std())}
