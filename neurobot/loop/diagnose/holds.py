"""Ticks whose action was held, and episodes that ended in a fault, with the reasons that the events give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurobot.loop.diagnose.finding import NOTHING_MOVES, RISKY, Finding, percent
from neurobot.loop.diagnose.seen import Seen

MOSTLY = 0.5


def hold_findings(seen: Seen) -> Iterator[Finding]:
    """Held ticks, and what broke down."""
    held = ~seen.ran
    summaries = [e["summary"] for e in seen.recording.events if isinstance(e.get("summary"), dict)]
    if held.any():
        count, share = int(np.count_nonzero(held)), float(held.mean())
        reasons = _distinct(summaries, "hold_reason")
        yield Finding(
            severity=NOTHING_MOVES if share > MOSTLY else RISKY,
            what=f"the action was held in {percent(share)} of the ticks, and the network did not run",
            evidence=f"{count} of {held.size} ticks, first in tick {seen.recording.tick[held][0]}; "
            + (f"the reason: {reasons}" if reasons else "the recording gives no reason"),
            try_next="mend what the reason names; what is sent meanwhile is the limits' on_hold",
        )
    broken = _distinct(summaries, "physics_error") or _distinct(summaries, "error")
    if broken:
        yield Finding(
            severity=RISKY,
            what="an episode ended in a fault",
            evidence=broken,
            try_next="look at the observations and actions ahead of it; a simulation breaks down where actions are "
            "too large or its step is too long",
        )


def _distinct(summaries: list[dict[str, Any]], key: str) -> str:
    """The different messages of all episodes, the first three of them."""
    messages = dict.fromkeys(str(s[key]) for s in summaries if s.get(key))
    return "; ".join(list(messages)[:3])
