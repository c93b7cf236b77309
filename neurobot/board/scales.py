"""From the coefficients of a population to integers: its scale, its arrays, the weights that arrive.

docs/fixed.md, section 10 says what is done and why; here S is the scale, v in the image being S (v - v_leak).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurobot.board.activity import Activity
from neurobot.board.parts import Cells, Delivery, Drive
from neurobot.board.supported import require_fan_in
from neurobot.errors import SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.fixed_host import FULL
from neurobot.program import Program
from neurobot.program.coefficients import refractory_steps
from neurobot.program.draw import Synapses
from neurobot.spec.check import as_array
from neurobot.spec.network import Population
from neurobot.spec.neurons import LI, CubaLIF

ROOM = 8.0
"""How many times what membranes and currents took in the calibration run they may take."""
MOST_WEIGHT = 32767
START_TOLERANCE = 1e-5
"""How far kappa mu may be from beta lambda for START, relative."""
MOST_SHARE = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Of one population, (n,) float64 each, in the program's unit, v from v_leak on.

    Args:
        alpha, b, init: of v.
        beta, kappa: of i; None without one.
        current: how what arrives is shared.
        factor: what a weight is multiplied by.
        share: of s, at once into v, where current is HELD.
        theta, to: of neurons that spike.
    """

    alpha: np.ndarray
    b: np.ndarray
    init: np.ndarray
    current: int
    factor: np.ndarray
    beta: np.ndarray | None = None
    kappa: np.ndarray | None = None
    share: np.ndarray | None = None
    theta: np.ndarray | None = None
    to: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """What arrives at a population by one projection and, where synapses have delays of their own, one delay.

    Args:
        pre: number of the population.
        weights: (n_pre, n_post), or (n_syn,), with the factor of the neuron in it.
        rows, targets: of a sparse one.
        fan_in: the largest number of synapses of a neuron.
        delay: [steps].
        drive: whether it brings currents, whose gain is in the weights.
        bound: the largest weight that it may learn, with the factor of the neuron in it; 0 where it does not learn.
    """

    pre: int
    weights: np.ndarray
    rows: np.ndarray | None
    targets: np.ndarray | None
    fan_in: int
    delay: int
    drive: bool
    bound: float = 0.0

    @property
    def largest(self) -> float:
        """The largest weight."""
        return float(np.abs(self.weights).max(initial=self.bound))


def coefficients_of(program: Program, p: Population) -> Coefficients:
    """The coefficients that a program runs with.

    Raises:
        SpecError: shares of lambda and mu that no image has.
    """

    def param(name: str) -> np.ndarray:
        return np.asarray(program.param(f"{p.name}.{name}"), np.float64)

    leak, alpha = as_array(getattr(p.model, "v_leak", 0.0), p.n), param("alpha")
    given = {"alpha": alpha, "b": param("b") - (1 - alpha) * leak, "init": param("init") - leak}
    if not isinstance(p.model, LI):
        subtract = p.model.reset == "subtract"  # type: ignore[union-attr]
        given |= {"theta": param("theta") - leak, "to": param("to") - (0 if subtract else leak)}
    if not isinstance(p.model, CubaLIF):
        return Coefficients(current=fx.NONE, factor=param("lam"), **given)
    lam, late, beta = param("lam"), param("kappa") * param("mu"), param("beta")
    given |= {"beta": beta, "kappa": param("kappa")}
    if not lam.any():
        return Coefficients(current=fx.END, factor=late, **given)
    if np.allclose(late, beta * lam, rtol=START_TOLERANCE, atol=0):
        return Coefficients(current=fx.START, factor=lam, **given)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = lam / late
    if not ((share >= 0) & (share <= MOST_SHARE / 65536)).all():
        j = int(np.flatnonzero(~((share >= 0) & (share <= MOST_SHARE / 65536)))[0])
        raise SpecError(
            "fixed point",
            [
                f"population {p.name!r}: of a spike neuron {j} takes {share[j]:g} times as much into v as into i, "
                "it may be 0 .. 256"
            ],
        )
    return Coefficients(current=fx.HELD, factor=late, share=share, **given)


def arrival(
    pre: int, synapses: Synapses, factor: np.ndarray, delay: int, gain: float | None, bound: float = 0.0
) -> list[Arrival]:
    """A projection as it arrives, by distinct delays.

    Args:
        pre: number of the population.
        synapses: as the program has them.
        factor: (n_post,) of the neurons.
        delay: of all synapses, where they have none of their own [steps].
        gain: of a current; None of spikes.
        bound: of weights that are learnt.
    """
    if synapses.indptr is None or synapses.indices is None:
        weights = synapses.weights * factor * (1.0 if gain is None else gain)
        return [Arrival(pre, weights, None, None, weights.shape[0], delay, gain is not None, bound)]
    pres = np.repeat(np.arange(synapses.indptr.size - 1), np.diff(synapses.indptr))
    delays = np.full(pres.size, delay) if synapses.delays is None else synapses.delays
    out = []
    for d in np.unique(delays).tolist():
        here = delays == d
        rows = np.zeros(synapses.indptr.size, np.uint32)
        rows[1:] = np.cumsum(np.bincount(pres[here], minlength=rows.size - 1))
        targets = synapses.indices[here]
        fan_in = int(np.bincount(targets).max(initial=0))
        weights = synapses.weights[here] * factor[targets]
        out.append(Arrival(pre, weights, rows, targets.astype(np.uint16), fan_in, int(d), False, bound))
    return out


def scale_of(p: Population, c: Coefficients, arrivals: Sequence[Arrival], seen: Activity) -> float:
    """S: the largest power of two with which everything stays within its bounds; see docs/fixed.md, section 10.

    Raises:
        SpecError: a neuron has too many inputs.
    """
    drives = [a for a in arrivals if a.drive]
    spikes = [a for a in arrivals if not a.drive]
    raised = require_fan_in(p.name, sum(a.fan_in for a in spikes), len(drives))
    reach = max(
        seen.v.get(p.name, 0.0), *(float(np.abs(x).max()) for x in (c.init, c.b, c.theta, c.to) if x is not None)
    )
    current = seen.i.get(p.name, 0.0) if c.kappa is None else seen.i.get(p.name, 0.0) * float(np.abs(c.kappa).max())
    bounds = [fx.BOUND / ROOM / max(reach, current, 1e-30)]
    bounds += [MOST_WEIGHT * 2.0**raised / a.largest for a in spikes if a.largest]
    bounds += [MOST_WEIGHT * FULL / a.largest for a in drives if a.largest]
    bounds += [fx.DRIVE_BOUND / float(np.abs(a.weights).sum(0).max()) for a in drives if a.largest]
    return 2.0 ** math.floor(math.log2(min(bounds)))


def cells_of(
    program: Program,
    p: Population,
    c: Coefficients,
    arrivals: Sequence[Arrival],
    scale: float,
    carry: float,
    count: int,
) -> Cells:
    """A population in integers.

    Raises:
        SpecError: a threshold below 1, because weights are very much larger.
    """

    def whole(x: np.ndarray | None) -> np.ndarray | None:
        return None if x is None else np.rint(x * scale).astype(np.int64)

    threshold = None if c.theta is None else np.floor(c.theta * scale).astype(np.int64)
    subtract = getattr(p.model, "reset", "") == "subtract"
    theta, reset = c.theta, whole(c.to)
    if theta is not None and threshold is not None and reset is not None:
        j = int(np.argmin(threshold))
        if threshold[j] < 1:
            largest = max((a.largest for a in arrivals), default=0.0)
            raise SpecError(
                "fixed point",
                [
                    f"population {p.name!r}: the threshold of neuron {j} is {theta[j]:g} "
                    f"above v_leak, under 1/32767 of the largest weight, {largest:g}; scale them nearer to each other"
                ],
            )
        reset = reset if subtract else np.minimum(reset, threshold)
    steps = refractory_steps(p, program.network.dt)
    return Cells(
        arrivals=tuple(_delivered(a, scale) for a in arrivals), bias=_array(whole(c.b)), init=_array(whole(c.init)),
        leak_v=leak(c.alpha), threshold=threshold, reset=reset, leak_i=None if c.beta is None else leak(c.beta),
        share=None if c.share is None else np.rint(65536 * c.share).astype(np.int64),
        t_ref=steps if threshold is not None and steps.any() else None, current=c.current, subtract=subtract,
        carry=round(65536 * carry), unit=1 / scale, count=count,
    )  # fmt: skip


def leak(keep: np.ndarray) -> np.ndarray:
    """2^16 (1 - keep), (n,)."""
    out: np.ndarray = np.clip(np.rint(65536 * (1 - keep)), 0, 65535).astype(np.int64)
    return out


def _array(x: np.ndarray | None) -> np.ndarray:
    assert x is not None
    return x


def _delivered(a: Arrival, scale: float) -> Delivery | Drive:
    if a.drive:
        finest = math.log2(MOST_WEIGHT * FULL / (a.largest * scale)) if a.largest else 0.0
        shift = min(31, max(0, math.floor(finest + 1e-9)))
        return Drive(weights=_int16(a.weights * (scale * 2.0**shift / FULL)), shift=shift)
    coarsest = math.log2(a.largest * scale / MOST_WEIGHT) if a.largest else 0.0
    shift = max(0, math.ceil(coarsest - 1e-9))
    weights = _int16(a.weights * (scale / 2.0**shift))
    return Delivery(pre=a.pre, weights=weights, rows=a.rows, targets=a.targets, shift=shift, delay=a.delay)


def _int16(x: np.ndarray) -> np.ndarray:
    whole = np.rint(x)
    assert np.abs(whole).max(initial=0.0) <= MOST_WEIGHT + 1
    out: np.ndarray = np.clip(whole, -MOST_WEIGHT, MOST_WEIGHT).astype(np.int16)
    return out
