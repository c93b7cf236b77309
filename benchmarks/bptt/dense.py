"""Ours, with every product by BLAS: how near to the dense limit it comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.bptt import ours
from neurobot.train.surrogate import passes, products

VERSIONS = ours.VERSIONS


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    passes.EVENTS_BELOW = products.OUTER_BELOW = 0.0
    return ours.prepare(data)
