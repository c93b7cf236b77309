"""What a caller gives as an observation or a reward: as numbers, or refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurobot.errors import ObservationError

REAL = "fiub"
"""Kinds of NumPy's types that an observation may have: floats, integers and bool."""


def as_array(observation: Any) -> np.ndarray:
    """An array of something; ObservationError if it is none."""
    try:
        return np.asarray(observation)
    except (TypeError, ValueError):
        kind = type(observation).__name__
        raise ObservationError(f"the observation is no array of numbers, but a {kind}") from None


def finite(reward: float) -> float:
    """The reward; ObservationError if it is not finite."""
    if not math.isfinite(reward):
        raise ObservationError(f"the reward is {reward}; it must be finite")
    return reward


def is_real(x: np.ndarray) -> bool:
    """Whether it holds numbers that an observation may have."""
    return x.dtype.kind in REAL
