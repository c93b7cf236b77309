"""From `RewardSTDP` to the integers of a LEARN: docs/fixed.md, sections 9 and 10."""

from __future__ import annotations

import math

import numpy as np

from neurobot.board.parts import Delivery, Rule
from neurobot.board.scales import MOST_WEIGHT, leak
from neurobot.errors import SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program
from neurobot.spec.modulators import Reward
from neurobot.spec.network import Projection
from neurobot.spec.rules import RewardSTDP, direction

REWARD_BITS = 22
"""The largest reward of the calibration run is 2 to this; 128 times as much fits."""
MOST_TRACE = 65535
"""A trace as it is multiplied."""
MOST_EVENT = 32767
MOST_TRACES = 64.0
"""A trace of postsynaptic spikes that is larger takes no more than this from an eligibility."""


def reward_unit(largest: float) -> float:
    """What 1 of a reward is, a power of two.

    Args:
        largest: size of a reward in the calibration run; 0 where there was none.
    """
    return float(2.0 ** (math.ceil(math.log2(largest or 1.0)) - REWARD_BITS))


def same_factor(q: Projection, factor: np.ndarray) -> float:
    """What weights are multiplied by as they arrive, which the neurons that they arrive at have in common.

    Raises:
        SpecError: they have not.
    """
    if not np.allclose(factor, factor[0], rtol=1e-9, atol=0):
        raise SpecError(
            "fixed point",
            [
                f"projection {q.name!r} learns, and what a weight does differs from neuron to neuron, by a factor of "
                f"{factor.max() / factor.min():.4g}: give neurons of {q.post!r} the same time constants"
            ],
        )
    return float(factor[0])


def rule_of(program: Program, q: Projection, delivery: Delivery, factor: float, scale: float, unit: float) -> Rule:
    """The rule of a projection in integers.

    Args:
        program: with the projection.
        q: learns by `RewardSTDP`, with a `Reward`.
        delivery: its weights.
        factor: what weights are multiplied by as they arrive.
        scale: of the population that they arrive at.
        unit: what 1 of a reward is.

    Raises:
        SpecError: a rate that moves weights over all of their range at once.
    """
    rule, dt, steps = q.rule, program.network.dt, program.substeps
    assert isinstance(rule, RewardSTDP) and isinstance(rule.modulator, Reward)
    keep_x, keep_y, keep_e, keep_mean, keep_reward = (
        math.exp(-span / tau) if tau else 0.0
        for span, tau in (
            (dt, rule.tau_plus), (dt, rule.tau_minus), (dt, rule.tau_e), (dt, rule.tau_mean),
            (steps * dt, rule.modulator.baseline_tau),
        )
    )  # fmt: skip
    nearest = rule.pairing == "nearest"
    (most_x, rise_x), (most_y, rise_y) = _trace(keep_x, nearest), _trace(keep_y, nearest)
    arrive = abs(rule.A_pre) + abs(rule.A_minus) * min(most_y, MOST_TRACES)
    event = MOST_EVENT / max(abs(rule.A_plus), abs(rule.A_minus), arrive, 1e-30)
    most = (abs(rule.A_plus) * most_x + abs(rule.A_pre) + abs(rule.A_minus) * most_y) / (1 - keep_e)
    e_unit = event * 2.0**rise_x
    e_shift = max(1, math.ceil(math.log2(max(most * e_unit / fx.BOUND, 1.0))))
    weight = 65536 * factor * scale / 2.0**delivery.shift
    gain, gain_shift = _gain(q, direction(rule) * rule.rate * unit * weight / (e_unit / 2.0**e_shift))
    one = [int(x) for x in leak(np.array([keep_x, keep_y, keep_mean]))]
    baseline = 0 if rule.modulator.baseline_tau is None else max(1, int(leak(np.array([keep_reward]))[0]))
    left = keep_e ** np.arange(steps - 1, -1, -1.0)
    return Rule(
        leaks=(*one, round(65536 * (1 - keep_e**steps)), baseline),  # type: ignore[arg-type]
        rises=(rise_x, rise_y),
        events=tuple(round(event * a) for a in (rule.A_plus, rule.A_minus, rule.A_pre)),  # type: ignore[arg-type]
        e_shift=e_shift, gain=gain, gain_shift=gain_shift,
        bounds=tuple(_bound(w * weight / 65536) for w in (rule.w_min, rule.w_max)),  # type: ignore[arg-type]
        shares=np.rint(left * (1 << 15)).astype(np.int64), nearest=nearest, centred=rule.tau_mean is not None,
        unit=1 / weight,
    )  # fmt: skip


def _trace(keep: float, nearest: bool) -> tuple[float, int]:
    """The largest value of a trace, and by which power of two a spike raises it."""
    most = 1.0 if nearest else 1 / (1 - keep)
    return most, max(0, min(15, math.floor(math.log2(MOST_TRACE / most))))


def _gain(q: Projection, gain: float) -> tuple[int, int]:
    """A number as gain / 2^(16 + shift), with all bits that there are."""
    size = abs(gain)
    if size > 0.5:
        rate = q.rule.rate if q.rule is not None else 0.0
        raise SpecError(
            "fixed point",
            [
                f"projection {q.name!r}: with a rate of {rate:g} the least of rewards moves weights over all of their "
                f"range; allowed are at most {rate * 0.5 / size:g}"
            ],
        )
    shift = min(62, math.floor(-math.log2(size))) if size else 62
    return round(math.copysign(size * 2.0 ** (16 + shift), gain)), shift


def _bound(w: float) -> int:
    whole = max(-MOST_WEIGHT, min(MOST_WEIGHT, round(w)))
    return (whole << 16) + (1 << 15)
