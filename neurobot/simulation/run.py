"""Running a network: many steps a call into compiled code, with stimuli and monitors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from neurobot.core import HostCore
from neurobot.core.base import neuron_error
from neurobot.errors import SpecError
from neurobot.program import Program
from neurobot.simulation.check import Record, Rewards
from neurobot.simulation.plan import Plan
from neurobot.simulation.result import Simulation
from neurobot.simulation.stimuli import Given


def simulate(
    program: Program,
    inputs: Mapping[str, Given] | None = None,
    duration: float = 1.0,
    *,
    record: Record = (),
    every: int = 1,
    dtype: Literal["float32", "float64"] = "float64",
    seed: int | None = None,
    reward: Rewards | None = None,
    learn: bool = True,
) -> Simulation:
    """Run a network and return its spikes and traces.

    Args:
        program: of a network: ``build(NetworkSpec(...))``.
        inputs: stimuli by population. An Input population takes `PoissonSpikes`, `RegularSpikes`, `Pulses`,
            `SpikeTrain` or an array (steps, n), not 0 where there is a spike; any other takes `CurrentPulse` or
            an array (steps, n) of currents, which are added to its bias. Of several in a list currents add up, and
            a neuron spikes where any of them says so. Input populations that are not named stay silent.
        duration: [s], a multiple of dt.
        record: variables to trace, ``population.v`` (or ``.i`` ...), or a mapping from those to the neurons, as
            numbers or as a mask. Of a projection that learns ``pre->post.w`` and its traces.
        every: trace every so many steps.
        dtype: ``float64``, or ``float32`` for speed.
        seed: of `PoissonSpikes`, and of chance in the network; default the program's.
        reward: for rules that take one: (steps,) numbers, each delivered before its step; or a function
            ``reward(step, spikes)`` that is called before each step with the neurons that spiked in the one before, by
            population, (m,) int64 each. A reward starts a new call into compiled code.
        learn: whether rules change weights.

    Raises:
        SpecError: what is asked for does not fit the network; all problems at once.
        NeuronError: a neuron of your own raised.
    """
    seed = getattr(program, "seed", 0) if seed is None else seed
    plan = Plan(program, inputs or {}, duration, record, every, seed, reward)
    core = HostCore(
        program, dtype, seed=seed, log_spikes=plan.chunk * program.neurons, probe=plan.probe, max_steps=plan.chunk,
        learn=learn and bool(program.plastic),
    )  # fmt: skip
    spikes, traces, synops = [], [], 0
    for first, last in plan.calls():
        plan.fill(core, first, last)
        if core.tick_in_place(last - first, _reward(plan, core, reward, first)):
            raise neuron_error(program, core.ints)
        spikes.append(core.spikes.T + np.array([[first], [0]]))
        traces.append(core.trace[(-first) % every : last - first : every].copy())
        synops += core.synops
    return plan.result(spikes, traces, synops, core.to_program() if program.plastic else program)


def _reward(plan: Plan, core: HostCore, reward: Rewards | None, step: int) -> float:
    """The reward of a step."""
    if not callable(reward):
        return float(plan.reward[step]) if plan.reward.size else 0.0
    spikes = {name: mine.neurons for name, mine in plan.by_population(*core.spikes.T).items()}
    given = reward(step, spikes)
    if not math.isfinite(given):
        raise SpecError("simulate", [f"reward({step}, ...) is {given!r}, it must be a finite number"])
    return float(given)
