"""Neurons that never spiked, and neurons that spike whenever they may, population by population."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurobot.loop.diagnose.finding import RISKY, WORTH_KNOWING, Finding, Severity, numbered, percent
from neurobot.loop.diagnose.seen import Array, Seen
from neurobot.spec.network import Population
from neurobot.spec.neurons import Input

FEW = 0.1
"""Share of a population that is worth knowing."""
MOST = 0.8
"""Share of a population that is risky."""
ALWAYS = 0.9
"""Share of the steps in which a neuron may spike, from which on it is saturated."""


def neuron_findings(seen: Seen) -> Iterator[Finding]:
    """Dead and saturated neurons of populations that are not silent as a whole, which `path_findings` tells."""
    if not seen.whole.any():
        if seen.ran.any():
            yield _unknown(seen)
        return
    for p in seen.spiking:
        spikes = seen.spikes[seen.part(p.name)]
        if spikes.any():
            yield from _dead(seen, p, spikes)
            yield from _saturated(seen, p, spikes)


def _unknown(seen: Seen) -> Finding:
    counts = seen.recording.spike_count[seen.ran]
    return Finding(
        severity=WORTH_KNOWING,
        what="nothing can be said of neurons: in no tick were all of its spikes kept",
        evidence=f"at least {counts.min()} spikes a tick, of which {seen.recording.header.max_spikes} are kept",
        try_next="check the program instead of its recording, or record with Recorder(max_spikes=...)",
    )


def _dead(seen: Seen, p: Population, spikes: Array) -> Iterator[Finding]:
    dead = np.flatnonzero(spikes == 0)
    if dead.size < FEW * p.n:
        return
    which = numbered("neuron", "neurons", dead.tolist())
    yield Finding(
        severity=_severity(p, dead.size / p.n),
        what=f"{dead.size} of {p.n} neurons of {p.name!r} never spiked",
        evidence=f"{which}, in {np.count_nonzero(seen.whole)} ticks; the others spike {_rate(seen, spikes)}",
        try_next="channels whose activation was never met; a field that fits what is seen would use more"
        if isinstance(p.model, Input)
        else f"larger weights into {p.name!r} or a bias let more of them take part; fewer neurons may do as well",
    )


def _saturated(seen: Seen, p: Population, spikes: Array) -> Iterator[Finding]:
    t_ref = np.asarray(getattr(p.model, "t_ref", 0.0), np.float64)
    most = np.broadcast_to(seen.steps / (1 + np.round(t_ref / seen.spec.network.dt)), spikes.shape)
    share = spikes / most
    full = np.flatnonzero(share > ALWAYS)
    if full.size < FEW * p.n:
        return
    yield Finding(
        severity=_severity(p, full.size / p.n),
        what=f"{full.size} of {p.n} neurons of {p.name!r} spike whenever they may",
        evidence=f"{numbered('neuron', 'neurons', full.tolist())}, in {percent(float(share[full].min()))} or more of "
        f"the steps that t_ref = {t_ref.max():.4g} s leaves them",
        try_next="their activation is at its end: look for observations outside of the field, or lower max_rate"
        if isinstance(p.model, Input)
        else f"they tell nothing any more: make weights into {p.name!r} or its bias smaller, or raise v_threshold",
    )


def _severity(p: Population, share: float) -> Severity:
    return RISKY if share >= MOST and not isinstance(p.model, Input) else WORTH_KNOWING


def _rate(seen: Seen, spikes: Array) -> str:
    alive = spikes[spikes > 0]
    return f"{alive.mean() / (seen.steps * seen.spec.network.dt):.3g} Hz on average"
