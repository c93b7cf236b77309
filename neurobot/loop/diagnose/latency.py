"""How long an observation takes to answer to an action: the delay of the plant, as far as a recording can tell.

In a closed loop plain changes mislead: the controller answers to the observation too, and both go on as they were. So
what is correlated is what the last ticks did not foretell: of the action of tick t, and of the observations of tick
t + 1, t + 2, ..., the part that is left by a regression on the observations of ticks t and t - 1, the products of
those of tick t, and the actions before t (local projections: Jorda, American Economic Review 95, 2005).

A correlation counts where it is significant at `ALPHA` among all pairs and lags that were tried (Bonferroni), at least
`LEAST`, at least half of the greatest one, and twice that of the lag before: an answer sets in, while what products do
not foretell grows with the lag. The lag is the first at which one counts. Significance alone does not do: what is left
of a plant that is not linear is left in the action too, which follows from the observation.

These rules were chosen among 16 on 72 recordings of eight tasks that ship, then tried once on 72 of the same tasks
with other seeds, with the same outcome: no answer in any of 24 whose motors were dead; 18 of 24 right without a delay
and 15 of 24 with one of three periods; none wrong, nothing said in the others. Without products and the step 5 of 24
dead motors "answered", and 3 of 24 delays were wrong. Other tasks were not tried, and silence proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from neurobot.loop.diagnose.finding import WORTH_KNOWING, Finding
from neurobot.loop.diagnose.seen import Array, Seen
from neurobot.loop.recording import Recording

LAGS = (20, 10, 5, 3)
"""Longest lag that is looked for, and how many past actions foretell [ticks]: the first one that the run has ticks
for."""
ALPHA = 1e-3
LEAST = 0.4
ROWS_PER_REGRESSOR = 5
LEAST_ROWS = 60
MOST_ROWS = 20_000
NO_CHANGE = 1e-6
"""What is left of a number, as a share of its standard deviation, that is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """When an observation answers.

    Attributes:
        ticks: from an action to the observation that answers; 1 is the next one, so no delay at all.
        seconds: the same [s].
        action: dimension of the action; of a choice, the number of the choice.
        entry: of the observation.
        correlation: of what was not foretold in both.
        rows: ticks that it is from.
    """

    ticks: int
    seconds: float
    action: int
    entry: int
    correlation: float
    rows: int


def latency_findings(seen: Seen) -> tuple[Finding, ...]:
    """A plant that answers later than in the next tick."""
    found = plant_latency(seen.recording, discrete=seen.program.discrete)
    if found is None or found.ticks < 2:
        return ()
    return (
        Finding(
            severity=WORTH_KNOWING,
            what=f"the plant answers late: {found.ticks} ticks ({found.seconds * 1e3:.4g} ms) after an action, where 1 "
            "is the least",
            evidence=f"entry {found.entry} of the observation with action {found.action}: correlation "
            f"{found.correlation:.2f} of what the ticks before do not foretell, over {found.rows} ticks",
            try_next='train with this delay ([[env.perturb]] kind = "latency"), or shorten it: the link, a filter of '
            "the sensor, a slow actuator",
        ),
    )


def plant_latency(recording: Recording, *, discrete: bool = False) -> Latency | None:
    """When the observation answers to the action.

    Args:
        recording: of a run.
        discrete: whether its action is the number of a choice.

    Returns:
        The first lag at which an answer is certain; None where there is none, which is no proof that there is no
        delay: an action that follows from the observation alone shows nothing, and a short run little.
    """
    actions, numbers = _actions(recording.sent, discrete)
    observations = recording.observation
    n = observations.shape[1]
    for lags in LAGS:
        rows = _rows(recording, lags)
        regressors = 1 + 2 * n + n * (n + 1) // 2 + lags * actions.shape[1]
        if actions.size and len(rows) >= max(LEAST_ROWS, ROWS_PER_REGRESSOR * regressors):
            break
    else:
        return None
    now = observations[rows]
    past = [now, _products(now), observations[rows - 1], *(actions[rows - k] for k in range(1, lags + 1))]
    basis = _basis(np.hstack(past))
    unforetold = _unforetold(actions[rows], basis)
    answers = np.stack([unforetold.T @ _unforetold(observations[rows + k], basis) for k in range(1, lags + 1)])
    strength = np.abs(answers)  # (lag, action, entry)
    chance = NormalDist().inv_cdf(1 - ALPHA / (2 * strength.size)) / np.sqrt(len(rows) - basis.shape[1])
    before = np.concatenate([np.zeros_like(strength[:1]), strength[:-1]])
    certain = (strength >= max(LEAST, chance, strength.max() / 2)) & (before <= strength / 2)
    if not certain.any():
        return None
    lag = int(np.argmax(certain.any(axis=(1, 2))))
    action, entry = np.unravel_index(int(np.argmax(strength[lag] * certain[lag])), strength.shape[1:])
    return Latency(
        ticks=lag + 1,
        seconds=(lag + 1) * recording.header.control_period,
        action=int(numbers[action]),
        entry=int(entry),
        correlation=float(answers[lag, action, entry]),
        rows=len(rows),
    )


def _actions(sent: Array, discrete: bool) -> tuple[Array, Array]:
    """Actions as numbers that can be correlated, (T, n), and what to call each of them: a choice becomes whether it is
    this one, for all but the first."""
    if not discrete:
        return sent, np.arange(sent.shape[1])
    choices: Array = np.unique(sent)[1:]
    return np.equal(sent, choices).astype(np.float64), choices


def _rows(recording: Recording, lags: int) -> Array:
    """Ticks with as many before and after them in one piece: of an episode, without a gap, and all observed."""
    finite: Array = np.all(np.isfinite(recording.observation), axis=1)
    goes_on = (np.diff(recording.episode) == 0) & (np.diff(recording.tick) == 1) & finite[1:] & finite[:-1]
    breaks: Array = np.concatenate([[0], np.cumsum(~goes_on)])
    inner = np.arange(lags, len(breaks) - lags)
    same: Array = np.equal(breaks[inner + lags], breaks[inner - lags])
    whole: Array = inner[same]
    return whole[:MOST_ROWS]


def _products(x: Array) -> Array:
    """Every product of two columns, squares too, (rows, n (n + 1) / 2)."""
    spread = x.std(axis=0)
    z = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    first, second = np.triu_indices(x.shape[1])
    products: Array = z[:, first] * z[:, second]
    return products


def _basis(past: Array) -> Array:
    """An orthonormal basis of what foretells, a constant included, (rows, rank)."""
    spread = past.std(axis=0)
    used = past[:, spread > 0]
    scaled = (used - used.mean(axis=0)) / spread[spread > 0]
    u, size, _ = np.linalg.svd(np.column_stack([np.ones(len(past)), scaled]), full_matrices=False)
    basis: Array = u[:, size > NO_CHANGE * size[0]]
    return basis


def _unforetold(x: Array, basis: Array) -> Array:
    """What is left of columns, scaled to length 1, or 0 where that is rounding."""
    left = x - basis @ (basis.T @ x)
    length = np.linalg.norm(left, axis=0)
    spread = np.linalg.norm(x - x.mean(axis=0), axis=0)
    real = length > NO_CHANGE * spread
    out: Array = np.where(real, left / np.where(real, length, 1.0), 0.0)
    return out
