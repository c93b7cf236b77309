"""Infos of many environments as gymnasium lays them out: for each key an array, and under `_key` who has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobot.envs.task import Array, Info


def start(values: Info, mask: Array) -> dict[str, Any]:
    """Begin an info with the rows that the mask selects. Takes the arrays over and zeroes their other rows."""
    info: dict[str, Any] = {}
    if not mask.any():
        return info
    others = None if mask.all() else ~mask
    for key, value in values.items():
        if others is not None:
            value[others] = _nothing(value)
        info[key] = value
        info["_" + key] = mask.copy()
    return info


def add(info: dict[str, Any], values: Info, mask: Array) -> None:
    """Put the rows of `values` that the mask selects into an info; rows nobody wrote are zero."""
    if not mask.any():
        return
    for key, value in values.items():
        if key not in info:
            info[key] = np.full_like(value, _nothing(value))
            info["_" + key] = np.zeros(mask.size, np.bool_)
        info[key][mask] = value[mask]
        info["_" + key] |= mask


def add_objects(info: dict[str, Any], key: str, values: dict[int, Any], num_envs: int) -> None:
    """Put one Python object for some environments into `info`; the others have None."""
    column = np.full(num_envs, None, dtype=object)
    mask = np.zeros(num_envs, np.bool_)
    for i, value in values.items():
        column[i] = value
        mask[i] = True
    info[key], info["_" + key] = column, mask


def take(info: dict[str, Any], mask: Array) -> dict[str, Any]:
    """Move the rows that the mask selects out of `info` into an info of their own; keys that nobody has left go.

    `physics_error` is copied rather than moved: whoever looks for it finds it in the same place in every mode.
    """
    taken: dict[str, Any] = {}
    for key in [key for key in info if not key.startswith("_")]:
        rows = info["_" + key] & mask
        if not rows.any():
            continue
        empty = _nothing(info[key])
        taken[key] = np.full_like(info[key], empty)
        taken[key][rows] = info[key][rows]
        taken["_" + key] = rows
        if key == "physics_error":
            continue
        info[key][rows] = empty
        info["_" + key] &= ~rows
        if not info["_" + key].any():
            del info[key], info["_" + key]
    return taken


def _nothing(values: Array) -> Any:
    """What a row holds that an environment does not have."""
    return None if values.dtype == object else 0
