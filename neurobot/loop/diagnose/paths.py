"""From the encoder's population to the decoded one: where activity goes, and where it ends.

A projection with a non-zero weight, or with a rule that may make one, leads from one population to the next. What the
encoder's population sends goes on through every population that spikes, and ends at those that never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurobot.loop.diagnose.finding import NOTHING_MOVES, RISKY, WORTH_KNOWING, Finding, Severity
from neurobot.loop.diagnose.seen import Seen
from neurobot.program import Program
from neurobot.spec.decoders import Highest, Membrane
from neurobot.spec.network import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far activity comes.

    Attributes:
        leading: projections that lead on.
        silent: names of the populations that are meant to spike and never did.
        reachable: names of the populations that projections lead to from the encoder's.
        reached: names of those that something arrives at: all between is awake.
        arrives: whether it arrives at the decoder.
    """

    leading: tuple[Projection, ...]
    silent: frozenset[str]
    reachable: frozenset[str]
    reached: frozenset[str]
    arrives: bool


def walk(seen: Seen) -> Walk:
    """Follow the activity of a recording through the projections of its program."""
    leading = tuple(q for q in seen.spec.network.projections if seen.senders(q).any())
    silent = frozenset(p.name for p in seen.spiking if not seen.spikes[seen.part(p.name)].any())
    start, end = seen.spec.encoder.population, seen.spec.decoder.population
    reached = _closure(start, leading, silent)
    reads_v = isinstance(seen.spec.decoder, Membrane | Highest)
    return Walk(
        leading=leading,
        silent=silent,
        reachable=_closure(start, leading, frozenset()),
        reached=reached,
        arrives=end in reached and (reads_v or end not in silent),
    )


def path_findings(seen: Seen) -> Iterator[Finding]:
    """No path from input to output, and populations that never spiked."""
    if not seen.whole.any():
        return  # spikes are not known
    way = walk(seen)
    severity: Severity = RISKY if seen.moves else NOTHING_MOVES
    if seen.spec.decoder.population not in way.reachable:
        yield _no_path(seen, way, severity)
    for name in seen.spec.network.names:
        if name in way.silent and name in way.reached:
            yield _silent(seen, way, name, RISKY if way.arrives else severity)
        elif name in way.silent and name not in way.reachable and way.arrives:
            yield _undriven(name)


def _no_path(seen: Seen, way: Walk, severity: Severity) -> Finding:
    start, end = seen.spec.encoder.population, seen.spec.decoder.population
    names = [name for name in seen.spec.network.names if name in way.reachable]
    zero = [q.name for q in seen.spec.network.projections if q.pre in way.reachable and q.post not in way.reachable]
    where = f"the weights of {', '.join(zero)} are all 0" if zero else "no projection leads on"
    return Finding(
        severity=severity,
        what=f"no path of non-zero weights leads from the input {start!r} to the output {end!r}: no action depends on "
        "an observation",
        evidence=f"from {start!r} weights lead to {', '.join(map(repr, names[1:])) or 'nothing'}; there {where}",
        try_next="give weights to what is 0, or load a program that is trained"
        if zero
        else f"add a projection to {end!r}, or name the population that is meant as the decoder's",
    )


def _silent(seen: Seen, way: Walk, name: str, severity: Severity) -> Finding:
    ticks = int(np.count_nonzero(seen.whole))
    n = seen.spec.network.population(name).n
    end = seen.spec.decoder.population
    stops = "" if way.arrives else ": the activity ends here"
    stops += "" if way.arrives or name == end else f", and nothing arrives at the output {end!r}"
    counted = f"0 spikes of {n} neurons in {ticks} ticks"
    if name == seen.spec.encoder.population:
        return Finding(
            severity=severity,
            what=f"the input {name!r} never spiked{stops}",
            evidence=f"{counted}; its code is {type(seen.spec.encoder.code).__name__}",
            try_next="compare the observation with the field's range: one in its middle excites no channel of Direct, "
            "and one that rests sends nothing by Delta; raise max_rate, or lower the code's threshold",
        )
    into = [q for q in way.leading if q.post == name and q.pre in way.reached and q.pre not in way.silent]
    weights = "; ".join(_said(seen.program, q) for q in into)
    return Finding(
        severity=severity,
        what=f"population {name!r} never spiked{stops}",
        evidence=f"{counted}; {_membranes(seen, name)}{weights}",
        try_next=f"make the weights of {' and '.join(q.name for q in into)} larger, lower v_threshold of {name!r}, or "
        "give it a bias; then train again",
    )


def _undriven(name: str) -> Finding:
    return Finding(
        severity=WORTH_KNOWING,
        what=f"population {name!r} never spiked: no path of non-zero weights leads to it from the input",
        evidence="its neurons have nothing to do with the action",
        try_next="leave it out, or project to it",
    )


def _membranes(seen: Seen, name: str) -> str:
    """How close the membranes came to their threshold, where there is one."""
    block = seen.program.blocks["params"].get(f"{name}.theta")
    if block is None:
        return ""
    v = seen.recording.membrane[seen.ran, seen.part(name)]
    theta = np.broadcast_to(block.of(seen.program.params), v.shape[1:])
    nearest = int(np.argmin(theta - v.max(axis=0)))
    most = v.max(axis=0)[nearest]
    return f"at the end of a tick no membrane is nearer to its threshold of {theta[nearest]:.4g} than at {most:.4g}; "


def _said(program: Program, q: Projection) -> str:
    w = program.synapses_of(q.name).weights
    return f"{np.count_nonzero(w)} of {w.size} weights of {q.name} are not 0, from {w.min():.4g} to {w.max():.4g}"


def _closure(start: str, leading: tuple[Projection, ...], silent: frozenset[str]) -> frozenset[str]:
    """What projections lead to from a population, through populations that are not silent."""
    found = {start}
    while True:
        new = {q.post for q in leading if q.pre in found and q.pre not in silent} - found
        if not new:
            return frozenset(found)
        found |= new
