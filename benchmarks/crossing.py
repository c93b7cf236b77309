"""What it costs Python to call compiled code: a call that does nothing, by what it is given, and ours.

The smallest network takes part in ours: one input neuron, so that there is next to no work in a tick.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numba
import numpy as np

from benchmarks.peers import Row
from benchmarks.table import Table
from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import Input, NetworkSpec, Population

CALLS = 20_000
VERSIONS = {name: version(name) for name in ("neurobot", "numba", "numpy")}


CALLEES: dict[int, Callable[..., int]] = {
    0: lambda: 0,
    1: lambda a: 0,
    5: lambda a, b, c, d, e: 0,
    10: lambda a, b, c, d, e, f, g, h, i, j: 0,
    20: lambda a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u: 0,
    30: lambda a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E: 0,
}
"""Functions that do nothing, by the number of arrays they are given."""


def variants() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Functions and what they are called with, by name; ours first."""
    program = build(NetworkSpec(0.001, (Population("in", 1, Input()),), ()))
    core, nothing = HostCore(program), np.zeros(1)
    found: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "ours, a tick: HostCore.tick_in_place": (core.tick_in_place, ()),
        "ours, with the copy of an observation: HostCore.tick": (core.tick, (nothing,)),
    }
    for count, function in CALLEES.items():
        found[f"njit, {count} arrays"] = (numba.njit(function), tuple(np.zeros(4) for _ in range(count)))
    address = numba.cfunc("i8(i8)")(CALLEES[1]).address
    found["ctypes, one address"] = (ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address), (nothing.ctypes.data,))
    return found


def table(rounds: int) -> Table:
    """Measure in turn, round by round, after one that does not count."""
    todo = variants()
    rows = {name: Row(name, versions=VERSIONS) for name in todo}
    for k in range(rounds + 1):
        for name, (function, arguments) in todo.items():
            seconds = _seconds_a_call(function, arguments)
            if k > 0:
                rows[name].seconds.append(seconds)
    return Table("A call from Python into compiled code", list(rows.values()), "us", 1e6, {})


def _seconds_a_call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """The loop is in it: some 0.01 us."""
    gc.disable()
    start = perf_counter()
    for _ in range(CALLS):
        function(*arguments)
    seconds = perf_counter() - start
    gc.enable()
    return seconds / CALLS
