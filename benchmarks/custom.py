"""What a neuron of one's own costs: the network of `benchmarks.tick` with LIF written again as a `Custom`.

Both must spike alike, bit for bit. Ticks are interleaved one by one, so that both see the same machine.
"""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from typing import Any

import numpy as np

import neurobot
from benchmarks import tick
from neurobot.core import HostCore
from neurobot.kernels import ops
from neurobot.program import Program, build
from neurobot.spec import ControllerSpec, Custom


@neurobot.neuron("benchmark_lif")
def lif(v, s, spike, alpha, lam, b, theta, reset):  # type: ignore[no-untyped-def]
    """LIF as `neurobot.spec.LIF(input="jump")` has it."""
    for j in range(v.size):
        x = alpha[j] * v[j] + lam[j] * s[j] + b[j]
        fired = x > theta[j]
        spike[j] = fired
        v[j] = reset[j] if fired else x


def rewritten(p: Program) -> Program:
    """The benchmark's program with both populations of LIF as a Custom with the same numbers."""
    assert isinstance(p.spec, ControllerSpec)
    network, populations = p.network, []
    for q in network.populations:
        if q.name != "in":
            names = {"alpha": "alpha", "lam": "lam", "b": "b", "theta": "theta", "reset": "to"}
            q = replace(
                q,
                model=Custom(
                    id="benchmark_lif", params={n: tuple(p.param(f"{q.name}.{c}").tolist()) for n, c in names.items()}
                ),
            )
        populations.append(q)
    network = replace(network, populations=tuple(populations))
    return build(replace(p.spec, network=network), weights={q.name: p.weights(q.name) for q in network.projections})


def measure(hidden: int, ticks: int = 4000, warm_up: int = 500) -> dict[str, Any]:
    """Medians of interleaved ticks [us]."""
    p = tick.program(hidden)
    cores = HostCore(p), HostCore(rewritten(p))
    observations = np.random.default_rng(1).normal(0, 1, (ticks + warm_up, 32))
    times = np.zeros((2, ticks + warm_up))
    gc.disable()
    for k, observation in enumerate(observations):
        for m, core in enumerate(cores):
            start = time.perf_counter_ns()
            core.tick(observation)
            times[m, k] = time.perf_counter_ns() - start
        assert np.array_equal(cores[0].action, cores[1].action), "the rewritten neuron acts differently"
        assert cores[0].ints[ops.SPIKES] == cores[1].ints[ops.SPIKES]
    gc.enable()
    ours, custom = np.median(times[:, warm_up:], axis=1) / 1e3
    return {"hidden": hidden, "ours": ours, "custom": custom, "rate": tick.hidden_rate(p, observations[:200])}


def main() -> None:
    """Print the table."""
    print("| hidden | rate [Hz] | LIF [us a tick] | LIF as Custom [us a tick] | ratio |\n|---|---|---|---|---|")
    for hidden in (128, 256, 1024):
        row = measure(hidden)
        ratio = row["custom"] / row["ours"]
        print(f"| {hidden} | {row['rate']:.0f} | {row['ours']:.1f} | {row['custom']:.1f} | {ratio:.2f} |")
