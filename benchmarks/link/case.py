"""The tables of the line to a board."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.link import faults, safety, trips

PARTS = {
    "trips": "round trips of ticks beside a host with pyserial's read_until",
    "load": "a board that has lost its image",
    "faults": "faults on the line, in real time",
    "safety": "hosts that are gone",
}


def main(parts: Sequence[str], rounds: int, ticks: int, seed: int) -> None:
    """Print the tables of some parts.

    Args:
        parts: of `PARTS`.
        rounds: of each measurement.
        ticks: with each kind of fault.
        seed: of the faults.
    """
    if "trips" in parts:
        trips.measure(rounds)
    if "load" in parts:
        trips.measure_load(rounds)
    if "faults" in parts:
        faults.measure(ticks, seed)
    if "safety" in parts:
        safety.measure(rounds)
