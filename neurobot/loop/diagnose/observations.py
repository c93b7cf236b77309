"""What is wrong with observations: not finite, outside of the encoder's field, or always the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurobot.loop.diagnose.finding import RISKY, WORTH_KNOWING, Finding, numbered, percent
from neurobot.loop.diagnose.seen import Array, Seen

OUTSIDE = 0.05
"""Share of ticks outside of the field that is worth knowing; a Normalizer with clip = 2 leaves out as many of a bell
curve."""
LOST = 0.95
"""Share of ticks beyond one and the same end that is risky."""
ROUNDING = 1e-6
"""How far beyond the end of a field still counts as its end, as a share of its half width."""
DETAILS = 5
"""Entries that the evidence tells one by one, the worst first."""


def observation_findings(seen: Seen) -> Iterator[Finding]:
    """Entries that are not finite; of those that the network hears, the ones that leave the field or never change."""
    observation = seen.recording.observation
    finite = np.isfinite(observation)
    if not finite.all():
        yield _not_finite(finite, seen.recording.tick)
    yield from _outside(seen, finite)
    yield from _constant(seen, finite)


def _not_finite(finite: Array, tick: Array) -> Finding:
    bad = np.count_nonzero(~finite, axis=0)
    entries = np.flatnonzero(bad)
    worst = entries[np.argsort(-bad[entries], kind="stable")][:DETAILS]
    first = int(np.flatnonzero(~finite.all(axis=1))[0])
    return Finding(
        severity=RISKY,
        what=f"{numbered('entry', 'entries', entries.tolist())} of the observation {_is(entries)} not always finite",
        evidence=f"of {len(finite)} ticks, first in tick {tick[first]}: "
        + ", ".join(f"entry {j} in {bad[j]}" for j in worst.tolist()),
        try_next="look at the sensor or the simulation at that tick; the action is held there, see Limits.on_hold",
    )


def _outside(seen: Seen, finite: Array) -> Iterator[Finding]:
    center, scale = (seen.program.param(f"encoder.{name}") for name in ("center", "scale"))
    x = np.where(finite, seen.recording.observation, center)
    u = (x - center) * scale
    above, below = (u > 1 + ROUNDING).mean(axis=0), (u < -1 - ROUNDING).mean(axis=0)
    lost = seen.heard & (np.maximum(above, below) >= LOST)
    clipped = seen.heard & ~lost & (above + below > OUTSIDE)
    for severity, among in ((RISKY, lost), (WORTH_KNOWING, clipped)):
        entries = np.flatnonzero(among)
        if not entries.size:
            continue
        share = above + below
        worst = entries[np.argsort(-share[entries], kind="stable")][:DETAILS]
        low, high = x.min(axis=0), x.max(axis=0)
        yield Finding(
            severity=severity,
            what=f"{numbered('entry', 'entries', entries.tolist())} of the observation "
            + (
                f"{_is(entries)} beyond one end of the encoder's field, which clips there: the network sees no change"
                if severity == RISKY
                else f"{'leaves' if entries.size == 1 else 'leave'} the encoder's field, which clips there"
            ),
            evidence="; ".join(
                f"entry {j} in {percent(share[j])} of the ticks, seen {low[j]:.4g} to {high[j]:.4g}, the field has "
                f"{center[j] - 1 / scale[j]:.4g} to {center[j] + 1 / scale[j]:.4g}"
                for j in worst.tolist()
            ),
            try_next="widen the field's range (Bounds) or raise the Normalizer's clip, and train again; if the program "
            "worked before, look for a unit, an order of entries or a sensor that has changed",
        )


def _constant(seen: Seen, finite: Array) -> Iterator[Finding]:
    x, heard, episode = seen.recording.observation, seen.heard, seen.recording.episode
    goes_on = np.diff(episode) == 0
    changes = x[1:] != x[:-1]
    if goes_on.any():  # where episodes are longer than a tick, what was drawn for one tells nothing in it
        changes = changes[goes_on]
    same = ~changes.any(axis=0) & finite.all(axis=0) & heard
    entries = np.flatnonzero(same)
    if len(x) < 2 or not entries.size:
        return
    everything = bool(same[heard].all())
    episodes = len(np.unique(episode))
    values = ", ".join(f"entry {j} is {x[0, j]:.4g}" for j in entries[:DETAILS].tolist())
    word = "changes" if everything or entries.size == 1 else "change"
    subject = (
        "the observation" if everything else f"{numbered('entry', 'entries', entries.tolist())} of the observation"
    )
    yield Finding(
        severity=RISKY if everything else WORTH_KNOWING,
        what=f"{subject} never {word} within an episode",
        evidence=f"over {len(x)} ticks in {episodes} episode{'' if episodes == 1 else 's'}: {values} at first",
        try_next="find out whether the sensor is connected and not frozen; what a task leaves at 0, or draws once an "
        "episode, rests too",
    )


def _is(entries: Array) -> str:
    return "is" if entries.size == 1 else "are"
