"""Running an imported network on a recorded input, spikes or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from neurobot.errors import SpecError
from neurobot.program.coefficients import coefficients
from neurobot.program.draw import Synapses, draw
from neurobot.spec.check import as_array
from neurobot.spec.network import NetworkSpec, Population, Projection
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input

MAX_VALUES = 2**27
"""Of one recording: steps x neurons."""


@dataclass(frozen=True)
class Recorded:
    """What populations did.

    Args:
        spikes: (steps, n) bool of every population that spikes.
        v: (steps, n) of every LI population, after each step.
    """

    spikes: Mapping[str, np.ndarray]
    v: Mapping[str, np.ndarray]


def run(network: NetworkSpec, inputs: np.ndarray, *, dtype: Literal["float32", "float64"] = "float64") -> Recorded:
    """Run a network, step by step.

    An Input whose values are all 0 or 1 sends spikes. Other values are signals, as NIR's are: they go through the
    weights and are held over the step; into CubaLIF they pass the synapse as a spike of that weight would.

    Args:
        network: what to run.
        inputs: (steps, n) finite, the Input populations side by side in the order of the network.
        dtype: of the core.

    Raises:
        SpecError: inputs of another shape, or not finite, or signals into what NIR does not know.
    """
    from neurobot.program import build
    from neurobot.simulation import simulate

    inputs = _checked(network, inputs)
    spiking = _spiking(network, inputs)
    given = _currents(network, np.where(spiking, 0.0, inputs))
    start = 0
    for p in network.populations:
        if isinstance(p.model, Input):
            given[p.name] = np.where(spiking, inputs, 0.0)[:, start : start + p.n]
            start += p.n
    read_outs = [p.name for p in network.populations if isinstance(p.model, LI)]
    record = [f"{name}.v" for name in read_outs]
    done = simulate(build(network), given, len(inputs) * network.dt, record=record, dtype=dtype)
    spikes = {}
    for p in network.populations:
        if p.spikes and not isinstance(p.model, Input):
            spikes[p.name] = np.zeros((len(inputs), p.n), bool)
            spikes[p.name][done.spikes[p.name].steps, done.spikes[p.name].neurons] = True
    return Recorded(spikes, {name: done.traces[f"{name}.v"] for name in read_outs})


def _checked(network: NetworkSpec, inputs: np.ndarray) -> np.ndarray:
    n = sum(p.n for p in network.populations if isinstance(p.model, Input))
    inputs = np.asarray(inputs)
    if inputs.dtype.kind not in "biuf" or inputs.ndim != 2 or inputs.shape[1] != n:
        raise SpecError("run", [f"inputs are {inputs.dtype} {inputs.shape}, they must be real numbers (steps, {n})"])
    inputs = inputs.astype(np.float64)
    if not np.isfinite(inputs).all():
        k, j = np.argwhere(~np.isfinite(inputs))[0]
        raise SpecError("run", [f"inputs[{k}, {j}] is {inputs[k, j]}, it must be finite"])
    if (values := len(inputs) * sum(p.n for p in network.populations)) > MAX_VALUES:
        raise SpecError("run", [f"{values:,} values would be recorded, at most {MAX_VALUES:,}; give fewer steps"])
    return inputs


def describe(inputs: np.ndarray) -> str:
    """What `run` takes inputs (steps, n) for, in words."""
    if is_spikes(inputs):
        return f"input: {int(np.sum(inputs))} spikes in {len(inputs)} steps"
    return f"input: signals in {len(inputs)} steps, weighted and held over each step as a current, not spikes"


def is_spikes(values: np.ndarray) -> bool:
    """Whether an array holds 0 and 1 only."""
    return bool(((values == 0) | (values == 1)).all())


def _spiking(network: NetworkSpec, inputs: np.ndarray) -> np.ndarray:
    """(n,) whether the Input of a column sends spikes."""
    parts, start = [], 0
    for p in network.populations:
        if isinstance(p.model, Input):
            parts.append(np.full(p.n, is_spikes(inputs[:, start : start + p.n])))
            start += p.n
    return np.concatenate(parts) if parts else np.zeros(0, bool)


def _currents(network: NetworkSpec, signals: np.ndarray) -> dict[str, np.ndarray]:
    """The currents that signals are, (steps, n) per population that they reach."""
    live, start = {}, 0
    for p in network.populations:
        if isinstance(p.model, Input):
            if (x := signals[:, start : start + p.n]).any():
                live[p.name] = x
            start += p.n
    reached: dict[str, np.ndarray] = {}
    drawn = draw(network, 0, {}) if live else {}
    for projection in network.projections:
        if projection.pre in live:
            post = network.population(projection.post)
            _check_signal(projection, post)
            came = reached.setdefault(post.name, np.zeros((len(signals), post.n)))
            _deliver(projection, drawn[projection.name], live[projection.pre], came, network.dt)
    return {name: _as_current(network.population(name), s, network.dt) for name, s in reached.items()}


def _check_signal(projection: Projection, post: Population) -> None:
    what = ""
    if not isinstance(post.model, IF | LIF | CubaLIF | LI):
        what = f"{post.name!r} is {type(post.model).__name__}; signals can reach IF, LIF, CubaLIF and LI only"
    elif projection.receptor != "excitatory" or projection.stp is not None:
        what = "signals cannot pass another receptor or plasticity"
    if what:
        raise SpecError("run", [f"projection {projection.name!r}: {what}; give spikes, inputs of 0 and 1"])


def _deliver(projection: Projection, s: Synapses, x: np.ndarray, came: np.ndarray, dt: float) -> None:
    """Add signals x (steps, n_pre), weighted and delayed, to what comes (steps, n_post)."""
    if s.delays is None:
        steps = round(projection.delay / dt)
        came[steps:] += x[: max(len(x) - steps, 0)] @ s.dense(x.shape[1], came.shape[1]).T
        return
    assert s.indptr is not None and s.indices is not None
    pre = np.repeat(np.arange(x.shape[1]), np.diff(s.indptr))
    for i, j, w, d in zip(s.indices, pre, s.weights, s.delays, strict=True):
        came[d:, i] += w * x[: max(len(x) - d, 0), j]


def _as_current(population: Population, s: np.ndarray, dt: float) -> np.ndarray:
    """The current that moves v as input s (steps, n) does; a synapse is linear, so it runs ahead of the spikes."""
    c = coefficients(population, dt)
    model: Any = population.model
    r = as_array(model.r, population.n)
    gain = r * dt if isinstance(model, IF) else -np.expm1(-dt / as_array(model.tau_mem, population.n)) * r
    if isinstance(model, CubaLIF):
        out, current = np.empty_like(s), np.zeros(population.n)
        for k, now in enumerate(s):
            out[k] = c["kappa"] * current + c["lam"] * now
            current = c["beta"] * current + c["mu"] * now
    else:
        out = np.asarray(c["lam"] * s)
    return np.asarray(np.divide(out, gain, out=np.zeros_like(out), where=gain != 0))
