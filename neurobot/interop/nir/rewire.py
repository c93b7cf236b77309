"""Undoing the one way of wiring recurrence that is not what was meant."""

from __future__ import annotations

from dataclasses import replace

from neurobot.interop.nir.graph import NEURONS, Flat
from neurobot.interop.nir.report import Notes


def input_past_recurrence(flat: Flat, notes: Notes) -> Flat:
    """Lead the Input of a recurrent sub-graph to its neurons, where it leads through their recurrent weights.

    Spyx writes input -> w_rec, w_rec -> cell, cell -> w_rec, though its layers add the input to the feedback.
    """
    before = flat.before()
    after: dict[str, list[str]] = {name: [] for name in flat.nodes}
    for source, target in flat.edges:
        after[source].append(target)
    edges = []
    for source, target in flat.edges:
        cell = after[target][0] if after[target] else ""
        loop = flat.kind(target) in ("Linear", "Affine") and after[target] == [cell] and cell in before[target]
        if loop and flat.kind(source) == "Pass" and after[source] == [target] and flat.kind(cell) in NEURONS:
            notes.assume("the input of a recurrent sub-graph does not pass its recurrent weights", target)
            target = cell
        edges.append((source, target))
    return replace(flat, edges=tuple(edges))
