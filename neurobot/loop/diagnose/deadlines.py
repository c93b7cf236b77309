"""Deadlines that a run in real time missed, and the stage of the tick that took longest then."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurobot.loop.clock import NS
from neurobot.loop.diagnose.finding import RISKY, WORTH_KNOWING, Finding, percent
from neurobot.loop.diagnose.seen import Array, Seen
from neurobot.loop.timing import STAGES

SELDOM = 0.01
"""Share of ticks that may be late."""
ADVICE = {
    "sense": "the recorder and the sensor are what runs there: read the sensor ahead of the tick",
    "tick": "make the network smaller or sparser, or take fewer steps a tick",
    "act": "the actuator, or the simulation, is too slow for this control period: lengthen it, or act without waiting",
    "link": "raise the baud rate of the link, or record less of the board",
}
OTHER = "see what else runs on this machine; `neurobot doctor` shows how late its timers are"


def deadline_findings(seen: Seen) -> Iterator[Finding]:
    """Late ticks, of a recording that has a clock: in simulated time nothing is ever late, and nothing left."""
    timing = seen.recording.timing
    slack = timing[:, STAGES.index("slack")]
    late = slack < 0
    if not late.any():
        return
    stages = _own_times(timing[late])
    longest = np.argmax(np.column_stack(list(stages.values())), axis=1)
    names = list(stages)
    counts = np.bincount(longest, minlength=len(names))
    worst = names[int(np.argmax(counts))]
    usual = _own_times(timing)[worst]
    share = float(late.mean())
    yield Finding(
        severity=RISKY if share > SELDOM else WORTH_KNOWING,
        what=f"{percent(share)} of the ticks missed their deadline, mostly by the stage {worst!r}",
        evidence=f"{np.count_nonzero(late)} of {late.size} ticks, the worst by {-slack.min() / NS * 1e3:.3g} ms; "
        f"{worst!r} was longest in {counts.max()} of them, with {np.median(stages[worst]) / NS * 1e3:.3g} ms, where "
        f"its median is {np.median(usual) / NS * 1e3:.3g} ms and the control period "
        f"{seen.program.control_period * 1e3:.4g} ms",
        try_next=ADVICE.get(worst, OTHER),
    )


def _own_times(timing: Array) -> dict[str, Array]:
    """Times [ns] of every stage but slack; the link's is taken out of that of the tick, which it is a part of."""
    times = {name: timing[:, k] for k, name in enumerate(STAGES) if name != "slack"}
    times["tick"] = times["tick"] - times["link"]
    return times
