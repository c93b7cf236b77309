"""What is wrong with actions: at rest, at a limit, always the same, or too slow for what the network wants."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurobot.loop.diagnose.finding import NOTHING_MOVES, RISKY, WORTH_KNOWING, Finding, numbered, percent
from neurobot.loop.diagnose.seen import Array, Seen

AT_REST = 0.01
"""How far from rest an action must come to count as one, as a share of its limits."""
ROUNDING = 1e-6
"""Of limits, as a share of them."""
OFTEN = 0.5
"""Share of ticks that is worth knowing."""
STUCK = 0.95
"""Share of ticks at one and the same limit, from which on a dimension does nothing else."""


def action_findings(seen: Seen) -> Iterator[Finding]:
    """Of all ticks in which the network acted."""
    sent, wanted = seen.recording.sent[seen.ran], seen.recording.wanted[seen.ran]
    if len(sent) < 2:
        return
    if seen.program.discrete:
        yield from _one_choice(seen, sent[:, 0])
        return
    low, high, rest, slew = (seen.program.param(f"decoder.{name}") for name in ("low", "high", "rest", "slew"))
    tolerance = ROUNDING * (high - low)
    still = np.abs(sent - rest).max(axis=0) < AT_REST * (high - low) / 2
    yield from _at_rest(seen, sent, still)
    at_low, at_high = (sent <= low + tolerance).mean(axis=0), (sent >= high - tolerance).mean(axis=0)
    constant = ~still & (np.ptp(sent, axis=0) <= tolerance)
    yield from _constant(sent, constant)
    stuck = ~still & ~constant & (np.maximum(at_low, at_high) >= STUCK)
    yield from _stuck(stuck, at_low, at_high, low, high)
    yield from _saturated(~still & ~stuck & ~constant & (at_low + at_high > OFTEN), at_low, at_high, low, high)
    behind = np.abs(np.clip(wanted, low, high) - sent)
    late = (behind > tolerance).mean(axis=0)
    yield from _slewed(seen, late, np.where(behind > tolerance, behind, 0.0), slew)


def _one_choice(seen: Seen, sent: Array) -> Iterator[Finding]:
    choices, counts = np.unique(sent, return_counts=True)
    if len(choices) > 1:
        return
    rest, size = seen.spec.decoder.rest, seen.spec.decoder.size  # type: ignore[union-attr]
    is_rest = ", which is also that of a silent network" if choices[0] == rest else ""
    yield Finding(
        severity=NOTHING_MOVES,
        what=f"the action is always choice {choices[0]:g}{is_rest}",
        evidence=f"in all of {counts[0]} ticks, of {size} choices",
        try_next=f"look at the spikes of {seen.spec.decoder.population!r} by choice; train longer, or from another "
        "seed, if one group always wins",
    )


def _at_rest(seen: Seen, sent: Array, still: Array) -> Iterator[Finding]:
    which = np.flatnonzero(still)
    if not which.size:
        return
    rest = seen.program.param("decoder.rest")
    far = np.abs(sent - rest).max(axis=0)
    everything = bool(still.all())
    word = "leaves" if which.size == 1 or everything else "leave"
    subject = "the action" if everything else f"{_dimensions(which)} of the action"
    yield Finding(
        severity=NOTHING_MOVES if everything else RISKY,
        what=f"{subject} {'never' if not far[which].any() else 'hardly'} {word} rest",
        evidence=f"in {len(sent)} ticks it is away by at most "
        + ", ".join(f"{far[a]:.3g} from {rest[a]:.4g}" for a in which[:5].tolist()),
        try_next=f"see whether {seen.spec.decoder.population!r} is active; raise the decoder's gain or weights into it",
    )


def _stuck(stuck: Array, at_low: Array, at_high: Array, low: Array, high: Array) -> Iterator[Finding]:
    which = np.flatnonzero(stuck)
    if which.size:
        yield Finding(
            severity=RISKY if stuck.all() else WORTH_KNOWING,
            what=f"{_dimensions(which)} of the action {'stays' if which.size == 1 else 'stay'} at one limit",
            evidence=_at_limits(which, at_low, at_high, low, high),
            try_next="look for a sign or a scale that is wrong: an observation outside of its field, limits in another "
            "unit; else lower the decoder's gain",
        )


def _constant(sent: Array, constant: Array) -> Iterator[Finding]:
    which = np.flatnonzero(constant)
    if which.size:
        yield Finding(
            severity=NOTHING_MOVES if constant.all() else RISKY,
            what="the action never changes"
            if constant.all()
            else f"{_dimensions(which)} of the action never {'changes' if which.size == 1 else 'change'}",
            evidence=f"over {len(sent)} ticks: " + ", ".join(f"{sent[0, a]:.4g}" for a in which[:5].tolist()),
            try_next="see whether observations change, and whether what they excite reaches the decoder",
        )


def _saturated(often: Array, at_low: Array, at_high: Array, low: Array, high: Array) -> Iterator[Finding]:
    which = np.flatnonzero(often)
    if which.size:
        yield Finding(
            severity=WORTH_KNOWING,
            what=f"{_dimensions(which)} of the action {'is' if which.size == 1 else 'are'} at a limit most of the time",
            evidence=_at_limits(which, at_low, at_high, low, high),
            try_next="bang-bang control can be meant; if it is not, lower the decoder's gain",
        )


def _slewed(seen: Seen, late: Array, behind: Array, slew: Array) -> Iterator[Finding]:
    which = np.flatnonzero(late > OFTEN)
    if not which.size:
        return
    period = seen.program.control_period
    details = "; ".join(
        f"dimension {a} in {percent(late[a])} of the ticks, by {behind[:, a].sum() / (behind[:, a] > 0).sum():.4g} on "
        f"average, at {slew[a] / period:.4g} a second"
        for a in which[:5].tolist()
    )
    yield Finding(
        severity=RISKY,
        what=f"{_dimensions(which)} of the action {'is' if which.size == 1 else 'are'} behind what the network wants "
        "most of the time: the slew rate limits it",
        evidence=details,
        try_next="raise limits.slew if the actuator can do it; else train with this limit, or read out with a longer "
        "filter, so that the network wants what is possible",
    )


def _at_limits(which: Array, at_low: Array, at_high: Array, low: Array, high: Array) -> str:
    return "; ".join(
        f"dimension {a}: at {low[a]:.4g} in {percent(at_low[a])} of the ticks, at {high[a]:.4g} in "
        f"{percent(at_high[a])}"
        for a in which[:5].tolist()
    )


def _dimensions(which: Array) -> str:
    return numbered("dimension", "dimensions", which.tolist())
