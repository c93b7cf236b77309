"""Ticks as they lie in a ring, made into the arrays of a recording, and into its files.

A part is the columns of some ticks and their kept spikes as (row, step, neuron), rows from 0. Parts are joined into
larger ones; a chunk is a part that became a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from neurobot.files import write_atomically
from neurobot.loop.recording import FORMAT, Arrays, Header, tick_dtype
from neurobot.loop.ring import Records

NAME = "ticks-{:06d}.safetensors"


def part_of(records: Records, header: Header) -> Arrays:
    """A copy of ticks in a ring."""
    part: Arrays = {name: records[name].copy() for name in header.columns()}
    kept = records["kept"]
    longest = int(kept.max(initial=0))
    pairs = records["spikes"][:, :longest][np.arange(longest) < kept[:, None]]
    part["spikes"] = np.column_stack((np.repeat(np.arange(len(records)), kept), pairs)).astype(np.int32)
    return part


def nothing(header: Header) -> Arrays:
    """A part without ticks, whose arrays have the right shapes."""
    return part_of(np.zeros(0, tick_dtype(header)), header)


def join(parts: Sequence[Arrays]) -> Arrays:
    """One part of several, at least one."""
    out = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "spikes"}
    first = np.cumsum([0, *(len(part["tick"]) for part in parts)])
    rows = [part["spikes"] + np.array([row, 0, 0], np.int32) for row, part in zip(first, parts, strict=False)]
    return out | {"spikes": np.concatenate(rows)}


def cut(part: Arrays, first: int, stop: int) -> Arrays:
    """The rows of a part from one up to another."""
    spikes = part["spikes"]
    low, high = np.searchsorted(spikes[:, 0], (first, stop))
    out = {name: array[first:stop] for name, array in part.items() if name != "spikes"}
    return out | {"spikes": spikes[low:high] - np.array([first, 0, 0], np.int32)}


def write_chunk(folder: Path, number: int, header: Header, part: Arrays) -> None:
    """Write a part as a file of a recording. OSError if that fails."""
    metadata = {"neurobot_recording": str(FORMAT), "header": header.to_json()}
    arrays = {name: np.ascontiguousarray(array) for name, array in part.items()}
    write_atomically(folder / NAME.format(number), save(arrays, metadata))
