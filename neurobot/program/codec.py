"""Numbers of encoders and decoders, as `build` writes them into params."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurobot.errors import SpecError
from neurobot.spec.check import as_array
from neurobot.spec.codes import Burst, Current, Delta, Latency, Poisson, Regular
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Choice, FilteredRate, Membrane, PopulationVector, Rate, Readout
from neurobot.spec.encoders import Bounds, Encoder, Gaussian


def encoder_params(e: Encoder, dt: float) -> dict[str, Any]:
    """Range, receptive fields and what the code needs, by name."""
    n = e.size or 0
    span = e.field.range
    if isinstance(span, Bounds):
        low, high = as_array(span.low, n), as_array(span.high, n)
        out: dict[str, Any] = {"center": (low + high) / 2, "scale": 2 / (high - low)}
    else:
        assert span is not None
        mean, std = (0.0 if span.mean is None else span.mean), (1.0 if span.std is None else span.std)
        out = {"center": as_array(mean, n), "scale": 1 / (as_array(std, n) * span.clip)}
    if isinstance(e.field, Gaussian):
        sigma = e.field.width * 2 / (e.field.per_dim - 1)
        out |= {"means": np.linspace(-1, 1, e.field.per_dim), "sharp": 1 / (2 * sigma**2)}
    if isinstance(e.code, Current):
        out["gain"] = e.code.gain
    elif isinstance(e.code, Regular | Poisson):
        out["gain"] = 1.0 if e.code.max_rate is None else e.code.max_rate * dt
    elif isinstance(e.code, Latency | Burst):
        out["threshold"] = e.code.threshold
    elif isinstance(e.code, Delta):
        out["fine"] = 1 / e.code.delta
    return out | {"phase_init": 0.5} if isinstance(e.code, Regular) else out


def decoder_params(spec: ControllerSpec) -> dict[str, Any]:
    """Gain, limits and what the read-out needs, by name; slew as the largest change in a tick.

    Raises:
        SpecError: limits that contradict each other.
    """
    d = spec.decoder
    if isinstance(d, Choice):
        return {}
    gain = d.gain / spec.substeps if isinstance(d, Rate) else d.gain
    out = _limits(d, spec.control_period) | {"gain": gain, "offset": _offset(spec, d, gain)}
    if isinstance(d, FilteredRate):
        steps = spec.network.dt / d.tau
        out |= {"keep": math.exp(-steps), "take": -math.expm1(-steps)}
    elif isinstance(d, PopulationVector):
        out["preferred"] = d.values(spec.network.population(d.population).n // (d.size or 1))
    return out


def _limits(d: Readout, control_period: float) -> dict[str, Any]:
    n, limits = d.size or 0, d.limits
    assert limits.low is not None and limits.high is not None
    low, high = as_array(limits.low, n), as_array(limits.high, n)
    rest = np.clip(0.0, low, high) if limits.rest is None else as_array(limits.rest, n)
    outside = (rest < low) | (rest > high)
    problems = [
        f"limits: low[{a}] = {low[a]:g} is not below high[{a}] = {high[a]:g}" for a in np.flatnonzero(~(low < high))
    ]
    problems += [f"limits: rest[{a}] = {rest[a]:g} is outside {low[a]:g}..{high[a]:g}" for a in np.flatnonzero(outside)]
    if problems:
        raise SpecError("decoder", problems)
    slew = 2 * (high - low) if limits.slew is None else as_array(limits.slew, n) * control_period
    return {"low": low, "high": high, "rest": rest, "slew": slew}


def _offset(spec: ControllerSpec, d: Readout, gain: float) -> np.ndarray:
    """What a membrane read-out gives at v_leak, (n_act,): the zero of u. Rates have their zero at 0."""
    if not isinstance(d, Membrane):
        return np.zeros(d.size or 0)
    p = spec.network.population(d.population)
    leak = as_array(getattr(p.model, "v_leak", 0.0), p.n)
    sides = leak.reshape(d.size or 0, 2 if d.push_pull else 1, -1).mean(axis=2)
    offset: np.ndarray = gain * (sides[:, 0] - sides[:, 1] if d.push_pull else sides[:, 0])
    return offset
