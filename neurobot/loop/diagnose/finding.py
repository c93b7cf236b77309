"""What was found, how bad it is, and the words that all findings share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Severity: TypeAlias = Literal["nothing moves", "risky", "worth knowing"]
NOTHING_MOVES: Severity
RISKY: Severity
WORTH_KNOWING: Severity
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""
NOTHING_MOVES, RISKY, WORTH_KNOWING = SEVERITIES
LISTED = 8
"""Numbers of entries or neurons that a sentence lists, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found.

    Attributes:
        severity: ``nothing moves``: this alone keeps the robot from answering to what it sees; ``risky``: the program
            may work and should not be trusted; ``worth knowing``: much that works well has it.
        what: the finding in a sentence.
        evidence: the numbers behind it.
        try_next: what to do about it first.
    """

    severity: Severity
    what: str
    evidence: str
    try_next: str


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, and those of the same severity in the order they come in."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def numbered(word: str, plural: str, which: Sequence[int]) -> str:
    """``entry 3``, ``entries 3, 5`` or ``entries 0, 1, 2, 3, 4, 5, 6, 7 and 9 more``."""
    shown = ", ".join(str(k) for k in which[:LISTED])
    more = f" and {len(which) - LISTED} more" if len(which) > LISTED else ""
    return f"{word if len(which) == 1 else plural} {shown}{more}"


def percent(share: float) -> str:
    """A share with three digits; one that is not 1 never reads 100 %."""
    return f"{100 * share:.3g} %" if share == 1 or share < 0.9995 else "99.9 %"
