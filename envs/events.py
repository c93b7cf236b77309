"""Events of an event camera as arrays, and what networks take instead: counts per cell, spikes per step.

A channel is a cell of one polarity; channels are numbered (polarity, y, x) with ON before OFF, x fastest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from neurobot.envs.checks import checked_count
from neurobot.envs.task import Array
from neurobot.errors import EnvError

Columns = tuple[Array, Array, Array, Array]

EVENT = np.dtype([("t", np.float64), ("x", np.uint16), ("y", np.uint16), ("polarity", np.bool_)], align=True)
"""One event: time [s], column and row of the pixel from the upper left corner, True for ON (brighter).

16 bytes, so that times are where the processor likes them."""

ROUNDING = 1e-9
"""Part of a step by which a time may be beyond its end and still count as on it."""


def event_columns(events: Array) -> Columns:
    """Events as one array for each field, which is how an `info` holds them.

    Gymnasium compares no structured arrays, and stacks what its vector environments find in several infos unless it is
    no array: as one array, which has another length in each, events could not be in an `info`.

    Args:
        events: (m,) of dtype EVENT.

    Returns:
        t [s], x, y and polarity, (m,) each, of the types in EVENT.
    """
    t, x, y, polarity = (events[name].copy() for name in EVENT.names or ())
    return t, x, y, polarity


def events_from_columns(columns: Sequence[Array]) -> Array:
    """The events (m,) of dtype EVENT that `event_columns` made columns of.

    Raises:
        EnvError: no four columns of the same length.
    """
    shapes = [np.shape(column) for column in columns]
    if len(shapes) != len(EVENT.names or ()) or len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise EnvError(f"columns have shapes {shapes}; there must be four of (m,): t, x, y and polarity")
    events = np.empty(shapes[0], EVENT)
    for name, column in zip(EVENT.names or (), columns, strict=True):
        events[name] = column
    return events


def event_counts(events: Array, height: int, width: int, pool: int = 1) -> Array:
    """How many events each cell of pool x pool pixels had.

    Args:
        events: (m,) of dtype EVENT, of one camera, in any order.
        height: rows of the camera [pixels].
        width: columns of the camera [pixels].
        pool: side of a cell [pixels].

    Returns:
        (2, height / pool, width / pool) int64, ON first.

    Raises:
        EnvError: no EVENT array, a pool that does not divide the camera, or events beyond its edge.
    """
    cells = _checked_cells(events, height, width, pool)
    shape = (2, height // pool, width // pool)
    return np.bincount(cells, minlength=math.prod(shape)).reshape(shape)


def spike_counts(
    events: Array, height: int, width: int, *, start: float, dt: float, steps: int, pool: int = 1
) -> Array:
    """How many events each channel had in each step.

    Step k holds the events of start + k dt < t <= start + (k + 1) dt: closed at its end, as the interval between two
    frames is, so events of consecutive frames fall into consecutive stretches of steps. Others are left out.

    Args:
        events: (m,) of dtype EVENT, of one camera, in any order.
        height: rows of the camera [pixels].
        width: columns of the camera [pixels].
        start: where the first step begins [s].
        dt: length of a step [s].
        steps: number of steps.
        pool: side of a cell [pixels].

    Returns:
        (steps, channels) int64; what is above 0 is a spike to a network that knows one spike a step.

    Raises:
        EnvError: as `event_counts`, or times that make no steps.
    """
    cells = _checked_cells(events, height, width, pool)
    if not (math.isfinite(start) and 0 < dt < math.inf):
        raise EnvError(f"start is {start!r} and dt is {dt!r}; both must be finite [s], and dt above 0")
    steps = checked_count("steps", steps)
    channels = 2 * (height // pool) * (width // pool)
    step = np.ceil((events["t"] - start) / dt - ROUNDING) - 1
    now = (step >= 0) & (step < steps)
    places = step[now].astype(np.int64) * channels + cells[now]
    return np.bincount(places, minlength=steps * channels).reshape(steps, channels)


def spike_list(counts: Array, dt: float) -> tuple[Array, Array]:
    """Spikes as a list, one for each channel and step that had events.

    Args:
        counts: (steps, channels), of `spike_counts`.
        dt: length of a step [s].

    Returns:
        times: (m,) float64 [s], when the step begins, from 0 at the first step; sorted.
        channels: (m,) int64.
    """
    steps, channels = np.nonzero(counts)
    return steps * dt, channels


def _checked_cells(events: Array, height: int, width: int, pool: int) -> Array:
    """The channel of each event, (m,) int64."""
    if not isinstance(events, np.ndarray) or events.dtype != EVENT or events.ndim != 1:
        what = f"{events.dtype} of shape {events.shape}" if isinstance(events, np.ndarray) else repr(events)
        raise EnvError(f"events are {what}; give an array (m,) of dtype neurobot.envs.EVENT, the events of one camera")
    height, width, pool = checked_count("height", height), checked_count("width", width), checked_count("pool", pool)
    if height % pool or width % pool:
        raise EnvError(f"pool is {pool}; it must divide height and width, which are {height} and {width}")
    x, y = events["x"].astype(np.int64), events["y"].astype(np.int64)
    if events.size and (x.max() >= width or y.max() >= height):
        raise EnvError(
            f"an event is at x = {x.max()} or y = {y.max()}; the camera has {width} columns and {height} rows, give"
            " those of the camera that saw the events"
        )
    rows, columns = height // pool, width // pool
    cells: Array = (~events["polarity"] * rows + y // pool) * columns + x // pool
    return cells
