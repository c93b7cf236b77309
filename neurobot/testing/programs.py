"""What a core is asked to run: small controllers, each of which shows one sentence of what a step and a tick are.

A neuron of the decoded population is one number of the action, its spikes in the tick divided by the steps, so that
actions alone tell what the network did and nothing is asked of how a core keeps its state. Observations, weights and
rates are multiples of a power of 2, and no membrane comes within 1e-4 of its threshold but where that is the question:
a core in float32 spikes where the reference in float64 does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from neurobot.program import Program, build
from neurobot.spec import (
    IF,
    LI,
    LIF,
    Bounds,
    ControllerSpec,
    CubaLIF,
    Current,
    Decoder,
    Dense,
    Direct,
    Encoder,
    FilteredRate,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Poisson,
    Population,
    Projection,
    Rate,
    Regular,
    WinnerTakeAll,
)

DT = 1e-3
SIZE, CHANNELS, NEURONS = 3, 6, 4
TICKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A controller and what it shows.

    Attributes:
        name: in messages.
        sentence: of the contract.
        spec: to build.
    """

    name: str
    sentence: str
    spec: ControllerSpec


def observations(ticks: int = TICKS, seed: int = 5) -> np.ndarray:
    """Observations, (ticks, SIZE), multiples of 1/8 in [-1, 1]."""
    return np.random.default_rng(seed).integers(-8, 9, (ticks, SIZE)) / 8


def weights(seed: int, low: float, high: float, n_pre: int = CHANNELS, delays: np.ndarray | None = None) -> Dense:
    """Weights of a projection to NEURONS neurons, (NEURONS, n_pre), multiples of 1/64; delays of each [s]."""
    drawn = np.random.default_rng(seed).uniform(low, high, (NEURONS, n_pre))
    return Dense(np.round(drawn * 64) / 64, delays)


@cache
def program_of(spec: ControllerSpec) -> Program:
    """The program of a spec, built once."""
    return build(spec, seed=11)


def controller(
    populations: Sequence[Population],
    projections: Sequence[Projection],
    *,
    substeps: int = 10,
    carry: float = 1.0,
    code: Regular | Poisson | Current | None = None,
    decoder: Decoder | None = None,
) -> ControllerSpec:
    """A controller whose encoder feeds the population ``in``, and whose action is what ``out`` does."""
    limits = Limits(low=-1.0, high=1.0)
    return ControllerSpec(
        encoder=Encoder(
            population="in", field=Direct(range=Bounds(low=-1.0, high=1.0)), code=code or Regular(), size=SIZE
        ),
        network=NetworkSpec(DT, (Population("in", CHANNELS, Input()), *populations), tuple(projections)),
        decoder=decoder or Rate(population="out", size=NEURONS, push_pull=False, limits=limits),
        substeps=substeps,
        carry=carry,
    )


def cases() -> tuple[Case, ...]:
    """All of them, from a neuron alone to chance."""
    return (*_neurons(), *_projections(), *_ticks(), *_codecs())


def _neurons() -> tuple[Case, ...]:
    into = (Projection("in", "out", weights(1, -0.25, 0.75)),)
    exact = (Projection("in", "out", Dense(np.full((NEURONS, CHANNELS), 0.25))),)
    lif = LIF(tau_mem=10e-3, v_leak=0.125, v_reset=-0.25, input="jump")
    one = {
        "lif": Population("out", NEURONS, lif, bias=0.25),
        "subtract": Population("out", NEURONS, LIF(tau_mem=20e-3, reset="subtract", v_subtract=0.75, input="jump")),
        "if": Population("out", NEURONS, IF(r=100.0, input="current")),
        "cuba": Population("out", NEURONS, CubaLIF(tau_mem=10e-3, tau_syn=5e-3, w_in=4.0)),
        "li": Population("out", NEURONS, LI(tau_mem=10e-3)),
        "threshold": Population("out", NEURONS, IF(input="jump")),
    }
    said = {
        "lif": "LIF: v <- alpha v + lambda s + b in every step; where v passes v_threshold, a spike, and v is v_reset",
        "subtract": 'With reset="subtract" a spike takes v_subtract from v',
        "if": "IF: v <- v + r dt s, without a leak",
        "cuba": "CubaLIF: what arrives jumps i at the start of the step; v <- alpha v + kappa i + lambda s + b",
        "li": "LI: the same without a spike; Membrane reads v as it is at the end of the tick",
        "threshold": "A neuron spikes where v > v_threshold, and not where it is equal",
    }
    limits = Limits(low=-2.0, high=2.0)
    reads = {"li": Membrane(population="out", size=NEURONS, limits=limits)}
    return tuple(
        Case(
            name=name,
            sentence=said[name],
            spec=controller((p,), exact if name == "threshold" else into, decoder=reads.get(name)),
        )
        for name, p in one.items()
    )


def _projections() -> tuple[Case, ...]:
    cell = LIF(tau_mem=10e-3, input="jump")
    rest = LIF(tau_mem=10e-3, t_ref=3e-3, input="jump")
    slow = CubaLIF(tau_mem=10e-3, tau_syn=8e-3, w_in=4.0, t_ref=2e-3)
    first, out = Population("first", NEURONS, cell), Population("out", NEURONS, cell)
    chain = (
        Projection("in", "first", weights(2, 0.0, 0.75)),
        Projection("first", "out", weights(3, 0.25, 1.5, NEURONS)),
    )
    each = np.random.default_rng(4).integers(0, 5, (NEURONS, NEURONS)) * DT
    late = (
        Projection("in", "first", weights(2, 0.0, 0.75), delay=3 * DT),
        Projection("first", "out", weights(3, 0.25, 1.5, NEURONS, each)),
    )
    back = (*chain[:1], Projection("first", "out", Dense(1.5 * np.eye(NEURONS))))
    loop = Projection("first", "first", weights(6, -1.0, 0.25, NEURONS), delay=2 * DT)
    tired = (Population("first", NEURONS, rest), Population("out", NEURONS, slow))
    return (
        Case(
            name="order",
            sentence="Populations go in declared order, and delay 0 arrives within the step",
            spec=controller((first, out), chain, substeps=1),
        ),
        Case(
            name="delay",
            sentence="A spike of step k on a synapse of delay d arrives in step k + d / dt, in a later tick too",
            spec=controller((first, out), late, substeps=4),
        ),
        Case(
            name="recurrent",
            sentence="A recurrent spike arrives d / dt steps later, before its population is updated",
            spec=controller((first, out), (*back, loop), substeps=4),
        ),
        Case(
            name="refractory",
            sentence="After a spike v is held for t_ref / dt steps, while i goes on and s is dropped from v",
            spec=controller(tired, chain),
        ),
    )


def _ticks() -> tuple[Case, ...]:
    cell = CubaLIF(tau_mem=20e-3, tau_syn=10e-3, w_in=4.0, t_ref=3e-3)
    p = Population("out", NEURONS, cell, bias=0.5, v_init=0.25)
    between = (Projection("in", "out", weights(7, 0.0, 1.0), delay=2 * DT),)
    trace = FilteredRate(
        population="out", tau=8e-3, size=NEURONS, push_pull=False, limits=Limits(low=-1.0, high=1.0, rest=0.125)
    )
    kept = {
        1.0: "carry = 1: a tick goes on where the one before ended",
        0.5: "carry: at the start of a tick v <- v_init + carry (v - v_init), and i <- carry i",
        0.0: "carry = 0 also clears spikes in flight, refractory counts, phases of encoders and filters of decoders",
    }
    return tuple(
        Case(
            name=f"carry {carry:g}",
            sentence=sentence,
            spec=controller((p,), between, substeps=5, carry=carry, decoder=trace),
        )
        for carry, sentence in kept.items()
    )


def _codecs() -> tuple[Case, ...]:
    cell = LIF(tau_mem=10e-3, input="jump")
    out = (Population("out", NEURONS, cell),)
    into = (Projection("in", "out", weights(8, -0.25, 0.75)),)
    few = (Projection("in", "out", weights(14, -0.375, 0.625)),)
    limits = Limits(low=-0.5, high=0.375, rest=0.125, slew=15.0)
    slewed = Rate(population="out", size=NEURONS // 2, gain=2.0, limits=limits)
    choice = WinnerTakeAll(population="out", size=NEURONS, rest=2)
    return (
        Case(
            name="limits",
            sentence="An action is clamped to its limits, and moves by slew x control period at most",
            spec=controller(out, into, decoder=slewed),
        ),
        Case(
            name="choice",
            sentence="WinnerTakeAll: the group that spiked most, the first of equals, and rest where all are silent",
            spec=controller(out, few, substeps=3, decoder=choice),
        ),
        Case(
            name="current",
            sentence="Current: the activation takes the place of a spike in every step of the tick",
            spec=controller(out, into, code=Current(gain=0.5)),
        ),
        Case(
            name="poisson",
            sentence="Chance: a Poisson spike is drawn from seed, episode, step, channel and instance alone",
            spec=controller(out, into, code=Poisson(max_rate=600.0)),
        ),
    )
