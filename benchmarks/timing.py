"""How a peer times calls of some microseconds."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

LEAST = 0.2
"""Whole episodes are repeated for this long [s], so that a fast peer is not measured while the processor wakes up."""


def per_call(restart: Callable[[], Any], step: Callable[[Any], Any], inputs: Iterable[Any]) -> float:
    """Median time of `step` [s] over episodes of all inputs, each after `restart`."""
    times: list[float] = []
    end = perf_counter() + LEAST
    gc.disable()
    while not times or perf_counter() < end:
        restart()
        for given in inputs:
            start = perf_counter()
            step(given)
            times.append(perf_counter() - start)
    gc.enable()
    return statistics.median(times)
