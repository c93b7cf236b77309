"""JAX: a scan over time, compiled with its gradient and Adam as one function, which is what Spyx comes to."""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.bptt.check import note, per_step

VERSIONS = {"JAX": version("jax")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    if hasattr(os, "sched_setaffinity"):  # XLA's own threads know no number
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    alpha, slope, rate = (float(data[name]) for name in ("alpha", "slope", "rate"))
    spikes, labels = jnp.asarray(data["spikes"], jnp.float32), jnp.asarray(data["labels"])

    @jax.custom_jvp
    def spike(u: Any) -> Any:
        return (u > 0).astype(u.dtype)

    @spike.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (u,), (du,) = primals, tangents
        return spike(u), du / (1 + slope * jnp.abs(u)) ** 2

    def cell(v: Any, current: Any) -> Any:
        v = alpha * v + current
        z = spike(v - 1.0)
        return v * (1 - jax.lax.stop_gradient(z)), z

    def run_layers(weights: Any, x: Any) -> Any:
        first = x @ weights[0].T  # of all steps at once

        def step(state: Any, current: Any) -> Any:
            v0, z0 = cell(state[0], current)
            v1, z1 = cell(state[1], z0 @ weights[1].T)
            v2, z2 = cell(state[2], z1 @ weights[2].T)
            return (v0, v1, v2), (z0, z1, z2)

        start = tuple(jnp.zeros((x.shape[1], len(w))) for w in weights)
        return jax.lax.scan(step, start, first)[1]

    def loss(weights: Any, x: Any, y: Any) -> Any:
        scores = jax.nn.log_softmax(run_layers(weights, x)[-1].sum(0))
        return -jnp.take_along_axis(scores, y[:, None], 1).mean()

    gradient = jax.grad(loss)
    return _runner(data, jax.jit(_adam(gradient, rate)), jax.jit(run_layers), jax.jit(gradient), spikes, labels)


def _adam(gradient: Any, rate: float) -> Any:
    """A training step."""

    def adam(state: Any, x: Any, y: Any) -> Any:
        weights, mean, square, t = state
        g = gradient(weights, x, y)
        mean = [0.9 * m + 0.1 * d for m, d in zip(mean, g, strict=True)]
        square = [0.999 * q + 0.001 * d * d for q, d in zip(square, g, strict=True)]
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        triples = zip(weights, mean, square, strict=True)
        weights = [w - rate * m / c1 / (jnp.sqrt(q / c2) + 1e-8) for w, m, q in triples]
        return weights, mean, square, t + 1

    return adam


def _runner(data: dict[str, np.ndarray], adam: Any, run_layers: Any, gradient: Any, spikes: Any, labels: Any) -> Any:
    start = [jnp.asarray(data[f"w{k}"]) for k in range(3)]
    few, state = int(data["checked"]), None
    told = note([np.asarray(g) for g in gradient(start, spikes[:, :few], labels[:few])], data)

    def restart() -> None:
        nonlocal state
        zeros = [jnp.zeros_like(w) for w in start]
        state = (start, zeros, zeros, jnp.float32(1.0))

    def step() -> None:
        nonlocal state
        state = jax.block_until_ready(adam(state, spikes, labels))

    def run() -> dict[str, Any]:
        seconds = per_step(restart, step)
        counts = [int(z.sum()) for z in run_layers(start, spikes)]
        return {"seconds": seconds, "spikes": dict(zip(("one", "two", "out"), counts, strict=True)), "note": told}

    return run
