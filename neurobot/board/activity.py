"""What a network does on observations, in floating point and in integers: what scales are chosen by, and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from neurobot.core import FixedCore, HostCore
from neurobot.errors import ActionError, ObservationError
from neurobot.kernels.status import BAD_OBSERVATION, OK
from neurobot.program import Program
from neurobot.spec.check import as_array
from neurobot.spec.neurons import CubaLIF, Input


@dataclass(frozen=True, slots=True)
class Activity:
    """By population.

    Args:
        rates: spikes of a neuron in a step, on average.
        v: largest distance of a membrane from v_leak, after a step.
        i: largest synaptic current, after a step.
        actions: (ticks, n_act).
        saturated: membranes and currents that met their bound, of integers.
        synops: synaptic operations of a tick, on average, of integers.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    v: Mapping[str, float] = field(default_factory=dict)
    i: Mapping[str, float] = field(default_factory=dict)
    actions: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    saturated: int = 0
    synops: float = 0.0


def activity(program: Program, episodes: Sequence[np.ndarray]) -> Activity:
    """Of a `HostCore`.

    Args:
        program: of a controller.
        episodes: observations, (ticks, n_obs) each; the core is reset before each of them.

    Raises:
        ObservationError, ActionError: an observation, or an action, that is not finite.
    """
    cells = [p for p in program.network.populations if not isinstance(p.model, Input)]
    state = program.blocks["state"]
    names = [(p.name, "v") for p in cells] + [(p.name, "i") for p in cells if isinstance(p.model, CubaLIF)]
    words = [state[f"{name}.{part}"].words() for name, part in names]
    core = HostCore(program, log_spikes=_room(program), probe=np.concatenate(words))
    leaks = {p.name: as_array(getattr(p.model, "v_leak", 0.0), p.n) for p in cells}
    offset = np.concatenate([leaks[name] if part == "v" else np.zeros(leaks[name].size) for name, part in names])
    most = np.zeros(offset.size)

    def watch() -> None:
        np.maximum(most, np.abs(core.trace - offset).max(0), out=most)

    rates, actions = _play(program, core, episodes, watch)
    ends = np.cumsum([w.size for w in words])
    found = {n: float(part.max()) for n, part in zip(names, np.split(most, ends[:-1]), strict=True)}
    v, i = ({name: x for (name, p), x in found.items() if p == part} for part in ("v", "i"))
    return Activity(rates=rates, v=v, i=i, actions=actions)


def fixed_activity(program: Program, episodes: Sequence[np.ndarray]) -> Activity:
    """Of a `FixedCore`, as `activity`; of a program with an image."""
    core = FixedCore(program, log_spikes=_room(program))
    saturated = synops = 0

    def watch() -> None:
        nonlocal saturated, synops
        saturated += core.network.saturated
        synops += core.network.synops

    rates, actions = _play(program, core, episodes, watch)
    return Activity(rates=rates, actions=actions, saturated=saturated, synops=synops / max(len(actions), 1))


def _room(program: Program) -> int:
    return min(program.neurons * program.substeps, 1 << 22)


def _play(
    program: Program, core: HostCore | FixedCore, episodes: Sequence[np.ndarray], watch: Callable[[], object]
) -> tuple[dict[str, float], np.ndarray]:
    """Rates by population, and actions; watch is called after every tick."""
    populations = program.network.populations
    edges = np.cumsum([0, *(p.n for p in populations)])
    counts, actions = np.zeros(len(populations)), []
    for episode in episodes:
        core.reset(program.seed)
        for observation in episode:
            status = core.tick(observation)
            if status != OK:
                what = ObservationError if status == BAD_OBSERVATION else ActionError
                raise what("an observation or action of the calibration run is not finite")
            counts += np.histogram(core.spikes[:, 1], edges)[0]
            actions.append(core.action.copy())
            watch()
    steps = max(len(actions), 1) * program.substeps
    rates = {p.name: float(c / (steps * p.n)) for p, c in zip(populations, counts, strict=True)}
    return rates, np.array(actions).reshape(-1, program.action_size)
